// The first look: what is wrong now.
import { t, panel, tile, tiles, badge, bar, table, link, lastHour, number, percent, short, plain, when, address } from '../view.js';
import { state, domainNow } from '../store.js';
import { call, load as fill } from '../api.js';
import { alertLine } from './alerts.js';
import { events, traffic, loadEvents, loadTraffic } from './host.js';

export const title = () => 'Overview';
export const every = 10;

const STATUS = 'overview-status';
const ALERTS = 'overview-alerts';
const MOST_PAGES = 5;

/** Providers and quotas come in pages that belong together; the first pages are enough for a look. */
async function everyStatus(signal) {
  const all = { providers: [], quotas: [], open_alerts: 0, sweeps: [] };
  let token;
  for (let i = 0; i < MOST_PAGES; i++) {
    const page = await call('provider-status', { query: { limit: 100, page_token: token, sweeps: i === 0 || null }, signal });
    all.sweeps.push(...(page.sweeps ?? []));
    all.providers.push(...page.providers);
    all.quotas.push(...page.quotas);
    all.open_alerts = page.open_alerts;
    token = page.next_page_token;
    if (!token) {
      return all;
    }
  }
  return { ...all, more: true };
}

const loadStatus = () => fill(STATUS, everyStatus);
const loadAlerts = () => fill(ALERTS, (signal) => call('list-alerts', { query: { acknowledged: false, limit: 6 }, signal }));

export function load() {
  loadStatus();
  loadAlerts();
  if (state.session.mode === 'local') {
    loadEvents();
    loadTraffic();
  }
}

export function view() {
  const local = state.session.mode === 'local';
  return [
    summary(),
    t.div(
      { class: 'grid' },
      panel({ title: 'Open alerts', from: 'list-alerts', key: ALERTS, reload: loadAlerts, view: openAlerts, empty: (data) => !data.alerts.length && 'No alert is open.' }),
      panel({ title: 'Quotas of models', from: 'provider-status', key: STATUS, reload: loadStatus, view: quotas, empty: (data) => !data.quotas.length && 'No model has a quota yet. Quotas are made when a model is first used.' }),
      panel({ title: 'Providers and models', from: 'provider-status', key: STATUS, reload: loadStatus, wide: true, view: providers, empty: (data) => !data.providers.length && 'No provider was probed or used yet.' }),
      local && traffic(),
      panel({ title: 'Sweeps', from: 'provider-status', key: STATUS, reload: loadStatus, view: sweeps, empty: (data) => !data.sweeps.length && 'The function does not say when sweeps ran.' }),
      local && events(),
    ),
  ];
}

function summary() {
  const data = state.panels[STATUS]?.data;
  const healthy = data?.providers.filter((each) => each.status === 'healthy').length;
  const models = data?.providers.flatMap((each) => each.models) ?? [];
  const away = models.filter((each) => each.status !== 'healthy').length;
  const fullest = data?.quotas.reduce((most, each) => (each.utilisation > (most?.utilisation ?? -1) ? each : most), null);
  return tiles(
    tile('Open alerts', number(data?.open_alerts), data && (data.open_alerts ? link('#/alerts', 'Look at them') : 'nothing to do'), data?.open_alerts ? 'bad' : ''),
    tile('Healthy providers', data ? `${healthy} of ${data.providers.length}` : '–', null, data && healthy < data.providers.length ? 'warn' : ''),
    tile('Models not healthy', data ? number(away) : '–', data && `of ${models.length} with calls`, away ? 'warn' : ''),
    tile('Fullest quota', fullest ? percent(fullest.utilisation) : '–', fullest && fullest.model_id, fullest?.utilisation >= 0.95 ? 'bad' : fullest?.utilisation >= 0.8 ? 'warn' : ''),
  );
}

function openAlerts(data) {
  return [
    t.ul({ class: 'list' }, data.alerts.map((alert) => t.li({ key: alert.alert_id }, alertLine(alert)))),
    t.p({ class: 'more' }, link('#/alerts', data.next_page_token ? 'All open alerts' : 'Alerts')),
  ];
}

function quotas(data) {
  const sorted = [...data.quotas].sort((a, b) => b.utilisation - a.utilisation);
  return t.ul(
    { class: 'bars' },
    sorted.map((quota) =>
      t.li(
        { key: quota.quota_id },
        t.span({ class: 'name' }, t.strong(null, quota.model_id), ' ', t.small(null, quota.provider)),
        t.span({ class: 'value' }, percent(quota.utilisation), t.small(null, ` · ${short(quota.tokens_remaining)} tokens left`)),
        bar(quota.utilisation, `${quota.provider} ${quota.model_id}: ${percent(quota.utilisation)} used, ${plain(quota.status)}`),
      ),
    ),
  );
}

/** Why calls are kept away from it; after that time one call is let through to try it. */
const away = (row) => [plain(row.away_reason), new Date(row.away_until) > domainNow() ? [', tried again ', when(row.away_until)] : ', tried with the next call'];

function providers(data) {
  const rows = data.providers.flatMap((provider) => [
    { ...provider, id: provider.provider },
    ...provider.models.map((model) => ({ ...model, id: provider.provider + '/' + model.model_id, provider: provider.provider })),
  ]);
  return table({
    caption: 'Providers, each followed by its models; errors are the share of failures among the last calls',
    id: (row) => row.id,
    rows,
    columns: [
      { name: 'Provider or model', cell: (row) => (row.model_id ? t.span({ class: 'child' }, row.model_id) : t.strong(null, link(address('routing', { provider: row.provider }), row.provider))) },
      { name: 'State', cell: (row) => badge(row.status) },
      { name: 'Circuit', low: true, cell: (row) => badge(row.circuit, row.circuit === 'closed' ? 'calm' : undefined) },
      { name: 'Last hour', cell: (row) => lastHour(row.last_hour) },
      { name: 'Errors', number: true, low: true, cell: (row) => (row.model_id ? '' : percent(row.error_rate)) },
      { name: 'Latency', number: true, low: true, cell: (row) => (row.model_id ? '' : row.latency_ms == null ? '–' : number(row.latency_ms) + ' ms') },
      { name: 'Away', low: true, cell: (row) => (row.away_until ? away(row) : '') },
    ],
  });
}

/** The scheduled functions, and when each ran, by the functions' clock. */
const sweeps = (data) =>
  table({
    caption: 'Scheduled functions, when they ran and when they are due',
    id: (row) => row.function,
    rows: data.sweeps,
    columns: [
      { name: 'Function', cell: (row) => row.function },
      { name: 'State', cell: (row) => badge(row.status) },
      { name: 'Last run', cell: (row) => when(row.last_run_at) },
      { name: 'Due', cell: (row) => when(row.due_at) },
    ],
  });
