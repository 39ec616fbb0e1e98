package dev.millrace.engine.service;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Mount;
import dev.millrace.engine.yaml.Step;
import java.util.ArrayList;
import java.util.List;

/**
 * Which folders of its machines a group may lend, and which of them a step gets. Paths are compared
 * as text here; the worker compares them again by what they really are.
 */
final class Mounts {
  private static final int MOST = 32;
  private static final int LONGEST = 1_024;
  private static final String FIELD = "mounts";

  /** What no step gets, with all that is below: the kernel's, the system's, and other engines'. */
  private static final List<String> SYSTEM =
      List.of(
          "/bin",
          "/boot",
          "/dev",
          "/etc",
          "/lib",
          "/lib32",
          "/lib64",
          "/libx32",
          "/proc",
          "/root",
          "/run",
          "/sbin",
          "/sys",
          "/usr",
          "/var/lib/containerd",
          "/var/lib/docker",
          "/var/run");

  /** Where a run has something of its own. */
  private static final List<String> OF_RUNS = List.of("/.millrace", "/tmp", "/valohai");

  private Mounts() {}

  /** Notes what is wrong with the folders that a group allows; {@code own} is the master's data. */
  static void checkAllowed(List<String> folders, String own, Problems problems) {
    String field = "allowed_mounts";
    problems.check(
        folders.size() <= MOST, field, "At most " + MOST + " folders are allowed", "max_items");
    for (String folder : folders) {
      String shown = "\"" + Submissions.brief(folder) + "\"";
      if (!plain(folder)) {
        problems.add(
            field,
            shown + " is no folder: give an absolute path without . and .. and / at its end",
            "invalid");
      } else if (touches(folder, SYSTEM)) {
        problems.add(
            field,
            shown + " holds or is a part of the system itself; name a folder of data below it",
            "not_allowed");
      } else if (touches(folder, List.of(own))) {
        problems.add(
            field,
            shown + " holds or is a part of this installation's data folder; name another one",
            "not_allowed");
      }
    }
  }

  /**
   * The step's mounts where the group allows all of them; else empty, after problems were noted.
   */
  static List<Mount> of(Step step, Environment group, Problems problems) {
    problems.check(
        step.mounts().size() <= MOST, FIELD, "At most " + MOST + " are allowed", "max_items");
    List<Mount> mounts = new ArrayList<>();
    for (dev.millrace.engine.yaml.Mount asked : step.mounts()) {
      String field = FIELD + "." + mounts.size();
      String source = withoutSlash(asked.source());
      String destination = withoutSlash(asked.destination());
      checkKind(asked, field, problems);
      checkSource(source, group, field + ".source", problems);
      checkDestination(destination, mounts, field + ".destination", problems);
      mounts.add(new Mount(source, destination, asked.readOnly()));
    }
    return List.copyOf(mounts);
  }

  private static void checkKind(
      dev.millrace.engine.yaml.Mount asked, String field, Problems problems) {
    String type = asked.type();
    if (type != null && !type.equals("bind")) {
      problems.add(
          field + ".type",
          "A mount of type \""
              + Submissions.brief(type)
              + "\" is not supported; let the administrator mount the share on the machines and"
              + " name its folder there",
          "not_supported");
    }
    problems.check(
        asked.options().isEmpty(),
        field + ".options",
        "Options of a mount are not supported; leave them out",
        "not_supported");
  }

  private static void checkSource(
      String source, Environment group, String field, Problems problems) {
    List<String> allowed = group.allowedMounts();
    String environment = "Environment \"" + group.slug() + "\"";
    if (!plain(source)) {
      problems.add(field, "Give an absolute path without . and ..", "invalid");
    } else if (allowed.isEmpty()) {
      problems.add(
          field,
          environment + " allows no mounts; take them out of the step, or choose another one",
          "not_allowed");
    } else if (touches(source, SYSTEM) || allowed.stream().noneMatch(a -> below(source, a))) {
      problems.add(
          field,
          environment
              + " does not allow to mount \""
              + Submissions.brief(source)
              + "\"; it allows what is below "
              + String.join(", ", allowed),
          "not_allowed");
    }
  }

  private static void checkDestination(
      String destination, List<Mount> others, String field, Problems problems) {
    if (!plain(destination)) {
      problems.add(field, "Give an absolute path without . and ..", "invalid");
    } else if (touches(destination, SYSTEM) || touches(destination, OF_RUNS)) {
      problems.add(
          field,
          "\""
              + Submissions.brief(destination)
              + "\" is a place of the system or of Millrace; choose another, such as /mnt/data",
          "not_allowed");
    } else if (others.stream().anyMatch(o -> touches(destination, List.of(o.destination())))) {
      problems.add(field, "Two mounts may not be at, or below, one place", "invalid");
    }
  }

  /** An absolute path in the one way to write it. */
  private static boolean plain(String path) {
    if (path.equals("/")) {
      return true;
    }
    if (!path.startsWith("/") || path.length() > LONGEST || !Submissions.plain(path)) {
      return false;
    }
    for (String part : path.substring(1).split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return false;
      }
    }
    return true;
  }

  private static String withoutSlash(String path) {
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private static boolean below(String path, String folder) {
    return folder.equals("/") || path.equals(folder) || path.startsWith(folder + "/");
  }

  /** Whether it is, holds, or is below one of the places. */
  private static boolean touches(String path, List<String> places) {
    return places.stream().anyMatch(place -> below(path, place) || below(place, path));
  }
}
