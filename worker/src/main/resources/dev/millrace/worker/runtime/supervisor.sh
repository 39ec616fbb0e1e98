# Runs one execution in a session of its own, so that it outlives the worker.
# Arguments: isolation, state folder, work folder, log folder, uid, gid.
MODE=$1 STATE=$2 WORK=$3 LOGS=$4 RUN_UID=$5 RUN_GID=$6
umask 022

# One supervisor a run, also when a worker that died in mid-launch launches it again.
mkdir "$STATE/lock" 2>/dev/null || exit 0

# /proc is still the machine's here: field 1 is the pid that the worker sees, field 22 the start time.
read -r line </proc/self/stat
set -- $line
echo "$1 ${22}" >"$STATE/pid.tmp" && mv "$STATE/pid.tmp" "$STATE/pid"

# The exit code must find its place on a full disk too.
echo "              " >"$STATE/exit.tmp"

fail() {
  echo "$1" >"$STATE/problem"
  exit 1
}

# Both ways: what is in the pipes then stays there while nobody else has them open.
run() {
  [ -p "$LOGS/stdout" ] && [ -p "$LOGS/stderr" ] || fail "its pipes are gone"
  "$@" /bin/sh "$M/start" "$M" 1<>"$LOGS/stdout" 2<>"$LOGS/stderr" </dev/null
}

# A new folder at $2 that shows what the machine has in folder $1 ("" is its root).
mirror() {
  mount -t tmpfs -o mode=755 tmpfs "$2" && mount --make-unbindable "$2" || fail "cannot mount a tmpfs"
  # Root looks into folders which the run's user may not enter.
  case $MODE,$1,$(stat -c %A "${1:-/}") in
  root-namespace,,* | user-namespace,* | *,???????r?[xt]) ;;
  *) return 0 ;;
  esac
  for entry in "$1"/* "$1"/.[!.]*; do
    name=${entry##*/}
    case $entry in
    /proc | /tmp | /valohai | /dev | */'*' | */'.[!.]*') continue ;;
    esac
    if [ -L "$entry" ]; then
      ln -s "$(readlink "$entry")" "$2/$name"
    elif [ -d "$entry" ]; then
      mkdir "$2/$name" && mount --rbind "$entry" "$2/$name" || fail "cannot bind $entry"
    elif [ -f "$entry" ]; then
      : >"$2/$name" && mount --bind "$entry" "$2/$name"
    fi
  done
}

# Whether the place $1 of the machine is hidden, or below one that is.
hidden() {
  while IFS= read -r unseen; do
    case $1 in "$unseen" | "$unseen"/*) return 0 ;; esac
  done <"$STATE/hidden"
  return 1
}

# The folder $1 of the new root. One that the machine lacks is made in a mirror of the folder above it:
# the machine's own stays as it is. What is hidden has no mirror, and stays hidden below one.
point() {
  at= rest=${1#/}
  while [ -n "$rest" ]; do
    name=${rest%%/*}
    case $rest in
    */*) rest=${rest#*/} ;;
    *) rest= ;;
    esac
    here=$at/$name
    [ ! -L "$ROOT$here" ] || fail "cannot mount at $1: $here is a link"
    if [ ! -d "$ROOT$here" ]; then
      case $MIRRORED in
      *"|$at|"*) ;;
      *)
        if [ -d "$at" ] && ! hidden "$at"; then
          mirror "$at" "$ROOT$at"
          hide "$at"
          MIRRORED="$MIRRORED$at|"
        fi
        ;;
      esac
      mkdir -p "$ROOT$1" || fail "cannot mount at $1"
      return
    fi
    at=$here
  done
}

# What the worker has checked: one mount a line, parted by tabs. What is mounted in the end is compared with
# what it saw, for a path may have become a link meanwhile.
bind_mounts() {
  MIRRORED="||"
  while IFS='	' read -r access device place target source destination; do
    point "$destination"
    mount --rbind "$source" "$ROOT$destination" || fail "cannot mount $source at $destination"
    found=
    while read -r _ _ d p t o _; do
      [ "$t" != "$target" ] || { found="$d $p" options=$o; }
    done </proc/self/mountinfo
    [ "$found" = "$device $place" ] ||
      fail "cannot mount $source at $destination: it was changed while the run started. Submit it again"
    mount -o "remount,bind,$options,nosuid,nodev,$access" "$ROOT$destination" ||
      fail "cannot mount $source at $destination $access"
  done <"$STATE/mounts"
}

# Devices that programs need, terminals, and those that compute.
make_devices() {
  mkdir -p "$ROOT/dev" && mount -t tmpfs -o mode=755,size=1m tmpfs "$ROOT/dev" || fail "cannot make /dev"
  for entry in /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/nvidia* /dev/kfd /dev/accel*; do
    if [ -c "$entry" ]; then
      : >"$ROOT$entry" && mount --bind "$entry" "$ROOT$entry" || fail "cannot bind $entry"
    fi
  done
  for entry in /dev/pts /dev/dri /dev/nvidia-caps /dev/infiniband; do
    if [ -d "$entry" ]; then
      mkdir "$ROOT$entry" && mount --rbind "$entry" "$ROOT$entry" || fail "cannot bind $entry"
    fi
  done
  ln -s pts/ptmx "$ROOT/dev/ptmx"
  ln -s /proc/self/fd "$ROOT/dev/fd"
  ln -s /proc/self/fd/0 "$ROOT/dev/stdin"
  ln -s /proc/self/fd/1 "$ROOT/dev/stdout"
  ln -s /proc/self/fd/2 "$ROOT/dev/stderr"
  mkdir "$ROOT/dev/shm"
}

# An empty folder over each that no run may see, and nothing where a socket is: all of them, or those below
# the folder $1. The names are those that name resolution needs of a folder that is hidden.
hide() {
  while IFS= read -r unseen; do
    case $unseen in
    "${1-}"/*) ;;
    *) continue ;;
    esac
    case $unseen in
    /tmp | /tmp/* | /proc/* | /dev/* | /valohai | /valohai/*) continue ;;
    esac
    if [ -d "$ROOT$unseen" ]; then
      mount -t tmpfs -o mode=755,size=1m tmpfs "$ROOT$unseen" || fail "cannot hide $unseen"
      for file in /run/systemd/resolve/*.conf /run/resolvconf/resolv.conf /run/NetworkManager/resolv.conf; do
        case $file in
        "$unseen"/*)
          [ -f "$file" ] || continue
          mkdir -p "$ROOT${file%/*}" && : >"$ROOT$file" && mount --bind "$file" "$ROOT$file"
          ;;
        esac
      done
    elif [ -e "$ROOT$unseen" ]; then
      mount --bind /dev/null "$ROOT$unseen" || fail "cannot hide $unseen"
    fi
  done <"$STATE/hidden"
}

# Whether the mount point $1 is the run's to write, or below what is hidden.
spared() {
  while IFS='	' read -r _ _ _ _ _ own; do
    case $1 in "$ROOT$own" | "$ROOT$own"/*) return 0 ;; esac
  done <"$STATE/mounts"
  while IFS= read -r unseen; do
    case $1 in "$ROOT$unseen"/*) return 0 ;; esac
  done <"$STATE/hidden"
  return 1
}

# Whether the mount $1 is what a run sees at $2: not where another one covers it, which has a line of its
# own, nor below a folder that this user cannot enter.
seen() {
  [ -e "$2" ] || return 1
  if [ -r "$2" ] && { [ -d "$2" ] || [ -f "$2" ]; }; then
    while read -r key value; do
      [ "$key" != mnt_id: ] || [ "$value" = "$1" ] || return 1
    done 9<"$2" </proc/self/fdinfo/9
  fi
  return 0
}

# All that is mounted below the new root becomes read-only; its other options must stay as they are.
seal() {
  while read -r id _ _ _ target options rest; do
    case $target in
    *'\'*) target=$(printf '%b' "$(printf '%s\n' "$target" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')") ;;
    esac
    case $target in
    "$ROOT" | "$ROOT"/*) ;;
    *) continue ;;
    esac
    kind=${rest#*- }
    case $options,${kind%% *} in
    ro,*) continue ;;
    *,autofs | *,devpts) continue ;;
    esac
    ! spared "$target" || continue
    seen "$id" "$target" || continue
    options=${options#rw}
    mount -o "remount,bind,ro${options%,idmapped}" "$target" || fail "cannot make ${target#"$ROOT"} read-only"
  done </proc/self/mountinfo
}

# What a run may write: mounts of their own, which it can neither move nor replace.
bind_writable() {
  mount --bind "$1" "$ROOT$2" && mount -o remount,bind,nosuid,nodev "$ROOT$2" || fail "cannot bind $2"
}

# A root folder of its own: what a run may see of the machine, and the run's folder at /valohai.
build_root() {
  ROOT=$STATE/root
  mkdir -p "$ROOT"
  mirror "" "$ROOT"
  mkdir -p "$ROOT/proc" "$ROOT/valohai" "$ROOT/tmp"
  make_devices
  hide
  [ ! -s "$STATE/mounts" ] || bind_mounts
  seal
  mount -t proc proc "$ROOT/proc" || fail "cannot mount /proc"
  mount --bind "$WORK" "$ROOT/valohai" &&
    mount -o remount,bind,ro,nosuid,nodev "$ROOT/valohai" || fail "cannot bind the run's folder"
  for name in repository outputs .home; do
    bind_writable "$WORK/$name" "/valohai/$name"
  done
  bind_writable "$STATE/tmp" /tmp
  [ ! -d "$ROOT/var/tmp" ] || [ -L "$ROOT/var/tmp" ] || bind_writable "$STATE/var-tmp" /var/tmp
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$ROOT/dev/shm" || fail "cannot mount /dev/shm"
}

# What starts from here on counts for the limits of the run.
while IFS= read -r group; do
  echo 0 >"$group/cgroup.procs" || fail "cannot join $group"
done <"$STATE/cgroups"

case $MODE in
root-namespace)
  build_root
  M=/valohai/.millrace
  run chroot "$ROOT" setpriv --reuid="$RUN_UID" --regid="$RUN_GID" --clear-groups \
    --inh-caps=-all --bounding-set=-all --no-new-privs
  ;;
user-namespace)
  build_root
  M=/valohai/.millrace
  # The kernel refuses a user namespace after chroot, so the root is changed for good. The old one is then
  # above the new one at the same place. What was mounted here is locked in the inner namespace.
  run unshare --mount --propagation private /bin/sh -c \
    'cd "$0" && pivot_root . . && umount -l . && cd / && exec unshare --user --map-user="$1" --map-group="$2" "$3" "$4" "$5"' \
    "$ROOT" "$RUN_UID" "$RUN_GID"
  ;;
root-plain)
  M=$WORK/.millrace
  run setpriv --reuid="$RUN_UID" --regid="$RUN_GID" --clear-groups --inh-caps=-all --no-new-privs
  ;;
*)
  M=$WORK/.millrace
  run
  ;;
esac
code=$?
oom=0
while IFS= read -r group; do
  for file in "$group/memory.events" "$group/memory.oom_control"; do
    [ -r "$file" ] || continue
    while read -r name count; do
      [ "$name" != oom_kill ] || oom=$count
    done <"$file"
  done
done <"$STATE/cgroups"
echo "$code $oom" 1<>"$STATE/exit.tmp" && mv "$STATE/exit.tmp" "$STATE/exit"

# The end of this shell ends its namespace. A stopped run's other processes get their time first;
# the worker ends it with the grace.
case $MODE in
*-namespace)
  # Without "--": dash takes that for a process and fails.
  while [ -e "$STATE/stopping" ] && kill -0 -1 2>/dev/null; do sleep 0.1; done
  ;;
esac
exit 0
