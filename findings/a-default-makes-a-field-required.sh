#!/usr/bin/env bash
# openapi-typescript 7.13.0 (npm): what a default does to a field that may be left out.
#
# Guess: a property that is not listed in `required` is optional in the generated type, with a default or without:
# the default is what the server does when the field is absent. Inline and behind a $ref it is the same type.
# What happens: the same schema gives two types. Written inline in a request body the field is optional; in
# components/schemas its default makes it required, so a valid call no longer compiles until every caller writes the
# server's default out. In answers the type promises a field that the server may leave out: reading it needs no check.
# Why it matters: callers of a billing API then send today's default for ever (a service tier, what becomes of an
# overage), and a default that the server changes later reaches nobody. --default-non-nullable false gives what was meant.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts openapi-typescript@7.13.0 typescript@5.9.3 >/dev/null

cat >api.yaml <<'YAML'
openapi: 3.1.0
info: {title: Two debits, version: 1.0.0}
paths:
  /inline:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [tokens]
              properties:
                tokens: {type: integer}
                service: {type: string, enum: [standard, batch], default: standard}
      responses: {'204': {description: Done}}
  /shared:
    post:
      requestBody:
        content: {application/json: {schema: {$ref: '#/components/schemas/Usage'}}}
      responses:
        '200':
          description: The usage as it was stored
          content: {application/json: {schema: {$ref: '#/components/schemas/Usage'}}}
components:
  schemas:
    Usage:
      type: object
      required: [tokens]
      properties:
        tokens: {type: integer}
        service: {type: string, enum: [standard, batch], default: standard}
YAML
cat >inline.ts <<'TS'
import type { paths } from './api';
export const body: paths['/inline']['post']['requestBody'] = { content: { 'application/json': { tokens: 1 } } };
TS
cat >shared.ts <<'TS'
import type { paths } from './api';
export const body: paths['/shared']['post']['requestBody'] = { content: { 'application/json': { tokens: 1 } } };
TS
cat >answer.ts <<'TS'
import type { paths } from './api';
type Answer = paths['/shared']['post']['responses'][200]['content']['application/json'];
export const service = (answer: Answer): string => answer.service.toUpperCase();
TS

says() {
  if npx tsc --noEmit --strict --target es2022 --module esnext --moduleResolution bundler "$1.ts" >"$1.log"; then
    echo compiles
  else
    head -1 "$1.log"
  fi
}

echo "openapi-typescript $(node -p "require('./node_modules/openapi-typescript/package.json').version")"
npx openapi-typescript api.yaml -o api.ts >/dev/null 2>&1
inline=$(says inline) shared=$(says shared) answer=$(says answer)
echo "by default:"
grep -n 'service?\{0,1\}:' api.ts
echo "  {tokens: 1} inline:           $inline"
echo "  {tokens: 1} by \$ref:          $shared"
echo "  answer.service.toUpperCase(): $answer"
npx openapi-typescript api.yaml --default-non-nullable false -o api.ts >/dev/null 2>&1
optional=$(says shared) checked=$(says answer)
echo "with --default-non-nullable false:"
echo "  {tokens: 1} by \$ref:          $optional"
echo "  answer.service.toUpperCase(): $checked"
if [ "$inline" != compiles ] || [[ $shared != *TS2741* ]] || [ "$answer" != compiles ] ||
  [ "$optional" != compiles ] || [[ $checked != *TS18048* ]]; then
  echo "The behaviour has changed." >&2
  exit 1
fi
