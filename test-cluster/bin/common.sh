# Installing what is missing, and building; sourced by demo and check.
# shellcheck shell=bash
set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
STARTED=$(date +%s)

say() { printf '%4d s  %s\n' $(($(date +%s) - STARTED)) "$*"; }
die() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# shellcheck source=../openstack/lib/packages.sh
. "$TOP/test-cluster/openstack/lib/packages.sh"

# Java, Maven, the compiler for vmha-guard, the simulated BMCs and the fence agents that talk to them
BASE_PACKAGES=(openjdk-17-jdk-headless maven gcc libc6-dev openipmi ipmitool fence-agents iproute2 procps)

install_base() {
  install_packages "${TMPDIR:-/tmp}/vmha-install.log" "${BASE_PACKAGES[@]}" "$@"
  JAVA_HOME=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}
  export JAVA_HOME
}

# Builds if a source is newer than the last build. The class path is left in test-cluster/target/classpath.
build() {
  local stamp=$TOP/test-cluster/target/classpath
  if [ -f "$stamp" ] && [ -z "$(find "$TOP" \( -name '*.java' -o -name pom.xml -o -name '*.proto' -o -path '*/src/main/resources/*' \) \
    -newer "$stamp" -not -path '*/target/*' -print -quit)" ]; then
    return 0
  fi
  say "building: a minute or two; the first time downloads what Maven needs"
  trap 'exit 130' INT
  # noreset: Maven would end its silence with colour codes
  (cd "$TOP" && MAVEN_OPTS="${MAVEN_OPTS:-} -Djansi.noreset=true" \
    mvn -q -B -DskipTests -Dspotless.check.skip=true -Dforbiddenapis.skip=true package) || die "the build failed, see above"
  trap - INT
  touch "$stamp"
  say "built"
  archive
}

# Help installs and builds nothing: it comes from the last build, and where there is none, from the first lines of the script.
help_first() { # TEXT ARGUMENT...
  local text=$1 word
  shift
  for word in "$@"; do
    case $word in -h | --help) ;; *) continue ;; esac
    if command -v java >/dev/null && ls "$TOP"/test-cluster/target/{classpath,vmha-test-cluster-*.jar} >/dev/null 2>&1; then
      HELP=true
      return
    fi
    printf '%s\nNot built yet, so this is all there is to say.\n' "$text"
    exit 0
  done
}

# An archive of the classes, with which daemons and the command start in half the time; everything works without it.
archive() {
  local file=$TOP/test-cluster/target/vmha.jsa
  rm -f "$file"
  timeout 120 "$JAVA_HOME/bin/java" -XX:ArchiveClassesAtExit="$file.new" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$(classpath)" \
    io.vmha.node.WarmUpMain >/dev/null 2>&1 && mv "$file.new" "$file" || rm -f "$file.new"
}

# ready [PACKAGE...]: all is installed and built; whoever sets VMHA_CLASSPATH, and JAVA_HOME, has done both.
ready() {
  [ -z "${VMHA_CLASSPATH:-}" ] || return 0
  install_base "$@"
  build
}

# in_room CMD...: runs CMD in namespaces of its own (processes, network, mounts), and ends with its status. The kernel kills the first process of the
# inner namespace, and with it all others, when unshare ends, and unshare when we end, be it by kill -9.
in_room() {
  local rc=0
  setpriv --pdeathsig KILL unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
    "$TOP/test-cluster/bin/room" "$@" &
  room=$!
  ask_to_end() { for p in $(cat "/proc/$room/task/$room/children" 2>/dev/null); do kill -TERM "$p" 2>/dev/null; done; }
  trap ask_to_end INT TERM HUP
  wait "$room" || rc=$?
  while kill -0 "$room" 2>/dev/null; do wait "$room" || rc=$?; done
  exit "$rc"
}

# A directory, in SCRATCH, that is removed by a process that outlives this one, when the last of those that we have started is gone.
scratch() {
  SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/vmha-$(basename "$0").XXXXXX")
  exec 9> >(exec setsid bash -c 'trap "" INT TERM HUP; cat >/dev/null; rm -rf "$1"' reaper "$SCRATCH" >/dev/null 2>&1)
}

# The JVM's flags for the archive
archived() { echo "-XX:SharedArchiveFile=$TOP/test-cluster/target/vmha.jsa -Xlog:cds=off -Xlog:cds+dynamic=off"; }

classpath() { echo "${VMHA_CLASSPATH:-$TOP/test-cluster/target/vmha-test-cluster-0.1.0.jar:$(cat "$TOP/test-cluster/target/classpath")}"; }
