# Processes: a folder for all that tests write, by whose name they are known, and their end.

# with_name TEXT: ids of the processes whose command line or environment names TEXT, this one apart.
with_name() {
  local pid
  for pid in $(grep -l -s -a -F -e "$1" /proc/[0-9]*/environ /proc/[0-9]*/cmdline | cut -d / -f 3 | sort -u -n); do
    [ "$pid" != $$ ] && kill -0 "$pid" 2>/dev/null && [ "$(cut -d ' ' -f 3 "/proc/$pid/stat" 2>/dev/null)" != Z ] && echo "$pid"
  done
}

# sweep TEXT: ends those that do not end by themselves; succeeds if there were none.
sweep() {
  local pid pids
  for _ in $(seq 20); do
    pids=$(with_name "$1")
    [ -n "$pids" ] || return 0
    sleep 0.1
  done
  for pid in $pids; do
    echo "check: left behind and ended: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c 1-200)"
    kill -TERM "$pid" 2>/dev/null
  done
  for _ in $(seq 50); do [ -n "$(with_name "$1")" ] || return 1; sleep 0.1; done
  for pid in $(with_name "$1"); do kill -KILL "$pid" 2>/dev/null; done
  return 1
}

child=
lanes=()
started=()
clean_up() {
  trap '' INT TERM HUP
  [ -z "$child" ] || kill -TERM -- "-$child" 2>/dev/null
  for pid in "${lanes[@]}"; do kill -TERM "$pid" 2>/dev/null && wait "$pid"; done
  sweep "$work"
  for pid in "${started[@]}"; do
    kill -TERM "$pid" 2>/dev/null
    for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null
  done
  sweep "$servers"
  awk -v one="$servers/" -v two="$work/" 'index($2, one) == 1 || index($2, two) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r -n 1 umount -l
  rm -rf "$work" "$servers"
  rm -f "$state/work"
}

# Runs a command in a process group of its own, so that an interrupt ends all of it at once.
run() {
  set -m
  "$@" </dev/null 8>&- &
  child=$!
  set +m
  wait "$child"
  local code=$?
  child=
  return $code
}

# make_folders: those of an earlier run that was killed go first, with what still runs there.
make_folders() {
  local old
  for old in $(cat "$state/work" 2>/dev/null); do
    sweep "$old"
    rm -rf "$old"
  done
  work=$(mktemp -d /tmp/millrace-check.XXXXXX) || die "cannot write to /tmp"
  servers=$(mktemp -d /tmp/millrace-servers.XXXXXX) || die "cannot write to /tmp"
  echo "$work $servers" >"$state/work"
  chmod 1777 "$work"
  export TMPDIR=$work
  export MAVEN_OPTS="${MAVEN_OPTS:-} -Djava.io.tmpdir=$work"
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

# A Docker engine of our own where none answers: private data, socket and pid file. Only profiles that need one are told of it.
engine=
engine() {
  docker version >/dev/null 2>&1 && { engine=${DOCKER_HOST:-unix:///var/run/docker.sock}; return 0; }
  [ "$(id -u)" = 0 ] && command -v dockerd >/dev/null || return 1
  env -i PATH="$PATH" dockerd --data-root "$servers/data" --exec-root "$servers/exec" --pidfile "$servers/docker.pid" -H "unix://$servers/docker.sock" \
    >"$state/log/dockerd.log" 2>&1 </dev/null 8>&- &
  started+=($!)
  chmod 711 "$servers"
  engine=unix://$servers/docker.sock
  for _ in $(seq 120); do docker -H "$engine" version >/dev/null 2>&1 && return 0; sleep 0.5; done
  echo "check: dockerd does not answer; its log is .check/log/dockerd.log"
  return 1
}
