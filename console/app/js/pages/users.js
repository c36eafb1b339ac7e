// Users: a search, and one user with balance, lots and statement.
import { t, panel, table, badge, button, filters, field, select, link, code, hidden, number, signed, dollars, day, moment, brief, when, plain, tile, tiles, facts, opener, isOpen, address } from '../view.js';
import { state, update } from '../store.js';
import { call, load as fill } from '../api.js';
import { openDialog } from '../dialogs.js';
import { lots } from './lots.js';

export const title = (route) => (route.id ? 'User ' + route.id : 'Users');

const LIST = 'users-list';
const STATEMENT = 'user-statement';
const PAGE = 50;
const KINDS = ['deduction', 'refund', 'purchase', 'subscription_grant', 'admin_adjustment', 'expiration'];

export function load(route = state.route) {
  return route.id ? loadStatement(route) : loadList(route);
}

const loadList = ({ query }) =>
  fill(LIST, (signal) => call('list-users', { query: { email: query.email, stripe_customer_id: query.stripe, tier: query.tier, limit: PAGE, page_token: query.page }, signal }));

const endOf = (text) => text && new Date(Date.parse(text) + 86400000).toISOString();

/** The first page of the statement, or the next one behind those that are shown. */
function loadStatement(route, after = null) {
  const { from, to } = route.query;
  return fill(STATEMENT, async (signal) => {
    const query = { user_id: route.id, limit: PAGE, page_token: after?.next_page_token, from: from && from + 'T00:00:00Z', to: endOf(to) };
    const page = await call('credit-statement', { query, signal });
    return after ? { ...page, transactions: [...after.transactions, ...page.transactions] } : page;
  });
}

export const view = (route) => (route.id ? one(route) : list(route));

// --- The search

function list(route) {
  const { query } = route;
  return [
    t.div({ class: 'searches' }, search(query), filters('Users of a tier', 'users', field('Tier', t.input({ name: 'tier', defaultValue: query.tier ?? '', placeholder: 'any' })))),
    panel({
      title: query.email || query.stripe ? 'Users found' : query.tier ? 'Users of ' + plain(query.tier) : 'Users',
      from: 'list-users',
      key: LIST,
      reload: () => load(),
      empty: (data) => !data.users.length && (query.email || query.stripe || query.tier ? 'No user is like that.' : 'There are no users yet.'),
      view: (data) => [listed(data.users), data.next_page_token && t.p({ class: 'more' }, link(address('users', { ...query, page: data.next_page_token }), 'More users'))],
    }),
  ];
}

const search = (query) =>
  t.form(
    { class: 'filters', role: 'search', 'aria-label': 'One user', onSubmit: find },
    field('Find by', select('by', query.email ? 'email' : query.stripe ? 'stripe' : 'id', [['id', 'User id'], ['email', 'E-mail'], ['stripe', 'Stripe customer']])),
    field('Is exactly', t.input({ name: 'text', required: true, defaultValue: query.email ?? query.stripe ?? '', autocomplete: 'off' })),
    t.button({ class: 'primary' }, 'Find'),
  );

function find(event) {
  event.preventDefault();
  const form = new FormData(event.currentTarget);
  const text = String(form.get('text')).trim();
  const by = form.get('by');
  location.hash = by === 'id' ? '#/users/' + encodeURIComponent(text) : address('users', { [by]: text });
}

const listed = (users) =>
  table({
    caption: 'Users and their balances',
    id: (user) => user.user_id,
    rows: users,
    columns: [
      { name: 'User', cell: (user) => link('#/users/' + encodeURIComponent(user.user_id), user.user_id) },
      { name: 'E-mail', low: true, cell: (user) => user.email ?? '–' },
      { name: 'Tier', cell: (user) => plain(user.tier) },
      { name: 'Balance', number: true, cell: (user) => (user.balance_unreadable ? badge('unreadable', 'bad') : number(user.balance)) },
      { name: 'Held', number: true, low: true, cell: (user) => number(user.held) },
      { name: 'Available', number: true, cell: (user) => number(user.available) },
      { name: 'Level', low: true, cell: (user) => (user.balance_level ? badge(user.balance_level) : '') },
      { name: 'Since', low: true, cell: (user) => (user.created_at ? day(user.created_at) : '–') },
    ],
  });

// --- One user

function one(route) {
  const grant = () => openDialog('grant', { user_id: route.id }, () => load());
  const reload = () => load();
  return [
    t.p({ class: 'crumbs' }, link('#/users', 'Users')),
    balance(),
    t.div(
      { class: 'grid' },
      panel({ title: 'Lots: what expires when', from: 'credit-statement', key: STATEMENT, reload, wide: true, actions: button('Grant credits…', grant), empty: (data) => !data.lots.length && 'No credits are there.', view: (data) => lots(data.lots) }),
      panel({ title: 'Open holds', from: 'credit-statement', key: STATEMENT, reload, empty: (data) => !data.holds?.length && 'Nothing is held.', view: holds }),
      panel({ title: 'Last refusals', from: 'credit-statement', key: STATEMENT, reload, empty: (data) => !data.refusals?.length && 'No refused call is remembered.', view: refusals }),
    ),
    filters(
      'Statement',
      'users/' + encodeURIComponent(route.id),
      field('From', t.input({ name: 'from', type: 'date', defaultValue: route.query.from ?? '' })),
      field('To', t.input({ name: 'to', type: 'date', defaultValue: route.query.to ?? '' })),
      field('Kind', select('kind', route.query.kind, [['', 'All'], ...KINDS.map((kind) => [kind, plain(kind)])])),
    ),
    panel({ title: 'Statement', from: 'credit-statement', key: STATEMENT, reload, empty: (data) => !data.transactions.length && 'No transaction is in this time.', view: (data) => statement(data, route) }),
  ];
}

function balance() {
  const data = state.panels[STATEMENT]?.data;
  return tiles(
    tile('Available', number(data?.available), 'may be spent'),
    tile('Balance', number(data?.balance), null),
    tile('Held', number(data?.held), 'set aside for what runs'),
    tile('Accrued', dollars(data?.accrued_micros), 'not a whole credit yet'),
  );
}

/** What a hold is for: a job, a call of a model, or what the caller did not say. */
const purpose = (hold) =>
  hold.job_id
    ? [link(address('routing', { job_id: hold.job_id }), 'job ' + hold.job_id), hold.attempt > 1 && ` (attempt ${hold.attempt})`]
    : hold.usage
      ? `${hold.usage.provider} ${hold.usage.model_id}`
      : 'a call';

const holds = (data) => [
  table({
    caption: 'Open holds, those that lapse first at the top',
    id: (row) => row.hold_id,
    rows: data.holds,
    columns: [
      { name: 'For', class: 'text', cell: (row) => [purpose(row), t.small({ class: 'id', title: row.hold_id }, hidden(' hold '), code(row.hold_id.slice(0, 8)))] },
      { name: 'Credits', number: true, cell: (row) => number(row.amount) },
      { name: 'Since', cell: (row) => when(row.created_at) },
      { name: 'Lapses', cell: (row) => when(row.expires_at) },
    ],
  }),
  data.open_holds > data.holds.length && t.p({ class: 'more' }, `The first ${data.holds.length} of ${number(data.open_holds)}.`),
];

/** The figures of a refusal, those that decided it first. */
const reason = ({ required, available, ...rest }) =>
  Object.entries({ required, available, ...rest })
    .filter(([, value]) => value != null)
    .map(([name, value]) => (name.endsWith('_micros') ? `${plain(name.slice(0, -7))} ${dollars(value)}` : `${plain(name)} ${number(value)}`))
    .join(' · ');

/** The last refusals that the user's document remembers, with the figures that the caller was told. */
const refusals = (data) =>
  t.ul(
    { class: 'list' },
    data.refusals.map((row, i) =>
      t.li(
        { key: i, class: 'refusal' },
        t.p(null, t.strong(null, plain(row.code)), ' ', t.small(null, row.operation)),
        when(row.at),
        t.small({ class: 'figures' }, reason(row.figures)),
      ),
    ),
  );

function statement(data, route) {
  const { kind } = route.query;
  const rows = data.transactions.filter((each) => !kind || each.type === kind);
  const more = data.next_page_token;
  return [
    rows.length ? transactions(rows) : t.p({ class: 'nothing' }, `None of the ${data.transactions.length} transactions loaded is a ${plain(kind)}.`),
    t.p({ class: 'more' }, `${rows.length} of ${data.transactions.length} loaded transactions shown. `, more && button('Load older ones', () => loadStatement(route, data))),
  ];
}

const transactions = (rows) =>
  table({
    caption: 'Transactions, newest first',
    id: (row) => row.transaction_id,
    rows,
    below: (row) => isOpen(row.transaction_id) && explained(row),
    columns: [
      { name: 'When', cell: (row) => opener(row.transaction_id, t.time({ datetime: row.created_at, title: moment(row.created_at) + ' UTC' }, brief(row.created_at))) },
      { name: 'Kind', class: 'words', cell: (row) => plain(row.type) },
      { name: 'Credits', number: true, cell: (row) => t.span({ class: row.amount < 0 ? 'minus' : 'plus' }, signed(row.amount)) },
      { name: 'Balance', number: true, cell: (row) => number(row.balance_after) },
      { name: 'What for', low: true, class: 'text', cell: (row) => row.description ?? row.reason ?? (row.usage ? `${row.usage.provider} ${row.usage.model_id}` : row.job_id ? 'job ' + row.job_id : '') },
      { name: 'Refunded', number: true, low: true, cell: (row) => (row.refunded ? number(row.refunded) : '') },
    ],
  });

/** What explains a transaction: what was consumed, by which prices, for which job. */
function explained(row) {
  const usage = row.usage ? Object.entries(row.usage).map(([name, value]) => [plain(name), typeof value === 'number' ? number(value) : String(value)]) : [];
  const refundable = row.type === 'deduction' && -row.amount > (row.refunded ?? 0);
  return t.div(
    { class: 'explained' },
    facts(
      ['Transaction', code(row.transaction_id)],
      ['Number', row.sequence],
      ['Description', row.description],
      ['Reason', row.reason],
      ['Job', row.job_id && link(address('routing', { job_id: row.job_id }), row.job_id)],
      ['Hold', row.hold_id && code(row.hold_id)],
      ['Reverses', row.reverses && code(row.reverses)],
      ['Expires', row.expires_at && [moment(row.expires_at), ' (', when(row.expires_at), ')']],
      ['Cost', row.cost_micros != null && dollars(row.cost_micros)],
      ['Exact cost', row.cost_exact && row.cost_exact + ' µ$'],
      ['Markup', row.markup_percent != null && row.markup_percent + ' %'],
      ['Exact charge', row.charge_exact],
      ['Accrued after it', row.accrued_micros != null && dollars(row.accrued_micros)],
      ['Prices', row.price_version && code(row.price_version)],
      ['Plans', row.plans_version && code(row.plans_version)],
    ),
    usage.length > 0 && [t.h3(null, 'Usage that was charged'), facts(...usage)],
    t.p({ class: 'row' }, refundable && button('Refund…', () => openDialog('refund', { ...row, user_id: state.route.id }, () => load())), t.small({ class: 'hash', title: row.hash }, 'Hash ', code(String(row.hash).slice(0, 16) + '…'))),
  );
}
