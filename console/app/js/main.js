// Begins: the address becomes the route, the route loads its panels, every change draws the page.
import { render, h } from '../lib/preact.js';
import { state, update, onChange } from './store.js';
import { begin } from './session.js';
import { forget, local } from './api.js';
import { App, pages } from './app.js';

const TICK_MILLIS = 1000;

const root = document.getElementById('app');

function routeOf(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name, ...id] = path.split('/');
  return {
    name: Object.hasOwn(pages, name) ? name : 'overview',
    id: id.length ? decoded(id.join('/')) : null,
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function navigate(first) {
  const route = routeOf(location.hash);
  const other = first || route.name !== state.route.name || route.id !== state.route.id;
  update(() => {
    state.route = route;
    state.dialog = null;
    if (other) {
      state.notice = null;
      state.open = {};
    }
  });
  document.title = pages[route.name].title(route) + ' – Meterkite';
  if (state.session.status === 'ready') {
    forget('');
    refresh();
  }
  if (other && !first) {
    // After the page is drawn: who reads by ear begins at its heading.
    queueMicrotask(() => document.querySelector('h1')?.focus());
    scrollTo(0, 0);
  }
}

let loaded = 0;

function refresh() {
  loaded = Date.now();
  if (state.session.mode === 'local') {
    local('clock')
      .then(({ now }) => update(() => (state.offset = new Date(now) - Date.now())))
      .catch(() => {}); // The panels of the local host show that it is away.
  }
  pages[state.route.name].load(state.route);
}

function tick() {
  update(() => (state.now = Date.now()));
  const { every } = pages[state.route.name];
  const due = every && state.now - loaded >= every * TICK_MILLIS;
  if (due && state.session.status === 'ready' && !document.hidden && !state.dialog) {
    loaded = state.now;
    pages[state.route.name].load(state.route);
  }
}

let status = 'starting';

function draw() {
  root.querySelector('.boot')?.remove();
  render(h(App), root);
  if (state.session.status !== status) {
    status = state.session.status;
    if (status === 'ready') {
      refresh();
    } else {
      forget(''); // Nothing is kept for whoever signs in next.
    }
  }
}

onChange(draw);
addEventListener('hashchange', () => navigate(false));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => update(() => state.scheme++));
navigate(true);
setInterval(tick, TICK_MILLIS);
begin();
