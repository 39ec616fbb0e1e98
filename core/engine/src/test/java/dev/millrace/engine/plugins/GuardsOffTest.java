package dev.millrace.engine.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Takes each part of the guard away in turn: the test that watches that part must fail then. */
@Tag("guards")
@EnabledIfSystemProperty(
    named = "guards",
    matches = "off",
    disabledReason = "./check --only guards")
class GuardsOffTest {
  private static final String GUARD = "GuardTest";
  private static final String HOT_PLUG = "HotPlugTest";

  @TempDir Path folder;

  static Stream<Arguments> guards() {
    return Stream.of(
        off(
            "deadline",
            "Guard.java",
            "if (!flight.await(left(end))) {",
            "if (!flight.await(Duration.ofDays(1))) {",
            GUARD,
            "aCallThatHangsIsInterruptedAndAbandoned"),
        off(
            "interrupt",
            "Flight.java",
            "runner.interrupt();",
            "",
            GUARD,
            "aCallThatHangsIsInterruptedAndAbandoned"),
        off(
            "permits",
            "Guard.java",
            "permits.tryAcquire(left(end).toNanos(), TimeUnit.NANOSECONDS)",
            "permits.tryAcquire(0, 1, TimeUnit.NANOSECONDS)",
            GUARD,
            "moreCallsThanPermitsWait"),
        off(
            "permit of a call that was given up",
            "Guard.java",
            "LOG.warn(\n        \"event=plugin-call-overran",
            "permits.release();\n    LOG.warn(\n        \"event=plugin-call-overran",
            GUARD,
            "aCallThatIgnoresInterruptsKeepsItsPermitAndIsCountedUntilItReturns"),
        off(
            "class loader",
            "Flights.java",
            "thread.setContextClassLoader(loader);",
            "",
            GUARD,
            "aCallRunsOnItsOwnThreadWithThePluginsLoaderAndNothingOfTheCallers"),
        off(
            "quarantine",
            "Guard.java",
            "record.broke(verb, what);",
            "",
            GUARD,
            "threeBrokenCallsInARowAreTheEnd"),
        off(
            "null",
            "Flight.java",
            "if (answered == null) {",
            "if (done) {",
            GUARD,
            "aPluginThatReturnsNullIsBroken"),
        off(
            "text of exceptions",
            "Guard.java",
            "throw new PluginException(e.kind(), text(e), e.retryAfter().orElse(null), null);",
            "throw e;",
            GUARD,
            "ofAnExceptionOnlyTheTextIsKept"),
        off(
            "whose fault it is",
            "Guard.java",
            "boolean well = e.kind().culprit() == Culprit.USER;",
            "boolean well = e.kind().culprit() == null;",
            GUARD,
            "whatTheUserGotWrongDoesNotDegradeThePlugin"),
        off(
            "retry",
            "GuardPolicy.java",
            "attempt >= attempts()",
            "attempt >= 1",
            GUARD,
            "laterIsTriedAgainWithGrowingPausesAndACap"),
        off(
            "longest pause",
            "GuardPolicy.java",
            "Math.min(longestPause().toNanos(), ",
            "Math.min(Long.MAX_VALUE, ",
            GUARD,
            "laterIsTriedAgainWithGrowingPausesAndACap"),
        off(
            "the backend's wish",
            "GuardPolicy.java",
            "if (asked.compareTo(wait) > 0) {",
            "if (asked.isNegative()) {",
            GUARD,
            "theBackendsWishIsHonouredIfThereIsTime"),
        off(
            "rate",
            "Guard.java",
            "Duration wait = rate.reserve();",
            "Duration wait = Duration.ZERO;",
            GUARD,
            "callsBeyondTheRateWaitTheirTurn"),
        off(
            "drain",
            "Guard.java",
            "empty = permits.tryAcquire(policy.permits(), policy.drain().toNanos(), TimeUnit.NANOSECONDS);",
            "empty = permits.tryAcquire(0, 1, TimeUnit.NANOSECONDS);",
            GUARD,
            "aRemovalWaitsForTheCallThatRuns"),
        off(
            "giving up at a removal",
            "Flights.java",
            "running.forEach(Flight::giveUp);",
            "",
            GUARD,
            "aPluginThatVanishesInMidCallIsMissing"),
        off(
            "letting go of the plugin",
            "Guard.java",
            "plugin = null;\n",
            "\n",
            HOT_PLUG,
            "aPluginThatWasTakenOutLeavesNoClassBehind"));
  }

  private static Arguments off(
      String guard, String file, String code, String instead, String test, String method) {
    return Arguments.of(guard, file, code, instead, test, method);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("guards")
  void withoutItTheTestFails(
      String guard, String file, String code, String instead, String test, String method)
      throws Exception {
    String on = Files.readString(Path.of("src/main/java/dev/millrace/engine/plugins", file));
    assertEquals(
        2, on.split(java.util.regex.Pattern.quote(code), -1).length, file + " holds once: " + code);
    compile(Files.writeString(folder.resolve(file), on.replace(code, instead)));
    String classPath = folder + File.pathSeparator + classPath();
    assertEquals("failed", run(classPath, test, method), guard + " off: " + method);
    assertEquals("passed", run(classPath(), test, method), guard + " on: " + method);
  }

  private static String classPath() {
    return System.getProperty(
        "surefire.test.class.path", System.getProperty("java.class.path", ""));
  }

  private void compile(Path source) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options = List.of("-proc:none", "-cp", classPath(), "-d", folder.toString());
      assertTrue(
          compiler
              .getTask(null, files, null, options, null, files.getJavaFileObjects(source))
              .call());
    }
  }

  /** In a Java of its own: a guard that is off may leave threads behind. */
  private String run(String classPath, String test, String method) throws Exception {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Djunit.jupiter.execution.timeout.default=20s",
                "-Dlongest.seconds=10",
                "-cp",
                classPath,
                Run.class.getName(),
                "dev.millrace.engine.plugins." + test,
                method)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(120, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertTrue(ended, "the run did not end: " + Files.readString(output));
    List<String> words =
        Files.readAllLines(output, StandardCharsets.UTF_8).stream()
            .filter(line -> line.startsWith("result "))
            .toList();
    assertEquals(1, words.size(), Files.readString(output));
    return words.get(0).substring("result ".length());
  }

  /** Runs one test and prints what came of it. */
  static final class Run {
    private Run() {}

    public static void main(String[] arguments) throws ReflectiveOperationException {
      LauncherDiscoveryRequest request =
          LauncherDiscoveryRequestBuilder.request()
              .selectors(
                  selectMethod(
                      Class.forName(arguments[0]),
                      Class.forName(arguments[0]).getDeclaredMethod(arguments[1])))
              .build();
      List<TestExecutionResult.Status> ends = new ArrayList<>();
      LauncherFactory.create()
          .execute(
              request,
              new TestExecutionListener() {
                @Override
                public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                  if (test.isTest()) {
                    ends.add(result.getStatus());
                    result.getThrowable().ifPresent(Throwable::printStackTrace);
                  }
                }
              });
      boolean passed = ends.equals(List.of(TestExecutionResult.Status.SUCCESSFUL));
      System.out.println("result " + (passed ? "passed" : ends.isEmpty() ? "none" : "failed"));
      Runtime.getRuntime().halt(0);
    }
  }
}
