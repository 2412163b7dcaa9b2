import type { FindingLevel } from '../../decision/audit/finding.ts';
import { escapeMarkup } from './markup.ts';
import type { Topology } from './topology.ts';

const columnWidth = 190;
const nodeWidth = 160;
const nodeHeight = 30;
const rowHeight = 52;
const top = 40;

const words: Readonly<Record<FindingLevel, string>> = {
  error: 'an error',
  warning: 'a warning',
  notice: 'worth doing',
  info: 'sound',
  pass: 'sound',
  skip: 'not judged',
};

/** The picture of a topology. Edges are told apart by colour and by their dashes, and each has its words as a title. */
export function topologySvg({ columns, edges }: Topology): string {
  const rows = Math.max(1, ...columns.map(({ nodes }) => nodes.length));
  const width = columns.length * columnWidth - (columnWidth - nodeWidth) + 2;
  const height = top + rows * rowHeight;
  const places = new Map<string, { x: number; y: number }>();
  columns.forEach(({ nodes }, column) => {
    nodes.forEach((node, row) => {
      const y = top + ((row + 0.5) * rows * rowHeight) / nodes.length;
      places.set(`${column} ${node}`, { x: column * columnWidth + 1, y });
    });
  });
  const lines = edges.flatMap(({ from, to, level }) => {
    const column = columns.findIndex(
      ({ nodes }, place) => nodes.includes(from) && columns[place + 1]?.nodes.includes(to) === true,
    );
    const start = places.get(`${column} ${from}`);
    const end = places.get(`${column + 1} ${to}`);
    if (start === undefined || end === undefined) return [];
    const x1 = start.x + nodeWidth;
    const bend = (columnWidth - nodeWidth) / 2;
    const path = `M${x1} ${start.y}C${x1 + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`;
    const title = escapeMarkup(`${from} to ${to}: ${words[level]}`);
    return [`<path class="edge ${level}" d="${path}"><title>${title}</title></path>`];
  });
  const boxes = columns.flatMap(({ heading, nodes }, column) => [
    `<text class="heading" x="${column * columnWidth + 1}" y="16">${escapeMarkup(heading)}</text>`,
    ...nodes.map(node => {
      const { x, y } = places.get(`${column} ${node}`) ?? { x: 0, y: 0 };
      const name = escapeMarkup(shortened(node));
      return `<g><title>${escapeMarkup(node)}</title><rect x="${x}" y="${y - nodeHeight / 2}" width="${nodeWidth}" height="${nodeHeight}" rx="4"/><text x="${x + nodeWidth / 2}" y="${y + 4}" text-anchor="middle">${name}</text></g>`;
    }),
  ]);
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="From the domain to its mail servers, uplinks, addresses and names">${lines.join('')}${boxes.join('')}</svg>`;
}

const shortened = (text: string): string =>
  text.length > 24 ? `${text.slice(0, 11)}…${text.slice(-11)}` : text;
