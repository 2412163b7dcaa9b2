import assert from 'node:assert/strict';
import test from 'node:test';
import { Shares } from './shares.ts';

const warm = (share: number): Shares => {
  const shares = new Shares();
  shares.configure([
    { name: 'isp1', warmShare: 0 },
    { name: 'isp2', warmShare: share },
  ]);
  return shares;
};
const turns = (shares: Shares, messages: number, site = 'mx.remote.example'): number =>
  Array.from({ length: messages }, () => shares.next(site)).filter(turn => turn !== null).length;

const rows: [string, number, number, number][] = [
  ['two in a hundred are every fiftieth', 0.02, 500, 10],
  ['half is every second', 0.5, 100, 50],
  ['no share is none', 0, 100, 0],
];

for (const [sentence, share, messages, expected] of rows)
  test(`shares: ${sentence}`, () => assert.equal(turns(warm(share), messages), expected));

test('shares: they come evenly', () => {
  const shares = warm(0.1);
  turns(shares, 100);
  for (let ten = 0; ten < 10; ten++) assert.equal(turns(shares, 10), 1);
});

test('shares: sites with one message each give their share together', () => {
  const shares = warm(0.1);
  let together = 0;
  for (let n = 0; n < 2_000; n++) together += turns(shares, 1, `mx${n}.remote.example`);
  assert.ok(together > 150 && together < 250, `${together} of 2000`);
});

test('shares: a favour takes the place of the share, and ends', () => {
  const shares = warm(0.02);
  const end = shares.favour('isp2', 0.5);
  assert.equal(turns(shares, 100), 50);
  assert.match(shares.next('other.example')?.reason ?? shares.next('other.example')?.reason ?? '', /drill/);
  end();
  assert.equal(turns(shares, 500), 10);
});

test('shares: with a favour nothing is idle, without any all is', () => {
  const shares = new Shares();
  assert.equal(shares.isNone, true);
  const end = shares.favour('isp2', 1);
  assert.deepEqual([shares.isNone, shares.next('mx.remote.example')?.uplink], [false, 'isp2']);
  end();
  assert.equal(shares.isNone, true);
});
