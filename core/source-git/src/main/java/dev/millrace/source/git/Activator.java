package dev.millrace.source.git;

import java.security.Security;
import org.osgi.annotation.bundle.Header;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/**
 * Takes back what the SSH library left in the JDK's statics: a provider of this bundle's loader
 * would keep its classes, and break ed25519 for the one that is installed after it.
 */
@Header(name = Constants.BUNDLE_ACTIVATOR, value = "${@class}")
public final class Activator implements BundleActivator {
  @Override
  public void start(BundleContext context) {}

  @Override
  public void stop(BundleContext context) {
    Security.removeProvider("EdDSA");
  }
}
