#!/usr/bin/env bash
# Builds what has changed, measures on this machine and writes docs/benchmarks; ./bench.sh --help lists the options.
set -eu

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
called_from=$OLDPWD

java=java
if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
  java=$JAVA_HOME/bin/java
fi
if ! command -v "$java" >/dev/null; then
  echo "Java is missing: install a JDK 17 or later and put it on the PATH, or set JAVA_HOME." >&2
  exit 1
fi

# The stamp is as old as the sources that were built last.
stamp=bench/target/bench.stamp
if [ ! -e "$stamp" ] || [ ! -e bench/target/classpath.txt ] || [ -n "$(
  find pom.xml bench.sh {shared,emulator,functions,local,bench}/pom.xml {shared,emulator,functions,local,bench}/src/main \
    -newer "$stamp" -print -quit
)" ]; then
  echo "Building..."
  mkdir -p bench/target
  touch "$stamp.new"
  ./mvnw -q -pl bench -am -DskipTests -Dspotless.check.skip=true -Djacoco.skip=true package
  mv "$stamp.new" "$stamp"
fi

home=$PWD
cd "$called_from"
exec "$java" -Dmeterkite.home="$home" \
  -cp "$home/bench/target/classes:$(cat "$home/bench/target/classpath.txt")" dev.meterkite.bench.Bench "$@"
