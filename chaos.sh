#!/usr/bin/env bash
# Builds what has changed, plays a workload under faults and checks the books; ./chaos.sh --help lists the options.
set -eu

# shellcheck source=local/launch.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/local/launch.sh"

# The processes that it kills and starts again inherit both options: they are seldom warm.
launch chaos local -XX:TieredStopAtLevel=1 -XX:+UseParallelGC dev.meterkite.local.chaos.ChaosMain -- "$@"
