#!/usr/bin/env bash
# local/two-versions.sh COMMIT: builds that version beside this one and runs TwoVersionsTest with both, on one emulator.
set -euo pipefail

commit=${1:?usage: local/two-versions.sh COMMIT}
home=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
previous=$(mktemp -d)
trap 'git -C "$home" worktree remove --force "$previous" || rm -rf "$previous"' EXIT
rmdir "$previous"
git -C "$home" worktree add --detach "$previous" "$commit"
(
  cd "$previous"
  ./mvnw -q -DskipTests -pl shared,emulator,functions,local package
  ./mvnw -q -pl local dependency:build-classpath -Dmdep.outputFile=dependencies.txt -Dmdep.includeScope=runtime
)
{
  printf '%s:' "$previous"/{local,functions,emulator,shared}/target/classes
  cat "$previous/local/dependencies.txt"
} > "$previous/classpath.txt"
cd "$home"
./mvnw -pl shared,emulator,functions,local test -Dtest=TwoVersionsTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dmeterkite.previous="$previous"
