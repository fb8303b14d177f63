# Sourced by every script here. Settings come from the environment; the first `up` freezes them in $S/settings.
# shellcheck shell=bash disable=SC2034,SC2154
set -u
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
S=${VMHA_OPENSTACK:-${XDG_RUNTIME_DIR:-/tmp}/vmha-openstack}
# shellcheck disable=SC1091
[ -f "$S/settings" ] && . "$S/settings"
: "${VMHA_PORT_BASE:=}"          # ten ports from here on; empty: the first ten free ones from 18000
: "${VMHA_HOST_PREFIX:=hv-}"     # compute hosts are hv-1, hv-2, ...
: "${VMHA_HOST_NET:=127.0.1}"    # compute host i has the address 127.0.1.(10+i) (my_ip in its nova.conf)
: "${VMHA_HOST_OFFSET:=10}"      # the 10 in it
: "${VMHA_BIND:=}"               # where the services listen; empty: 127.0.0.1, or the bridge
: "${VMHA_ENTER:=}"              # what to put before a command to run it on compute host %i, if somebody else has made a namespace for it
: "${VMHA_GUEST:=}"              # a program to be the guests, called with "vmha-guest UUID HOST"; empty: one that sleeps
: "${VMHA_NETNS:=0}"             # 1: each compute host in a network namespace of its own, on a bridge
: "${VMHA_SUBNET:=10.231.0}"     # netns mode: the bridge is .1, compute host i is .(10+i)
: "${VMHA_BRIDGE:=vmhabr0}"
: "${VMHA_REPORT_INTERVAL:=10}"  # seconds between nova-compute's signs of life
: "${VMHA_SERVICE_DOWN_TIME:=60}"
: "${VMHA_CACHE:=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vmha/openstack}" # template of the initialised databases
PW=vmha-test # everything listens on loopback, or on a bridge that leads nowhere
PY=/usr/bin/python3
unset PYTHONHOME
export PYTHONPATH=$S/lib PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore
PKGS=(python3 python3-keystone python3-glance python3-placement python3-neutron python3-nova python3-pymysql
  mariadb-server-core mariadb-client rabbitmq-server uwsgi-core uwsgi-plugin-python3)

T0=${T0:-$(date +%s.%N)}
say() { printf '%7.1fs  %s\n' "$(echo "$(date +%s.%N) $T0" | awk '{print $1-$2}')" "$*" >&2; }
die() {
  say "FAILED: $*"
  exit 1
}

# Every process of this cloud carries this variable, so that none is overlooked and none of another's is touched.
export VMHA_OPENSTACK_STATE=$S
export SPT_NOENV=1 # setproctitle writes over the environment otherwise, and neutron's processes would no longer be known as ours
ours() { grep -qzxF "VMHA_OPENSTACK_STATE=$S" "/proc/$1/environ" 2>/dev/null; }
# A process that was just started shows its starter's environment, and none while the kernel reads its program: looked at again for a second
alive() {
  local p i
  p=$(cat "$S/run/$1.pid" 2>/dev/null) && [ -n "$p" ] || return 1
  for ((i = 0; i < 20; i++)); do
    kill -0 "$p" 2>/dev/null || return 1
    ours "$p" && return 0
    sleep 0.05
  done
  return 1
}
# spawn NAME CMD...: start in a session of its own, log to $S/log/NAME.log, pid in $S/run/NAME.pid; nothing if it runs
spawn() {
  local n=$1
  shift
  alive "$n" && return 0
  setsid "$@" >>"$S/log/$n.log" 2>&1 </dev/null 9>&- &
  echo $! >"$S/run/$n.pid"
  disown $!
}
# reap NAME [SIGNAL]: signal the whole process group of NAME
reap() {
  if alive "$1"; then kill "-${2:-TERM}" -- "-$(cat "$S/run/$1.pid")" 2>/dev/null; fi
  rm -f "$S/run/$1.pid"
}
log_of() { tail -n 8 "$S/log/$1.log" >&2; }
wait_port() { # HOST PORT SECONDS NAME
  local i
  for ((i = 0; i < $3 * 10; i++)); do
    (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null && return 0
    alive "$4" || { log_of "$4"; die "$4 ended (log: $S/log/$4.log)"; }
    sleep 0.1
  done
  log_of "$4"
  die "$4 does not listen on $1:$2 after $3 s (log: $S/log/$4.log)"
}
wait_http() { # PORT SECONDS NAME: until NAME answers a request (a WSGI runner may listen before its application is loaded)
  local i line
  for ((i = 0; i < $2 * 5; i++)); do
    line=$( (exec 3<>"/dev/tcp/$BIND/$1" && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && timeout 20 head -n 1 <&3) 2>/dev/null)
    case $line in HTTP/1.*\ [234]*) return 0 ;; esac
    alive "$3" || { log_of "$3"; die "$3 ended (log: $S/log/$3.log)"; }
    sleep 0.2
  done
  log_of "$3"
  die "$3 does not answer on $BIND:$1 after $2 s (log: $S/log/$3.log)"
}
# Debian's Python packages without their service packages have no start scripts: call the entry point itself
py_entry() { printf "import sys; sys.argv[0]='%s'; from %s import %s as m; sys.exit(m())" "$2" "${1%%:*}" "${1##*:}"; }
hosts() { ls -v "$S/hosts" 2>/dev/null; }
host_number() {
  case $1 in "$VMHA_HOST_PREFIX"[1-9]*) ;; *) die "compute hosts are named ${VMHA_HOST_PREFIX}1, ${VMHA_HOST_PREFIX}2, ... but this is '$1'" ;; esac
  echo "${1#"$VMHA_HOST_PREFIX"}"
}
host_ip() {
  local i
  i=$(host_number "$1") || exit 1
  if [ "$VMHA_NETNS" = 1 ]; then echo "$VMHA_SUBNET.$((10 + i))"; else echo "$VMHA_HOST_NET.$((VMHA_HOST_OFFSET + i))"; fi
}
need_cloud() { [ -f "$S/settings" ] || die "no cloud in $S: run $HERE/up first"; }

[ -z "$VMHA_ENTER" ] || [ "$VMHA_NETNS" != 1 ] || die "VMHA_NETNS=1 makes namespaces for the compute hosts, VMHA_ENTER names others: set one of them"
if [ -n "$VMHA_BIND" ]; then BIND=$VMHA_BIND; elif [ "$VMHA_NETNS" = 1 ]; then BIND=$VMHA_SUBNET.1; else BIND=127.0.0.1; fi
export VMHA_GUEST
name_ports() {
  P_KEYSTONE=$((VMHA_PORT_BASE)) P_PLACEMENT=$((VMHA_PORT_BASE + 1)) P_NOVA=$((VMHA_PORT_BASE + 2)) P_GLANCE=$((VMHA_PORT_BASE + 3))
  P_NEUTRON=$((VMHA_PORT_BASE + 4)) P_DB=$((VMHA_PORT_BASE + 5)) P_RABBIT=$((VMHA_PORT_BASE + 6)) P_EPMD=$((VMHA_PORT_BASE + 7))
  P_DIST=$((VMHA_PORT_BASE + 8))
}
[ -z "$VMHA_PORT_BASE" ] || name_ports
