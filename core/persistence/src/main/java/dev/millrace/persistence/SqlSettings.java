package dev.millrace.persistence;

import dev.millrace.engine.store.SettingStore;
import java.util.Optional;
import org.hibernate.StatelessSession;

/** Settings of the installation, and who leads which loop. */
final class SqlSettings implements SettingStore {
  private final Jdbc jdbc;

  SqlSettings(StatelessSession session) {
    this.jdbc = new Jdbc(session);
  }

  @Override
  public Optional<String> get(String name) {
    return jdbc.first(
        row -> row.getString(1), "select setting_value from setting where name = ?", name);
  }

  @Override
  public String putIfAbsent(String name, String value) {
    Optional<String> stored = get(name);
    if (stored.isPresent()) {
      return stored.get();
    }
    jdbc.insert("insert into setting (name, setting_value) values (?, ?)", name, value);
    return get(name).orElseThrow();
  }

  @Override
  public void put(String name, String value) {
    if (!jdbc.insert("insert into setting (name, setting_value) values (?, ?)", name, value)) {
      jdbc.change("update setting set setting_value = ? where name = ?", value, name);
    }
  }

  @Override
  public Optional<Lead> lead(String loop) {
    return jdbc.first(
        row -> new Lead(row.getString(1), row.getLong(2)),
        "select leader, beat from loop_lead where loop_name = ?",
        loop);
  }

  @Override
  public boolean beat(String loop, String leader) {
    return jdbc.change(
            "update loop_lead set beat = beat + 1 where loop_name = ? and leader = ?", loop, leader)
        == 1;
  }

  @Override
  public boolean takeOver(String loop, Optional<Lead> seen, String leader) {
    if (seen.isEmpty()) {
      return jdbc.insert(
          "insert into loop_lead (loop_name, leader, beat) values (?, ?, 1)", loop, leader);
    }
    return jdbc.change(
            "update loop_lead set leader = ?, beat = beat + 1"
                + " where loop_name = ? and leader = ? and beat = ?",
            leader,
            loop,
            seen.get().leader(),
            seen.get().beat())
        == 1;
  }

  @Override
  public boolean resign(String loop, String leader) {
    return jdbc.change("delete from loop_lead where loop_name = ? and leader = ?", loop, leader)
        == 1;
  }
}
