package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ProjectId;

/** Addresses of things, as the client of this request reaches them; all end in a slash. */
final class Urls {
  private final Call call;

  Urls(Call call) {
    this.call = call;
  }

  String project(ProjectId id) {
    return call.url("/api/v0/projects/" + id + "/");
  }

  String projectPage(ProjectId id) {
    return call.url("/p/" + id + "/");
  }

  String commit(CommitId id) {
    return call.url("/api/v0/commits/" + id + "/");
  }

  String commitPage(CommitId id) {
    return call.url("/c/" + id + "/");
  }

  String execution(ExecutionId id) {
    return call.url("/api/v0/executions/" + id + "/");
  }

  String executionPage(ExecutionId id) {
    return call.url("/e/" + id + "/");
  }

  String datum(DatumId id) {
    return call.url("/api/v0/data/" + id + "/");
  }
}
