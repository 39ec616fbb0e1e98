package dev.millrace.persistence;

import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Collections;
import org.osgi.annotation.bundle.Header;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes back what the drivers left in the JDK's statics, which would keep this bundle's classes for
 * ever.
 */
@Header(name = Constants.BUNDLE_ACTIVATOR, value = "${@class}")
public final class Activator implements BundleActivator {
  private static final Logger LOG = LoggerFactory.getLogger(Activator.class);

  @Override
  public void start(BundleContext context) {}

  @Override
  public void stop(BundleContext context) {
    org.h2.Driver.unload();
    for (Driver driver : Collections.list(DriverManager.getDrivers())) {
      if (driver.getClass().getClassLoader() == Activator.class.getClassLoader()) {
        try {
          DriverManager.deregisterDriver(driver);
        } catch (SQLException e) {
          LOG.warn("driver={} error=\"{}\"", driver.getClass().getName(), e.getMessage());
        }
      }
    }
  }
}
