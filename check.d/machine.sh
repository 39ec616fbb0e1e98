# What the machine must have.

# Installs the packages that the selected profiles need and that are missing, or names them.
install_packages() {
  local packages=(git curl procps) missing=() name package policy made_policy installed
  command -v javac >/dev/null || packages+=(openjdk-17-jdk-headless)
  for name in "${selected[@]}"; do
    for package in $(field "$name" 4); do packages+=("$package"); done
  done
  if command -v dpkg-query >/dev/null; then
    for package in $(printf '%s\n' "${packages[@]}" | sort -u); do
      dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed' || missing+=("$package")
    done
  fi
  if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      say "installing ${missing[*]}"
      # Packages that bring servers must not start them: tests start their own.
      policy=/usr/sbin/policy-rc.d
      [ -e $policy ] && made_policy=no || { made_policy=yes; printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; }
      { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$state/log/install.log" 2>&1
      installed=$?
      [ $made_policy = no ] || rm -f $policy
      [ $installed = 0 ] || { tail -n 5 "$state/log/install.log"; die "apt-get could not install ${missing[*]}; the log is .check/log/install.log"; }
    elif [ "${CI:-}" = true ]; then
      die "not installed: ${missing[*]}; install with: sudo apt-get update && sudo apt-get install -y ${missing[*]}"
    else
      echo "check: not installed: ${missing[*]} (tests that need them are skipped; install with: sudo apt-get update && sudo apt-get install -y ${missing[*]})"
    fi
  fi
}

# Which JDK builds and tests.
find_jdk() {
  command -v javac >/dev/null || [ -x "${JAVA_HOME:-}/bin/javac" ] || die "no JDK 17 or newer; install with: sudo apt-get install -y openjdk-17-jdk-headless"
  [ -n "${JAVA_HOME:-}" ] || JAVA_HOME=$(readlink -f "$(command -v javac)" | sed 's#/bin/javac$##')
  export JAVA_HOME
}
