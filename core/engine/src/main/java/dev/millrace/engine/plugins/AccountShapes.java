package dev.millrace.engine.plugins;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.metatype.AttributeDefinition;
import org.osgi.service.metatype.MetaTypeInformation;
import org.osgi.service.metatype.MetaTypeService;
import org.osgi.service.metatype.ObjectClassDefinition;

/** Which accounts the bundles here take, from what they say of their configuration. */
final class AccountShapes {
  private final BundleContext context;
  private final MetaTypeService metaTypes;
  private final Map<Long, Claims> known = new HashMap<>();

  /** What one content of a bundle claims. */
  private record Claims(long modified, Map<String, AccountShape> shapes) {}

  AccountShapes(BundleContext context, MetaTypeService metaTypes) {
    this.context = context;
    this.metaTypes = metaTypes;
  }

  /** The shapes of all accounts that somebody here takes, by PID. */
  synchronized Map<String, AccountShape> claimed() {
    Map<String, AccountShape> all = new HashMap<>();
    Set<Long> there = new HashSet<>();
    for (Bundle bundle : context.getBundles()) {
      there.add(bundle.getBundleId());
      all.putAll(of(bundle));
    }
    known.keySet().retainAll(there);
    return all;
  }

  /** Whether a bundle takes accounts of a PID. */
  synchronized boolean claims(long bundle, String pid) {
    Claims claims = known.get(bundle);
    return claims != null && claims.shapes().containsKey(pid);
  }

  private Map<String, AccountShape> of(Bundle bundle) {
    Claims claims = known.get(bundle.getBundleId());
    // The shape can be read from a bundle that is only installed; it is used once it runs.
    boolean runs = (bundle.getState() & (Bundle.ACTIVE | Bundle.STARTING)) != 0;
    if (!runs) {
      return Map.of();
    }
    if (claims == null || claims.modified() != bundle.getLastModified()) {
      claims = new Claims(bundle.getLastModified(), read(bundle));
      known.put(bundle.getBundleId(), claims);
    }
    return claims.shapes();
  }

  private Map<String, AccountShape> read(Bundle bundle) {
    MetaTypeInformation information = metaTypes.getMetaTypeInformation(bundle);
    Map<String, AccountShape> shapes = new HashMap<>();
    String[] pids = information == null ? null : information.getFactoryPids();
    for (String pid : pids == null ? new String[0] : pids) {
      shapes.put(pid, shape(information.getObjectClassDefinition(pid, null)));
    }
    return Map.copyOf(shapes);
  }

  private static AccountShape shape(ObjectClassDefinition definition) {
    Set<String> required = new HashSet<>();
    for (AttributeDefinition each : attributes(definition, ObjectClassDefinition.REQUIRED)) {
      if (each.getDefaultValue() == null || each.getDefaultValue().length == 0) {
        required.add(each.getID());
      }
    }
    Map<String, AccountShape.Field> fields = new HashMap<>();
    for (AttributeDefinition each : attributes(definition, ObjectClassDefinition.ALL)) {
      fields.put(
          each.getID(),
          new AccountShape.Field(
              type(each.getType()), each.getCardinality() != 0, required.contains(each.getID())));
    }
    return new AccountShape(Map.copyOf(fields));
  }

  private static AttributeDefinition[] attributes(ObjectClassDefinition definition, int which) {
    AttributeDefinition[] found = definition.getAttributeDefinitions(which);
    return found == null ? new AttributeDefinition[0] : found;
  }

  private static AccountShape.Type type(int type) {
    return switch (type) {
      case AttributeDefinition.BOOLEAN -> AccountShape.Type.TRUTH;
      case AttributeDefinition.DOUBLE, AttributeDefinition.FLOAT -> AccountShape.Type.NUMBER;
      case AttributeDefinition.INTEGER,
          AttributeDefinition.LONG,
          AttributeDefinition.SHORT,
          AttributeDefinition.BYTE ->
          AccountShape.Type.WHOLE;
      default -> AccountShape.Type.TEXT;
    };
  }
}
