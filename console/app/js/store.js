// The one place for state. Views read it; everything that changes it goes through update().

export const state = {
  /** Where the page is: {name, id, query}, from the address behind the #. */
  route: { name: 'overview', id: null, query: {} },
  /** Who is signed in: {mode: local or cloud, status, who, detail}; session.js has the statuses. */
  session: { mode: null, status: 'starting', who: null, detail: null },
  /** What functions answered, by the key of the panel: {loading, since, data, at, error}. */
  panels: {},
  /** The open dialog: {kind, key, values, sending, error, …}, or null. */
  dialog: null,
  /** What is open or chosen in a view, by a name that the view makes up. */
  open: {},
  /** The last thing that was done, for eyes and for screen readers: {text, bad}. */
  notice: null,
  /** Milliseconds since 1970 of the browser, moved on once a second. */
  now: Date.now(),
  /** What to add to the browser's time for the time that the functions see, in milliseconds. */
  offset: 0,
  /** Counts changes between light and dark, for charts, which keep their colours. */
  scheme: 0,
};

let draw = () => {};
let queued = false;

/** Sets what is called after changes, once for all changes of one turn. */
export function onChange(listener) {
  draw = listener;
}

/** Changes the state and has the page drawn again. */
export function update(change) {
  change(state);
  if (!queued) {
    queued = true;
    queueMicrotask(() => {
      queued = false;
      draw();
    });
  }
}

/** The time that the functions see, in milliseconds. */
export function domainNow() {
  return state.now + state.offset;
}
