package dev.millrace.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.api.openapi.Format;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The body of a new execution, as it is described to clients. {@link SubmissionBody} reads it, and
 * takes other spellings of the same as well, such as one address in place of a list.
 *
 * @param environmentVariables name to value
 * @param environment id or slug
 */
record SubmissionForm(
    @Format("uuid") String project,
    String commit,
    String step,
    @Nullable String title,
    @Nullable String image,
    @Nullable String environment,
    @Nullable Map<String, List<String>> inputs,
    @Nullable Map<String, JsonNode> parameters,
    @Nullable Map<String, String> environmentVariables,
    @Nullable List<String> command,
    @Nullable List<String> tags,
    @Nullable Integer priority,
    @Nullable Long timeLimit,
    @Nullable Map<String, JsonNode> runtimeConfig,
    @Nullable String runtimeConfigPreset,
    @Nullable List<String> environmentVariableGroups,
    @Nullable Boolean inheritEnvironmentVariables) {}
