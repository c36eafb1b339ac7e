// Customers: contracts, quotas, usage by day, configuration and flags.
import { t, panel, table, badge, button, bar, filters, field, link, number, dollars, day, when, plain, percent, tile, tiles, address } from '../view.js';
import { state, update } from '../store.js';
import { call, load as fill, newKey } from '../api.js';
import { usage, loadUsage, USAGE } from './usage.js';

export const title = (route) => (route.id ? 'Customer ' + route.id : 'Customers');

const LIST = 'customers-list';
const CONTRACT = 'customer-contract';
const CONFIG = 'customer-config';
const PAGE = 50;
/** How far the list is looked through for one customer's contract: it has no filter by id. */
const MOST_PAGES = 10;

export function load(route = state.route) {
  if (!route.id) {
    const { tier, before, page } = route.query;
    fill(LIST, (signal) => call('list-customers', { query: { bundle_tier: tier, contract_ends_before: before && before + 'T00:00:00Z', limit: PAGE, page_token: page }, signal }));
    return;
  }
  loadConfig(route);
  loadContract(route);
  loadUsage(route);
}

const loadConfig = (route, fresh = false) => fill(CONFIG, (signal) => call('customer-config', { query: { customer_id: route.id, fresh: fresh || null }, signal }));

const loadContract = (route) =>
  fill(CONTRACT, async (signal) => {
    let token;
    for (let i = 0; i < MOST_PAGES; i++) {
      const page = await call('list-customers', { query: { limit: 100, page_token: token }, signal });
      const found = page.customers.find((customer) => customer.customer_id === route.id);
      token = page.next_page_token;
      if (found || !token) {
        return found ?? { missing: 'No such customer is registered.' };
      }
    }
    return { missing: `The customer is not among the first ${MOST_PAGES * 100}.` };
  });

export const view = (route) => (route.id ? one(route) : list(route));

function list(route) {
  const { query } = route;
  return [
    filters(
      'Customers',
      'customers',
      field('Tier', t.input({ name: 'tier', defaultValue: query.tier ?? '', placeholder: 'any' })),
      field('Contract ends before', t.input({ name: 'before', type: 'date', defaultValue: query.before ?? '' })),
    ),
    panel({
      title: 'Customers',
      from: 'list-customers',
      key: LIST,
      reload: () => load(),
      empty: (data) => !data.customers.length && (query.tier || query.before ? 'No customer is like that.' : 'There are no customers yet.'),
      view: (data) => [listed(data.customers), data.next_page_token && t.p({ class: 'more' }, link(address('customers', { ...query, page: data.next_page_token }), 'More customers'))],
    }),
  ];
}

const limited = (customer) => customer.monthly_scene_quota != null && customer.monthly_scene_quota !== -1;
const share = (customer) => (customer.scenes_generated_this_month ?? 0) / Math.max(1, customer.monthly_scene_quota);

const listed = (customers) =>
  table({
    caption: 'Customers and their contracts',
    id: (customer) => customer.customer_id,
    rows: customers,
    columns: [
      { name: 'Customer', cell: (each) => link('#/customers/' + encodeURIComponent(each.customer_id), each.customer_id) },
      { name: 'Organisation', low: true, cell: (each) => each.organization_name ?? '–' },
      { name: 'Tier', cell: (each) => plain(each.bundle_tier) },
      { name: 'Scenes this month', cell: (each) => quota(each) },
      { name: 'Contract ends', low: true, cell: (each) => (each.contract_end ? day(each.contract_end) : '–') },
      { name: 'Contract', cell: (each) => badge(each.active ? 'active' : 'inactive') },
    ],
  });

function quota(customer) {
  const used = number(customer.scenes_generated_this_month ?? 0);
  return limited(customer)
    ? t.span({ class: 'quota' }, bar(share(customer), `${used} of ${number(customer.monthly_scene_quota)} scenes used`), t.span(null, `${used} of ${number(customer.monthly_scene_quota)}`))
    : `${used}, no limit`;
}

// --- One customer

function one(route) {
  return [
    t.p({ class: 'crumbs' }, link('#/customers', 'Customers')),
    summary(),
    t.div(
      { class: 'grid' },
      panel({ title: 'Usage by day', from: 'usage-report', key: USAGE, reload: () => loadUsage(route), wide: true, empty: (data) => !data.groups.length && 'Nothing was used in these days.', view: usage }),
      panel({ title: 'Contract', from: 'list-customers', key: CONTRACT, reload: () => loadContract(route), view: contract, empty: (data) => data.missing }),
      panel({ title: 'Feature flags', from: 'customer-config', key: CONFIG, reload: () => loadConfig(route, true), view: flags }),
      panel({ title: 'Configuration', from: 'customer-config', key: CONFIG, reload: () => loadConfig(route, true), wide: true, view: settings }),
    ),
  ];
}

function summary() {
  const customer = state.panels[CONTRACT]?.data;
  const config = state.panels[CONFIG]?.data;
  const known = customer && !customer.missing;
  return tiles(
    tile('Tier', plain(config?.bundle_tier), known ? customer.organization_name : null),
    tile('Contract', config ? (config.active ? 'active' : 'inactive') : '–', known && customer.contract_end && ['ends ', when(customer.contract_end)], config && !config.active ? 'bad' : ''),
    tile('Scenes this month', known ? number(customer.scenes_generated_this_month ?? 0) : '–', known && (limited(customer) ? `of ${number(customer.monthly_scene_quota)}` : 'no limit'), known && limited(customer) && share(customer) >= 1 ? 'bad' : ''),
    tile('Scenes of all time', known ? number(customer.total_scenes_generated ?? 0) : '–', known && `${number(customer.total_episodes_generated ?? 0)} episodes`),
  );
}

/** A value in words for people. */
const worded = (value) =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'number' ? (Number.isInteger(value) ? number(value) : String(value)) : Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : /^\d{4}-\d\d-\d\dT/.test(value) ? day(value) : String(value);

/** What people look for comes first; the rest of what the list says follows. */
const FIRST = ['organization_name', 'bundle_tier', 'active', 'contract_start', 'contract_end', 'monthly_scene_quota', 'scenes_generated_this_month', 'total_scenes_generated', 'total_episodes_generated'];

/** Everything that the list says of the customer. */
function contract(customer) {
  const { customer_id: id, schema_version: version, ...rest } = customer;
  const shown = Object.entries({ ...Object.fromEntries(FIRST.filter((name) => name in rest).map((name) => [name, rest[name]])), ...rest });
  return [limited(customer) && t.div({ class: 'quota big' }, bar(share(customer), `${percent(share(customer))} of the quota used`), t.span(null, `${percent(share(customer))} of the month's scenes`)), t.dl({ class: 'facts' }, shown.map(([name, value]) => t.div({ key: name }, t.dt(null, plain(name)), t.dd(null, worded(value)))))];
}

const settings = (data) => [
  data.warnings?.length > 0 && t.p({ class: 'stale' }, data.warnings.map((each) => `${each.field}: ${plain(each.code)}`).join('; ')),
  table({
    caption: 'Settings, and where each value comes from',
    id: ([name]) => name,
    rows: Object.entries(data.settings),
    columns: [
      { name: 'Setting', class: 'words', cell: ([name]) => plain(name) },
      { name: 'Value', cell: ([, { value }]) => worded(value) },
      { name: 'From', cell: ([, { source }]) => badge(source, source === 'tier' ? 'calm' : 'accent') },
    ],
  }),
];

function flags(data) {
  return t.ul(
    { class: 'flags' },
    Object.entries(data.feature_flags).map(([flag, { value, source }]) =>
      t.li(
        { key: flag },
        t.span({ id: 'flag-' + flag }, plain(flag)),
        badge(source, source === 'tier' ? 'calm' : 'accent'),
        source === 'flag' ? button('Clear', () => setFlag(flag, null), { class: 'quiet', 'aria-label': `Clear ${plain(flag)}: back to what the tier says` }) : t.span(null),
        t.button({ type: 'button', role: 'switch', class: 'switch', 'aria-checked': String(value), 'aria-labelledby': 'flag-' + flag, disabled: !!state.open['flag-' + flag], onClick: () => setFlag(flag, !value) }, t.span(null)),
      ),
    ),
  );
}

async function setFlag(flag, value) {
  const { route } = state;
  update(() => (state.open['flag-' + flag] = true));
  try {
    await call('set-feature-flag', { body: { customer_id: route.id, flag, value }, key: newKey() });
    update(() => (state.notice = { text: `${plain(flag)} is ${value === null ? 'as the tier says' : value ? 'on' : 'off'} for ${route.id}.` }));
    await loadConfig(route, true);
  } catch (error) {
    update(() => (state.notice = { text: error.message, bad: true }));
  } finally {
    update(() => delete state.open['flag-' + flag]);
  }
}
