package dev.millrace.engine.domain;

import java.util.Optional;

/**
 * One file of an input. A datum is fixed at submit: aliases and names are resolved then.
 *
 * @param uri what the user named, for example {@code datum://…} or {@code https://…}
 */
public record InputFile(String name, String uri, Optional<DatumId> datum) {}
