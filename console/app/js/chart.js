// Charts over time, drawn by uPlot. What a chart shows is in a table beside it too, for those who cannot see it.
import { Component, h } from '../lib/preact.js';
import { state } from './store.js';

const HEIGHT = 190;
const HALF_DAY = 43200;
const DAY_STEPS = [1, 2, 7, 14].map((days) => days * 86400);
const MINUTE_STEPS = [1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60);
const WHOLE_STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

class Plot extends Component {
  constructor() {
    super();
    this.place = (element) => (this.element = element);
  }

  options(width) {
    const { series, label, bars, byDay, whole } = this.props;
    const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    const at = (seconds) => new Date(seconds * 1000);
    const days = (_, ticks) => ticks.map((s) => `${at(s).getUTCDate()} ${MONTHS[at(s).getUTCMonth()]}`);
    const minutes = (_, ticks) => ticks.map((s) => at(s).toISOString().slice(11, 16));
    const shown = byDay ? (s) => at(s).toISOString().slice(0, 10) : (s) => at(s).toISOString().slice(11, 16);
    return {
      width,
      height: HEIGHT,
      tzDate: (seconds) => window.uPlot.tzDate(at(seconds), 'Etc/UTC'),
      cursor: { y: false, points: { size: 6 } },
      padding: [8, 20, 0, 0],
      scales: { x: { range: (_, first, last) => (bars ? [first - HALF_DAY, last + HALF_DAY] : [first, last]) }, y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis, grid: { show: false }, values: byDay ? days : minutes, space: 56, incrs: byDay ? DAY_STEPS : MINUTE_STEPS },
        { ...axis, size: 52, incrs: whole ? WHOLE_STEPS : undefined, values: (_, ticks) => ticks.map(label) },
      ],
      series: [
        { label: byDay ? 'Day' : 'Minute', value: (_, s) => (s == null ? '–' : shown(s)) },
        ...series.map((each) => ({
          label: each.name,
          stroke: colour(each.colour),
          fill: bars ? colour(each.colour) : colour(each.colour) + '22',
          width: bars ? 0 : 2,
          points: { show: false },
          paths: bars ? window.uPlot.paths.bars({ size: [0.72, 36], radius: 0.2 }) : undefined,
          value: (_, y) => (y == null ? '–' : label(y)),
        })),
      ],
    };
  }

  componentDidMount() {
    const width = () => Math.max(200, this.element.clientWidth);
    this.plot = new window.uPlot(this.options(width()), this.props.data, this.element);
    this.watch = new ResizeObserver(() => this.plot.setSize({ width: width(), height: HEIGHT }));
    this.watch.observe(this.element);
  }

  componentDidUpdate(before) {
    if (before.data !== this.props.data) {
      this.plot.setData(this.props.data);
    }
  }

  componentWillUnmount() {
    this.watch.disconnect();
    this.plot.destroy();
  }

  render({ title }) {
    return h('div', { class: 'chart', role: 'img', 'aria-label': title, ref: this.place });
  }
}

/**
 * A chart. `data` is [seconds, values of each series…]; a series is {name, colour}; `label` words a value. It is made again when
 * what it draws changes its kind, its name, or its colours.
 */
export const chart = (props) => h(Plot, { ...props, key: [props.title, props.kind, state.scheme].join() });
