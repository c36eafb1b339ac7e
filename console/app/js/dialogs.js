// The forms that change something. Each has one idempotency key from when it opens until it is closed: whatever is sent again
// is the same operation.
import { Component, h } from '../lib/preact.js';
import { t, button, field, number, select, values } from './view.js';
import { state, update } from './store.js';
import { call, newKey } from './api.js';

class Modal extends Component {
  constructor() {
    super();
    this.place = (element) => (this.element = element);
  }

  componentDidMount() {
    this.before = document.activeElement;
    this.element.showModal();
  }

  componentWillUnmount() {
    this.element.close(); // Else nothing outside of it takes the focus.
    this.before?.focus?.();
  }

  render({ label, children }) {
    return h('dialog', { ref: this.place, 'aria-labelledby': label, onCancel: (event) => (event.preventDefault(), close()) }, children);
  }
}

function close() {
  update(() => (state.dialog = null));
}

/** Opens a form: `kind` is one of FORMS, `about` what it is for, `done(answer)` runs after it has succeeded. */
export function openDialog(kind, about, done) {
  update(() => (state.dialog = { kind, about, done, key: newKey(), sending: false, error: null }));
}

const FORMS = {
  grant: {
    title: (about) => `Grant credits to ${about.user_id}`,
    submit: 'Grant',
    fields: () => [
      field('Credits', t.input({ name: 'amount', type: 'number', min: 1, step: 1, required: true, autofocus: true })),
      field('Kind', select('type', 'admin_adjustment', [['admin_adjustment', 'Adjustment'], ['purchase', 'Purchase'], ['subscription_grant', 'Subscription']])),
      field('Reason', t.input({ name: 'description', required: true, maxlength: 500 }), 'Stands in the statement.'),
      field('Expires on', t.input({ name: 'expires_on', type: 'date' }), 'At the end of this day in UTC; empty: never.'),
    ],
    send: (about, given, key) => {
      const { expires_on: day, ...body } = given;
      const expires = day ? { expires_at: new Date(Date.parse(day) + 86400000).toISOString() } : {};
      return call('grant-credits', { key, body: { ...body, ...expires, user_id: about.user_id, amount: Number(body.amount) } });
    },
    said: (about, answer) => `Granted ${number(answer.transaction.amount)} credits to ${about.user_id}; the balance is ${number(answer.balance)}.`,
  },
  refund: {
    title: (about) => `Refund a charge of ${number(-about.amount)} credits`,
    submit: 'Refund',
    fields: (about) => [
      field('Credits', t.input({ name: 'amount', type: 'number', min: 1, max: left(about), step: 1, defaultValue: left(about), required: true, autofocus: true }), `At most ${number(left(about))}.`),
      field('Reason', t.input({ name: 'reason', required: true, maxlength: 500 }), 'Stands in the statement.'),
    ],
    send: (about, given, key) => call('refund-credits', { key, body: { transaction_id: about.transaction_id, amount: Number(given.amount), reason: given.reason } }),
    said: (about, answer) => `Refunded ${number(answer.transaction.amount)} credits to ${about.user_id}; the balance is ${number(answer.balance)}.`,
  },
};

const left = (transaction) => -transaction.amount - (transaction.refunded ?? 0);

async function send(event) {
  event.preventDefault();
  const { dialog } = state;
  const form = FORMS[dialog.kind];
  const given = values(event.currentTarget);
  update(() => Object.assign(dialog, { sending: true, error: null }));
  try {
    const answer = await form.send(dialog.about, given, dialog.key);
    update(() => {
      state.notice = { text: form.said(dialog.about, answer) };
      state.dialog = state.dialog === dialog ? null : state.dialog;
    });
    dialog.done();
  } catch (error) {
    update(() => Object.assign(dialog, { sending: false, error }));
  }
}

/** The open form, if one is open. */
export function dialog() {
  const { dialog } = state;
  if (!dialog) {
    return null;
  }
  const form = FORMS[dialog.kind];
  return h(
    Modal,
    { label: 'dialog-title', key: dialog.key },
    t.form(
      { class: 'stack', onSubmit: send },
      t.h2({ id: 'dialog-title' }, form.title(dialog.about)),
      form.fields(dialog.about),
      t.div({ role: 'alert' }, dialog.error && t.p({ class: 'error' }, dialog.error.message, hint(dialog.error))),
      t.p({ class: 'row' }, t.button({ class: 'primary', disabled: dialog.sending }, dialog.sending ? 'Sending…' : form.submit), button('Cancel', close)),
      t.small({ class: 'key' }, 'Idempotency key ', t.code(null, dialog.key)),
    ),
  );
}

function hint(error) {
  if (error.code === 'idempotency_conflict') {
    return ' This form was sent before with other figures. Close it, look at the statement, and open a new one.';
  }
  return error.unknown ? ' It may have been applied. Send the form again as it is: it is never applied twice.' : null;
}
