# Profiles side by side: as many as the machine has processors (five at most), the longest first. With one more the processors
# had no second to spare, and tests with limits failed. Those with an engine count its containers, so they keep to one lane.

# next LANE: takes the next profile for that lane.
next() {
  local name chosen= rest=()
  exec 9<>"$state/queue.lock"
  flock 9
  while read -r name; do
    case $1:$(needs "$name" docker.io && echo engine || echo any) in
      containers:engine) [ -n "$chosen" ] && rest+=("$name") || chosen=$name ;;
      *) rest+=("$name") ;;
    esac
  done <"$state/queue"
  if [ -z "$chosen" ]; then
    local left=("${rest[@]}")
    rest=()
    for name in "${left[@]}"; do
      if [ -z "$chosen" ] && ! needs "$name" docker.io; then chosen=$name; else rest+=("$name"); fi
    done
  fi
  printf '%s\n' "${rest[@]}" | grep . >"$state/queue"
  exec 9>&-
  echo "$chosen"
}

lane() {
  local name
  trap '[ -z "$child" ] || kill -TERM -- "-$child" 2>/dev/null; exit 143' INT TERM HUP
  trap - EXIT
  exec 8>&-
  lanes=()
  work=$work/$1
  mkdir -m 1777 "$work"
  export TMPDIR=$work MAVEN_OPTS="${MAVEN_OPTS:-} -Djava.io.tmpdir=$work"
  while name=$(next "$1") && [ -n "$name" ]; do
    if needs "$name" docker.io && [ -n "$engine" ]; then export DOCKER_HOST=$engine; else unset DOCKER_HOST; fi
    profile "$name" >"$state/log/$name.out" 2>&1
    (
      flock 9
      say "$name: $(field "$name" 5)"
      cat "$state/log/$name.out" "$state/summary/$name"
    ) 9>>"$state/print.lock"
  done
}
