package dev.millrace.engine.domain;

import java.time.Instant;

/**
 * That a user belongs to a team.
 *
 * @param projectAdministration may delete the team's projects and hand them on
 * @param readOnly may change nothing of them
 */
public record TeamMember(
    OwnerId team, OwnerId user, boolean projectAdministration, boolean readOnly, Instant since) {}
