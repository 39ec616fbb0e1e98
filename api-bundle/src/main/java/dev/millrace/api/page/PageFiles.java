package dev.millrace.api.page;

import dev.millrace.api.http.Open;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** What all pages load: style, script, icon. */
@Component(service = PageFiles.class)
@JakartarsResource
@Path("/static/{name}")
@Open
public final class PageFiles {
  private static final Map<String, String> TYPES =
      Map.of(
          "page.css", "text/css;charset=utf-8",
          "page.js", "text/javascript;charset=utf-8",
          "icon.svg", "image/svg+xml");

  @Activate
  public PageFiles() {}

  @GET
  public Response file(@PathParam("name") String name) {
    String type = TYPES.get(name);
    if (type == null) {
      throw new NotFoundException();
    }
    try (InputStream in = PageFiles.class.getResourceAsStream("/page/" + name)) {
      if (in == null) {
        throw new NotFoundException();
      }
      return Response.ok(in.readAllBytes(), type).header("Cache-Control", "max-age=300").build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
