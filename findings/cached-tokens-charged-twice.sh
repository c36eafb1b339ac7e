#!/usr/bin/env bash
# tokenlens 1.3.1 (npm): what a call with cached input tokens costs.
#
# Guess: the library reads the usage objects of several providers, so it knows that OpenAI's prompt_tokens include
# the cached ones: a million input tokens, half of them cached, cost less than a million that are not.
# What happens: the field names are brought to one form, their meaning is not. Cached tokens are charged twice, at
# the input price and at the cached price, so that a cache hit makes an OpenAI call dearer than a miss. The same
# sum is right for Anthropic's usage, whose input_tokens leave cached tokens out.
# Why it matters: a credits backend that bills by such an estimate overcharges the users who cache most. Code that reads a
# provider's usage must know, per provider, whether the total contains the cached part.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts tokenlens@1.3.1 >/dev/null

cat >try.mjs <<'JS'
import { createRequire } from 'node:module';
import { breakdownTokens, costFromUsage, estimateCost } from 'tokenlens';

const version = createRequire(import.meta.url)('./node_modules/tokenlens/package.json').version;
const id = 'openai:gpt-4o';
const miss = { prompt_tokens: 1_000_000, completion_tokens: 0 };
const hit = { ...miss, prompt_tokens_details: { cached_tokens: 500_000 } };
const anthropic = { input_tokens: 500_000, output_tokens: 0, cache_read_input_tokens: 500_000 };

const parts = estimateCost({ modelId: id, usage: { inputTokens: 1_000_000, outputTokens: 0, cachedInputTokens: 500_000 } });
console.log(`tokenlens ${version}, ${id}`);
console.log(`no cache hit:                  $${costFromUsage({ id, usage: miss })}`);
console.log(`half of the input from cache:  $${costFromUsage({ id, usage: hit })}  ${JSON.stringify(parts)}`);
console.log(`guess:                         $${parts.inputUSD / 2 + parts.cacheReadUSD}`);
console.log(`as read from OpenAI's usage:   ${JSON.stringify(breakdownTokens(hit))}`);
console.log(`as read from Anthropic's:      ${JSON.stringify(breakdownTokens(anthropic))}`);

const dearer = costFromUsage({ id, usage: hit }) > costFromUsage({ id, usage: miss });
const sameField = breakdownTokens(hit).input === 1_000_000 && breakdownTokens(anthropic).input === 500_000;
if (!dearer || !sameField) {
  console.error('The behaviour has changed.');
  process.exit(1);
}
JS
node try.mjs
