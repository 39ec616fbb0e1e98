package dev.millrace.worker.runtime;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How user code sees its folder.
 *
 * @param home the folder that user code knows as its /valohai
 * @param uid the user that its files must belong to, -1 for the worker's own
 * @param protectedInputs whether inputs cannot be written through the links in the inputs folder
 * @param environment variables that the runtime adds, weakest of all
 * @param notice a line for the status stream, or null
 */
public record Layout(
    String home,
    int uid,
    boolean protectedInputs,
    Map<String, String> environment,
    @Nullable String notice) {}
