package dev.millrace.api.http;

import dev.millrace.engine.service.ServerInfo;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardContextSelect;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardFilterAsyncSupported;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardFilterName;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardFilterPattern;

/**
 * What every request passes first: repeated slashes become one (a public client sends {@code //}),
 * the origin is worked out, answers carry the headers that keep browsers from guessing, and clients
 * whose bodies come slowly get only some of the threads.
 */
@Component(service = Filter.class)
@HttpWhiteboardFilterName("millrace-front-door")
@HttpWhiteboardFilterPattern("/*")
@HttpWhiteboardFilterAsyncSupported
@HttpWhiteboardContextSelect("(osgi.http.whiteboard.context.name=*)")
public final class FrontDoor implements Filter {
  private final AddressRanges trusted;
  private final SlowBodies slowBodies = new SlowBodies();

  @Activate
  public FrontDoor(@Reference ServerInfo server) {
    this.trusted = new AddressRanges(server.trustedProxies());
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    HttpServletRequest http = (HttpServletRequest) request;
    ((HttpServletResponse) response).setHeader("X-Content-Type-Options", "nosniff");
    String host = http.getHeader("Host");
    http.setAttribute(
        Origin.ATTRIBUTE,
        Origin.of(
            trusted,
            http.getRemoteAddr(),
            http.getScheme(),
            host == null ? http.getServerName() + ":" + http.getServerPort() : host,
            http::getHeader));
    HttpServletRequest clean = http.getRequestURI().contains("//") ? new SingleSlashes(http) : http;
    try (PatientRequest patient = new PatientRequest(clean, slowBodies, Origin.address(http))) {
      chain.doFilter(patient, response);
    }
  }

  private static final class SingleSlashes extends HttpServletRequestWrapper {
    SingleSlashes(HttpServletRequest request) {
      super(request);
    }

    @Override
    public String getRequestURI() {
      return collapse(super.getRequestURI());
    }

    @Override
    public StringBuffer getRequestURL() {
      HttpServletRequest http = (HttpServletRequest) getRequest();
      return new StringBuffer(http.getScheme())
          .append("://")
          .append(http.getServerName())
          .append(':')
          .append(http.getServerPort())
          .append(getRequestURI());
    }

    @Override
    public String getServletPath() {
      return "";
    }

    @Override
    public String getPathInfo() {
      return getRequestURI();
    }

    private static String collapse(String path) {
      return path.replaceAll("/{2,}", "/");
    }
  }
}
