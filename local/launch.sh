# shellcheck shell=bash
# Sourced by run-local.sh, chaos.sh, simulate.sh and bench.sh. It needs bash 3.2 and a JDK of 17 or later.

# launch TOOL MODULE WORD... -- ARGUMENT...: answers --help and refuses a wrong command line at once; else builds what
# has changed of the module and of what it stands on, and becomes a JVM with its class path, these words (options of
# java and the class) and the arguments.
launch() {
  local tool=$1 module=$2 home java java_home release start words=() archive=()
  shift 2
  while [ "$1" != -- ]; do
    words+=("$1")
    shift
  done
  shift
  home=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
  start=$home/$module/target/start
  check_line "$tool" "$@"
  trap 'echo "Stopping…"; exit 130' INT
  find_java
  build
  if [ "$release" -ge 24 ]; then
    # What gRPC's Netty and protobuf do is allowed; else each start begins with warnings.
    words=(--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow "${words[@]}")
  fi
  if [ "$tool" = run-local ]; then
    use_archive
  fi
  exec "$java" ${archive[@]+"${archive[@]}"} -Dmeterkite.home="$home" -Dmeterkite.columns="$(columns)" \
    -cp "$(class_path)" "${words[@]}" "$@"
}

# refuse STATUS SENTENCE...: ends the program.
refuse() {
  local status=$1
  shift
  printf '%s\n' "$*" | fold -s -w "$(columns 2)" | sed 's/ *$//' >&2
  exit "$status"
}

# check_line TOOL WORD...: answers --help; ends with status 2 where picocli would refuse the line, and with 1 where a file
# is missing or a port is taken. local/help/TOOL says what the tool takes; its words.tsv has, divided by tabs, sub-command,
# option or label of an argument, kind, lowest and highest number, the usual one, what it needs.
check_line() {
  local tool=$1 script=./$1.sh known command=- word name value kind least most usual needs label given=" " needed=""
  local arguments=0 ended=false commands
  shift
  known=$(cat "$home/local/help/$tool/words.tsv")
  commands=$(awk -F '\t' '$3 == "command" { print $1 }' <<<"$known")
  show_help "$tool" "$@"
  while [ $# -gt 0 ]; do
    word=$1
    shift
    if [ "$ended" = false ] && [ "$word" = -- ]; then
      ended=true
    elif [ "$ended" = false ] && [[ $word == -?* ]]; then
      name=${word%%=*}
      find_word "$command" "$name" || refuse 2 "Unknown option $word; $(help_of "$command") says what there is."
      given="$given$name "
      [ "$needs" = - ] || needed="$needed $name:$needs"
      if [ "$kind" != flag ]; then
        if [ "$word" != "$name" ]; then
          value=${word#*=}
        elif [ $# = 0 ] || is_word "$1"; then
          refuse 2 "$name needs a value."
        else
          value=$1
          shift
        fi
        check_value
      fi
    elif [ "$command" = - ] && [ -n "$commands" ]; then
      find_word "$word" - || refuse 2 "Unknown command $word; $(help_of -) says what there is."
      command=$word
    elif [ "$arguments" = 0 ] && find_argument; then
      arguments=1
      name=$label
      value=$word
      check_value
    else
      refuse 2 "Unknown word $word; $(help_of "$command") says what there is."
    fi
  done
  if [ "$command" = - ] && [ -n "$commands" ]; then
    command=${commands%%$'\n'*}
  fi
  if [ "$arguments" = 0 ] && find_argument; then
    refuse 2 "$command needs $label."
  fi
  if find_word "$command" - && [ "$needs" != - ]; then
    for name in ${needs//,/ }; do
      [[ $given == *" $name "* ]] || refuse 2 "$command needs $name."
    done
  fi
  for name in $needed; do
    [[ $given == *" ${name#*:} "* ]] || refuse 2 "${name%%:*} needs ${name#*:}."
  done
  while IFS=$'\t' read -r word name kind least most usual needs; do
    if [ "$word" = "$command" ] && [ "$kind" = free_port ] && [ "$usual" != 0 ] && [[ $given != *" $name "* ]]; then
      value=$usual
      check_value
    fi
  done <<<"$known"
}

# find_word COMMAND WORD: sets kind and its neighbours.
find_word() {
  local its_command its_name
  while IFS=$'\t' read -r its_command its_name kind least most usual needs; do
    if [ "$its_command" = "$1" ] && [ "$its_name" = "$2" ]; then
      return
    fi
  done <<<"$known"
  return 1
}

# Likewise what the command is given besides options, and its label.
find_argument() {
  local its_command
  while IFS=$'\t' read -r its_command label kind least most usual needs; do
    if [ "$its_command" = "$command" ] && [[ $label != -* ]]; then
      return
    fi
  done <<<"$known"
  return 1
}

# is_word WORD: whether the line takes it for something else than a value.
is_word() {
  local kind least most usual needs
  [ "$1" = -- ] || find_word "$command" "${1%%=*}" || { [ "$command" = - ] && find_word "$1" -; }
}

help_of() {
  if [ "$1" = - ]; then
    echo "$script --help"
  else
    echo "$script $1 --help"
  fi
}

# Whether $value is of $kind, for $name; what only Java can tell is left to it.
check_value() {
  case $kind in
    number | free_port)
      if ! [[ $value =~ ^[-+]?[0-9]+$ ]] || {
        [ "${#value}" -le 18 ] && ! { [ "$value" -ge "$least" ] && [ "$value" -le "$most" ]; }
      }; then
        refuse 2 "$name takes a whole number from $least to $most, not $value."
      fi
      if [ "$kind" = free_port ] && [ "$value" -gt 0 ] && (exec 3<>"/dev/tcp/127.0.0.1/$value") 2>/dev/null; then
        refuse 1 "Port $value of 127.0.0.1 is in use: stop what listens there, or choose $name N."
      fi
      ;;
    date)
      if ! [[ $value =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]]; then
        refuse 2 "$name takes a day such as 2026-10-01, not $value."
      fi
      ;;
    moment)
      if ! [[ $value =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$ ]]; then
        refuse 2 "$name takes a moment such as 2026-10-01T12:00:00Z, not $value."
      fi
      ;;
    file)
      if [ ! -f "$value" ] || [ ! -r "$value" ]; then
        refuse 1 "There is no file $value that can be read."
      fi
      ;;
    folder)
      if [ ! -d "$value" ] || [ ! -r "$value" ]; then
        refuse 1 "There is no folder $value that can be read."
      fi
      ;;
  esac
}

# show_help TOOL WORD...: ends the program where -h or --help is among the words.
show_help() {
  local folder=$home/local/help/$1 width=80 word command="" asked=false
  shift
  for word in "$@"; do
    case $word in
      --) break ;;
      -h | --help) asked=true ;;
      *) [ -n "$command" ] || ! find_word "$word" - || command=-$word ;;
    esac
  done
  if [ "$asked" = true ]; then
    [ "$(columns)" -ge 80 ] || width=60
    cat "$folder/help-$width$command.txt"
    exit
  fi
}

# The columns of the terminal that takes the output, or the errors (2); 80 elsewhere.
columns() {
  local size=${COLUMNS:-}
  if [ -z "$size" ] && [ -t "${1:-1}" ]; then
    size=$(stty size <&"${1:-1}" 2>/dev/null) || size=
    size=${size##* }
  fi
  [ "$size" -ge 20 ] 2>/dev/null || size=80
  echo "$size"
}

# Sets java, java_home and release, its version.
find_java() {
  java=java
  if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
    java=$JAVA_HOME/bin/java
  fi
  if ! java=$(command -v "$java"); then
    refuse 1 "Java is missing: install a JDK 17 or later and put it on the PATH, or set JAVA_HOME."
  fi
  java_home=$(dirname "$(dirname "$(readlink -f "$java")")")
  release=$(sed -n 's/^JAVA_VERSION="\([^"]*\)".*/\1/p' "$java_home/release" 2>/dev/null || true)
  if [ -z "$release" ]; then
    release=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')
  fi
  if ! [ "${release%%[.-]*}" -ge 17 ] 2>/dev/null; then
    refuse 1 "Java is too old: this needs a JDK 17 or later, $java is $release."
  fi
  release=${release%%[.-]*}
}

class_path() {
  echo "$start/meterkite-$module-1.0.0.jar:$(cat "$start/classpath.txt")"
}

# Sets archive to the options by which the JVM maps the classes of an earlier start, or lists them for the program to make
# an archive of; one that does not fit is left aside without a word.
use_archive() {
  local key name
  key=$({ echo "$java" "${words[*]}"; cat "$java_home/release" 2>/dev/null || true; } | cksum)
  name=$start/classes-${key%% *}
  if [ -e "$name.jsa" ]; then
    archive=(-XX:SharedArchiveFile="$name.jsa" -Xshare:auto)
  else
    archive=(-XX:DumpLoadedClassList="$name-$$.classes")
  fi
  archive+=(-Xlog:disable -Dmeterkite.archive="$name")
}

# A line for each file that a build reads, of all modules.
sources() {
  (cd "$home" && find -- */pom.xml */src -path '*/src/test/*' ! -path '*/functions/simulated/*' -o -type f -print |
    LC_ALL=C sort | xargs cksum)
}

# sources_of MODULE: its lines of $sources.
sources_of() {
  grep -E "^[0-9]+ [0-9]+ $1/" <<<"$sources"
}

# built_from MODULE...: what tells this build from every other one.
built_from() {
  echo "$home"
  (cd "$home" && cksum pom.xml .mvn/*.config local/launch.sh)
  local each
  for each in "$@"; do
    sources_of "$each"
  done
}

# Whether what was built last is what a build would make now, and still there.
is_built() {
  local entry IFS
  [ -s "$start/built" ] && [ -s "$start/modules" ] || return 1
  # shellcheck disable=SC2046
  [ "$(built_from $(cat "$start/modules"))" = "$(cat "$start/built")" ] || return 1
  IFS=:
  for entry in $(class_path); do
    [ -e "$entry" ] || return 1
  done
}

build() {
  local sources each first="" status=0
  sources=$(sources)
  if is_built; then
    return
  fi
  if ! mkdir -p "$start" 2>/dev/null || ! { : >"$start/build.log"; } 2>/dev/null; then
    refuse 1 "$start cannot be written to, and what is built goes there: copy this checkout to a folder that is yours."
  fi
  if [ ! -x "$java_home/bin/javac" ]; then
    refuse 1 "$java_home has no compiler: install a JDK 17 or later, not only a JRE, and put it on the PATH, or set JAVA_HOME."
  fi
  [ -d "$start/classes" ] || first=" (the first time: about one minute, two more where Maven has to fetch its libraries)"
  echo "Building$first..."
  # Maven goes by the times of files, which may be old ones when a branch or a copy comes back.
  for each in $(cat "$start/modules" 2>/dev/null || true); do
    if [ -d "$home/$each" ] && [ "$(sources_of "$each")" != "$(cat "$home/$each/target/start/sources" 2>/dev/null || true)" ]; then
      rm -rf "$home/$each"/target/start/{classes,maven-status,sources}
    fi
  done
  rm -f "$start"/{built,modules} "$start"/classes-*
  maven || status=$?
  if [ "$status" != 0 ]; then
    grep '^\[ERROR\]' "$start/build.log" | head -n 20 >&2 || true
    refuse 1 "The build failed: $start/build.log has all of it."
  fi
  while IFS= read -r each; do
    sources_of "$each" >"$home/$each/target/start/sources"
  done <"$start/modules"
  # shellcheck disable=SC2046
  built_from $(cat "$start/modules") >"$start/built"
}

maven() {
  local group status=0
  # In a process group of its own, so that a signal to this one ends all of it, whatever it has started.
  set -m
  (
    set +m -o pipefail
    cd "$home" || exit
    JAVA_HOME=$java_home ./mvnw -Pstart -pl "$module" -am package \
      -Dorg.slf4j.simpleLogger.log.org.apache.maven.cli.transfer.Slf4jMavenTransferListener=info 2>&1 | show_build
  ) </dev/null &
  group=$!
  set +m
  trap 'stop_maven "$group" 130' INT
  trap 'stop_maven "$group" 143' TERM
  trap 'stop_maven "$group" 129' HUP
  wait "$group" || status=$?
  trap 'echo "Stopping…"; exit 130' INT
  trap - TERM HUP
  return "$status"
}

# stop_maven GROUP STATUS
stop_maven() {
  trap '' INT TERM HUP
  echo "Stopping…"
  local i
  for i in TERM TERM TERM TERM KILL; do
    kill -s "$i" -- "-$1" 2>/dev/null || break
    sleep 0.5
  done
  exit "$2"
}

# Reads what Maven says: the log takes all of it, the terminal where it is.
show_build() {
  local line at="" fetched=0 number of said
  while IFS= read -r line; do
    printf '%s\n' "$line" >&3
    said=$at
    case $line in
      *"Downloaded from "*) fetched=$((fetched + 1)) ;;
      "[INFO]   from "*/pom.xml)
        line=${line#*from }
        echo "${line%/pom.xml}" >>"$start/modules"
        continue
        ;;
      # The first one is what the modules have in common.
      "[INFO] Building Meterkite: "*/*])
        number=${line##*[}
        of=${number#*/}
        of=${of%]}
        line=${line#*: }
        at="module $((${number%/*} - 1)) of $((of - 1)): ${line%% *}"
        ;;
      *) continue ;;
    esac
    if [ -t 1 ]; then
      printf '\r\033[K  %s%s' "${at:-preparing}" "$(fetched_so_far)"
    elif [ "$at" != "$said" ] || [ $((fetched % 100)) = 0 ]; then
      printf '  %s%s\n' "${at:-preparing}" "$(fetched_so_far)"
    fi
  done 3>"$start/build.log"
  if [ -t 1 ]; then
    printf '\r\033[K'
  fi
}

fetched_so_far() {
  [ "$fetched" = 0 ] || echo ", $fetched files fetched"
}
