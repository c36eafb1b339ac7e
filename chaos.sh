#!/usr/bin/env bash
# Builds what has changed, plays a workload under faults and checks the books; ./chaos.sh --help lists the options.
set -eu

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

java=java
if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
  java=$JAVA_HOME/bin/java
fi
if ! command -v "$java" >/dev/null; then
  echo "Java is missing: install a JDK 17 or later and put it on the PATH, or set JAVA_HOME." >&2
  exit 1
fi
release=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')
if ! [ "${release%%.*}" -ge 17 ] 2>/dev/null; then
  echo "Java is too old: this needs a JDK 17 or later, $java is $release." >&2
  exit 1
fi

# The stamp is as old as the sources that were built last.
stamp=local/target/chaos.stamp
if [ ! -e "$stamp" ] || [ ! -e local/target/classpath.txt ] || [ -n "$(
  find pom.xml chaos.sh {shared,emulator,functions,local}/pom.xml {shared,emulator,functions,local}/src/main \
    -newer "$stamp" -print -quit
)" ]; then
  echo "Building..."
  mkdir -p local/target
  touch "$stamp.new"
  ./mvnw -q -pl local -am -DskipTests -Dspotless.check.skip=true -Djacoco.skip=true package
  mv "$stamp.new" "$stamp"
fi

home=$PWD
# The processes that it kills and starts again inherit both: they are seldom warm.
exec "$java" -XX:TieredStopAtLevel=1 -XX:+UseParallelGC -Dmeterkite.home="$home" \
  -cp "$home/local/target/classes:$(cat "$home/local/target/classpath.txt")" dev.meterkite.local.chaos.Main "$@"
