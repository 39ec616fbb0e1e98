/** What every resource stands on: JSON and forms, errors, who asks, addresses, lists. */
@RequireConfigurator
@NullMarked
package dev.millrace.api.http;

import org.jspecify.annotations.NullMarked;
import org.osgi.service.configurator.annotations.RequireConfigurator;
