// This machine: what only the local host has. The clock, the stand-ins of providers, schedules, events in flight, traffic.
import { t, panel, table, badge, button, field, select, number, moment, span, tile, tiles, values, code } from '../view.js';
import { state, update } from '../store.js';
import { local, load as fill } from '../api.js';
import { chart } from '../chart.js';

export const title = () => 'This machine';
export const every = 3;

const CLOCK = 'host-clock';
const PROVIDERS = 'host-providers';
const EVENTS = 'host-events';
const SCHEDULES = 'host-schedules';
const TRAFFIC = 'host-traffic';
const DEMO = 'host-demo';

const loadClock = () =>
  fill(CLOCK, async (signal) => {
    const { now } = await local('clock', { signal });
    update(() => (state.offset = new Date(now) - Date.now()));
    return { now };
  });
const loadProviders = () => fill(PROVIDERS, (signal) => local('provider', { signal }));
const loadDemo = () => fill(DEMO, (signal) => local('demo', { signal }));
const loadSchedules = () => fill(SCHEDULES, (signal) => local('schedules', { signal }));
export const loadEvents = () => fill(EVENTS, (signal) => local('health', { signal }));
export const loadTraffic = () => fill(TRAFFIC, (signal) => local('traffic', { signal }));

export function load() {
  loadClock();
  loadProviders();
  loadSchedules();
  loadEvents();
  loadDemo();
}

export function view() {
  return t.div(
    { class: 'grid' },
    panel({ title: 'Clock of the functions', from: 'the local host', key: CLOCK, reload: loadClock, view: clock }),
    events(),
    panel({ title: 'Stand-ins of providers', from: 'the local host', key: PROVIDERS, reload: loadProviders, wide: true, view: providers }),
    panel({ title: 'Schedules', from: 'the local host', key: SCHEDULES, reload: loadSchedules, wide: true, view: schedules }),
    panel({ title: 'Demo', from: 'the local host', key: DEMO, reload: loadDemo, wide: true, view: demo }),
  );
}

/** Does something with the local host, says what came of it, and loads what it changes. */
async function act(work, said, ...reloads) {
  try {
    const answer = await work();
    update(() => (state.notice = { text: said(answer) }));
  } catch (error) {
    update(() => (state.notice = { text: error.message, bad: true }));
  }
  reloads.forEach((reload) => reload());
}

// --- The clock

const STEPS = [['PT1H', '1 hour'], ['P1D', '1 day'], ['P7D', '7 days'], ['P30D', '30 days']];

function clock() {
  const forward = (advance) => act(() => local('clock', { body: { advance } }), ({ now }) => `The clock shows ${moment(now)} UTC.`, loadClock);
  return [
    t.p({ class: 'clock' }, t.time(null, moment(state.now + state.offset)), t.small(null, ' UTC')),
    t.p(null, Math.abs(state.offset) < 2000 ? 'It shows real time.' : 'It was moved.', ' All functions share it; tokens and events keep real time.'),
    t.p({ class: 'row', role: 'group', 'aria-label': 'Move the clock forward by' }, STEPS.map(([step, name]) => button('+ ' + name, () => forward(step), { key: step }))),
  ];
}

// --- Providers

const MODES = { ok: 'answers', slow: 'answers late', fail: 'fails', hang: 'never answers', rate_limit: 'refuses for a while' };
const GIVEN = { slow: ['latency_ms', 'Latency, ms', 3000], fail: ['http_status', 'HTTP status', 500], rate_limit: ['retry_after', 'Retry-After, s', 30] };

function providers(data) {
  return t.ul({ class: 'stand-ins' }, Object.values(data).map((provider) => t.li({ key: provider.name }, standIn(provider))));
}

function standIn(provider) {
  const name = 'mode-' + provider.name;
  const mode = state.open[name] ?? provider.mode;
  const given = GIVEN[mode];
  const pick = (event) => {
    const { value } = event.currentTarget;
    update(() => (state.open[name] = value));
  };
  const send = (event) => {
    event.preventDefault();
    const body = values(event.currentTarget);
    act(() => local('provider', { query: { name: provider.name }, body }), () => `${provider.name} ${MODES[body.mode]} from now on.`, loadProviders).then(() => update(() => delete state.open[name]));
  };
  return t.form(
    { onSubmit: send, 'aria-label': provider.name },
    t.span({ class: 'name' }, t.strong(null, provider.name), badge(provider.mode, provider.mode === 'ok' ? 'good' : undefined)),
    select('mode', mode, Object.entries(MODES), { onChange: pick, 'aria-label': 'Mode of ' + provider.name }),
    given && field(given[1], t.input({ key: given[0], name: given[0], inputmode: 'numeric', required: true, defaultValue: provider[given[0]] ?? given[2] })),
    t.button(null, 'Set'),
    t.small(null, provider.calls === 1 ? '1 call so far' : `${number(provider.calls)} calls so far`),
  );
}

// --- Events, schedules, traffic

export const events = () => panel({ title: 'Document events', from: 'the local host', key: EVENTS, reload: loadEvents, view: eventCounts });

const eventCounts = (data) =>
  tiles(
    tile('In flight', number(data.pending_events)),
    tile('Delivered', number(data.delivered_events)),
    tile('Failed attempts', number(data.failed_attempts), 'tried again', data.failed_attempts ? 'warn' : ''),
    tile('Given up', number(data.dropped_events), 'dead letters in the cloud', data.dropped_events ? 'bad' : ''),
  );

const ran = (row) => (row.last_run ? [badge(String(row.last_status), row.last_status < 400 ? 'good' : 'bad'), ' ', span((state.now - new Date(row.last_run)) / 1000), ' ago'] : 'not yet');

function schedules(data) {
  const fire = (name) => act(() => local('fire', { query: { function: name }, body: {} }), (answer) => `${name}: ${summed(answer)}`, loadSchedules);
  return table({
    caption: 'Scheduled functions',
    id: (row) => row.function,
    rows: data.schedules,
    columns: [
      { name: 'Function', cell: (row) => t.strong(null, row.function) },
      { name: 'Cron, UTC', low: true, cell: (row) => code(row.cron) },
      { name: 'Last run', cell: ran },
      { name: '', cell: (row) => button('Fire now', () => fire(row.function), { 'aria-label': 'Fire now: ' + row.function }) },
    ],
  });
}

const DEMO_STATES = {
  none: () => 'It has not run yet.',
  running: (data) => (data.began_at ? ['It runs for ', span((state.now - new Date(data.began_at)) / 1000), '. ', t.a({ href: data.console, target: '_blank', rel: 'noopener' }, 'Watch it in its own console')] : 'This host plays it itself, in its terminal.'),
  passed: (data) => ['The books balanced, after ', span((new Date(data.ended_at) - new Date(data.began_at)) / 1000), '.'],
  failed: (data) => `It ended with status ${data.status}. What it says is below.`,
};

/** The demo, which plays on documents and a clock of its own, and what it printed. */
function demo(data) {
  const running = data.state === 'running';
  const start = () => act(() => local('demo', { body: {} }), () => 'The demo has started.', loadDemo);
  return [
    t.p({ class: 'intro' }, 'It plays all features for about two minutes in a process of its own, with an emulator, documents and a clock of its own, and checks the books at the end.'),
    t.p({ class: 'row' }, button(running ? 'The demo is running' : 'Run the demo', start, { class: 'primary', disabled: running }), data.state !== 'none' && badge(data.state), t.span({ role: 'status' }, DEMO_STATES[data.state](data))),
    data.output && t.pre({ class: 'output', tabindex: 0, role: 'region', 'aria-label': 'What the demo printed' }, data.output),
  ];
}

/** The figures of a sweep's answer. */
const summed = (answer) =>
  Object.entries(answer).filter(([, value]) => typeof value !== 'object').map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`).join(', ') || 'done';

export const traffic = () =>
  panel({ title: 'Calls a minute, last hour', from: 'the local host', key: TRAFFIC, reload: loadTraffic, wide: true, view: perMinute });

let last = {};

/** From the first minute with a call on, but never less than this. */
const LEAST_MINUTES = 10;

function perMinute(data) {
  if (last.data !== data) {
    const first = data.minutes.findIndex((minute) => minute.calls > 0);
    const shown = data.minutes.slice(first < 0 ? 0 : Math.min(first, data.minutes.length - LEAST_MINUTES));
    const pick = (name) => shown.map((minute) => minute[name]);
    last = { data, points: [shown.map((minute) => Date.parse(minute.minute) / 1000), pick('calls'), pick('debits'), pick('refusals'), pick('errors')] };
  }
  const total = (name) => data.minutes.reduce((sum, minute) => sum + minute[name], 0);
  return [
    t.p({ class: 'total' }, `In the last hour: ${number(total('calls'))} calls, ${number(total('debits'))} of them debits; ${number(total('refusals'))} refused, ${number(total('errors'))} failed.`),
    chart({
      title: 'Calls, debits, refusals and errors a minute over the last hour',
      kind: 'traffic',
      label: number,
      whole: true,
      series: [{ name: 'Calls', colour: 'accent' }, { name: 'Debits', colour: 'good' }, { name: 'Refusals', colour: 'warn' }, { name: 'Errors', colour: 'bad' }],
      data: last.points,
    }),
  ];
}
