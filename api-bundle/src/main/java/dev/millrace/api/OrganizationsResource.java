package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.service.Organizations;
import dev.millrace.engine.store.Rows;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Organisations and who belongs to them. */
@Component(service = OrganizationsResource.class)
@JakartarsResource
@Path("/api/v0/organizations")
@Produces(MediaType.APPLICATION_JSON)
public final class OrganizationsResource {
  private final Organizations organizations;

  @Activate
  public OrganizationsResource(@Reference Organizations organizations) {
    this.organizations = organizations;
  }

  @GET
  public Call.Page<OrganizationView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(
        organizations.list(call.actor(), call.slice()), o -> OrganizationView.of(o, call));
  }

  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = OrganizationView.class)
  @Takes(required = "name")
  public Response make(@Context ContainerRequestContext context, OrganizationBody body) {
    Call call = Call.of(context);
    Organization made =
        organizations.make(call.actor(), Optional.ofNullable(body.name()).orElse("").trim());
    return Response.status(Response.Status.CREATED).entity(OrganizationView.of(made, call)).build();
  }

  @GET
  @Path("{id}")
  public OrganizationView find(
      @Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return OrganizationView.of(
        organizations.find(call.actor(), OwnerPath.parse(id, "Organization")), call);
  }

  @GET
  @Path("{id}/members")
  public Call.Page<MemberView> members(
      @Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    List<Organizations.Member> all =
        organizations.members(call.actor(), OwnerPath.parse(id, "Organization"));
    int from = Math.min(call.slice().offset(), all.size());
    int to = Math.min(all.size(), from + call.slice().limit());
    return call.page(new Rows<>(all.subList(from, to), all.size()), MemberView::of);
  }

  @POST
  @Path("{id}/members")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = MemberView.class)
  @Takes(required = "username")
  public Response put(
      @Context ContainerRequestContext context, @PathParam("id") String id, MemberBody body) {
    Organizations.Member member =
        organizations.put(
            Call.of(context).actor(),
            OwnerPath.parse(id, "Organization"),
            Optional.ofNullable(body.username()).orElse(""),
            Optional.ofNullable(body.isAdmin()).orElse(false));
    return Response.status(Response.Status.CREATED).entity(MemberView.of(member)).build();
  }

  @DELETE
  @Path("{id}/members/{user}")
  @Answers(status = 204)
  public Response remove(
      @Context ContainerRequestContext context,
      @PathParam("id") String id,
      @PathParam("user") String user) {
    organizations.remove(
        Call.of(context).actor(),
        OwnerPath.parse(id, "Organization"),
        OwnerPath.parse(user, "Member"));
    return Response.noContent().build();
  }

  /** What may be set of an organisation. */
  public record OrganizationBody(@Nullable String name) {}

  /** What may be set of a membership. */
  public record MemberBody(@Nullable String username, @Nullable Boolean isAdmin) {}

  /** An organisation as clients see it. */
  public record OrganizationView(
      int id, String name, String username, Instant ctime, @Format("uri") String url) {
    static OrganizationView of(Organization organization, Call call) {
      return new OrganizationView(
          organization.id().value(),
          organization.name(),
          organization.name(),
          organization.createdAt(),
          call.url("/api/v0/organizations/" + organization.id() + "/"));
    }
  }

  /** A member as clients see them. */
  public record MemberView(OwnerPath.OwnerView user, boolean isAdmin) {
    static MemberView of(Organizations.Member member) {
      return new MemberView(OwnerPath.OwnerView.of(member.user()), member.admin());
    }
  }
}
