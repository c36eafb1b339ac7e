#!/usr/bin/env bash
# Builds what has changed, plays the whole system from one seed and checks the books; ./simulate.sh --help lists the options.
set -eu

# shellcheck source=local/launch.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/local/launch.sh"

# Rounds that run side by side allocate much and keep little.
launch simulate simulation -XX:+UseParallelGC dev.meterkite.simulation.SimulationMain -- "$@"
