// The frame around every page.
import { t, button, field } from './view.js';
import { state, update } from './store.js';
import { checkAgain, signIn, signOut } from './session.js';
import { dialog } from './dialogs.js';
import * as overview from './pages/overview.js';
import * as users from './pages/users.js';
import * as customers from './pages/customers.js';
import * as routing from './pages/routing.js';
import * as alerts from './pages/alerts.js';
import * as host from './pages/host.js';

/**
 * A page: `title(route)`, `load(route)` asks for what it shows, `view(route)` draws it; `every`: after how many seconds it is
 * loaded again. The page local is only there where the local host serves the console.
 */
export const pages = { overview, users, customers, routing, alerts, local: host };

const NAMES = { overview: 'Overview', users: 'Users', customers: 'Customers', routing: 'Routing', alerts: 'Alerts', local: 'Local' };

export function App() {
  const { session, route } = state;
  const ready = session.status === 'ready';
  const page = pages[route.name];
  return t.div(
    { class: 'frame' },
    t.a({ class: 'skip', href: location.hash || '#/overview', onClick: skip }, 'Skip to the page'),
    t.header(
      { class: 'top' },
      t.a({ class: 'brand', href: '#/overview' }, t.img({ src: '/console/kite.svg', alt: '', width: 24, height: 24 }), 'Meterkite'),
      ready && navigation(route),
      t.p({ class: 'who' }, session.who, session.mode === 'cloud' && session.who && button('Sign out', signOut, { class: 'quiet' })),
    ),
    t.main({ id: 'page', tabindex: -1 }, ready ? [t.h1({ tabindex: -1 }, page.title(route)), page.view(route)] : entrance(session)),
    t.div({ class: 'notice', role: 'status', 'aria-live': 'polite' }, notice()),
    t.footer(null, 'Times are UTC. Credits are whole numbers. What is shown here comes from the functions, each by its own address below /api/.'),
    dialog(),
  );
}

function skip(event) {
  event.preventDefault();
  document.querySelector('h1')?.focus();
}

function navigation(route) {
  const names = Object.keys(pages).filter((name) => name !== 'local' || state.session.mode === 'local');
  return t.nav(
    { 'aria-label': 'Pages' },
    t.ul(null, names.map((name) => t.li({ key: name }, t.a({ href: '#/' + name, 'aria-current': name === route.name ? 'page' : null }, NAMES[name])))),
  );
}

function notice() {
  const { notice } = state;
  return notice && t.p({ class: notice.bad ? 'bad' : 'good' }, notice.text, button('×', () => update(() => (state.notice = null)), { class: 'icon', 'aria-label': 'Close the message' }));
}

// --- Who may not look yet

function entrance(session) {
  const views = { starting, signed_out: signedOut, no_claim: noClaim, failed };
  return t.div({ class: 'entrance' }, views[session.status](session));
}

const starting = () => [t.h1({ tabindex: -1 }, 'Starting…'), t.p({ role: 'status' }, 'The console looks for who signs people in.')];

const failed = (session) => [
  t.h1({ tabindex: -1 }, 'The console cannot start'),
  t.p({ role: 'alert' }, session.detail),
  button('Try again', () => location.reload(), { class: 'primary' }),
];

function signedOut(session) {
  const send = (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    signIn(form.get('email'), form.get('password'));
  };
  return [
    t.h1({ tabindex: -1 }, 'Sign in'),
    t.p(null, 'The console is for admins of ', t.strong(null, session.project), '.'),
    t.form(
      { onSubmit: send, class: 'stack' },
      field('E-mail', t.input({ name: 'email', type: 'email', autocomplete: 'username', required: true })),
      field('Password', t.input({ name: 'password', type: 'password', autocomplete: 'current-password', required: true })),
      t.p({ class: 'error', role: 'alert' }, session.detail),
      t.button({ class: 'primary' }, 'Sign in'),
    ),
  ];
}

function noClaim(session) {
  const command =
    `curl https://identitytoolkit.googleapis.com/v1/projects/${session.project}/accounts:update \\\n` +
    `  -H "Authorization: Bearer $(gcloud auth print-access-token)" \\\n` +
    `  -H 'X-Goog-User-Project: ${session.project}' -H 'Content-Type: application/json' \\\n` +
    `  -d '{"localId": "${session.uid}", "customAttributes": "{\\"admin\\": true}"}'`;
  return [
    t.h1({ tabindex: -1 }, 'You are not an admin'),
    t.p(null, 'You are signed in as ', t.strong(null, session.who), ', but the account has no claim ', t.code(null, 'admin: true'), ', so every function would refuse it.'),
    t.p(null, 'Ask an owner of the project to run this once, then check again:'),
    t.pre({ tabindex: 0, role: 'region', 'aria-label': 'Command that grants the claim' }, command),
    t.p({ class: 'row' }, button('Check again', checkAgain, { class: 'primary' }), button('Sign out', signOut)),
  ];
}
