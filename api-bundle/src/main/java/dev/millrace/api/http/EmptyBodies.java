package dev.millrace.api.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtension;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;

/** A change that is sent without a body, and so without its type, has an empty JSON object. */
@Component(service = ContainerRequestFilter.class)
@JakartarsExtension
@JakartarsName("millrace-empty-bodies")
@PreMatching
public final class EmptyBodies implements ContainerRequestFilter {
  private static final Set<String> CHANGES = Set.of("POST", "PUT", "PATCH", "DELETE");

  @Activate
  public EmptyBodies() {}

  @Override
  public void filter(ContainerRequestContext request) {
    if (CHANGES.contains(request.getMethod())
        && request.getUriInfo().getPath(false).replaceFirst("^/+", "").startsWith("api/v0/")
        && !request.hasEntity()
        && request.getMediaType() == null) {
      request.getHeaders().putSingle(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_JSON);
      request.setEntityStream(new ByteArrayInputStream("{}".getBytes(StandardCharsets.UTF_8)));
    }
  }
}
