# What is printed at the end.
summary() {
  local name skips
  say "seconds and tests by profile"
  for name in "${selected[@]}"; do cat "$state/summary/$name" 2>/dev/null; done
  echo "the whole: $(($(date +%s) - began)) s"
  say "the slowest profiles"
  for name in "${selected[@]}"; do cat "$state/summary/$name" 2>/dev/null; done | sort -k 2,2nr | head -n 5 | awk '{ print $1, $2, $3 }'
  cat "$state"/summary/*.over 2>/dev/null
  skips=$(grep -h -A1 '<testcase' -r "$state/reports" --include='*.xml' 2>/dev/null | grep -B1 '<skipped' | sed -n 's/.*<testcase name="\([^"]*\)" classname="\([^"]*\)".*/\2 \1/p; s/.*<skipped message="\([^"]*\)".*/    \1/p; s/.*<skipped><!\[CDATA\[\([^]]*\).*/    \1/p')
  [ -z "$skips" ] || { say "skipped, with reasons"; echo "$skips"; }
}
