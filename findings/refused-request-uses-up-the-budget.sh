#!/usr/bin/env bash
# rate-limiter-flexible 11.4.0 beside limiter 4.1.0 (npm): what a refused request leaves behind.
#
# Guess: of a budget of 100 tokens a request of 60 is served, a second one of 60 is refused and takes nothing, and one
# of 40 is served. limiter behaves so.
# What happens: rate-limiter-flexible counts the refused request as well. After it 120 of 100 are consumed, the 40
# that were left are gone, and a single request above the whole limit closes the window for every smaller one.
# Why it matters: used for tokens or credits, where requests differ in size, one oversized call locks its user out
# until the window ends, and "consumed" is no longer what was served. A quota has to decide first and count only what
# it grants, or give back what it refused (reward), which is a second round trip that a crash can lose.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts rate-limiter-flexible@11.4.0 limiter@4.1.0 >/dev/null

cat >try.cjs <<'JS'
const { RateLimiterMemory } = require('rate-limiter-flexible');
const { RateLimiter } = require('limiter');

async function main() {
  const flexible = new RateLimiterMemory({ points: 100, duration: 3600 });
  const consume = async (tokens) => {
    try {
      return { served: true, consumed: (await flexible.consume('user', tokens)).consumedPoints };
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      return { served: false, consumed: refusal.consumedPoints };
    }
  };
  const plain = new RateLimiter({ tokensPerInterval: 100, interval: 'hour' });

  const versions = ['rate-limiter-flexible', 'limiter'].map((name) => `${name} ${require(`./node_modules/${name}/package.json`).version}`);
  console.log(`${versions.join(', ')}; a budget of 100 an hour`);
  const flexibleServed = [];
  const plainServed = [];
  for (const tokens of [60, 60, 40]) {
    const answer = await consume(tokens);
    flexibleServed.push(answer.served);
    plainServed.push(plain.tryRemoveTokens(tokens));
    console.log(`request of ${tokens}: rate-limiter-flexible ${answer.served ? 'serves' : 'refuses'}, consumed ${answer.consumed}; ` +
      `limiter ${plainServed.at(-1) ? 'serves' : 'refuses'}`);
  }
  if (String(flexibleServed) !== 'true,false,false' || String(plainServed) !== 'true,false,true') {
    console.error('The behaviour has changed.');
    process.exit(1);
  }
}
main();
JS
node try.cjs
