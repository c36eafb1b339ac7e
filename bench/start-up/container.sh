#!/usr/bin/env bash
# Runs the steps of the Containerfile in bench/start-up/target/container, for machines without a container engine: the
# same layout, archive and command line, on this machine's JDK. JAVA_HOME says which one; 25 or later for the AOT cache.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
app=$home/bench/start-up/target/container
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

rm -rf "$app"
mkdir -p "$app/lib"
cp "$home"/functions/jar/*.jar "$home"/functions/jar/libs/*.jar "$home"/container/lib/*.jar "$app/lib/"
cp "$home/functions.tsv" "$home"/container/{jvm.options,archive.sh,checksums.sh,start.sh} "$app/"
"${java}c" -d "$app/rehearsal" -cp "$app/lib/*" "$home/container/Rehearsal.java"
"${java%java}jar" --create --file "$app/rehearsal.jar" -C "$app/rehearsal" .
rm -r "$app/rehearsal"
(cd "$app" && sh archive.sh)
ls -l "$app/app.aot"
