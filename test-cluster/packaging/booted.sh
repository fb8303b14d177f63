# booted.sh: a freshly booted Debian 12 (systemd as PID 1, its own network) to install a package in, and what the tests of packages say and wait for.
# Sourced with the package's file, or the pattern of one in packaging/target, as its argument; then the host is up and its files lie in $D/root.
set -u
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
T0=$(date +%s.%N)
say() { printf '%7.1fs  %s\n' "$(echo "$(date +%s.%N) $T0" | awk '{print $1-$2}')" "$*" >&2; }
die() {
  say "FAILED: $*"
  exit 1
}
. "$TOP/test-cluster/openstack/lib/packages.sh"
packages=("$TOP"/packaging/target/$1)
[ ! -e "$1" ] || packages=("$1")
PACKAGE=${packages[0]}
[ -f "$PACKAGE" ] || die "there is no package $PACKAGE; build it: mvn -Ppackage -DskipTests -pl packaging -am package"
[ "$(id -u)" = 0 ] || die "needs root: it boots a systemd host"

CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vmha
ROOT=$CACHE/debian-12-systemd-rpm
D=$(mktemp -d "${XDG_RUNTIME_DIR:-/tmp}/vmha-install.XXXXXX") || exit 1
NETNS=vmhapkg$$-host
ADDRESS=10.99.0.1
clean() {
  "$TOP/test-cluster/lab/nspawn-boot" --clean "$D"
  ip netns del "$NETNS" 2>/dev/null
}
trap clean EXIT
trap 'exit 130' INT TERM

install_packages "$D/apt.log" debootstrap systemd-container iproute2 util-linux
if [ ! -d "$ROOT" ]; then
  say "fetching a minimal Debian 12 (once)"
  mkdir -p "$CACHE"
  rm -rf "$ROOT.part"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,adduser,rpm bookworm "$ROOT.part" >"$D/debootstrap.log" 2>&1 ||
    { tail -n 5 "$D/debootstrap.log" >&2; die "debootstrap"; }
  mv "$ROOT.part" "$ROOT"
fi
ip netns add "$NETNS" && ip -n "$NETNS" link set lo up && ip -n "$NETNS" addr add $ADDRESS/32 dev lo || die "network namespace"
LEADER=$("$TOP/test-cluster/lab/nspawn-boot" "$ROOT" "$NETNS" "$D") || die "boot"
# nspawn mounts a boot id of the container's over the kernel's; a service with ProtectProc, as vmhad, has a /proc of its own and would see another
nsenter -t "$LEADER" -a umount /proc/sys/kernel/random/boot_id || die "the boot id of the container cannot be taken away"
say "a systemd host is up"

passed=0
inside() { nsenter -t "$LEADER" -a env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
property() { inside systemctl show -P "$1" vmhad.service; }
journal() { inside journalctl -u vmhad.service --no-pager -o cat "$@"; }
ok() {
  passed=$((passed + 1))
  say "ok: $*"
}
wrong() {
  journal -n 30 >&2
  inside systemctl status --no-pager vmhad.service >&2
  say "FAILED: $*"
  echo "$passed passed, 1 failed"
  exit 1
}
# await SECONDS WHAT CMD...
await() {
  local end=$((SECONDS + $1))
  while ((SECONDS <= end)); do
    "${@:3}" && return 0
    sleep 0.1
  done
  wrong "$2, for $1 s"
}
is() { [ "$(property "$1")" = "$2" ]; }
answers() { inside bash -c "exec 3<>/dev/tcp/127.0.0.1/8500" 2>/dev/null; }
pid_changed_from() { is ActiveState active && ! is MainPID "$1"; }

configure() { # a file with the test's settings and the given lines
  { cat "$HERE/vmhad.yaml" && printf '%s\n' "$@"; } >"$D/root/etc/vmha/vmhad.yaml"
  inside chown root:vmha /etc/vmha/vmhad.yaml
  inside chmod 0640 /etc/vmha/vmhad.yaml
}
