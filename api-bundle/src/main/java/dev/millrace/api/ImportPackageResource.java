package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.service.CodeUpload;
import dev.millrace.engine.service.Commits;
import dev.millrace.engine.service.Invalid;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Takes code that is in no repository. */
@Component(service = ImportPackageResource.class)
@JakartarsResource
@Path("/api/v0/projects/{project}/import-package")
@Produces(MediaType.APPLICATION_JSON)
public final class ImportPackageResource {
  private final Commits commits;

  @Activate
  public ImportPackageResource(@Reference Commits commits) {
    this.commits = commits;
  }

  /** Ad-hoc code: the parts {@code data}, {@code description} and {@code yaml_path}. */
  @POST
  @Consumes(MediaType.MULTIPART_FORM_DATA)
  @Takes(value = PackageForm.class, required = "data")
  public CommitJson importPackage(
      @Context ContainerRequestContext context,
      @PathParam("project") String project,
      @HeaderParam(HttpHeaders.CONTENT_TYPE) MediaType type,
      InputStream body)
      throws IOException {
    Call call = Call.of(context);
    String boundary = type.getParameters().getOrDefault("boundary", "");
    if (boundary.isEmpty()) {
      throw Invalid.nonField("The Content-Type names no boundary", "parse_error");
    }
    try (CodeUpload upload = commits.begin(call.actor(), Ids.projectInPath(project))) {
      Map<String, String> texts = new HashMap<>();
      Multipart.read(
          body,
          boundary,
          new Multipart.Receiver() {
            @Override
            public Optional<OutputStream> file(String name) throws IOException {
              return name.equals("data") ? Optional.of(upload.open()) : Optional.empty();
            }

            @Override
            public void text(String name, String value) {
              texts.put(name, value);
            }
          });
      return CommitJson.of(
          commits.finish(
              call.actor(),
              upload,
              texts.getOrDefault("description", "").strip(),
              Optional.ofNullable(texts.get("yaml_path"))),
          call,
          false);
    }
  }

  /** The parts of the form, as they are described to clients. */
  record PackageForm(
      @Format("binary") String data, @Nullable String description, @Nullable String yamlPath) {}
}
