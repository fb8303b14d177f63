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

# An archive of the classes, with which daemons and the command start in half the time; everything works without it.
archive() {
  local file=$TOP/test-cluster/target/vmha.jsa
  rm -f "$file"
  timeout 120 "$JAVA_HOME/bin/java" -XX:ArchiveClassesAtExit="$file.new" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$(classpath)" \
    io.vmha.node.WarmUpMain >/dev/null 2>&1 && mv "$file.new" "$file" || rm -f "$file.new"
}

# The JVM's flags for the archive
archived() { echo "-XX:SharedArchiveFile=$TOP/test-cluster/target/vmha.jsa -Xlog:cds=off -Xlog:cds+dynamic=off"; }

classpath() { echo "$TOP/test-cluster/target/vmha-test-cluster-0.1.0.jar:$(cat "$TOP/test-cluster/target/classpath")"; }
