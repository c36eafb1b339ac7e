#!/bin/sh
# Makes the AOT cache of the image in the current folder, which holds lib/, rehearsal.jar, functions.tsv, jvm.options and
# checksums.sh: the files class-path, app.aot and app.aot.checksums. Run it with the JVM that will start the functions: a
# cache is good for one build of the JVM, and the JDK's may differ from the JRE's.
set -eu
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

# The invoker comes first, as on the platform; the rehearsal stays on the path, since a cache knows its whole class path.
printf '%s' "lib/java-function-invoker.jar:$(find lib -name '*.jar' ! -name 'java-function-invoker*' | sort | paste -sd :):rehearsal.jar" >class-path
"$java" @jvm.options -XX:AOTCacheOutput=app.aot -cp "$(cat class-path)" Rehearsal functions.tsv
sh checksums.sh >app.aot.checksums
# Ends the build where the cache would not be used; a start would silently go without it.
"$java" @jvm.options -XX:AOTMode=on -XX:AOTCache=app.aot -cp "$(cat class-path)" -version
