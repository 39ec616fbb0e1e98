package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Worker groups, which clients call environments. Administrators make and change them. */
@Component(service = Environments.class)
public final class Environments {
  private static final Pattern SLUG = Pattern.compile("[a-z0-9][a-z0-9._-]{0,99}");
  private static final int MOST_SLOTS = 1_000;
  private static final int MOST_MACHINES = 10_000;

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Plugins plugins;
  private final Settings settings;
  private final Clock clock;
  private final Uuid7 ids;

  @Activate
  public Environments(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Plugins plugins,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.plugins = plugins;
    this.settings = settings;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /** What an administrator may set. Empty options take the default, or leave a value as it is. */
  public record Wish(
      Optional<String> slug,
      Optional<String> name,
      Optional<String> owner,
      Optional<String> description,
      Optional<Boolean> enabled,
      Optional<String> provider,
      Optional<String> machineType,
      Optional<Integer> slots,
      Optional<Integer> scaleMin,
      Optional<Integer> scaleMax,
      Optional<Integer> scaleDownGraceMinutes,
      Optional<Environment.Runtime> runtime,
      Optional<BigDecimal> perHourPriceUsd,
      Optional<List<String>> allowedMounts) {}

  /** Whether an environment starts work and grows. */
  public enum State {
    READY,
    /** Takes nothing, because an administrator said so. */
    DISABLED,
    /** Its provider is not there: machines and runs go on, growth waits. */
    MISSING
  }

  /**
   * An environment with what clients want to see beside it.
   *
   * @param reason why it is not ready; empty where it is
   */
  public record View(
      Environment environment,
      Optional<Owner> owner,
      long unfinished,
      State state,
      String reason) {}

  /** Shared environments and those of the actor's owners, by name. */
  public Rows<View> list(Actor actor, Slice slice) {
    return database.list(
        session -> {
          Rows<Environment> rows =
              session.environments().list(access.scopeOf(session, actor), slice);
          Function<Environment, View> view = viewer(session);
          return new Rows<>(rows.items().stream().map(view).toList(), rows.total());
        });
  }

  /** One of them, by id or slug. */
  public View find(Actor actor, String idOrSlug) {
    return database.read(session -> viewer(session).apply(visible(session, actor, idOrSlug)));
  }

  /** Makes an environment; for administrators of the installation. */
  public View make(Actor actor, Wish wish) {
    access.requireAdmin(actor);
    Instant now = clock.instant();
    String slug = wish.slug().or(wish::name).orElse("").toLowerCase(Locale.ROOT);
    Environment base =
        new Environment(
            new EnvironmentId(ids.next()),
            slug,
            wish.name().orElse(slug),
            Optional.empty(),
            "",
            true,
            Optional.empty(),
            "",
            1,
            0,
            1,
            15,
            Environment.Runtime.AUTO,
            Optional.empty(),
            List.of(),
            now,
            now,
            1);
    try {
      return database.transact(
          session -> {
            Environment made = apply(session, actor, base, wish, now);
            Ceiling.check(
                session.environments().list(new Scope.Everything(), Slice.first(0)).total(),
                Ceiling.ENVIRONMENTS,
                "The installation",
                "environments");
            session.environments().insert(made);
            audit.record(
                session, actor, "environment.create", subject(made), Map.of(), facts(made));
            return viewer(session).apply(made);
          });
    } catch (DuplicateRow e) {
      throw Invalid.field("slug", "An environment with the slug \"" + slug + "\" exists", "unique");
    }
  }

  /** Changes an environment; for administrators of the installation. Its slug stays. */
  public View update(Actor actor, String idOrSlug, Wish wish) {
    access.requireAdmin(actor);
    return database.transact(
        session -> {
          Environment before = visible(session, actor, idOrSlug);
          if (wish.slug().isPresent() && !wish.slug().get().equals(before.slug())) {
            throw Invalid.field(
                "slug", "The slug cannot be changed; make another environment", "read_only");
          }
          Environment after = apply(session, actor, before, wish, clock.instant());
          if (!session.environments().update(after)) {
            throw Conflict.changedMeanwhile();
          }
          audit.record(
              session, actor, "environment.update", subject(after), facts(before), facts(after));
          return viewer(session).apply(visible(session, actor, idOrSlug));
        });
  }

  private Environment apply(
      Session session, Actor actor, Environment base, Wish wish, Instant now) {
    Optional<OwnerId> owner =
        wish.owner().isEmpty()
            ? base.owner()
            : wish.owner()
                .filter(o -> !o.isEmpty())
                .map(o -> access.ownerFor(session, actor, Optional.of(o), "owner").id());
    Environment made =
        new Environment(
            base.id(),
            base.slug(),
            wish.name().orElse(base.name()),
            owner,
            wish.description().orElse(base.description()),
            wish.enabled().orElse(base.enabled()),
            wish.provider().isEmpty() ? base.provider() : wish.provider().filter(p -> !p.isEmpty()),
            wish.machineType().orElse(base.machineType()),
            wish.slots().orElse(base.slots()),
            wish.scaleMin().orElse(base.scaleMin()),
            wish.scaleMax().orElse(base.scaleMax()),
            wish.scaleDownGraceMinutes().orElse(base.scaleDownGraceMinutes()),
            wish.runtime().orElse(base.runtime()),
            wish.perHourPriceUsd().or(base::perHourPriceUsd),
            wish.allowedMounts()
                .map(m -> m.stream().distinct().toList())
                .orElse(base.allowedMounts()),
            base.createdAt(),
            now,
            base.version());
    Problems problems = new Problems();
    check(made, problems);
    Mounts.checkAllowed(made.allowedMounts(), settings.data().normalize().toString(), problems);
    problems.throwIfAny();
    return made;
  }

  private static void check(Environment e, Problems problems) {
    problems
        .check(
            SLUG.matcher(e.slug()).matches() && !e.slug().equals("project_default"),
            "slug",
            "A slug has 1 to 100 small letters, digits and . _ -",
            "invalid")
        .text("name", e.name(), 200)
        .upTo("description", e.description(), 2_000)
        .upTo("provider", e.provider().orElse(""), 100)
        .upTo("machine_type", e.machineType(), 200)
        .check(
            e.slots() >= 1 && e.slots() <= MOST_SLOTS,
            "slots",
            "A machine has 1 to " + MOST_SLOTS + " slots",
            "out_of_range")
        .check(
            e.scaleMin() >= 0 && e.scaleMin() <= e.scaleMax(),
            "scale_min",
            "The smallest number of machines is from 0 to scale_max",
            "out_of_range")
        .check(
            e.scaleMax() <= MOST_MACHINES,
            "scale_max",
            "A group has at most " + MOST_MACHINES + " machines",
            "out_of_range")
        .check(
            e.scaleDownGraceMinutes() >= 0 && e.scaleDownGraceMinutes() <= 10_080,
            "scale_down_grace_period",
            "The grace is from 0 minutes to a week",
            "out_of_range")
        .check(
            // The scale as well: written out, 1e-999999999 would take all memory.
            e.perHourPriceUsd()
                .map(p -> p.signum() >= 0 && p.precision() <= 12 && Math.abs(p.scale()) <= 12)
                .orElse(true),
            "per_hour_price_usd",
            "The price is not negative and has at most 12 digits",
            "out_of_range");
  }

  private Environment visible(Session session, Actor actor, String idOrSlug) {
    return visible(session, access, actor, idOrSlug);
  }

  static Environment visible(Session session, Access access, Actor actor, String idOrSlug) {
    var scope = access.scopeOf(session, actor);
    Optional<Environment> byId;
    try {
      byId = session.environments().find(scope, EnvironmentId.parse(idOrSlug));
    } catch (IllegalArgumentException e) {
      byId = Optional.empty();
    }
    return byId.or(() -> session.environments().bySlug(scope, idOrSlug))
        .orElseThrow(() -> new NotFound("Environment"));
  }

  private Function<Environment, View> viewer(Session session) {
    Map<EnvironmentId, Long> unfinished = session.environments().unfinished();
    return environment -> {
      Optional<String> missing =
          environment
              .provider()
              .filter(p -> plugins.compute(p).isEmpty())
              .map(p -> plugins.missing(PluginInfo.Kind.COMPUTE, p))
              .map(why -> String.valueOf(why.getMessage()));
      State state =
          !environment.enabled()
              ? State.DISABLED
              : missing.isPresent() ? State.MISSING : State.READY;
      return new View(
          environment,
          environment.owner().flatMap(session.owners()::find),
          unfinished.getOrDefault(environment.id(), 0L),
          state,
          state == State.DISABLED ? "an administrator disabled it" : missing.orElse(""));
    };
  }

  private static Map<String, Object> facts(Environment e) {
    Map<String, Object> facts = new TreeMap<>();
    facts.put("slug", e.slug());
    facts.put("name", e.name());
    facts.put("owner", e.owner());
    facts.put("enabled", e.enabled());
    facts.put("provider", e.provider());
    facts.put("machine_type", e.machineType());
    facts.put("slots", e.slots());
    facts.put("scale_min", e.scaleMin());
    facts.put("scale_max", e.scaleMax());
    facts.put("runtime", e.runtime());
    facts.put("allowed_mounts", e.allowedMounts());
    return facts;
  }

  static String subject(Environment environment) {
    return "environment:" + environment.id();
  }
}
