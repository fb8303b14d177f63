# install_packages LOG NAME...: installs what is missing from Debian's archive and starts none of it. Sourced by scripts that have `say` and `die`.
# shellcheck shell=bash disable=SC2034,SC2154
# Debian's service packages start their daemons on installation and at every boot; policy-rc.d and `systemctl disable` keep this machine as it was.
install_packages() {
  local missing=() p policy=/usr/sbin/policy-rc.d made='' log=$1 before after rc=0 unit
  shift
  for p in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "these Debian packages are missing and only root can install them: ${missing[*]}"
  command -v apt-get >/dev/null || die "these Debian packages are missing and there is no apt-get here: ${missing[*]}"
  say "installing from Debian: ${missing[*]}"
  mkdir -p "$(dirname "$log")"
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    made=$policy
  fi
  before=$(service_units)
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q -o DPkg::Lock::Timeout=600 >"$log" 2>&1 || say "apt-get update failed; trying with the package lists that are here"
  (
    set -o pipefail
    apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold \
      -o Dpkg::Options::=--force-unsafe-io -o APT::Status-Fd=3 "${missing[@]}" 3>&1 >>"$log" 2>&1 | apt_progress
  ) || rc=$?
  [ -z "$made" ] || rm -f "$made"
  if [ "$rc" != 0 ]; then
    tail -n 20 "$log" >&2
    die "apt-get install failed with status $rc (the whole output: $log)"
  fi
  after=$(service_units)
  for unit in $(comm -13 <(echo "$before") <(echo "$after")); do
    systemctl disable "$unit" >>"$log" 2>&1 || say "cannot disable $unit, which a package brought: see $log"
  done
  return 0
}

# the daemons that this machine starts at boot
service_units() {
  command -v systemctl >/dev/null || return 0
  { systemctl list-unit-files --no-legend --no-pager --state=enabled --type=service,socket 2>/dev/null || :; } | awk '{print $1}' | sort
}

# one line for each tenth of the way; apt reports downloading and installing as 0..100 each
apt_progress() {
  local kind rest percent last=-1 text
  while IFS=: read -r kind _ percent rest; do
    case $kind in dlstatus) text=downloading ;; pmstatus) text=installing ;; *) continue ;; esac
    percent=${percent%%.*}
    if [ "$text.$((percent / 10))" != "$last" ]; then
      last=$text.$((percent / 10))
      say "  $text $percent %"
    fi
  done
  return 0
}
