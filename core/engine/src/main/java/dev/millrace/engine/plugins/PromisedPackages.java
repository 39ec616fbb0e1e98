package dev.millrace.engine.plugins;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Version;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRevision;

/** The SPI packages that bundles here export, and the packages of the JDK that runs us. */
final class PromisedPackages implements PluginJar.Promised {
  private final BundleContext context;
  private final Set<String> jdk;

  PromisedPackages(BundleContext context) {
    this.context = context;
    this.jdk =
        ModuleLayer.boot().modules().stream()
            .filter(
                module ->
                    module.isNamed()
                        && (module.getName().startsWith("java.")
                            || module.getName().startsWith("jdk.")))
            .flatMap(module -> module.getPackages().stream().filter(module::isExported))
            .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public List<Version> spi(String packageName) {
    return Arrays.stream(context.getBundles())
        .map(bundle -> bundle.adapt(BundleRevision.class))
        .filter(Objects::nonNull)
        .flatMap(
            revision ->
                revision.getDeclaredCapabilities(PackageNamespace.PACKAGE_NAMESPACE).stream())
        .map(BundleCapability::getAttributes)
        .filter(each -> packageName.equals(each.get(PackageNamespace.PACKAGE_NAMESPACE)))
        .map(each -> each.get(PackageNamespace.CAPABILITY_VERSION_ATTRIBUTE))
        .filter(Version.class::isInstance)
        .map(Version.class::cast)
        .toList();
  }

  @Override
  public boolean jdk(String packageName) {
    return jdk.contains(packageName) || packageName.startsWith("java.");
  }
}
