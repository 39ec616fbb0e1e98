package dev.millrace.rules;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class WhoMayKnowWhomTest {
  private static final String[] FOREIGN = {
    "org.hibernate..",
    "jakarta.persistence..",
    "java.sql..",
    "javax.sql..",
    "org.flywaydb..",
    "io.lettuce..",
    "org.eclipse.jgit..",
    "org.glassfish..",
    "jakarta.ws.rs..",
    "jakarta.servlet..",
    "org.eclipse.jetty..",
    "com.github.dockerjava..",
    "org.jclouds..",
    "org.openstack4j..",
    "com.amazonaws..",
    "software.amazon..",
    "com.azure..",
    "com.google.cloud..",
    "io.fabric8..",
    "io.netty.."
  };

  private static DescribedPredicate<JavaClass> millraceOutside(String... allowed) {
    return resideInAPackage("dev.millrace..")
        .and(DescribedPredicate.not(resideInAnyPackage(allowed)))
        .as("of Millrace outside " + String.join(", ", allowed));
  }

  /** Values that cross every service on their way out; the stores themselves stay unseen. */
  private static final DescribedPredicate<JavaClass> VALUES_OF_STORES =
      new DescribedPredicate<>("values of store ports") {
        @Override
        public boolean test(JavaClass type) {
          JavaClass outermost = type.getEnclosingClass().orElse(type);
          return Set.of(
                  "Rows",
                  "Slice",
                  "Stretch",
                  "DatabaseUnavailable",
                  "DatumFilter",
                  "ExecutionFilter",
                  "Order")
              .contains(outermost.getSimpleName());
        }
      };

  private static void onlyKnows(String room, String... allowed) {
    JavaClasses classes = Rooms.of(room).classes();
    noClasses()
        .should()
        .dependOnClassesThat(millraceOutside(allowed).and(DescribedPredicate.not(VALUES_OF_STORES)))
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void spiKnowsTheJdkAndAnnotationsOnly() {
    classes()
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(
                "java..",
                "dev.millrace.spi..",
                "org.jspecify.annotations..",
                "org.osgi.annotation.."))
        .check(Rooms.of("spi").classes());
  }

  @Test
  void pluginsKnowOnlySpiAndNotEachOther() {
    onlyKnows("provider-onprem", "dev.millrace.spi..", "dev.millrace.provider.onprem..");
    onlyKnows(
        "storage-plugins/filesystem", "dev.millrace.spi..", "dev.millrace.store.filesystem..");
    onlyKnows("registry-plugins/docker", "dev.millrace.spi..", "dev.millrace.registry.docker..");
  }

  @Test
  void theEngineKnowsNoDatabaseNoWebAndNoSdk() {
    onlyKnows("core/engine", "dev.millrace.spi..", "dev.millrace.engine..");
    noClasses()
        .should()
        .dependOnClassesThat(resideInAnyPackage(FOREIGN))
        .check(Rooms.of("core/engine").classes());
  }

  @Test
  void domainAndYamlDoNoInputOutputAndKnowNoFramework() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.millrace.engine.domain..", "dev.millrace.engine.yaml..")
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(
                    "java.net.http..",
                    "java.nio.channels..",
                    "org.osgi.framework..",
                    "org.osgi.service..")
                .or(
                    new DescribedPredicate<JavaClass>("files or sockets") {
                      @Override
                      public boolean test(JavaClass type) {
                        return Set.of(
                                "java.io.File",
                                "java.io.FileInputStream",
                                "java.io.FileOutputStream",
                                "java.nio.file.Files",
                                "java.net.Socket",
                                "java.net.URLConnection")
                            .contains(type.getName());
                      }
                    }))
        .check(Rooms.of("core/engine").classes());
  }

  @Test
  void onlyPluginsAndSettingsAreAwareOfTheFramework() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.millrace.engine.plugins..", "dev.millrace.engine.settings..")
        .should()
        .dependOnClassesThat(resideInAnyPackage("org.osgi.framework..", "org.osgi.service.cm.."))
        .check(Rooms.of("core/engine").classes());
  }

  @Test
  void portsOfTheEngineAreAllThatPersistenceAndGitKnow() {
    onlyKnows(
        "core/persistence",
        "dev.millrace.engine.store..",
        "dev.millrace.engine.domain..",
        "dev.millrace.engine.settings..",
        "dev.millrace.persistence..");
    onlyKnows(
        "core/source-git",
        "dev.millrace.engine.source..",
        "dev.millrace.engine.domain..",
        "dev.millrace.engine.settings..",
        "dev.millrace.source.git..");
  }

  @Test
  void theDoorKnowsServicesAndDomainOnly() {
    onlyKnows(
        "api-bundle",
        "dev.millrace.engine.service..",
        "dev.millrace.engine.domain..",
        "dev.millrace.engine.dispatch..",
        "dev.millrace.engine.settings..",
        "dev.millrace.api..");
  }

  @Test
  void theWorkerAndTheLauncherKnowNobody() {
    onlyKnows("worker", "dev.millrace.worker..");
    onlyKnows("assembly/launcher", "dev.millrace.launcher..");
  }

  @Test
  void noClassHasANameThatSaysNothing() throws Exception {
    noClasses()
        .should()
        .haveNameMatching(".*\\.(Abstract|Base)[A-Z]\\w*")
        .orShould()
        .haveNameMatching(".*(Impl|Manager|Helper|Utils?)")
        .check(Rooms.all().classes());
  }
}
