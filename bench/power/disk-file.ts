import type { SimRandom } from '../../test/simulation/sim-random.ts';
import type { DiskAct } from './disk-act.ts';
import { draftOf } from './draft.ts';
import { lastEnded } from './last-ended.ts';

type FileAct = Extract<DiskAct, { kind: 'write' | 'truncate' }>;

/** `from` up to `to`: the bytes that it changes; `size`: that of the file after it. */
type FileChange = {
  readonly act: FileAct;
  readonly from: number;
  readonly to: number;
  readonly size: number;
  ended: boolean;
};

/** A file: what of it is durable, and what was done to it since. */
export class DiskFile {
  #durable = Buffer.alloc(0);
  #durableSize = 0;
  #size = 0;
  #pending: FileChange[] = [];

  begin(act: FileAct): void {
    const change = act.kind === 'write' ? this.#written(act) : this.#truncated(act);
    this.#size = change.size;
    this.#pending.push(change);
  }

  end(act: FileAct): void {
    const change = this.#pending.findLast(each => each.act === act);
    if (change !== undefined) change.ended = true;
  }

  /** What a sync that begins now covers. */
  covered(): FileChange | undefined {
    return lastEnded(this.#pending);
  }

  /** All up to this change is durable. */
  settle(last: FileChange): void {
    for (const change of this.#pending.splice(0, this.#pending.indexOf(last) + 1)) {
      if (change.to > this.#durable.length) this.#grow(change.to);
      apply(this.#durable, change, change.from, change.to);
      this.#durableSize = change.size;
    }
  }

  /** As a program sees it now. */
  now(): Buffer {
    const bytes = this.#copy();
    for (const change of this.#pending) apply(bytes, change, change.from, change.to);
    return bytes.subarray(0, this.#size);
  }

  /** Each sector holds one of the states that it went through since the last sync; the size does too. */
  standing(random: SimRandom, sectorBytes: number): Buffer {
    const kept = draftOf(this.#pending.length, random);
    const reached = new Map<number, number>();
    let size = this.#durableSize;
    for (const [place, change] of this.#pending.entries()) {
      let any = false;
      for (const sector of sectorsOf(change, sectorBytes)) {
        if (!kept(place, sector)) continue;
        reached.set(sector, place);
        any = true;
      }
      if (any) size = change.size;
    }
    const bytes = this.#copy();
    for (const [place, change] of this.#pending.entries()) {
      for (const sector of sectorsOf(change, sectorBytes)) {
        if (place > (reached.get(sector) ?? -1)) continue;
        const start = sector * sectorBytes;
        apply(bytes, change, Math.max(change.from, start), Math.min(change.to, start + sectorBytes));
      }
    }
    return bytes.subarray(0, size);
  }

  #written(act: Extract<FileAct, { kind: 'write' }>): FileChange {
    const to = act.offset + act.bytes.length;
    return { act, from: act.offset, to, size: Math.max(this.#size, to), ended: false };
  }

  #truncated(act: Extract<FileAct, { kind: 'truncate' }>): FileChange {
    return { act, from: act.size, to: Math.max(this.#size, act.size), size: act.size, ended: false };
  }

  /** With room for all that was done since. */
  #copy(): Buffer {
    const size = this.#pending.reduce((most, { to }) => Math.max(most, to), this.#durableSize);
    const bytes = Buffer.alloc(size);
    this.#durable.copy(bytes, 0, 0, this.#durableSize);
    return bytes;
  }

  #grow(size: number): void {
    const grown = Buffer.alloc(size * 2);
    this.#durable.copy(grown, 0, 0, this.#durableSize);
    this.#durable = grown;
  }
}

/** Does the part of a change that lies in `from` up to `to`. What is cut off is zeros when the file grows again. */
function apply(bytes: Buffer, { act }: FileChange, from: number, to: number): void {
  if (act.kind === 'truncate') bytes.fill(0, from, to);
  else act.bytes.copy(bytes, from, from - act.offset, to - act.offset);
}

function* sectorsOf({ from, to }: FileChange, sectorBytes: number): Generator<number> {
  for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < to; sector++) yield sector;
}
