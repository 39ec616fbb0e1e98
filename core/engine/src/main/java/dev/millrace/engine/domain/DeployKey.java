package dev.millrace.engine.domain;

/** A project's SSH key: the half that a Git server is given, and the half that nobody is shown. */
public record DeployKey(String publicKey, Sealed privateKey) {}
