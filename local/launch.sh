# shellcheck shell=bash
# Sourced by run-local.sh, chaos.sh and bench.sh. It needs nothing but a JDK of 17 or later.

# launch MODULE WORD...: builds what has changed of the module and of what it stands on, and becomes a JVM with its
# class path and these words: options of java, the class, its arguments.
launch() {
  local module=$1 home java=java release stamp
  shift
  home=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
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
  stamp=$home/$module/target/launch.stamp
  if [ ! -e "$stamp" ] || [ ! -e "$home/$module/target/classpath.txt" ] || [ -n "$(
    cd "$home"
    find pom.xml local/launch.sh {shared,emulator,functions,local,"$module"}/{pom.xml,src/main} \
      -newer "$stamp" -print -quit
  )" ]; then
    echo "Building..."
    mkdir -p "$home/$module/target"
    touch "$stamp.new"
    (cd "$home" && ./mvnw -q -pl "$module" -am -DskipTests -Dspotless.check.skip=true -Djacoco.skip=true package)
    mv "$stamp.new" "$stamp"
  fi
  exec "$java" -Dmeterkite.home="$home" \
    -cp "$home/$module/target/classes:$(cat "$home/$module/target/classpath.txt")" "$@"
}
