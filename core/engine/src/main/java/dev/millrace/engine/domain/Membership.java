package dev.millrace.engine.domain;

/** That a user belongs to an organisation, and whether they administer it. */
public record Membership(OwnerId organization, OwnerId user, boolean admin) {}
