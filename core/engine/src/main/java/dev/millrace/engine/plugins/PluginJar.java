package dev.millrace.engine.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;
import org.osgi.framework.VersionRange;

/**
 * A jar that may be installed: a bundle that exports nothing and imports only what is promised to
 * plugins, in versions that are there.
 *
 * @param file its name below {@code plugins/}
 * @param copy our own copy of it, so that nobody can change it under the running bundle
 */
record PluginJar(String file, String name, Version version, String sha256, Path copy)
    implements Comparable<PluginJar> {
  private static final long LARGEST = 512L << 20;
  private static final String SPI = "dev.millrace.spi.";

  /** What is there for plugins to import. */
  interface Promised {
    /** The versions of an SPI package that the engine has; mostly one or none. */
    List<Version> spi(String packageName);

    /** Whether the JDK has such a package. */
    boolean jdk(String packageName);
  }

  /** Checks a jar and keeps a copy of it in {@code copies}. */
  static PluginJar read(Path jar, Path copies, Promised promised) throws RefusedJar, IOException {
    Path fileName = jar.getFileName();
    if (fileName == null) {
      throw new RefusedJar("it has no name");
    }
    if (Files.size(jar) > LARGEST) {
      throw new RefusedJar("it is larger than 512 MiB");
    }
    Files.createDirectories(copies);
    Path fresh = Files.createTempFile(copies, "new", ".jar");
    try {
      String sha256 = copy(jar, fresh);
      Attributes manifest = manifest(fresh);
      check(manifest, promised);
      List<String> names =
          ManifestHeader.clauses(value(manifest, Constants.BUNDLE_SYMBOLICNAME)).get(0).paths();
      Version version = version(value(manifest, Constants.BUNDLE_VERSION));
      Path copy = copies.resolve(sha256 + ".jar");
      Files.move(fresh, copy, StandardCopyOption.REPLACE_EXISTING);
      return new PluginJar(fileName.toString(), names.get(0), version, sha256, copy);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /** Whether both are the same bytes under the same name. */
  boolean isSame(PluginJar other) {
    return file.equals(other.file) && sha256.equals(other.sha256);
  }

  /** The best first: highest version, then by file name, so that the choice is always the same. */
  @Override
  public int compareTo(PluginJar other) {
    int byVersion = other.version.compareTo(version);
    return byVersion != 0 ? byVersion : file.compareTo(other.file);
  }

  private static String copy(Path from, Path to) throws IOException {
    try (InputStream in = Files.newInputStream(from)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      Files.copy(new DigestInputStream(in, digest), to, StandardCopyOption.REPLACE_EXISTING);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static Attributes manifest(Path jar) throws RefusedJar {
    try (JarFile file = new JarFile(jar.toFile())) {
      Manifest manifest = file.getManifest();
      if (manifest == null) {
        throw new RefusedJar("it has no manifest; build it as a bundle, with bnd");
      }
      return manifest.getMainAttributes();
    } catch (IOException e) {
      throw new RefusedJar("it cannot be read as a jar (" + e.getMessage() + "); copy it again");
    }
  }

  private static void check(Attributes manifest, Promised promised) throws RefusedJar {
    if (!value(manifest, Constants.BUNDLE_MANIFESTVERSION).equals("2")
        || value(manifest, Constants.BUNDLE_SYMBOLICNAME).isBlank()) {
      throw new RefusedJar("it is no OSGi bundle; build it with bnd");
    }
    for (String header :
        List.of(
            Constants.EXPORT_PACKAGE,
            Constants.DYNAMICIMPORT_PACKAGE,
            Constants.REQUIRE_BUNDLE,
            Constants.FRAGMENT_HOST)) {
      if (!value(manifest, header).isBlank()) {
        throw new RefusedJar(
            "its manifest has " + header + ", which ties it to other bundles; remove that header");
      }
    }
    for (ManifestHeader.Clause clause :
        ManifestHeader.clauses(value(manifest, Constants.IMPORT_PACKAGE))) {
      for (String name : clause.paths()) {
        checkImport(name, clause, promised);
      }
    }
  }

  private static void checkImport(String name, ManifestHeader.Clause clause, Promised promised)
      throws RefusedJar {
    if (name.startsWith(SPI)) {
      String range = clause.parameters().getOrDefault(Constants.VERSION_ATTRIBUTE, "0.0.0");
      List<Version> there = promised.spi(name);
      if (there.isEmpty()) {
        throw new RefusedJar(
            "it needs " + name + ", which this Millrace does not have; use a newer Millrace");
      }
      if (there.stream().noneMatch(range(range)::includes)) {
        throw new RefusedJar(
            "it needs "
                + name
                + " "
                + range
                + ", and this Millrace has "
                + there
                + "; use a plugin built for it");
      }
    } else if (!name.startsWith("org.osgi.")
        && !name.equals("org.slf4j")
        && !name.startsWith("org.slf4j.")
        && !promised.jdk(name)) {
      throw new RefusedJar(
          "it imports "
              + name
              + "; a plugin imports dev.millrace.spi.*, org.slf4j, org.osgi.*"
              + " and the JDK, and carries everything else inside");
    }
  }

  private static Version version(String text) throws RefusedJar {
    try {
      return Version.parseVersion(text.isBlank() ? null : text);
    } catch (IllegalArgumentException e) {
      throw new RefusedJar("its Bundle-Version makes no sense: " + text);
    }
  }

  private static VersionRange range(String text) throws RefusedJar {
    try {
      return new VersionRange(text);
    } catch (IllegalArgumentException e) {
      throw new RefusedJar("an import has a version range that makes no sense: " + text);
    }
  }

  private static String value(Attributes manifest, String header) {
    String value = manifest.getValue(header);
    return value == null ? "" : value.trim();
  }
}
