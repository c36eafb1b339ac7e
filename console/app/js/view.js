// What views are made of.
import { h } from '../lib/preact.js';
import { state, update, domainNow } from './store.js';

/** `t.div({class: 'x'}, …)` makes an element. */
export const t = new Proxy({}, { get: (_, tag) => (props, ...children) => h(tag, props, ...children) });

// --- Figures and times

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const UNITS = [
  ['d', 86400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
];

export const number = (value) => (value == null ? '–' : WHOLE.format(value));
export const short = (value) => (value == null ? '–' : SHORT.format(value));
export const signed = (value) => (value > 0 ? '+' : '') + WHOLE.format(value).replace('-', '−');
export const percent = (share) => (share == null ? '–' : Math.round(share * 100) + ' %');
export const plain = (word) => String(word ?? '–').replaceAll('_', ' ');

/** Millionths of a dollar as dollars, with as many places as the amount needs. */
export function dollars(micros) {
  if (micros == null) {
    return '–';
  }
  const places = micros !== 0 && Math.abs(micros) < 10000 ? 6 : Math.abs(micros) < 1e6 ? 4 : 2;
  return (micros < 0 ? '−$' : '$') + (Math.abs(micros) / 1e6).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: places });
}

/** Seconds in the largest unit that fits. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [name, size] = UNITS.find(([, size]) => whole >= size) ?? UNITS[3];
  return `${Math.floor(whole / size)} ${name}`;
}

const two = (value) => String(value).padStart(2, '0');

/** A day in UTC, such as 2 Mar 2026. */
export function day(time) {
  const at = new Date(time);
  return isNaN(at) ? '–' : `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
}

/** A moment in UTC, such as 2 Mar 2026, 09:00:13. */
export function moment(time) {
  const at = new Date(time);
  return isNaN(at) ? '–' : `${day(time)}, ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

/** A moment of this year without the year; the others as they are. */
export const brief = (time) => (new Date(time).getUTCFullYear() === new Date(domainNow()).getUTCFullYear() ? moment(time).replace(/ \d{4},/, '') : moment(time));

/** A moment with its distance from the functions' time. */
export function when(time) {
  if (time == null) {
    return '–';
  }
  const seconds = (new Date(time) - domainNow()) / 1000;
  const text = seconds >= 1 ? 'in ' + span(seconds) : span(-seconds) + ' ago';
  return t.time({ datetime: new Date(time).toISOString(), title: moment(time) + ' UTC' }, text);
}

// --- Small parts

const TONES = {
  healthy: 'good', available: 'good', closed: 'good', ok: 'good', active: 'good', resolved: 'good', acknowledged: 'good',
  on_time: 'good', passed: 'good',
  degraded: 'warn', running: 'warn', warning: 'warn', half_open: 'warn', low: 'warn', slow: 'warn', rate_limit: 'warn', trial: 'warn',
  late: 'bad', failed: 'bad',
  unavailable: 'bad', critical: 'bad', emergency: 'bad', exhausted: 'bad', open: 'bad', empty: 'bad', fail: 'bad', hang: 'bad', inactive: 'bad',
};

/** A word in the colour of what it means; the word itself says it too. */
export const badge = (word, tone = TONES[word] ?? 'calm') => t.span({ class: 'badge ' + tone }, plain(word));

export const link = (href, ...children) => t.a({ href }, ...children);
export const code = (text) => t.code(null, text);
export const hidden = (...text) => t.span({ class: 'unseen' }, ...text);

export function button(label, onClick, props = {}) {
  return t.button({ type: 'button', onClick, ...props }, label);
}

/** A figure and what it is. */
export const tile = (label, value, note, tone = '') =>
  t.div({ class: 'tile ' + tone }, t.dt(null, label), t.dd(null, t.span({ class: 'figure' }, value), note && t.span({ class: 'note' }, note)));

export const tiles = (...list) => t.dl({ class: 'tiles' }, ...list);

/** Names and values, without those that have no value. */
export const facts = (...pairs) =>
  t.dl({ class: 'facts' }, pairs.filter(([, value]) => value != null && value !== '' && value !== false).map(([name, value]) => t.div(null, t.dt(null, name), t.dd(null, value))));

/** A share of a whole as a bar; the words beside it say the same. */
export function bar(share, label, tone) {
  const width = Math.max(0, Math.min(1, share)) * 100;
  const shade = tone ?? (share >= 0.95 ? 'bad' : share >= 0.8 ? 'warn' : 'good');
  return t.svg(
    { class: 'bar ' + shade, role: 'img', 'aria-label': label, viewBox: '0 0 100 8', preserveAspectRatio: 'none' },
    t.rect({ class: 'track', width: 100, height: 8 }),
    t.rect({ class: 'fill', width, height: 8 }),
  );
}

const SPARK = { width: 7, gap: 2, height: 18 };

/** The last hour of a provider or model as small bars, failures at their foot; the words beside it have the sums. */
export function lastHour(hour) {
  if (!hour) {
    return t.small(null, 'no calls');
  }
  const sum = (list) => list.reduce((all, each) => all + each, 0);
  const [calls, failed, most] = [sum(hour.calls), sum(hour.failed), Math.max(...hour.calls)];
  const step = SPARK.width + SPARK.gap;
  const high = (value) => (value ? Math.max(2, (value / most) * SPARK.height) : 0);
  const label = `${number(calls)} calls in the last hour, ${number(failed)} of them failed; at most ${number(most)} in ${hour.slot_minutes} minutes`;
  return t.span(
    { class: 'hour' },
    t.svg(
      { class: 'spark', role: 'img', 'aria-label': label, viewBox: `0 0 ${step * hour.calls.length - SPARK.gap} ${SPARK.height}` },
      hour.calls.map((count, i) => [
        t.rect({ class: count ? 'calls' : 'none', x: i * step, y: SPARK.height - (high(count) || 1), width: SPARK.width, height: high(count) || 1 }),
        hour.failed[i] > 0 && t.rect({ class: 'failed', x: i * step, y: SPARK.height - high(hour.failed[i]), width: SPARK.width, height: high(hour.failed[i]) }),
      ]),
    ),
    t.small({ 'aria-hidden': 'true' }, number(calls), failed > 0 && [' · ', t.strong(null, `${number(failed)} failed`)]),
  );
}

/**
 * A table with a caption, in a region that scrolls where it is too wide. A column is {name, cell(row), number?, low?}: low ones
 * are left out on narrow screens. `below(row)` is an open row's explanation.
 */
export function table({ caption, columns, rows, id, below }) {
  const head = columns.map((column) => t.th({ scope: 'col', class: kind(column) }, column.name));
  const body = rows.flatMap((row) => {
    const more = below?.(row);
    const line = t.tr({ key: id(row), class: more ? 'open' : null }, columns.map((column, i) => (i === 0 ? t.th({ scope: 'row', class: kind(column) }, column.cell(row)) : t.td({ class: kind(column) }, column.cell(row)))));
    return more ? [line, t.tr({ key: id(row) + '+', class: 'below' }, t.td({ colspan: columns.length }, more))] : [line];
  });
  return t.div(
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 },
    t.table(null, t.caption({ class: 'unseen' }, caption), t.thead(null, t.tr(null, head)), t.tbody(null, body)),
  );
}

const kind = (column) => [column.number && 'number', column.low && 'low', column.class].filter(Boolean).join(' ') || null;

/** A button that opens and closes what explains a row. */
export function opener(name, label) {
  const open = !!state.open[name];
  return t.button(
    { type: 'button', class: 'opener', 'aria-expanded': String(open), onClick: () => update(() => (state.open[name] = !open)) },
    t.span({ class: 'chevron', 'aria-hidden': 'true' }, '›'),
    label,
  );
}

export const isOpen = (name) => !!state.open[name];

// --- Panels

/** After this long without an answer the reader is told who is waited for. */
const SLOW_MILLIS = 1500;
/** Figures older than this are marked. */
const OLD_SECONDS = 60;

/**
 * A part of the page with its own data: it shows that it loads, that it failed, that there is nothing, or the view of its data,
 * whatever the rest of the page does.
 */
export function panel({ title, from, key, reload, view, empty, actions, wide }) {
  const held = state.panels[key] ?? { loading: true, since: state.now };
  const id = 'panel-' + title.toLowerCase().replace(/\W+/g, '-');
  return t.section(
    { class: 'panel' + (wide ? ' wide' : ''), 'aria-labelledby': id, 'aria-busy': String(!!held.loading), key: title },
    t.header(null, t.h2({ id }, title), actions, age(held, title, reload)),
    t.div({ class: 'body' }, contents(held, from, reload, view, empty)),
  );
}

/** As a panel, without a frame: a part of a row that is asked for on demand. */
export function inset({ from, key, reload, view }) {
  const held = state.panels[key];
  return held && t.div({ class: 'inset', 'aria-live': 'polite', 'aria-busy': String(!!held.loading) }, contents(held, from, reload, view));
}

function age(held, title, reload) {
  const seconds = held.at ? (state.now - held.at) / 1000 : null;
  const old = seconds !== null && seconds > OLD_SECONDS;
  return t.span(
    { class: 'age' + (old ? ' old' : '') },
    seconds === null ? '' : seconds < 1 ? 'now' : `figures are ${span(seconds)} old`,
    button('↻', reload, { class: 'icon', 'aria-label': 'Load again: ' + title, title: 'Load again', disabled: !!held.loading }),
  );
}

function contents(held, from, reload, view, empty) {
  const { data, error } = held;
  if (data === undefined && error) {
    return t.div({ class: 'down', role: 'status' }, t.strong(null, error.status === 403 ? 'Not allowed' : `${from} is not available`), t.p(null, error.message), button('Try again', reload));
  }
  if (data === undefined) {
    const slow = state.now - held.since > SLOW_MILLIS;
    return t.p({ class: 'waiting', role: 'status' }, slow ? `Still waiting for ${from}…` : 'Loading…');
  }
  const warning = error && t.p({ class: 'stale', role: 'status' }, `${error.message} The figures below are from before.`);
  const nothing = empty?.(data);
  return [warning, nothing ? t.p({ class: 'nothing' }, nothing) : view(data)];
}

// --- Forms

export function field(label, input, note) {
  return t.label({ class: 'field' }, t.span(null, label), input, note && t.small(null, note));
}

export function select(name, value, choices, props = {}) {
  return t.select({ name, ...props }, choices.map(([key, label]) => t.option({ value: key, selected: key === (value ?? '') }, label)));
}

/** The values of a form, without those that are empty. */
export function values(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value !== ''));
}

/** A form of filters: sending it changes the address, so that a page can be kept and shared. */
export function filters(label, path, ...children) {
  const go = (event) => {
    event.preventDefault();
    location.hash = address(path, values(event.currentTarget));
  };
  return t.form({ class: 'filters', role: 'search', 'aria-label': label, onSubmit: go }, ...children, t.button({ class: 'primary' }, 'Show'));
}

export function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value != null && value !== '');
  return '#/' + path + (given.length ? '?' + new URLSearchParams(given) : '');
}
