import { drawFrame, escaped, margin, px } from '../chart/drawing.ts';
import { apart, decades, linearScale, logScale, type Scale } from '../chart/scale.ts';
import type { Second } from './reckoning.ts';
import { type SystemName, systemNames } from './system.ts';

/** One small picture: a cut and what it did to the mail of each system. */
export type Panel = {
  readonly title: string;
  readonly subtitle: string;
  readonly cutS: number;
  readonly series: readonly {
    readonly system: SystemName;
    readonly seconds: readonly Second[];
    /** The greatest added delay, as it is written beside its place. */
    readonly worst: { readonly ms: number; readonly text: string };
  }[];
};

export type Chart = {
  readonly title: string;
  readonly subtitle: string;
  /** For those who cannot see it. */
  readonly description: string;
  readonly panels: readonly Panel[];
};

const names: Readonly<Record<SystemName, string>> = {
  postern: 'Postern',
  watched: 'Postfix, watched by Postern',
  opensmtpd: 'OpenSMTPD, two sources',
  usual: 'Postfix, ping and script',
};
/** The last is drawn last, above the others. */
const drawn = ['usual', 'opensmtpd', 'watched', 'postern'] as const;

const width = 1_000;
const head = 118;
const panelWidth = 462;
const panelHeight = 304;
const plot = { left: 54, top: 46, right: 66, bottom: 38 };
/** What is quicker stands below this line, each system in a lane of its own. */
const floorMs = 10;
const ceilingMs = 1_000_000;
const laneHeight = 3.5;
const beforeS = 20;
const afterS = 90;

const colours = {
  cut: ['#8c959f24', '#8c959f2e'],
  postern: ['#0a66c2', '#5eb1ff'],
  watched: ['#00876c', '#2fd0a5'],
  opensmtpd: ['#a855a8', '#e39be3'],
  usual: ['#cf5000', '#ff8f4a'],
} as const;

const style = [
  '.cut { fill: var(--cut) }',
  '.dots { fill: none; stroke-width: 3; stroke-linecap: round; stroke-linejoin: round }',
  '.worst { font-size: 12.5px; font-weight: 600 }',
  ...systemNames.map(
    name =>
      `.${name} { stroke: var(--${name}) } text.${name}, circle.${name} { fill: var(--${name}); stroke: none }`,
  ),
];

/** The chart as SVG: small pictures in two columns, of one scale. */
export function drawChart({ title, subtitle, description, panels }: Chart): string {
  const rows = Math.ceil(panels.length / 2);
  const height = head + rows * panelHeight;
  const placed = panels.map((panel, at) => {
    const x = at % 2 === 0 ? margin : width - margin - panelWidth;
    const y = head + Math.floor(at / 2) * panelHeight;
    return `<g transform="translate(${x} ${y})">\n${drawPanel(panel)}\n</g>`;
  });
  return drawFrame({
    title,
    subtitle,
    description,
    width,
    height,
    colours,
    style,
    body: [drawLegend(), ...placed],
  });
}

function drawLegend(): string {
  let x = margin;
  return systemNames
    .map(system => {
      const mark = `<circle class="${system}" cx="${x + 6}" cy="84" r="5"/>`;
      const text = `<text x="${x + 17}" y="88.5">${escaped(names[system])}</text>`;
      x += 48 + names[system].length * 7.4;
      return mark + text;
    })
    .join('\n');
}

function drawPanel({ title, subtitle, cutS, series }: Panel): string {
  const [left, right] = [plot.left, panelWidth - plot.right];
  const [top, bottom] = [plot.top, panelHeight - plot.bottom - (systemNames.length + 1) * laneHeight];
  const x = linearScale(-beforeS, cutS + afterS, left, right);
  const y = logScale(floorMs, ceilingMs, bottom, top);
  const end = panelHeight - plot.bottom;
  const shown = drawn.flatMap(name => series.find(({ system }) => system === name) ?? []);
  return [
    `<text class="panel" x="0" y="14">${escaped(title)}</text>`,
    `<text class="faint" x="0" y="32">${escaped(subtitle)}</text>`,
    `<rect class="cut" x="${x(0)}" y="${top}" width="${px(x(cutS) - x(0))}" height="${px(end - top)}"/>`,
    ...drawAxes(x, y, { left, right, end, cutS }),
    ...shown.map(({ system, seconds }) => {
      const lane = bottom + (systemNames.indexOf(system) + 1) * laneHeight;
      const visible = seconds.filter(([second]) => second >= -beforeS && second < cutS + afterS);
      const at = visible.map(([second, ms]) => [x(second + 0.5), ms <= floorMs ? lane : y(ms)] as const);
      return `<path class="dots ${system}" d="${dots(at)}"/>`;
    }),
    ...drawWorst(series, y, right, end),
  ].join('\n');
}

function drawAxes(
  x: Scale,
  y: Scale,
  { left, right, end, cutS }: { left: number; right: number; end: number; cutS: number },
): string[] {
  const levels = decades(floorMs, ceilingMs);
  return [
    ...levels.map(ms => `<path class="grid" d="M${left} ${px(y(ms))}H${right}"/>`),
    ...levels.map(ms => {
      const place = ms === floorMs ? (y(ms) + end) / 2 : y(ms);
      const text = ms === floorMs ? `&lt; ${levelText(ms)}` : levelText(ms);
      return `<text class="tick" text-anchor="end" x="${left - 7}" y="${px(place + 4)}">${text}</text>`;
    }),
    `<path class="axis" d="M${left} ${px(end)}H${right}"/>`,
    ...momentsOf(cutS).map(
      second =>
        `<path class="axis" d="M${px(x(second))} ${px(end)}v4"/><text class="tick" text-anchor="middle" x="${px(x(second))}" y="${px(end + 17)}">${momentText(second, cutS)}</text>`,
    ),
  ];
}

/** The name of each system's greatest delay, beside its height. */
function drawWorst(series: Panel['series'], y: Scale, right: number, end: number): string[] {
  const places = apart(
    series.map(({ worst }) => y(worst.ms)),
    15,
    end,
  );
  return series.map(
    ({ system, worst }, at) =>
      `<text class="worst ${system}" x="${right + 9}" y="${px((places[at] ?? 0) + 4.5)}">${escaped(worst.text)}</text>`,
  );
}

/** A dot for each place; neighbours of one height become a line. */
function dots(places: readonly (readonly [number, number])[]): string {
  let path = '';
  let previous: readonly [number, number] | null = null;
  for (const [left, top] of places.map(([left, top]) => [px(left), px(top)] as const)) {
    const isNext = previous !== null && previous[1] === top && left - previous[0] < 2.5;
    path += isNext ? `H${left}` : `M${left} ${top}h0`;
    previous = [left, top];
  }
  return path.replace(/(?:H[\d.]+)+(?=H)/g, '');
}

function levelText(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}

/** The cut, each second minute of it that leaves room for its name, and the healing. */
function momentsOf(cutS: number): number[] {
  const minutes = Array.from({ length: Math.floor((cutS - 60) / 120) }, (_, at) => 120 * (at + 1));
  return [0, ...minutes, cutS];
}

function momentText(second: number, cutS: number): string {
  if (second === 0) return 'cut';
  return second === cutS ? 'healed' : `${second / 60} min`;
}
