#!/bin/sh
# Packs the worker with a Java runtime of its own.
# Arguments: JDK home, folder with the jars, build folder, version, time stamp of all files.
set -eu
JDK=$1 JARS=$2 BUILD=$3 STAMP=$5
HERE=$(dirname "$0")
# Workers change over by version, so that what has other contents must have another one.
VERSION=$4+$(cat "$JARS"/*.jar "$HERE/millrace-worker" "$0" "$JDK/release" | sha256sum | cut -c 1-8)
NAME=millrace-worker-$VERSION-linux-amd64
ROOT=$BUILD/dist/$NAME
MODULES=java.base,jdk.crypto.ec,java.logging,java.naming,java.management,java.xml,jdk.unsupported

case $(uname -sm) in
"Linux x86_64") ;;
*)
  echo "The worker's archive is made on Linux on x86_64; this is $(uname -sm). Skipped." >&2
  exit 0
  ;;
esac
if [ ! -f "$JDK/jmods/java.base.jmod" ]; then
  echo "No $JDK/jmods/java.base.jmod: the worker's runtime is made by jlink from a whole JDK 17." >&2
  echo "Install one (Debian: apt-get install openjdk-17-jdk-headless) and set JAVA_HOME to it." >&2
  exit 1
fi

rm -rf "$BUILD/dist" "$BUILD"/millrace-worker-*.tar.gz
mkdir -p "$ROOT/bin" "$ROOT/lib"
"$JDK/bin/jlink" --add-modules "$MODULES" --output "$ROOT/runtime" --vm server \
  --strip-java-debug-attributes --no-header-files --no-man-pages
rm -rf "$ROOT/runtime/legal"
# Some builds carry symbols in their libraries; without binutils the archive is only larger.
if command -v strip >/dev/null; then
  find "$ROOT/runtime/lib" -name '*.so' -exec strip --strip-unneeded {} +
fi
cp "$JARS"/*.jar "$ROOT/lib/"
cp "$HERE/millrace-worker" "$ROOT/bin/"
chmod 755 "$ROOT/bin/millrace-worker"
echo "$VERSION" >"$ROOT/version"
find "$ROOT" -exec touch -h -d "$STAMP" {} +

# Class data is archived last: a jar that changes afterwards voids it.
"$ROOT/runtime/bin/java" -XX:+UseSerialGC -Xshare:dump -Xlog:disable -Xlog:all=error:stderr
training=$(mktemp -d)
trap 'rm -rf "$training"' EXIT
MILLRACE_WORKER_JAVA="-XX:ArchiveClassesAtExit=lib/worker.jsa -XX:SharedArchiveFile=runtime/lib/server/classes.jsa" \
  "$ROOT/bin/millrace-worker" warm "$training" >"$training/log" 2>&1 || {
  cat "$training/log" >&2
  exit 1
}
[ -f "$ROOT/lib/worker.jsa" ] || { echo "no class data archive was made" >&2; cat "$training/log" >&2; exit 1; }
chmod 644 "$ROOT/lib/worker.jsa"
find "$ROOT" -exec touch -h -d "$STAMP" {} +

tar -C "$BUILD/dist" --sort=name --owner=0 --group=0 --numeric-owner --mtime="$STAMP" \
  -cf - "$NAME" | gzip -6n >"$BUILD/$NAME.tar.gz"
FLOOR=$(find "$ROOT/runtime" -name '*.so' -o -name java -type f |
  xargs grep -aoh 'GLIBC_[0-9][0-9.]*' | sort -uV | tail -1)
echo "$NAME.tar.gz: $(stat -c %s "$BUILD/$NAME.tar.gz") bytes, needs $FLOOR or newer"
