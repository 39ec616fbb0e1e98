package dev.millrace.engine.yaml;

/** Why a value given for a field is refused: a text for people and a code for programs. */
public record FieldError(String message, String code) {}
