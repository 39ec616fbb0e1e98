package dev.millrace.engine.store;

import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.VariableGroup;
import dev.millrace.engine.domain.VariableGroupId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Environment variables of projects and groups, and the groups. */
public interface VariableStore {
  /** By name. */
  List<EnvironmentValue> of(UUID holder);

  /** Makes or replaces the variable of that name. */
  void put(UUID holder, EnvironmentValue variable);

  /** False if there was none. */
  boolean remove(UUID holder, String name);

  /** Throws {@link DuplicateRow} "name" if the owner has a group of that name. */
  void insert(VariableGroup group);

  /** Stores {@code group} if the row still has its version, which is then raised; else false. */
  boolean update(VariableGroup group);

  /** With its variables. */
  void remove(VariableGroupId id);

  Optional<VariableGroup> find(Scope scope, VariableGroupId id);

  Optional<VariableGroup> byName(OwnerId owner, String name);

  /** By name. */
  Rows<VariableGroup> groups(Scope scope, Slice slice);
}
