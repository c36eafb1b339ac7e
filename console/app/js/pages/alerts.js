// Alerts: which are open, and that somebody looks after them.
import { t, panel, badge, button, filters, field, select, plain, when, link, address } from '../view.js';
import { state, update } from '../store.js';
import { call, load as fill, newKey } from '../api.js';

export const title = () => 'Alerts';
export const every = 15;

const KEY = 'alerts';
const PAGE = 50;

const query = (route) => ({ acknowledged: { open: 'false', done: 'true' }[route.query.state ?? 'open'], provider: route.query.provider });

export function load(route = state.route) {
  return fill(KEY, (signal) => call('list-alerts', { query: { ...query(route), limit: PAGE, page_token: route.query.page }, signal }));
}

export function view(route) {
  return [
    filters(
      'Alerts',
      'alerts',
      field('Which', select('state', route.query.state ?? 'open', [['open', 'Not acknowledged'], ['done', 'Acknowledged'], ['all', 'All']])),
      field('Provider', t.input({ name: 'provider', defaultValue: route.query.provider ?? '', placeholder: 'any' })),
    ),
    panel({
      title: 'Alerts',
      from: 'list-alerts',
      key: KEY,
      reload: () => load(),
      empty: (data) => !data.alerts.length && 'No alert is like that.',
      view: (data) => [
        t.ul({ class: 'list' }, data.alerts.map((alert) => t.li({ key: alert.alert_id }, alertLine(alert, true)))),
        data.next_page_token && t.p({ class: 'more' }, link(address('alerts', { ...route.query, page: data.next_page_token }), 'Older alerts')),
      ],
    }),
  ];
}

/** An alert as a line; with a button where it may be acknowledged here. */
export function alertLine(alert, full = false) {
  const about = [
    alert.user_id && link('#/users/' + encodeURIComponent(alert.user_id), alert.user_id),
    alert.customer_id && link('#/customers/' + encodeURIComponent(alert.customer_id), alert.customer_id),
    alert.provider && [alert.provider, alert.model && ' ' + alert.model],
  ].filter(Boolean);
  return t.div(
    { class: 'alert' },
    badge(alert.severity, alert.severity === 'info' ? 'calm' : undefined),
    t.div(
      { class: 'what' },
      t.p(null, alert.message ?? plain(alert.type)),
      t.small(null, plain(alert.type), about.map((each) => [' · ', each]), ' · ', when(alert.created_at), alert.resolved_at && [' · resolved ', when(alert.resolved_at)], alert.acknowledged && [' · acknowledged ', alert.acknowledged_at && when(alert.acknowledged_at), alert.acknowledged_by && ' by ' + alert.acknowledged_by]),
    ),
    full && !alert.acknowledged && button('Acknowledge', () => acknowledge(alert), { 'aria-label': 'Acknowledge: ' + (alert.message ?? alert.alert_id), disabled: !!state.open['sending-' + alert.alert_id] }),
  );
}

async function acknowledge(alert) {
  const flag = 'sending-' + alert.alert_id;
  update(() => (state.open[flag] = true));
  try {
    await call('acknowledge-alert', { body: { alert_id: alert.alert_id }, key: newKey() });
    update(() => (state.notice = { text: 'Acknowledged: ' + (alert.message ?? alert.alert_id) }));
    await load();
  } catch (error) {
    update(() => (state.notice = { text: error.message, bad: true }));
  } finally {
    update(() => delete state.open[flag]);
  }
}
