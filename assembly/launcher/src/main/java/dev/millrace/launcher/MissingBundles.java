package dev.millrace.launcher;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;

/** Why bundles do not resolve: requirement by requirement, down to what no bundle offers. */
final class MissingBundles {
  private final List<BundleRevision> revisions;
  private final Set<Bundle> told = new HashSet<>();

  private MissingBundles(BundleContext context) {
    revisions =
        Arrays.stream(context.getBundles())
            .map(bundle -> Optional.ofNullable(bundle.adapt(BundleRevision.class)))
            .flatMap(Optional::stream)
            .toList();
  }

  /** One tree a bundle that is not resolved; a bundle that others lack is explained once. */
  static List<Missing> find(BundleContext context) {
    MissingBundles search = new MissingBundles(context);
    List<Missing> roots = new ArrayList<>();
    for (BundleRevision revision : search.revisions) {
      if (revision.getBundle().getState() == Bundle.INSTALLED
          && !search.told.contains(revision.getBundle())) {
        roots.add(search.explain(revision));
      }
    }
    return roots;
  }

  private Missing explain(BundleRevision revision) {
    String name = "bundle " + name(revision) + " does not resolve";
    if (!told.add(revision.getBundle())) {
      return Missing.of(name + Missing.SEEN);
    }
    List<Missing> because = new ArrayList<>();
    for (BundleRequirement requirement : revision.getDeclaredRequirements(null)) {
      if (!optional(requirement)) {
        because.addAll(lacks(revision, requirement));
      }
    }
    return new Missing(name, because);
  }

  private List<Missing> lacks(BundleRevision revision, BundleRequirement requirement) {
    List<BundleRevision> offering =
        revisions.stream()
            .filter(
                r ->
                    r.getDeclaredCapabilities(requirement.getNamespace()).stream()
                        .anyMatch(requirement::matches))
            .toList();
    if (offering.isEmpty()) {
      return List.of(
          Missing.of("needs " + text(requirement) + ": no bundle offers it" + others(requirement)));
    }
    if (offering.contains(revision)
        || offering.stream().anyMatch(r -> r.getBundle().getState() != Bundle.INSTALLED)) {
      return List.of();
    }
    return offering.stream()
        .map(r -> new Missing("needs " + text(requirement), List.of(explain(r))))
        .toList();
  }

  /** The same package at another version is the usual cause. */
  private String others(BundleRequirement requirement) {
    String namespace = requirement.getNamespace();
    String filter = text(requirement);
    List<String> near = new ArrayList<>();
    for (BundleRevision revision : revisions) {
      for (BundleCapability capability : revision.getDeclaredCapabilities(namespace)) {
        Object value = capability.getAttributes().get(namespace);
        if (value != null && filter.contains("(" + namespace + "=" + value + ")")) {
          near.add(
              name(revision)
                  + " offers version "
                  + capability.getAttributes().get(Constants.VERSION_ATTRIBUTE));
        }
      }
    }
    return near.isEmpty() ? "" : " (" + String.join(", ", near) + ")";
  }

  private static boolean optional(BundleRequirement requirement) {
    String effective =
        requirement
            .getDirectives()
            .getOrDefault(Constants.EFFECTIVE_DIRECTIVE, Constants.EFFECTIVE_RESOLVE);
    return Constants.RESOLUTION_OPTIONAL.equals(
            requirement.getDirectives().get(Constants.RESOLUTION_DIRECTIVE))
        || "dynamic".equals(requirement.getDirectives().get(Constants.RESOLUTION_DIRECTIVE))
        || !Constants.EFFECTIVE_RESOLVE.equals(effective);
  }

  private static String text(BundleRequirement requirement) {
    return requirement.getNamespace()
        + " "
        + requirement.getDirectives().getOrDefault(Constants.FILTER_DIRECTIVE, "");
  }

  private static String name(BundleRevision revision) {
    return revision.getSymbolicName() + " " + revision.getVersion();
  }
}
