package dev.millrace.api;

import dev.millrace.api.http.Open;
import dev.millrace.engine.dispatch.Refused;
import dev.millrace.engine.dispatch.Relay;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Signed transfers of stores that cannot sign themselves. */
@Component(service = TransferResource.class)
@JakartarsResource
@Path("/transfer/{store}/{key: .+}")
@Open
public final class TransferResource {
  private static final int BUFFER = 1 << 16;

  private final Relay relay;

  @Activate
  public TransferResource(@Reference Relay relay) {
    this.relay = relay;
  }

  @GET
  public Response get(
      @PathParam("store") String store,
      @PathParam("key") String key,
      @Context UriInfo uri,
      @HeaderParam("Range") @Nullable String range) {
    try {
      Relay.Download download = relay.download(address(store, key, uri), range);
      StreamingOutput body = out -> copy(download.body(), out);
      return headers(download).entity(body).build();
    } catch (Refused e) {
      return Answers.of(e);
    }
  }

  @HEAD
  public Response head(
      @PathParam("store") String store, @PathParam("key") String key, @Context UriInfo uri) {
    try {
      Relay.Download download = relay.download(address(store, key, uri), null);
      download.body().close();
      return headers(download).build();
    } catch (Refused e) {
      return Answers.of(e);
    } catch (IOException e) {
      return Answers.of(new Refused(503, "store_missing", "The store does not answer."));
    }
  }

  @PUT
  public Response put(
      @PathParam("store") String store,
      @PathParam("key") String key,
      @Context UriInfo uri,
      @HeaderParam(HttpHeaders.CONTENT_LENGTH) @Nullable String length,
      InputStream body) {
    return Answers.done(
        () ->
            relay.upload(
                address(store, key, uri),
                body,
                length == null ? -1 : Answers.number("Content-Length", length)));
  }

  private static Response.ResponseBuilder headers(Relay.Download download) {
    Response.ResponseBuilder answer =
        Response.status(download.partial() ? 206 : 200)
            .type(MediaType.APPLICATION_OCTET_STREAM_TYPE)
            .header(HttpHeaders.CONTENT_LENGTH, download.length())
            .header("Accept-Ranges", "bytes")
            .header(HttpHeaders.ETAG, '"' + download.etag().replaceAll("[^!#-~]", "") + '"')
            .header(HttpHeaders.CACHE_CONTROL, "private, no-store")
            .header(
                HttpHeaders.CONTENT_DISPOSITION,
                "attachment; filename*=UTF-8''" + encode(download.fileName()));
    if (download.partial()) {
      answer.header(
          "Content-Range",
          "bytes "
              + download.from()
              + "-"
              + (download.from() + download.length() - 1)
              + "/"
              + download.size());
    }
    return answer;
  }

  private static void copy(InputStream from, OutputStream to) throws IOException {
    try (InputStream body = from) {
      byte[] buffer = new byte[BUFFER];
      for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
        to.write(buffer, 0, read);
      }
    }
  }

  private static Relay.Address address(String store, String key, UriInfo uri) {
    return new Relay.Address(
        store,
        key,
        Answers.number("e", first(uri, "e").orElse("")),
        Answers.number("m", first(uri, "m").orElse("0")),
        first(uri, "n").orElse(""),
        first(uri, "s").orElse(""));
  }

  private static Optional<String> first(UriInfo uri, String name) {
    return Optional.ofNullable(uri.getQueryParameters().getFirst(name));
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
