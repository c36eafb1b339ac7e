// Routing: which model was chosen for a call, against which others, and what was left out.
import { t, panel, inset, table, badge, button, filters, field, link, code, number, dollars, when, plain, facts, opener, isOpen, address, hidden } from '../view.js';
import { state } from '../store.js';
import { call, load as fill } from '../api.js';

export const title = () => 'Routing';

const KEY = 'routing';
const PAGE = 25;
/** How much each term counts, as docs/routing.md has it; a test compares the sums with the scores of route-model. */
const WEIGHTS = { health: 0.4, quota: 0.3, cost: 0.2, performance: 0.1 };

const REPLAY = 'replay-';

/** Has the decision's request decided again by what is known now; nothing is written. */
const replay = (id) =>
  fill(REPLAY + id, async (signal) => {
    const answer = await call('list-decisions', { query: { decision_id: id, replay: true }, signal });
    if (!answer.replay) {
      throw new Error('The decision has expired.');
    }
    return answer.replay;
  });

export function load(route = state.route) {
  const { job_id, provider, page } = route.query;
  return fill(KEY, (signal) => call('list-decisions', { query: { job_id, provider, limit: PAGE, page_token: page }, signal }));
}

export function view(route) {
  const { query } = route;
  return [
    filters(
      'Decisions',
      'routing',
      field('Job', t.input({ name: 'job_id', defaultValue: query.job_id ?? '', placeholder: 'any' })),
      field('Provider', t.input({ name: 'provider', defaultValue: query.provider ?? '', placeholder: 'any' })),
    ),
    panel({
      title: 'Decisions, newest first',
      from: 'list-decisions',
      key: KEY,
      reload: () => load(),
      empty: (data) => !data.decisions.length && (query.job_id || query.provider ? 'No decision is like that.' : 'No model was chosen yet.'),
      view: (data) => [
        legend(),
        t.ul({ class: 'decisions' }, data.decisions.map((each) => t.li({ key: each.decision_id }, decision(each)))),
        data.next_page_token && t.p({ class: 'more' }, link(address('routing', { ...query, page: data.next_page_token }), 'Older decisions')),
      ],
    }),
  ];
}

const legend = () =>
  t.ul({ class: 'legend', 'aria-label': 'Parts of a score' }, Object.entries(WEIGHTS).map(([term, weight]) => t.li({ key: term }, t.span({ class: 'swatch ' + term, 'aria-hidden': 'true' }), `${term}, up to ${weight * 100}`)));

function decision(each) {
  const open = isOpen(each.decision_id);
  const winner = each.candidates?.find((candidate) => isChosen(candidate, each));
  const left = Object.values(each.excluded ?? {}).reduce((sum, count) => sum + count, 0);
  return t.article(
    { class: 'decision', 'aria-label': `Decision for ${plain(each.task_type)}` },
    t.div(
      { class: 'line' },
      opener(each.decision_id, t.span(null, t.strong(null, each.selected_model ?? 'no model'), ' ', t.small(null, each.selected_provider))),
      t.span({ class: 'task' }, plain(each.task_type), each.trial && badge('trial')),
      winner ? stack(winner) : t.span(null),
      t.span({ class: 'score' }, hidden('score '), each.score == null ? '–' : each.score.toFixed(1)),
      t.span({ class: 'cost' }, dollars(each.estimated_cost_micros)),
      t.span({ class: 'left' }, left ? `${left} left out` : ''),
      t.span({ class: 'at' }, when(each.timestamp)),
    ),
    open && explained(each),
  );
}

function explained(each) {
  const candidates = scored(each.candidates ?? []);
  const excluded = Object.entries(each.excluded ?? {});
  const lost = each.lost ?? [];
  return t.div(
    { class: 'explained' },
    candidates.length > 0 && [t.h3(null, 'What was weighed'), t.ul({ class: 'scores' }, candidates.map((candidate) => weighed(candidate, each)))],
    excluded.length > 0 && [t.h3(null, 'What was left out, and why'), chips(excluded)],
    lost.length > 0 && [t.h3(null, 'Chosen, then taken by others'), t.ul({ class: 'chips' }, lost.map((model, i) => t.li({ key: i }, typeof model === 'string' ? model : JSON.stringify(model))))],
    t.h3(null, 'The call'),
    facts(
      ['Decision', code(each.decision_id)],
      ['Job', each.job_id && link(address('routing', { job_id: each.job_id }), each.job_id)],
      ['Input tokens', each.input_tokens != null && number(each.input_tokens)],
      ['Output tokens', each.output_tokens != null && number(each.output_tokens)],
      ['Language', each.language],
      ['Excluded by the caller', each.exclude?.join(', ')],
      ['Most it may cost', each.max_cost_micros != null && dollars(each.max_cost_micros)],
      ['Second attempt of', each.attempt_of && code(each.attempt_of)],
      ['Reservation', each.reservation_id && code(each.reservation_id)],
      ['Draw', each.draw != null && each.draw.toFixed(4)],
    ),
    t.p({ class: 'row' }, button(state.panels[REPLAY + each.decision_id] ? 'Replay again' : 'Replay with what is known now', () => replay(each.decision_id))),
    inset({ from: 'list-decisions', key: REPLAY + each.decision_id, reload: () => replay(each.decision_id), view: (data) => replayed(data, each) }),
  );
}

/** What the request would be given now, beside what it was given then. */
function replayed(data, then) {
  const now = data.selected_model && `${data.selected_model} of ${data.selected_provider}`;
  const verdict = data.same_model ? (now ? `The same model would be chosen now: ${now}.` : 'No model could serve it now either.') : now ? `Now ${now} would be chosen, in place of ${then.selected_model ?? 'none'}.` : 'No model could serve it now.';
  const excluded = Object.entries(data.excluded);
  return [
    t.p({ class: 'verdict' }, badge(data.same_model ? 'same' : 'differs', data.same_model ? 'good' : 'warn'), ' ', t.strong(null, verdict), ' ', t.small(null, 'By the draw of then. Nothing was reserved or written.')),
    data.differences.length ? differences(data.differences) : t.p({ class: 'nothing' }, 'Nothing that was weighed differs.'),
    data.candidates.length > 0 && [t.h3(null, 'What would be weighed now'), t.ul({ class: 'scores' }, scored(data.candidates).map((candidate) => weighed(candidate, data)))],
    excluded.length > 0 && [t.h3(null, 'What would be left out'), chips(excluded)],
  ];
}

const differences = (list) =>
  table({
    caption: 'What differs from then',
    id: (row) => row.provider + '/' + row.model_id,
    rows: list,
    columns: [
      { name: 'Model', cell: (row) => [row.model_id, ' ', t.small(null, row.provider)] },
      { name: 'Then', number: true, cell: (row) => outcome(row.then) },
      { name: 'Now', number: true, cell: (row) => outcome(row.now) },
      { name: 'What changed', class: 'text', cell: (row) => changes(row.then, row.now) || '–' },
    ],
  });

/** What became of a candidate: its score, or why it has none. */
const outcome = (side) => (!side ? 'not weighed' : side.unfit ? plain(side.unfit) : side.score == null ? 'out until a trial' : side.score.toFixed(1));

function changes(then, now) {
  if (!then || !now) {
    return '';
  }
  const terms = Object.keys(WEIGHTS).filter((term) => then.terms && now.terms && then.terms[term] !== now.terms[term]);
  const words = terms.map((term) => `${term} ${then.terms[term].toFixed(1)} → ${now.terms[term].toFixed(1)}`);
  return [...words, then.cost_micros !== now.cost_micros && `price ${dollars(then.cost_micros)} → ${dollars(now.cost_micros)}`].filter(Boolean).join(', ');
}

const scored = (candidates) => [...candidates].sort((a, b) => (b.score ?? -1) - (a.score ?? -1));

const chips = (excluded) => t.ul({ class: 'chips' }, excluded.map(([reason, count]) => t.li({ key: reason }, t.strong(null, number(count)), ' ', plain(reason))));

const isChosen = (candidate, decision) => candidate.provider === decision.selected_provider && candidate.model_id === decision.selected_model;

function weighed(candidate, decision) {
  const chosen = isChosen(candidate, decision);
  return t.li(
    { key: candidate.provider + candidate.model_id, class: chosen ? 'chosen' : null },
    t.span({ class: 'name' }, candidate.model_id, ' ', t.small(null, candidate.provider), chosen && badge('chosen', 'accent')),
    stack(candidate),
    t.span({ class: 'value' }, outcome(candidate), t.small(null, ' · ' + dollars(candidate.cost_micros))),
  );
}

/** A candidate's score as one bar of its parts. */
function stack(candidate) {
  let x = 0;
  const parts = Object.entries(WEIGHTS).map(([term, weight]) => {
    const width = weight * (candidate.terms?.[term] ?? 0);
    const part = { term, x, width };
    x += width;
    return part;
  });
  const words = Object.entries(candidate.terms ?? {}).map(([term, value]) => `${term} ${Math.round(value)}`).join(', ');
  return t.svg(
    { class: 'stack', role: 'img', 'aria-label': `${candidate.model_id}: ${words}, each of 100`, viewBox: '0 0 100 10', preserveAspectRatio: 'none' },
    t.rect({ class: 'track', width: 100, height: 10 }),
    parts.map((part) => t.rect({ key: part.term, class: part.term, x: part.x, width: part.width, height: 10 }, t.title(null, `${part.term}: ${part.width.toFixed(1)} of ${WEIGHTS[part.term] * 100}`))),
  );
}
