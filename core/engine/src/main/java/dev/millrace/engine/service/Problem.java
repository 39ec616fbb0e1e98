package dev.millrace.engine.service;

/** What is wrong with one field: words for a person, and a code for programs. */
public record Problem(String message, String code) {}
