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
echo "   " >"$STATE/exit.tmp"

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
  mount -t tmpfs -o mode=755 tmpfs "$2" || fail "cannot mount a tmpfs"
  for entry in "$1"/* "$1"/.[!.]*; do
    name=${entry##*/}
    case $entry in
    /proc | /tmp | /valohai | */'*' | */'.[!.]*') continue ;;
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

# The folder $1 of the new root. One that the machine lacks is made in a mirror of the folder above it:
# the machine's own stays as it is.
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
      *) [ ! -d "$at" ] || { mirror "$at" "$ROOT$at" && MIRRORED="$MIRRORED$at|"; } ;;
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

# A root folder of its own: everything of the machine, and the run's folder at /valohai.
build_root() {
  ROOT=$STATE/root
  mkdir -p "$ROOT"
  mirror "" "$ROOT"
  mkdir -p "$ROOT/proc" "$ROOT/valohai" "$ROOT/tmp"
  mount -t proc proc "$ROOT/proc" 2>/dev/null || mount --rbind /proc "$ROOT/proc" || fail "cannot mount /proc"
  mount --bind "$WORK" "$ROOT/valohai" || fail "cannot bind the run's folder"
  mount --bind "$WORK/inputs" "$ROOT/valohai/inputs" &&
    mount -o remount,bind,ro "$ROOT/valohai/inputs" || fail "cannot bind the inputs"
  mount --bind "$STATE/tmp" "$ROOT/tmp" || fail "cannot bind /tmp"
  [ ! -s "$STATE/mounts" ] || bind_mounts
}

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
  # The kernel refuses a user namespace after chroot, so the root is changed for good.
  mkdir "$ROOT/.old"
  run unshare --mount --propagation private /bin/sh -c \
    'cd "$0" && pivot_root . .old && umount -l /.old && rmdir /.old && exec unshare --user --map-user="$1" --map-group="$2" "$3" "$4" "$5"' \
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
echo "$code" 1<>"$STATE/exit.tmp" && mv "$STATE/exit.tmp" "$STATE/exit"

# The end of this shell ends its namespace. A stopped run's other processes get their time first;
# the worker ends it with the grace.
case $MODE in
*-namespace)
  # Without "--": dash takes that for a process and fails.
  while [ -e "$STATE/stopping" ] && kill -0 -1 2>/dev/null; do sleep 0.1; done
  ;;
esac
exit 0
