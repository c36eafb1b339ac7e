#!/usr/bin/env bash
# local/two-versions.sh COMMIT: builds that version beside this one, as run-local.sh does, and runs TwoVersionsTest with
# both, on one emulator.
set -euo pipefail

commit=${1:?usage: local/two-versions.sh COMMIT}
home=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
git -C "$home" rev-parse --quiet --verify "$commit^{commit}" >/dev/null || {
  echo "There is no commit $commit." >&2
  exit 2
}
previous=$(mktemp -d)
trap 'git -C "$home" worktree remove --force "$previous" || rm -rf "$previous"' EXIT
rmdir "$previous"
git -C "$home" worktree add --quiet --detach "$previous" "$commit"
(cd "$previous" && ./mvnw -q -Pstart -pl local -am package)
start=$previous/local/target/start
printf '%s:%s' "$start"/meterkite-local-*.jar "$(cat "$start/classpath.txt")" > "$previous/classpath.txt"
cd "$home"
./mvnw -q -pl local -am test -Dtest=TwoVersionsTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dmeterkite.previous="$previous"
