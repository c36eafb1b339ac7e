// Start-up as users feel it: from the start of the process to the first debit that is answered 200, over HTTP, with the
// token checked and the documents in the Firestore emulator. The variants take turns, so that a busy moment of the machine
// meets all of them; what counts is the ratio of their medians to Node's in one run. On a busy machine processor time says
// more than the clock.
//
//   node bench/start-up/measure.mjs [--rounds N] [--only NAME,...]
//
// Needs FIRESTORE_EMULATOR_HOST, functions/jar (./mvnw -pl functions -am -DskipTests package), npm ci in bench/start-up/node,
// and for the container form bench/start-up/container.sh, which runs the steps of the Containerfile in a folder.
import { spawn } from 'node:child_process';
import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const home = path.resolve(here, '../..');
const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const rounds = Number(option('rounds', '7'));
const emulator = process.env.FIRESTORE_EMULATOR_HOST;
if (!emulator) throw new Error('FIRESTORE_EMULATOR_HOST is not set');
const project = `start-up-${process.pid}`;
const target = 'dev.meterkite.functions.credits.DebitCredits';
const java = process.env.JAVA ?? 'java';

const jarFile = readdirSync(path.join(home, 'functions/jar')).find((file) => file.endsWith('.jar'));
if (!jarFile) throw new Error('functions/jar is empty: ./mvnw -pl functions -am -DskipTests package');
const jar = path.join(home, 'functions/jar', jarFile);
const invoker = path.join(home, 'container/lib/java-function-invoker.jar');
const container = path.join(here, 'target/container');

// As the platform's buildpack starts a function, with the options that deploy.sh gives it (plain) and without (defaults), and as
// the Containerfile does.
const variants = {
  node: () => [process.execPath, path.join(here, 'node/node_modules/.bin/functions-framework'), '--target=debit', `--source=${path.join(here, 'node')}`],
  plain: () => [java, '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:MaxRAMPercentage=70', '-jar', invoker, '--classpath', jar, '--target', target],
  defaults: () => [java, '-XX:MaxRAMPercentage=70', '-jar', invoker, '--classpath', jar, '--target', target],
  container: () => ['sh', path.join(container, 'start.sh')],
};
const names = option('only', Object.keys(variants).join(',')).split(',').filter((n) => n !== 'container' || existsSync(path.join(container, 'start.sh')));

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] });
const issuer = http.createServer((_, response) => response.setHeader('Content-Type', 'application/json').end(jwks));
await new Promise((ready) => issuer.listen(0, '127.0.0.1', ready));
const issuerUrl = `http://127.0.0.1:${issuer.address().port}`;
const part = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
const now = Math.floor(Date.now() / 1000);
const unsigned = `${part({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${part({
  iss: issuerUrl, aud: 'bench', sub: 's', email: 'service@bench.invalid', email_verified: true, iat: now, exp: now + 3600,
})}`;
const token = `${unsigned}.${createSign('RSA-SHA256').update(unsigned).sign(privateKey, 'base64url')}`;

const freePort = () =>
  new Promise((found) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

const ask = (options, body) =>
  new Promise((answered, failed) => {
    const request = http.request({ host: '127.0.0.1', agent: false, ...options }, (response) => {
      let text = '';
      response.on('data', (more) => (text += more)).on('end', () => answered({ status: response.statusCode, text }));
    });
    request.on('error', failed).end(body);
  });

const accepts = (port) =>
  new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1', () => done(true) || socket.destroy());
    socket.on('error', () => done(false));
  });

// User and system time in ticks of a hundredth of a second: the 14th and 15th field, after a name that may hold blanks.
function cpuMillis(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

async function seed(user) {
  const [host, port] = emulator.split(':');
  const fields = { user_id: { stringValue: user }, tier: { stringValue: 'payg' }, credits_balance: { integerValue: '100' } };
  const { status, text } = await ask(
    { host, port, method: 'PATCH', path: `/v1/projects/${project}/databases/(default)/documents/users/${user}`,
      headers: { Authorization: 'Bearer owner', 'Content-Type': 'application/json' } },
    JSON.stringify({ fields }),
  );
  if (status !== 200) throw new Error(text);
}

async function measure(name) {
  const user = randomUUID();
  await seed(user);
  const port = await freePort();
  const [program, ...rest] = variants[name]();
  const env = {
    ...process.env, PORT: String(port), GOOGLE_CLOUD_PROJECT: project, FIRESTORE_EMULATOR_HOST: emulator,
    FUNCTION_TARGET: name === 'node' ? 'debit' : target, SERVICE_ACCOUNTS: 'service@bench.invalid',
    TOKEN_ISSUERS: JSON.stringify([{ issuer: issuerUrl, jwks_uri: issuerUrl, audiences: ['bench'], kind: 'local' }]),
  };
  const began = performance.now();
  let said = '';
  const child = spawn(program, name === 'node' ? [...rest, `--port=${port}`] : rest, { env });
  child.stdout.on('data', (more) => (said += more));
  child.stderr.on('data', (more) => (said += more));
  const gone = new Promise((done) => child.on('exit', done));
  try {
    while (!(await accepts(port))) {
      if (child.exitCode !== null || performance.now() - began > 60_000) throw new Error(`${name} does not start:\n${said}`);
      await new Promise((soon) => setTimeout(soon, 2));
    }
    const listening = performance.now() - began;
    const { status, text } = await ask(
      { port, method: 'POST', path: '/', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Idempotency-Key': user } },
      JSON.stringify({ user_id: user, amount: 7 }),
    );
    if (status !== 200) throw new Error(`${name} answers ${status}: ${text}\n${said}`);
    return { listening, debited: performance.now() - began, cpu: cpuMillis(child.pid) };
  } finally {
    child.kill('SIGKILL');
    await gone;
  }
}

const found = Object.fromEntries(names.map((name) => [name, []]));
for (let round = -1; round < rounds; round++) {
  for (const name of names) {
    const one = await measure(name);
    if (round >= 0) found[name].push(one); // The first round fills the disk cache.
  }
}
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const middle = (all, what) => median(all.map((one) => one[what]));
const against = (all, what) => (found.node ? (middle(all, what) / middle(found.node, what)).toFixed(2) : '-');
console.log(`${rounds} rounds, ${availableParallelism()} processors, load ${loadavg()[0].toFixed(1)}`);
for (const [name, all] of Object.entries(found)) {
  const one = (what, title) => `${title} ${middle(all, what).toFixed(0).padStart(6)} ms ${against(all, what).padStart(5)}`;
  console.log(`${name.padEnd(10)} ${one('listening', 'listening')}   ${one('debited', 'first debit')}   ${one('cpu', 'processor')}`);
}
issuer.close();
