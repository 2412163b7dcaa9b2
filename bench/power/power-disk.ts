import { basename, dirname } from 'node:path';
import type { SimRandom } from '../../test/simulation/sim-random.ts';
import type { DiskAct, Step } from './disk-act.ts';
import { DiskFile } from './disk-file.ts';
import { draftOf } from './draft.ts';
import { lastEnded } from './last-ended.ts';

type NameChange = {
  readonly act: DiskAct;
  readonly name: string;
  /** Null: the name is gone. */
  readonly node: DiskNode | null;
  ended: boolean;
};

class DiskFolder {
  readonly durable = new Map<string, DiskNode>();
  readonly live = new Map<string, DiskNode>();
  pending: NameChange[] = [];

  change(act: DiskAct, name: string, node: DiskNode | null): void {
    this.pending.push({ act, name, node, ended: false });
    put(this.live, name, node);
  }

  end(act: DiskAct): void {
    for (const change of this.pending) if (change.act === act) change.ended = true;
  }

  /** What a sync that begins now covers. */
  covered(): NameChange | undefined {
    return lastEnded(this.pending);
  }

  settle(last: NameChange): void {
    const count = this.pending.indexOf(last) + 1;
    for (const { name, node } of this.pending.splice(0, count)) put(this.durable, name, node);
  }

  standing(random: SimRandom): Map<string, DiskNode> {
    const names = new Map(this.durable);
    const kept = draftOf(this.pending.length, random);
    for (const [place, { name, node }] of this.pending.entries()) if (kept(place, 0)) put(names, name, node);
    return names;
  }
}

type DiskNode = DiskFile | DiskFolder;

/** A folder as it stands: files by their paths, in it and below; null for a folder. */
export type Standing = Map<string, Buffer | null>;

/**
 * A folder on a disk that may lose its power. It is told what a program does, and gives how the folder could stand if the
 * power went now. What was synced is there. Of what was not, each sector of a file holds one of the states that it went
 * through since the file's last sync, whatever its neighbours hold, which is dropped, torn and reordered in one; a file's
 * size likewise; and each name that was made, taken away or changed since its folder's last sync was so, or was not yet.
 */
export class PowerDisk {
  readonly #root = new DiskFolder();
  readonly #syncsCount: boolean;
  readonly #syncs = new Map<DiskAct, () => void>();

  /** `syncsCount` false: a sync is a promise that this disk does not keep. */
  constructor({ syncsCount = true } = {}) {
    this.#syncsCount = syncsCount;
  }

  take({ edge, act }: Step): void {
    if (act.kind === 'say') return;
    if (act.kind === 'sync') {
      if (edge === 'begin') this.#beginSync(act);
      else this.#endSync(act);
    } else if (edge === 'begin') this.#begin(act);
    else this.#end(act);
  }

  /** How it could stand if the power went now. */
  afterPowerLoss(random: SimRandom): Standing {
    const sectorBytes = random.pick([512, 4096]);
    return standing(this.#root, {
      names: folder => folder.standing(random),
      bytes: file => file.standing(random, sectorBytes),
    });
  }

  /** As a program sees it now. */
  now(): Standing {
    return standing(this.#root, { names: folder => folder.live, bytes: file => file.now() });
  }

  #begin(act: Exclude<DiskAct, { kind: 'say' | 'sync' }>): void {
    switch (act.kind) {
      case 'create': {
        const folder = this.#folder(dirname(act.path));
        const name = basename(act.path);
        if (!folder.live.has(name)) folder.change(act, name, act.folder ? new DiskFolder() : new DiskFile());
        break;
      }
      case 'remove':
        this.#folder(dirname(act.path)).change(act, basename(act.path), null);
        break;
      case 'rename': {
        const node = this.#node(act.path);
        this.#folder(dirname(act.path)).change(act, basename(act.path), null);
        this.#folder(dirname(act.to)).change(act, basename(act.to), node);
        break;
      }
      case 'write':
      case 'truncate':
        this.#file(act.path)?.begin(act);
        break;
      default:
        act satisfies never;
    }
  }

  #end(act: Exclude<DiskAct, { kind: 'say' | 'sync' }>): void {
    if (act.kind === 'write' || act.kind === 'truncate') this.#file(act.path)?.end(act);
    else this.#folder(dirname(act.path)).end(act);
    if (act.kind === 'rename') this.#folder(dirname(act.to)).end(act);
  }

  #beginSync(act: Extract<DiskAct, { kind: 'sync' }>): void {
    const node = act.path === '' ? this.#root : this.#nodeOrNone(act.path);
    if (node instanceof DiskFile) {
      const last = node.covered();
      if (last !== undefined) this.#syncs.set(act, () => node.settle(last));
    } else if (node !== undefined) {
      const last = node.covered();
      if (last !== undefined) this.#syncs.set(act, () => node.settle(last));
    }
  }

  #endSync(act: DiskAct): void {
    if (this.#syncsCount) this.#syncs.get(act)?.();
    this.#syncs.delete(act);
  }

  #nodeOrNone(path: string): DiskNode | undefined {
    return this.#folder(dirname(path)).live.get(basename(path));
  }

  #node(path: string): DiskNode {
    const node = this.#nodeOrNone(path);
    if (node === undefined) throw new Error(`${path} is not there.`);
    return node;
  }

  /** None: its name is gone, and what is still written to it concerns nobody. */
  #file(path: string): DiskFile | undefined {
    const node = this.#nodeOrNone(path);
    return node instanceof DiskFile ? node : undefined;
  }

  #folder(path: string): DiskFolder {
    if (path === '.' || path === '') return this.#root;
    const node = this.#node(path);
    if (node instanceof DiskFolder) return node;
    throw new Error(`${path} is no folder.`);
  }
}

function put(names: Map<string, DiskNode>, name: string, node: DiskNode | null): void {
  if (node === null) names.delete(name);
  else names.set(name, node);
}

type Look = {
  readonly names: (folder: DiskFolder) => ReadonlyMap<string, DiskNode>;
  readonly bytes: (file: DiskFile) => Buffer;
};

function standing(folder: DiskFolder, look: Look, above = ''): Standing {
  const all: Standing = new Map();
  for (const [name, node] of look.names(folder)) {
    const path = `${above}${name}`;
    if (node instanceof DiskFile) all.set(path, look.bytes(node));
    else {
      all.set(path, null);
      for (const [below, bytes] of standing(node, look, `${path}/`)) all.set(below, bytes);
    }
  }
  return all;
}
