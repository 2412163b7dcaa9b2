import { drawFrame, escaped, margin, px } from '../chart/drawing.ts';
import { linearScale, logScale, type Scale } from '../chart/scale.ts';
import { type PanelName, panelNames, panels } from './panels.ts';
import { flatFrom, type Growth, type Point, pointsOf } from './reckoning.ts';

const titles: Readonly<Record<PanelName, { readonly title: string; readonly axis: string }>> = {
  senders: { title: 'Senders at once', axis: 'senders' },
  queue: { title: 'Messages that wait for a retry', axis: 'messages in the queue' },
  destinations: { title: 'Receiving domains', axis: 'domains, each with a mail host of its own' },
};

const width = 1_000;
const head = 84;
const gap = 28;
const panelWidth = (width - 2 * margin - 2 * gap) / 3;
const panelHeight = 262;
const plot = { left: 40, top: 34, right: 18, bottom: 46 };

const colours = { line: ['#0a66c2', '#5eb1ff'], flat: ['#0a66c214', '#5eb1ff1f'] } as const;
const style = [
  '.line { fill: none; stroke: var(--line); stroke-width: 2.5; stroke-linejoin: round }',
  '.dot { fill: var(--line) } .flat { fill: var(--flat) }',
  '.rate { font-size: 12px; font-weight: 600; fill: var(--line) }',
  '.rate { stroke: var(--paper); stroke-width: 3; paint-order: stroke }',
];

/** Messages a second along each panel, on one scale. */
export function drawGrowth(growth: Growth): string {
  const all = panelNames.map(name => ({ name, points: pointsOf(name, growth) }));
  const most = Math.max(...all.flatMap(({ points }) => points.map(({ perS }) => perS)));
  const top = Math.ceil(most / 1_000) * 1_000;
  const told = all.map(
    ({ name, points }) =>
      `${titles[name].title}: ${points.map(({ at, perS }) => `${grouped(perS)} a second at ${grouped(at)}`).join(', ')}.`,
  );
  return drawFrame({
    title: 'How the rate grows with the load',
    subtitle: `Messages of 4 KiB a second, end to end. The band is what counts as flat: at least ${100 * flatFrom} % of the standard load.`,
    description: told.join(' '),
    width,
    height: head + panelHeight + 10,
    colours,
    style,
    body: all.map(({ name, points }, at) => {
      const x = margin + at * (panelWidth + gap);
      return `<g transform="translate(${px(x)} ${head})">\n${drawPanel(name, points, top).join('\n')}\n</g>`;
    }),
  });
}

function drawPanel(name: PanelName, points: readonly Point[], top: number): string[] {
  const [left, right] = [plot.left, panelWidth - plot.right];
  const end = panelHeight - plot.bottom;
  const x = placesOf(name, left + 22, right - 14);
  const y = linearScale(0, top, end, plot.top);
  const standard = points.find(({ at }) => at === panels[name].standard)?.perS ?? 0;
  const path = points.map(({ at, perS }) => `${px(x(at))} ${px(y(perS))}`).join('L');
  return [
    `<text class="panel" x="0" y="14">${escaped(titles[name].title)}</text>`,
    `<rect class="flat" x="${left}" y="${plot.top}" width="${px(right - left)}" height="${px(y(flatFrom * standard) - plot.top)}"/>`,
    ...drawAxes(y, top, left, right),
    ...points.map(
      ({ at }) =>
        `<path class="axis" d="M${px(x(at))} ${end}v4"/><text class="tick" text-anchor="middle" x="${px(x(at))}" y="${end + 17}">${short(at)}</text>`,
    ),
    `<text class="tick" text-anchor="middle" x="${px((left + right) / 2)}" y="${end + 36}">${escaped(titles[name].axis)}</text>`,
    `<path class="line" d="M${path}"/>`,
    ...points.map(({ at, perS }) => {
      const [across, down] = [px(x(at)), px(y(perS))];
      return `<circle class="dot" cx="${across}" cy="${down}" r="3.5"/><text class="rate" text-anchor="middle" x="${across}" y="${px(down + 18)}">${grouped(perS)}</text>`;
    }),
  ];
}

function drawAxes(y: Scale, top: number, left: number, right: number): string[] {
  const levels = Array.from({ length: top / 1_000 + 1 }, (_, at) => 1_000 * at);
  return levels.flatMap(level => [
    `<path class="${level === 0 ? 'axis' : 'grid'}" d="M${left} ${px(y(level))}H${px(right)}"/>`,
    `<text class="tick" text-anchor="end" x="${left - 7}" y="${px(y(level) + 4)}">${grouped(level)}</text>`,
  ]);
}

/** By the logarithm; 0, which has none, stands one decade before the first that does. */
function placesOf(name: PanelName, start: number, end: number): Scale {
  const values: readonly number[] = panels[name].values;
  const smallest = Math.min(...values.filter(value => value > 0));
  const from = values.includes(0) ? smallest / 10 : smallest;
  const scale = logScale(from, Math.max(...values), start, end);
  return value => scale(value === 0 ? from : value);
}

/** 100,000 as `100k`, for there is little room. */
function short(value: number): string {
  if (value < 10_000) return grouped(value);
  return value < 1_000_000 ? `${value / 1_000}k` : `${value / 1_000_000}M`;
}

const grouped = (value: number): string => Math.round(value).toLocaleString('en');
