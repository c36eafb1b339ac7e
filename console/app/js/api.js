// Calls of the functions. Nothing else reads or writes data.
import { state, update } from './store.js';
import { renewedToken, token, lostAccess } from './session.js';

/** No function is waited for longer. */
const PATIENCE_MILLIS = 20000;

/** What went wrong, in words for the reader. */
export class Failure extends Error {
  constructor(message, { status = 0, code = 'no_answer', errors = [], unknown = false } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
    /** Whether the call may have been applied: only the same key finds out. */
    this.unknown = unknown;
  }
}

/** Asks a function and returns its answer; throws a Failure. */
export function call(name, options) {
  return send('/api/' + name, name, options);
}

/** Asks the local host itself. */
export function local(name, options) {
  return send('/local/' + name, 'the local host', options);
}

async function send(path, who, options = {}) {
  let response = await request(path, who, options, await token());
  if (response.status === 401) {
    response = await request(path, who, options, await renewedToken());
  }
  const body = await read(response, who);
  if (response.ok) {
    return body;
  }
  if (response.status === 401) {
    lostAccess();
  }
  throw new Failure(words(response.status, body, who), {
    status: response.status,
    code: body.code ?? 'status_' + response.status,
    errors: body.errors ?? [],
    unknown: response.status >= 500,
  });
}

async function request(path, who, { query = {}, body, key, signal }, bearer) {
  const given = Object.entries(query).filter(([, value]) => value !== '' && value != null);
  const url = path + (given.length ? '?' + new URLSearchParams(given) : '');
  const headers = { Authorization: 'Bearer ' + bearer };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (key) {
    headers['Idempotency-Key'] = key;
  }
  const limit = AbortSignal.timeout(PATIENCE_MILLIS);
  try {
    return await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      cache: 'no-store',
    });
  } catch (cause) {
    if (signal?.aborted) {
      throw cause;
    }
    const late = limit.aborted ? ` within ${PATIENCE_MILLIS / 1000} s` : '';
    throw new Failure(`${who} did not answer${late}.`, { unknown: true });
  }
}

async function read(response, who) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    if (response.ok) {
      throw new Failure(`${who} answered something that is not JSON.`, { status: response.status });
    }
    return {};
  }
}

function words(status, body, who) {
  if (status === 403) {
    return `${who} refuses this account: it has no admin claim.`;
  }
  if (body.errors?.length) {
    return body.errors.map((error) => `${error.field}: ${error.message}`).join('; ');
  }
  return body.detail ?? `${who} answered with status ${status}.`;
}

const flights = {};

/**
 * Fills a panel: `work(signal)` returns its data. A newer load of the same panel ends an older one; data
 * that is there stays in sight while it is loaded again, and when that fails.
 */
export async function load(key, work) {
  flights[key]?.abort();
  const flight = new AbortController();
  flights[key] = flight;
  update(() => {
    state.panels[key] = { ...state.panels[key], loading: true, since: Date.now() };
  });
  const done = (change) => {
    if (flights[key] === flight) {
      update(() => {
        state.panels[key] = { ...state.panels[key], loading: false, ...change };
      });
    }
  };
  try {
    done({ data: await work(flight.signal), at: Date.now(), error: null });
  } catch (error) {
    if (!flight.signal.aborted) {
      done({ error });
    }
  }
}

/** Forgets what panels hold, and ends what is on its way for them. */
export function forget(prefix) {
  for (const key of Object.keys(state.panels)) {
    if (key.startsWith(prefix)) {
      flights[key]?.abort();
      delete flights[key];
      delete state.panels[key];
    }
  }
}

/** A new idempotency key: made once a form, so that a repeat of the form is a repeat of the call. */
export function newKey() {
  return 'console-' + crypto.randomUUID();
}
