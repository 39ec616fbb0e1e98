package dev.millrace.engine.plugins;

import dev.millrace.engine.domain.PluginInfo.State;
import java.time.Instant;

/** How a service is, why, and since when. */
record Health(State state, String reason, Instant since) {}
