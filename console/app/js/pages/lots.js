// Lots on a line of time: from now until each of them expires.
import { t, number, day, when, hidden } from '../view.js';
import { domainNow } from '../store.js';

const WIDTH = 1000;
const LINE = 26;
const SHORTEST_DAYS = 30;
const LONGEST_DAYS = 366;
const DAY = 86400000;
const TICKS = 4;

export function lots(list) {
  const now = domainNow();
  const last = Math.max(...list.map((lot) => (lot.expires_at ? new Date(lot.expires_at) - now : 0)));
  const days = Math.min(LONGEST_DAYS, Math.max(SHORTEST_DAYS, (last / DAY) * 1.1));
  const most = Math.max(...list.map((lot) => lot.granted));
  const x = (time) => Math.max(0, Math.min(1, (new Date(time) - now) / DAY / days)) * WIDTH;
  return t.div(
    { class: 'lots' },
    t.ol(
      null,
      list.map((lot, index) =>
        t.li(
          { key: index },
          t.span({ class: 'name' }, t.strong(null, number(lot.remaining)), t.small(null, ` of ${number(lot.granted)}`)),
          line(lot, lot.expires_at ? x(lot.expires_at) : WIDTH, most),
          t.span({ class: 'value' }, lot.expires_at ? [when(lot.expires_at), t.small(null, ' · ' + day(lot.expires_at))] : 'never'),
        ),
      ),
    ),
    t.div(
      { class: 'scale', 'aria-hidden': 'true' },
      t.span(null),
      t.span({ class: 'ticks' }, Array.from({ length: TICKS + 1 }, (_, i) => t.span(null, i === 0 ? 'today' : day(now + (days * DAY * i) / TICKS)))),
      t.span(null),
    ),
    hidden('The lot that expires first is spent first.'),
  );
}

/** As long as the lot lives, as high as it was granted, filled as far as it remains. */
function line(lot, end, most) {
  const high = 6 + (LINE - 8) * (lot.granted / most);
  const top = (LINE - high) / 2;
  const left = high * (lot.remaining / Math.max(1, lot.granted));
  return t.svg(
    { class: 'lot' + (lot.expires_at ? '' : ' forever'), viewBox: `0 0 ${WIDTH} ${LINE}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    t.rect({ class: 'granted', y: top, width: Math.max(4, end), height: high }),
    t.rect({ class: 'remaining', y: top + high - left, width: Math.max(4, end), height: left }),
  );
}
