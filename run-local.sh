#!/usr/bin/env bash
# Builds what has changed and starts Meterkite on this machine; ./run-local.sh --help lists commands and options.
set -eu

# shellcheck source=local/launch.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/local/launch.sh"

terminal=false
if [ -t 1 ]; then
  terminal=true
fi
launch run-local local -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dmeterkite.terminal="$terminal" dev.meterkite.local.Main -- "$@"
