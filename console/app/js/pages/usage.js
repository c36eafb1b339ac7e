// A customer's usage by day, as a chart and as a table.
import { t, table, number, dollars, day, select, field, button, isOpen, opener } from '../view.js';
import { state, update, domainNow } from '../store.js';
import { call, load as fill } from '../api.js';
import { chart } from '../chart.js';

export const USAGE = 'customer-usage';
const DAY = 86400000;
const DAYS = 30;

const MEASURES = {
  count: ['Records', number],
  episodes_generated: ['Episodes', number],
  compute_minutes: ['Compute minutes', (value) => value.toLocaleString('en', { maximumFractionDigits: 1 })],
  storage_gb: ['Storage, GB', (value) => value.toLocaleString('en', { maximumFractionDigits: 2 })],
  billable_cost_micros: ['Cost', dollars],
};

const date = (millis) => new Date(millis).toISOString().slice(0, 10);

/** The last thirty days in UTC, today included. */
export function loadUsage(route) {
  return fill(USAGE, async (signal) => {
    const end = Math.floor(domainNow() / DAY) * DAY + DAY;
    const days = Array.from({ length: DAYS }, (_, i) => end - (DAYS - i) * DAY);
    const report = await call('usage-report', { query: { customer_id: route.id, from: date(days[0]), to: date(end), group_by: 'day' }, signal });
    return { ...report, days };
  });
}

export function usage(data) {
  const measure = state.open.measure ?? 'count';
  const [name, label] = MEASURES[measure];
  const byDay = new Map(data.groups.map((group) => [group.key, group]));
  const pick = (event) => {
    const { value } = event.currentTarget;
    update(() => (state.open.measure = value));
  };
  return [
    t.div(
      { class: 'row' },
      field('Measure', select('measure', measure, Object.entries(MEASURES).map(([key, [label]]) => [key, label]), { onChange: pick })),
      t.p({ class: 'total' }, 'Total ', t.strong(null, label(data.totals[measure]))),
    ),
    chart({
      title: `${name} by day of the last ${DAYS} days; the table below has the figures`,
      kind: measure,
      byDay: true,
      bars: true,
      whole: measure === 'count' || measure === 'episodes_generated',
      label,
      series: [{ name, colour: 'accent' }],
      data: plotted(data, byDay, measure),
    }),
    t.p(null, opener('usage-table', 'The figures as a table')),
    isOpen('usage-table') && figures(data),
  ];
}

let last = {};

/** The same array for the same figures, so that the chart is not set again every second. */
function plotted(data, byDay, measure) {
  if (last.data !== data || last.measure !== measure) {
    last = { data, measure, points: [data.days.map((at) => at / 1000), data.days.map((at) => byDay.get(date(at))?.[measure] ?? 0)] };
  }
  return last.points;
}

const figures = (data) =>
  table({
    caption: 'Usage by day',
    id: (row) => row.key,
    rows: data.groups,
    columns: [{ name: 'Day', cell: (row) => day(row.key) }, ...Object.entries(MEASURES).map(([key, [name, label]]) => ({ name, number: true, cell: (row) => label(row[key]) }))],
  });
