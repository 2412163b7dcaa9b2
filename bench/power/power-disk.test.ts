import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SimRandom } from '../../test/simulation/sim-random.ts';
import type { DiskAct } from './disk-act.ts';
import { PowerDisk, type Standing } from './power-disk.ts';

const draws = 400;

/** An act from its beginning to its end. */
function whole(disk: PowerDisk, ...acts: DiskAct[]): void {
  for (const act of acts) {
    disk.take({ edge: 'begin', act, at: 0 });
    disk.take({ edge: 'end', act, at: 0 });
  }
}

const create = (path: string, folder = false): DiskAct => ({ kind: 'create', path, folder });
const write = (path: string, offset: number, bytes: Buffer | string): DiskAct => ({
  kind: 'write',
  path,
  offset,
  bytes: Buffer.from(bytes),
});
const sync = (path: string): DiskAct => ({ kind: 'sync', path });

/** All that a disk shows after many losses of power, as texts. */
function shown(disk: PowerDisk, look: (standing: Standing) => string): string[] {
  const seen = Array.from({ length: draws }, (_, seed) => look(disk.afterPowerLoss(new SimRandom(seed))));
  return [...new Set(seen)].sort();
}

const textOf =
  (path: string) =>
  (standing: Standing): string =>
    standing.get(path)?.toString() ?? 'no file';
const namesOf = (standing: Standing): string => [...standing.keys()].sort().join(' ');

test('what was synced, and its name too, is there whatever comes', () => {
  const disk = new PowerDisk();
  whole(disk, create('a'), write('a', 0, 'kept'), sync('a'), sync(''));
  assert.deepEqual(shown(disk, textOf('a')), ['kept']);
  whole(disk, write('a', 4, ' and more'));
  assert.deepEqual(shown(disk, textOf('a')), ['kept', 'kept and more']);
});

test('a file whose folder was not synced may be missing, with all that was synced in it', () => {
  const disk = new PowerDisk();
  whole(disk, create('a'), write('a', 0, 'kept'), sync('a'));
  assert.deepEqual(shown(disk, textOf('a')), ['kept', 'no file']);
});

test('a folder whose own name was not synced takes its files with it', () => {
  const disk = new PowerDisk();
  whole(disk, create('spool', true), create('spool/a'), sync('spool/a'), sync('spool'));
  assert.deepEqual(shown(disk, namesOf), ['', 'spool spool/a']);
});

test('what was removed or renamed may be so or not, until its folder is synced', () => {
  const disk = new PowerDisk();
  whole(disk, create('a'), write('a', 0, 'A'), sync('a'), create('b'), sync(''));
  whole(disk, { kind: 'remove', path: 'b' }, { kind: 'rename', path: 'a', to: 'c' });
  const names = shown(disk, namesOf);
  for (const possible of ['a b', 'a', 'b c', 'c']) assert.ok(names.includes(possible), possible);
  whole(disk, sync(''));
  assert.deepEqual(shown(disk, namesOf), ['c']);
  assert.deepEqual(shown(disk, textOf('c')), ['A']);
});

test('a write is torn between sectors, and a later one may be there without an earlier', () => {
  const disk = new PowerDisk();
  whole(disk, create('a'), write('a', 0, Buffer.alloc(8192, 'o')), sync('a'), sync(''));
  whole(disk, write('a', 0, Buffer.alloc(4096, 'x')), write('a', 4096, Buffer.alloc(4096, 'y')));
  const ofPages = ({ get }: { get: (at: number) => string }): string => `${get(0)}${get(4096)}`;
  const seen = shown(disk, standing => {
    const bytes = standing.get('a') ?? Buffer.alloc(0);
    return ofPages({ get: at => [...new Set(bytes.toString('latin1', at, at + 4096))].sort().join('') });
  });
  for (const possible of ['oo', 'xo', 'oy', 'xy', 'oxo']) assert.ok(seen.includes(possible), possible);
});

test('a sync covers what ended before it began, and nothing that began later', () => {
  const disk = new PowerDisk();
  whole(disk, create('a'), sync(''), write('a', 0, '1'));
  const first = sync('a');
  disk.take({ edge: 'begin', act: first, at: 0 });
  whole(disk, write('a', 1, '2'));
  assert.deepEqual(shown(disk, textOf('a')), ['', '1', '12']);
  disk.take({ edge: 'end', act: first, at: 0 });
  assert.deepEqual(shown(disk, textOf('a')), ['1', '12']);
});

test('a write that has not ended is no sync’s, and may be there', () => {
  const disk = new PowerDisk();
  whole(disk, create('a'), sync(''));
  disk.take({ edge: 'begin', act: write('a', 0, '1'), at: 0 });
  whole(disk, sync('a'));
  assert.deepEqual(shown(disk, textOf('a')), ['', '1']);
});

test('a disk that keeps no sync’s promise may lose all', () => {
  const disk = new PowerDisk({ syncsCount: false });
  whole(disk, create('a'), write('a', 0, 'kept'), sync('a'), sync(''));
  assert.deepEqual(shown(disk, textOf('a')), ['', 'kept', 'no file']);
});

const sectorBytes = 512;
const fileBytes = 6 * sectorBytes;
const changes = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ from: fc.nat(fileBytes), size: fc.integer({ min: 1, max: 1500 }) }) },
    { weight: 1, arbitrary: fc.record({ cut: fc.nat(fileBytes) }) },
    { weight: 2, arbitrary: fc.constant('sync' as const) },
  ),
  { maxLength: 20 },
);

test('each sector holds one of the states that it went through since the last sync', () => {
  fc.assert(
    fc.property(changes, fc.nat(), (all, seed) => {
      const disk = new PowerDisk();
      whole(disk, create('a'), sync(''));
      let naive: Buffer = Buffer.alloc(0);
      let states: Buffer[] = [naive];
      for (const [place, change] of all.entries()) {
        if (change === 'sync') {
          whole(disk, sync('a'));
          states = [naive];
          continue;
        }
        if ('cut' in change) {
          whole(disk, { kind: 'truncate', path: 'a', size: change.cut });
          naive = padded(naive.subarray(0, change.cut), change.cut);
        } else {
          const bytes = Buffer.alloc(change.size, place + 1);
          whole(disk, write('a', change.from, bytes));
          naive = padded(naive, change.from + change.size);
          bytes.copy(naive, change.from);
        }
        states.push(naive);
      }
      assert.deepEqual(disk.now().get('a'), naive);
      const found = disk.afterPowerLoss(new SimRandom(seed)).get('a') ?? Buffer.alloc(0);
      assert.ok(states.some(state => state.length === found.length));
      for (let at = 0; at < found.length; at += sectorBytes) {
        const end = Math.min(at + sectorBytes, found.length);
        const sector = found.subarray(at, end);
        assert.ok(
          states.some(state => padded(state, end).subarray(at, end).equals(sector)),
          `sector at ${at}`,
        );
      }
    }),
    { numRuns: 2_000 },
  );
});

/** A copy that has at least that size. */
function padded(bytes: Buffer, size: number): Buffer {
  const copy = Buffer.alloc(Math.max(bytes.length, size));
  bytes.copy(copy);
  return copy;
}
