# How the tests of a profile are run and counted.

# counts FOLDER: tests, failures and skips of the JUnit reports below it.
counts() {
  find "$1" -name '*.xml' -exec grep -h -o '<testsuite [^>]*' {} + 2>/dev/null | awk '
    function number(key) { return match($0, " " key "=\"[0-9]+\"") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 4) + 0 : 0 }
    { total += number("tests"); failed += number("failures") + number("errors"); skipped += number("skipped") }
    END { print total + 0, failed + 0, skipped + 0 }'
}

# broken NAME TEXT: something failed that is no test, and counts as one.
broken() {
  echo "check: $2"
  mkdir -p "$state/reports/$1"
  echo "<testsuite name=\"$1\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\"></testsuite>" >"$state/reports/$1/broken-$(ls "$state/reports/$1" | wc -l).xml"
}

# judged NAME CODE: how a run of tests ended, by its reports and its exit code.
judged() {
  local total failed
  read -r total failed _ < <(counts "$state/reports/$1")
  if [ "$failed" -gt 0 ]; then
    echo "check: the whole log is .check/log/$1.log"
  elif [ "$2" -ne 0 ]; then
    tail -n 5 "$state/log/$1.log"
    broken "$1" "$1 failed outside of its tests; the log is .check/log/$1.log"
  elif [ "$total" = 0 ]; then
    broken "$1" "no test of $1 ran; the log is .check/log/$1.log"
  fi
  return "$2"
}

# maven NAME ARGS…: one Maven run; its reports are counted under that name.
maven() {
  local name=$1 code
  shift
  mkdir -p "$state/reports/$name"
  run ./mvnw -B -ntp -fae "-DargLine=-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.io.tmpdir=$work" -Dcheck.mode="$mode" "$@" >"$state/log/$name.log" 2>&1
  code=$?
  reports | while read -r report; do mv "$report" "$state/reports/$name/$(echo "$report" | tr / _)"; done
  [ $code = 0 ] || grep -a -E '^\[ERROR\] .*[^ ]|^\[FATAL\]' "$state/log/$name.log" | grep -a -v -E '\[Help 1\]|[Rr]e-run Maven|For more information about|See dump files' | head -n 40
  judged "$name" $code
}

# Rooms leave their reports in their target folders.
reports() { find . -path ./.check -prune -o -path '*/target/surefire-reports/TEST-*.xml' -print; }

# tests_of ROOM NAME SELECTION…: tests of a room from what the build left there, without Maven.
tests_of() {
  local room=$1 name=$2 code
  shift 2
  mkdir -p "$state/reports/$name"
  run env -C "$room" "$JAVA_HOME/bin/java" -ea -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Djava.io.tmpdir=$work" -Dcheck.mode="$mode" \
    -Dmillrace.repository="$root" -Dmillrace.version="$version" -cp "$root/$room/target/test-classes:$root/$room/target/classes:$(cat "$room/target/test.classpath")" \
    org.junit.platform.console.ConsoleLauncher execute --scan-classpath=target/test-classes --include-classname='.*(IT|Test)' "$@" \
    --fail-if-no-tests --disable-banner --details=summary --reports-dir="$state/reports/$name" >"$state/log/$name.log" 2>&1
  code=$?
  [ $code = 0 ] || sed -n '/^Failures (/,/^Test run finished/p' "$state/log/$name.log" | head -n 40
  judged "$name" $code
}

# The distribution and the compiled tests of `it`; a green unit run has made both.
built=no
distribution() {
  [ $built = no ] || return 0
  run ./mvnw -B -ntp -q -DskipTests -Dspotless.check.skip=true package >"$state/log/package.log" 2>&1 || {
    grep -a -E '^\[ERROR\]' "$state/log/package.log" | head -n 20
    broken "$1" "the build failed; the log is .check/log/package.log"
    return 1
  }
  built=yes
}

# The class path of the tests of each room that has guards: they are switched off in front of it.
class_paths() {
  local rooms=core/engine,core/persistence,core/source-git,api-bundle,worker,it
  run ./mvnw -B -ntp -q test-compile -pl $rooms -am dependency:build-classpath -Dmdep.outputFile=target/test.classpath >"$state/log/class-paths.log" 2>&1 ||
    { broken guards "the class paths were not told; the log is .check/log/class-paths.log"; return 1; }
}

# A benchmark that ran to its end counts as one test; its figures are printed and never judged.
bench() {
  run bench/round-trip 2>&1 | tee "$state/log/bench.log"
  [ "${PIPESTATUS[0]}" -eq 0 ] || { broken bench "bench/round-trip failed; the log is .check/log/bench.log"; return 1; }
  mkdir -p "$state/reports/bench"
  echo '<testsuite name="bench" tests="1" failures="0" errors="0" skipped="0"></testsuite>' >"$state/reports/bench/round-trip.xml"
}

# Groups of tests inside the rooms carry a JUnit tag of the profile's name; those of `it` too.
run_profile() {
  local name=$1
  case $name in
    unit) maven unit verify -T 1.5C -DexcludedGroups=mariadb,registry,docker,guards && built=yes ;;
    mariadb) tests_of core/persistence mariadb --include-tag=mariadb ;;
    registry) tests_of registry-plugins/docker registry --include-tag=registry ;;
    docker) tests_of worker docker --include-tag=docker ;;
    guards) distribution guards && class_paths && maven guards test -pl assembly/rules -am -Dgroups=guards -Dguards=off -Dsurefire.failIfNoSpecifiedTests=false ;;
    bench) distribution bench && bench ;;
    bundles) tests_of it bundles --include-engine=junit-vintage ;;
    *) tests_of it "$name" --include-engine=junit-jupiter --include-tag="$name" ;;
  esac
}

# One profile with its end: what it left behind, and a line of the summary.
profile() {
  local name=$1 since took
  since=$(date +%s)
  run_profile "$name"
  sweep "$work" || broken "$name" "$name left processes behind"
  took=$(($(date +%s) - since))
  printf '%-18s %4d s  %s\n' "$name" $took "$(counts "$state/reports/$name" | awk '{ printf "%d passed, %d failed, %d skipped", $1 - $2 - $3, $2, $3 }')" >"$state/summary/$name"
  [ $took -le "$(budget "$name")" ] || echo "$name took $took s, its budget is $(budget "$name") s" | tee "$state/summary/$name.over"
}
