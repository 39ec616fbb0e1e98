package dev.millrace.engine.plugins;

import dev.millrace.engine.domain.PluginInfo.State;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.cm.ConfigurationPlugin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the accounts in {@code conf/} configurations, and so services, of the plugins that claim
 * them. One idempotent tick of a loop; the files are the operator's and are only read. Secrets are
 * never stored: they are handed to the plugin when its configuration is delivered.
 */
final class Accounts implements ConfigurationPlugin {
  /** The service property, and configuration key, that holds an account's name. */
  static final String NAME = "millrace.name";

  private static final Logger LOG = LoggerFactory.getLogger(Accounts.class);
  private static final String FILE = "millrace.account";
  private static final String REVISION = "millrace.revision";
  private static final int MOST_FILES = 1000;

  /** An account that has no service of its own to show. */
  record Problem(String pid, String name, String file, State state, String reason, Instant since) {}

  /** What stands in a configuration: the values, without secrets, and a number for this content. */
  private record Applied(AccountFile account, AccountShape shape, long revision) {}

  private final Path folder;
  private final Map<String, String> variables;
  private final ConfigurationAdmin admin;
  private final Clock clock;
  private final Map<String, Applied> applied = new HashMap<>();
  private final Map<String, Problem> problems = new TreeMap<>();
  private final Map<String, Map<String, Object>> secrets = new ConcurrentHashMap<>();
  private long revision;

  Accounts(Path home, Map<String, String> variables, ConfigurationAdmin admin, Clock clock) {
    this.folder = home.resolve("conf");
    this.variables = Map.copyOf(variables);
    this.admin = admin;
    this.clock = clock;
    // Differs from that of an earlier life, so that secrets are delivered anew.
    this.revision = clock.millis();
  }

  /** One look at the files; {@code claimed} are the shapes of the accounts that plugins take. */
  synchronized void tick(Map<String, AccountShape> claimed) throws IOException {
    Map<String, Problem> now = new TreeMap<>();
    Map<String, Path> files = new TreeMap<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, "*~*.json")) {
        for (Path file : all) {
          if (AccountFile.name(file).isPresent() && files.size() < MOST_FILES) {
            files.put(String.valueOf(file.getFileName()), file);
          }
        }
      }
    }
    for (Map.Entry<String, Path> file : files.entrySet()) {
      Matcher form = AccountFile.name(file.getValue()).orElseThrow();
      AccountShape shape = claimed.get(form.group(1));
      if (shape == null) {
        keep(
            now, form, State.UNCLAIMED, "no plugin in plugins/ takes accounts of " + form.group(1));
        continue;
      }
      try {
        apply(AccountFile.read(file.getValue(), variables), shape);
      } catch (AccountFile.Bad | IOException e) {
        String reason = "conf/" + file.getKey() + ": " + e.getMessage();
        keep(now, form, State.QUARANTINED, reason);
        withdraw(form.group(1) + "~" + form.group(2));
      }
    }
    problems.clear();
    problems.putAll(now);
    withdrawAllBut(files);
  }

  /** The accounts that no plugin takes, or that make no sense. */
  synchronized List<Problem> problems() {
    return new ArrayList<>(problems.values());
  }

  /** Adds the secrets of an account to what its plugin gets to see. */
  @Override
  public void modifyConfiguration(
      ServiceReference<?> reference, Dictionary<String, Object> properties) {
    Object pid = properties.get(Constants.SERVICE_PID);
    if (pid instanceof String text && properties.get(FILE) != null) {
      secrets.getOrDefault(text, Map.of()).forEach(properties::put);
    }
  }

  private void keep(Map<String, Problem> now, Matcher form, State state, String reason) {
    String file = form.group(0);
    Problem before = problems.get(file);
    boolean same = before != null && before.state() == state && before.reason().equals(reason);
    if (!same) {
      LOG.warn("event=account-unused file={} state={} reason=\"{}\"", file, state, reason);
    }
    Instant since = before != null && same ? before.since() : clock.instant();
    now.put(file, new Problem(form.group(1), form.group(2), "conf/" + file, state, reason, since));
  }

  private void apply(AccountFile account, AccountShape shape) throws AccountFile.Bad, IOException {
    String pid = account.pid() + "~" + account.name();
    Map<String, Object> values = shape.fit(account.values());
    Applied before = applied.get(pid);
    if (before != null && before.account().equals(account) && before.shape().equals(shape)) {
      return;
    }
    Map<String, Object> hidden = new HashMap<>();
    Hashtable<String, Object> shown = new Hashtable<>();
    values.forEach(
        (key, value) -> {
          if (AccountFile.isSecret(key)) {
            hidden.put(key, value);
          } else {
            shown.put(key, value);
          }
        });
    long number = revision++;
    shown.put(NAME, account.name());
    shown.put(FILE, account.file());
    shown.put(REVISION, number);
    secrets.put(pid, Map.copyOf(hidden));
    admin.getFactoryConfiguration(account.pid(), account.name(), "?").update(shown);
    applied.put(pid, new Applied(account, shape, number));
    LOG.info("event=account-applied file={}", account.file());
  }

  /** Takes away the configurations whose file has gone, also those of an earlier life. */
  private void withdrawAllBut(Map<String, Path> files) throws IOException {
    try {
      Configuration[] all = admin.listConfigurations("(" + FILE + "=*)");
      for (Configuration each : all == null ? new Configuration[0] : all) {
        if (!files.containsKey(String.valueOf(each.getProperties().get(FILE)))) {
          withdraw(each.getPid());
        }
      }
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException("a constant filter", e);
    }
  }

  private void withdraw(String pid) throws IOException {
    applied.remove(pid);
    secrets.remove(pid);
    int tilde = pid.indexOf('~');
    Configuration configuration =
        admin.getFactoryConfiguration(pid.substring(0, tilde), pid.substring(tilde + 1), "?");
    if (configuration.getProperties() != null) {
      LOG.info("event=account-withdrawn pid={}", pid);
    }
    configuration.delete();
  }
}
