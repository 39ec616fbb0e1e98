package dev.millrace.engine.service;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.AuditEntry;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Writes who changed what, in the transaction of the change itself. */
@Component(service = Audit.class)
public final class Audit {
  private final Clock clock;
  private final Uuid7 ids;
  private final ObjectMapper json = new ObjectMapper();

  @Activate
  public Audit(@Reference Clock clock) {
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /**
   * Appends one entry.
   *
   * @param action noun and verb, for example {@code project.create}
   * @param subject what was changed, for example {@code project:0197…}
   * @param before what changes, as it was; empty when something is made
   * @param after what changed, as it is now; empty when something goes. Values that are not
   *     numbers, booleans, text, lists or maps are kept as their {@code toString}, which for
   *     secrets is {@code ***}
   */
  public void record(
      Session session,
      Actor actor,
      String action,
      String subject,
      Map<String, ?> before,
      Map<String, ?> after) {
    Optional<OwnerId> who = Optional.empty();
    Optional<TokenId> token = Optional.empty();
    String address = "";
    if (actor instanceof Actor.Person person) {
      who = Optional.of(person.user().id());
      token = person.token();
      address = person.address();
    }
    session
        .audit()
        .append(
            new AuditEntry(
                ids.next(),
                clock.instant(),
                who,
                token,
                address,
                action,
                subject,
                text(before),
                text(after)));
  }

  private String text(Map<String, ?> values) {
    try {
      return json.writeValueAsString(plain(values));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an audit entry could not be written", e);
    }
  }

  private static Object plain(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> out = new LinkedHashMap<>();
      map.forEach((k, v) -> out.put(String.valueOf(k), v == null ? "" : plain(v)));
      return out;
    }
    if (value instanceof Collection<?> list) {
      return list.stream().map(Audit::plain).toList();
    }
    if (value instanceof Optional<?> optional) {
      return optional.map(Audit::plain).orElse("");
    }
    return value instanceof Number || value instanceof Boolean ? value : value.toString();
  }
}
