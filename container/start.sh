#!/bin/sh
# Starts the function that FUNCTION_TARGET names, from the folder of this script.
#
# The JVM does not compare the jars with those that its AOT cache was made of: with a jar replaced, moved or missing it runs
# the old classes and says nothing. So the cache is left out unless everything is as archive.sh saw it.
set -eu
cd "$(dirname "$0")"

cache=-XX:AOTCache=app.aot
if ! sh checksums.sh 2>/dev/null | cmp -s - app.aot.checksums; then
  cache=-XX:AOTMode=off
  echo '{"severity":"WARNING","message":"The jars or options differ from those of the AOT cache: starting without it. Build the image again."}'
fi
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" @jvm.options "$cache" -cp "$(cat class-path)" com.google.cloud.functions.invoker.runner.Invoker
