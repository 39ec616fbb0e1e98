#!/bin/sh
# Joins this machine to a worker group of Millrace. The join token comes by standard input, never as an argument.
set -eu

say() { printf '%s\n' "millrace: $*"; }
fail() {
  printf '%s\n' "millrace: $*" >&2
  exit 1
}
usage() {
  cat <<'EOF'
usage: join.sh --master URL [--ca-file FILE] [--dir FOLDER] [--name NAME] [--slots N] [--runtimes LIST] <TOKEN
  --dir FOLDER     everything of the worker (default /var/lib/millrace-worker, without root ~/.millrace-worker)
  --name NAME      shown to people (default: the host's name)
  --slots N        runs at once (default 1)
  --runtimes LIST  of docker,process (default docker; process lets user code use this machine)
  --cache-gib N, --cache-percent N, --image-gib N, --image-percent N, --min-free-mib N
                   limits on the disk; millrace-worker --help tells their defaults
EOF
}

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

master= ca= dir= name= slots=1 runtimes=docker more=
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit 0 ;;
    --cache-gib | --cache-percent | --image-gib | --image-percent | --min-free-mib)
      [ $# -ge 2 ] || fail "$1 needs a value."
      more="$more $1 $(quoted "$2")"
      shift 2
      ;;
    --master | --ca-file | --dir | --name | --slots | --runtimes)
      [ $# -ge 2 ] || fail "$1 needs a value."
      case $1 in
        --master) master=${2%/} ;;
        --ca-file) ca=$2 ;;
        --dir) dir=$2 ;;
        --name) name=$2 ;;
        --slots) slots=$2 ;;
        --runtimes) runtimes=$2 ;;
      esac
      shift 2
      ;;
    *) usage >&2; fail "unknown option $1" ;;
  esac
done
[ -n "$master" ] || fail "--master is missing."
[ "$(uname -s)" = Linux ] || fail "workers run on Linux, this is $(uname -s)."
for tool in curl tar gzip sha256sum setsid; do
  command -v "$tool" >/dev/null || fail "$tool is missing; install it and run the line again."
done
if [ -z "$dir" ]; then
  if [ "$(id -u)" = 0 ]; then dir=/var/lib/millrace-worker; else dir=$HOME/.millrace-worker; fi
fi
[ ! -e "$dir/worker" ] || fail "$dir has a worker already. Start it with $dir/start, or name another folder with --dir."

IFS= read -r token || [ -n "$token" ] || fail "the join token did not arrive by standard input."
case $token in '' | *[!A-Za-z0-9_-]*) fail "this is no join token; ask for a new line with: bin/millrace join GROUP" ;; esac

# Runs have users of their own, which must get through to their folders.
mkdir -p "$dir/releases" || fail "$dir cannot be made; name another folder with --dir."
chmod 755 "$dir" "$dir/releases"
work=$(mktemp -d "$dir/.join.XXXXXX")
trap 'rm -rf "$work"' EXIT
trust=
if [ -n "$ca" ]; then
  cp "$ca" "$dir/ca.pem"
  chmod 644 "$dir/ca.pem"
  trust="--cacert $dir/ca.pem"
fi

# Refuses with what the master says; its messages are one line of JSON.
ask() {
  # shellcheck disable=SC2086
  code=$(curl -sS $trust --max-time 60 -o "$work/answer" -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @- "$master$1") \
    || fail "the master at $master does not answer."
  [ "$code" = 200 ] || fail "$(sed -n 's/.*"message":"\([^"]*\)".*/\1/p' "$work/answer") (HTTP $code)"
}
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/answer"; }

printf '{"joinToken":"%s"}' "$token" | ask /worker/join/release
version=$(field version) url=$(field url) hash=$(field sha256)
[ -n "$version" ] && [ -n "$url" ] && [ -n "$hash" ] || fail "the master's answer makes no sense."
say "loading worker $version"
# shellcheck disable=SC2086
curl -fsS $trust --max-time 1800 -o "$work/worker.tar.gz" "$url" || fail "the worker could not be loaded."
printf '%s  %s\n' "$hash" "$work/worker.tar.gz" | sha256sum -c --quiet - || fail "the worker's archive is damaged; run the line again."
mkdir "$work/unpacked"
tar -xzf "$work/worker.tar.gz" -C "$work/unpacked" --no-same-owner
program=$(find "$work/unpacked" -maxdepth 3 -path '*/bin/millrace-worker' | head -n 1)
[ -n "$program" ] || fail "the archive holds no worker."
chmod 755 "$work/unpacked"
rm -rf "$dir/releases/$version"
mv "$(dirname "$(dirname "$program")")" "$dir/releases/$version"

{
  echo '#!/bin/sh'
  echo '# Starts the worker of this folder. Who starts it again whenever it ends sets MILLRACE_WORKER_RESTARTS=yes.'
  # shellcheck disable=SC2016
  echo '[ "${MILLRACE_WORKER_RESTARTS:-}" = yes ] && verb=run || verb=keep'
  # shellcheck disable=SC2016
  printf 'exec %s "$verb" --dir %s --master %s --slots %s --runtimes %s --join-token-file %s' \
    "$(quoted "$dir/releases/$version/bin/millrace-worker")" "$(quoted "$dir/worker")" "$(quoted "$master")" \
    "$(quoted "$slots")" "$(quoted "$runtimes")" "$(quoted "$dir/join-token")"
  [ -z "$ca" ] || printf ' --ca-file %s' "$(quoted "$dir/ca.pem")"
  [ -z "$name" ] || printf ' --name %s' "$(quoted "$name")"
  printf %s "$more"
  echo
} >"$dir/start"
chmod 755 "$dir/start"
(umask 077 && printf '%s\n' "$token" >"$dir/join-token")

service= log=$dir/worker.log
if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && [ "$dir" = /var/lib/millrace-worker ]; then
  service=millrace-worker log="journalctl -u millrace-worker"
  # Runs outlive their worker: only the worker itself is stopped with the service.
  cat >/etc/systemd/system/$service.service <<EOF
[Unit]
Description=Millrace worker
After=network-online.target
Wants=network-online.target

[Service]
Environment=MILLRACE_WORKER_RESTARTS=yes
ExecStart=$dir/start
KillMode=process
Restart=always
RestartSec=5
# A run that uses up the machine's memory ends alone.
OOMPolicy=continue
RestartPreventExitStatus=2 3

[Install]
WantedBy=multi-user.target
EOF
  systemctl daemon-reload
  systemctl enable --now $service
else
  setsid "$dir/start" </dev/null >>"$dir/worker.log" 2>&1 &
  echo $! >"$dir/pid"
fi

# The worker removes the token once it has joined.
waited=0
while [ -e "$dir/join-token" ]; do
  if [ -z "$service" ] && ! kill -0 "$(cat "$dir/pid")" 2>/dev/null; then
    rm -f "$dir/join-token"
    tail -n 3 "$dir/worker.log" >&2
    fail "the worker ended."
  fi
  waited=$((waited + 1))
  [ "$waited" -lt 300 ] || fail "the worker did not join within 60 s; it goes on trying. Its log: $log"
  sleep 0.2
done
if [ -n "$service" ]; then
  say "this machine has joined; it starts with the machine (systemctl status $service)."
else
  say "this machine has joined, process $(cat "$dir/pid"), log $dir/worker.log. After a reboot start it with $dir/start."
fi
