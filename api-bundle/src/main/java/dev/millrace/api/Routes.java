package dev.millrace.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.jakartars.runtime.JakartarsServiceRuntime;
import org.osgi.service.jakartars.runtime.dto.ResourceDTO;
import org.osgi.service.jakartars.whiteboard.JakartarsWhiteboardConstants;

/**
 * Whether every resource of this bundle is served: they come one by one while the master starts.
 */
@Component(service = Routes.class)
public final class Routes {
  private final BundleContext context;
  private final ServiceComponentRuntime components;
  private final JakartarsServiceRuntime whiteboard;

  @Activate
  public Routes(
      BundleContext context,
      @Reference ServiceComponentRuntime components,
      @Reference JakartarsServiceRuntime whiteboard) {
    this.context = context;
    this.components = components;
    this.whiteboard = whiteboard;
  }

  /** Names of the resources that are not served yet; empty once all are. */
  Set<String> missing() {
    Set<Long> served =
        Arrays.stream(
                Optional.ofNullable(whiteboard.getRuntimeDTO().defaultApplication.resourceDTOs)
                    .orElse(new ResourceDTO[0]))
            .map(dto -> dto.serviceId)
            .collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>();
    for (ComponentDescriptionDTO each :
        components.getComponentDescriptionDTOs(context.getBundle())) {
      if (isResource(each)
          && references(each.name).stream().noneMatch(r -> served.contains(id(r)))) {
        missing.add(each.name.substring(each.name.lastIndexOf('.') + 1));
      }
    }
    return missing;
  }

  /** The classes of the resources, in no order. */
  Collection<Class<?>> classes() {
    List<Class<?>> classes = new ArrayList<>();
    for (ComponentDescriptionDTO each :
        components.getComponentDescriptionDTOs(context.getBundle())) {
      if (isResource(each)) {
        for (ServiceReference<?> reference : references(each.name)) {
          Object resource = context.getService(reference);
          if (resource != null) {
            classes.add(resource.getClass());
            context.ungetService(reference);
          }
        }
      }
    }
    return classes;
  }

  private static boolean isResource(ComponentDescriptionDTO component) {
    return String.valueOf(
            component.properties.get(JakartarsWhiteboardConstants.JAKARTA_RS_RESOURCE))
        .equals("true");
  }

  private Collection<ServiceReference<?>> references(String component) {
    try {
      ServiceReference<?>[] found =
          context.getAllServiceReferences(null, "(component.name=" + component + ")");
      return found == null ? Set.of() : Arrays.asList(found);
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException("the name of a component is a plain word", e);
    }
  }

  private static Long id(ServiceReference<?> reference) {
    return (Long) reference.getProperty("service.id");
  }
}
