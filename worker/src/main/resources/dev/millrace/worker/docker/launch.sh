# The first process of a run's container below its init. $1 is the folder of the run's scripts.
# It outlives an interrupt, and it sets no signal to be ignored: a program could not take that back.
trap : INT TERM HUP QUIT

# Both ways: what is in the pipes then stays there while nobody else has them open. An engine that shares no
# kernel with the worker shows no pipe, or one that nobody reads.
if [ ! -p /.millrace/stdout ] || [ ! -p /.millrace/stderr ] || ! (: 1<>/.millrace/stdout 2<>/.millrace/stderr); then
  echo pipes >/.millrace/exit
  exit 125
fi
exec 1<>/.millrace/stdout 2<>/.millrace/stderr </dev/null

# What is mounted must be what the worker has checked: a path may have become a link meanwhile.
while IFS='	' read -r access device place target source destination; do
  found=
  while read -r id parent d p t rest; do
    [ "$t" != "$target" ] || found="$d $p"
  done </proc/self/mountinfo
  [ "$found" = "$device $place" ] && continue
  echo "mount $source at $destination" >/.millrace/exit
  exit 125
done <"$1/mounts"

/bin/sh "$1/start" "$1"
code=$?

# How often memory ran out, by the cgroup of either version.
oom=0
for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
  [ -r "$file" ] || continue
  while read -r name count; do
    [ "$name" = oom_kill ] && oom=$count
  done <"$file"
done
echo "$code $oom" >/.millrace/exit

# The end of this shell ends the container. A stopped run's other processes get their time first.
while [ -e "$1/stopping" ] && kill -0 -1 2>/dev/null; do sleep 0.1; done
exit "$code"
