package dev.millrace.launcher;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.component.runtime.dto.ReferenceDTO;
import org.osgi.service.component.runtime.dto.UnsatisfiedReferenceDTO;

/**
 * Which of our components are not satisfied: reference by reference, down to what nobody provides.
 */
final class MissingComponents {
  private static final String OURS = "dev.millrace.";

  private final ServiceComponentRuntime runtime;
  private final Collection<ComponentDescriptionDTO> all;
  private final Set<String> told = new HashSet<>();

  private MissingComponents(ServiceComponentRuntime runtime) {
    this.runtime = runtime;
    this.all = runtime.getComponentDescriptionDTOs();
  }

  static List<Missing> find(ServiceComponentRuntime runtime) {
    MissingComponents search = new MissingComponents(runtime);
    List<Missing> roots = new ArrayList<>();
    for (ComponentDescriptionDTO component : search.all) {
      if (component.bundle.symbolicName.startsWith(OURS) && !search.told.contains(component.name)) {
        roots.addAll(search.explain(component));
      }
    }
    return roots;
  }

  private List<Missing> explain(ComponentDescriptionDTO component) {
    List<Missing> found = new ArrayList<>();
    for (ComponentConfigurationDTO configuration :
        runtime.getComponentConfigurationDTOs(component)) {
      String name = "component " + component.name + " (" + component.bundle.symbolicName + ")";
      if (configuration.state == ComponentConfigurationDTO.UNSATISFIED_REFERENCE) {
        if (!told.add(component.name)) {
          found.add(Missing.of(name + Missing.SEEN));
          continue;
        }
        List<Missing> because = new ArrayList<>();
        for (UnsatisfiedReferenceDTO unsatisfied : configuration.unsatisfiedReferences) {
          because.add(missing(component, unsatisfied));
        }
        found.add(new Missing(name + " is not satisfied", because));
      } else if (configuration.state == ComponentConfigurationDTO.FAILED_ACTIVATION) {
        if (told.add(component.name)) {
          found.add(
              new Missing(
                  name + " failed when it was activated",
                  List.of(Missing.of(cause(configuration.failure)))));
        }
      }
    }
    return found;
  }

  private Missing missing(ComponentDescriptionDTO component, UnsatisfiedReferenceDTO unsatisfied) {
    ReferenceDTO reference =
        Arrays.stream(component.references)
            .filter(r -> r.name.equals(unsatisfied.name))
            .findFirst()
            .orElseThrow();
    String what =
        "lacks "
            + reference.interfaceName
            + (unsatisfied.target == null ? "" : " " + unsatisfied.target);
    List<ComponentDescriptionDTO> providers =
        all.stream()
            .filter(c -> Arrays.asList(c.serviceInterfaces).contains(reference.interfaceName))
            .toList();
    if (providers.isEmpty()) {
      return Missing.of(what + ": no component of any bundle provides it");
    }
    List<Missing> because = new ArrayList<>();
    for (ComponentDescriptionDTO provider : providers) {
      List<Missing> causes = explain(provider);
      because.addAll(
          causes.isEmpty()
              ? List.of(
                  Missing.of(
                      "component "
                          + provider.name
                          + " ("
                          + provider.bundle.symbolicName
                          + ") would provide it"
                          + ("require".equals(provider.configurationPolicy)
                              ? " but has no configuration "
                                  + String.join(", ", provider.configurationPid)
                              : "")))
              : causes);
    }
    return new Missing(what, because);
  }

  /** The innermost cause of a stack trace, in one line. */
  private static String cause(String trace) {
    String found = trace.lines().findFirst().orElse("no reason given");
    for (String line : trace.lines().toList()) {
      if (line.startsWith("Caused by: ")) {
        found = line.substring("Caused by: ".length());
      }
    }
    return found.strip();
  }
}
