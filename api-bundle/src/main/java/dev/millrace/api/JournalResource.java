package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Query;
import dev.millrace.engine.service.Feeds;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** What happens to the executions that the caller sees, in one order. */
@Component(service = JournalResource.class)
@JakartarsResource
@Path("/api/v0/journal")
@Produces(MediaType.APPLICATION_JSON)
public final class JournalResource {
  private static final int DEFAULT_LIMIT = 500;
  private static final int MOST = 5_000;

  private final Feeds feeds;

  @Activate
  public JournalResource(@Reference Feeds feeds) {
    this.feeds = feeds;
  }

  /**
   * At most {@code limit} facts after that position, of a bounded stretch of the journal: ask again
   * from {@code reached}. With {@code Accept: text/event-stream} they are streamed.
   */
  @GET
  @Answers(Facts.class)
  @Answers(media = "text/event-stream")
  @Answers(status = 204)
  @Query(value = "after", kind = Query.Kind.NUMBER)
  @Query(value = "limit", kind = Query.Kind.NUMBER)
  public Response journal(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    int limit = Math.min(MOST, call.number("limit").filter(n -> n > 0).orElse(DEFAULT_LIMIT));
    Feeds.Stretch stretch = feeds.journal(call.actor(), call.number("after").orElse(0), limit);
    return Response.ok(
            new Facts(stretch.entries().stream().map(JournalJson::of).toList(), stretch.reached()))
        .build();
  }

  /** Facts in order, and the position up to which the journal was looked through. */
  public record Facts(List<JournalJson> facts, long reached) {}
}
