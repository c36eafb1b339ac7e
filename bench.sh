#!/usr/bin/env bash
# Builds what has changed, measures on this machine and writes docs/benchmarks; ./bench.sh --help lists the options.
set -eu

# shellcheck source=local/launch.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/local/launch.sh"

launch bench bench dev.meterkite.bench.Bench -- "$@"
