package dev.millrace.engine.domain;

/** A fact with its place in the journal, and the execution's project and number there. */
public record JournalEntry(long position, Fact fact, ProjectId project, int counter) {}
