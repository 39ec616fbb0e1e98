package dev.millrace.rules;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs test methods in a Java of its own and writes a line on each: what a guard leaves is gone.
 */
final class TestRun {
  private TestRun() {}

  /** How a test method ended; {@code error} is a failure that is no assertion. */
  enum End {
    PASSED,
    FAILED,
    ERROR,
    SKIPPED,
    ABSENT
  }

  public static void main(String[] arguments) throws Exception {
    List<String> lines = new ArrayList<>();
    for (String selector : Arrays.asList(arguments).subList(1, arguments.length)) {
      Watch watch = new Watch();
      Method method = method(selector);
      if (method != null) {
        LauncherFactory.create()
            .execute(
                LauncherDiscoveryRequestBuilder.request()
                    .selectors(selectMethod(Class.forName(type(selector)), method))
                    .build(),
                watch);
      }
      lines.add(selector + '\t' + watch.end + '\t' + watch.why.replaceAll("\\s+", " "));
    }
    Files.write(Path.of(arguments[0]), lines);
    Runtime.getRuntime().halt(0);
  }

  private static String type(String selector) {
    return selector.substring(0, selector.indexOf('#'));
  }

  private static Method method(String selector) throws ClassNotFoundException {
    String name = selector.substring(selector.indexOf('#') + 1);
    for (Class<?> type = Class.forName(type(selector)); type != null; type = type.getSuperclass()) {
      for (Method method : type.getDeclaredMethods()) {
        if (method.getName().equals(name) && !method.isSynthetic()) {
          return method;
        }
      }
    }
    return null;
  }

  /** The worst end of what ran: one method may be several tests. */
  private static final class Watch implements TestExecutionListener {
    private End end = End.ABSENT;
    private String why = "";

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
      end = End.SKIPPED;
      why = reason;
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      Throwable thrown = result.getThrowable().orElse(null);
      if (thrown != null) {
        thrown.printStackTrace();
        boolean aborted = result.getStatus() == TestExecutionResult.Status.ABORTED;
        // What a test cannot put away any more comes with its failure, and is no second one.
        if (end != End.FAILED) {
          end = aborted ? End.SKIPPED : thrown instanceof AssertionError ? End.FAILED : End.ERROR;
          why = thrown.toString();
        }
      } else if (test.isTest() && end == End.ABSENT) {
        end = End.PASSED;
      }
    }
  }

  /** What {@link #main} wrote. */
  record Result(End end, String why) {
    static Result of(List<String> lines, String selector) {
      try (Stream<String> all = lines.stream()) {
        return all.map(line -> line.split("\t", -1))
            .filter(fields -> fields[0].equals(selector))
            .map(fields -> new Result(End.valueOf(fields[1]), fields[2]))
            .findFirst()
            .orElse(new Result(End.ABSENT, "the run wrote nothing of it"));
      }
    }
  }
}
