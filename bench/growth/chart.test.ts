import assert from 'node:assert/strict';
import test from 'node:test';
import { drawGrowth } from './chart.ts';

const at = (place: number, rate: number) => ({ at: place, perS: [rate] });
const drawing = drawGrowth({
  senders: [at(1, 1_000), at(20, 4_000), at(500, 4_000)],
  queue: [at(0, 4_000), at(1_000, 3_000), at(1_000_000, 2_000)],
  destinations: [at(1, 4_000), at(10_000, 1_500)],
});
const lines = [...drawing.matchAll(/class="line" d="M([^"]+)"/g)].map(([, path = '']) =>
  path.split('L').map(point => point.split(' ').map(Number)),
);

test('growth chart: a line for each panel, higher where the rate is', () => {
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(line.flat().every(Number.isFinite), JSON.stringify(lines));
  const [, queue = []] = lines;
  const heights = queue.map(([, down]) => down ?? 0);
  assert.ok(heights[0] !== undefined && heights[1] !== undefined && heights[0] < heights[1]);
});

test('growth chart: an empty queue stands one decade before a thousand', () => {
  const [, queue = []] = lines;
  const [none = 0, thousand = 0, million = 0] = queue.map(([across]) => across);
  assert.ok(Math.abs((million - thousand) / 3 - (thousand - none)) < 0.2, `${none} ${thousand} ${million}`);
});

test('growth chart: those who cannot see it are told all rates', () => {
  assert.match(drawing, /<desc id="d">.*1,500 a second at 10,000/);
});
