import { relative } from 'node:path';
import type { DiskAct, Step } from './disk-act.ts';

/** The system calls that a trace must hold. */
export const tracedCalls = `
  open openat creat mkdir mkdirat rename renameat renameat2 unlink unlinkat link linkat
  write writev pwrite64 pwritev pwritev2 lseek ftruncate truncate fallocate copy_file_range sendfile
  fsync fdatasync sync_file_range syncfs
`
  .trim()
  .split(/\s+/);

type Call = { readonly name: string; readonly given: string; readonly result: string };
type Begun = { readonly name: string; readonly given: string; readonly place: number };
type Edge = { readonly edge: Step['edge']; act: DiskAct | null; readonly at: number };

/** `PID SECONDS`, then what happened. */
const linePattern = /^(\d+) +(\d+\.\d+) (.*)$/s;
const callPattern = /^(\w+)\((.*)$/s;
const resumedPattern = /^<\.\.\. (\w+) resumed>(.*)$/s;
const endPattern = /\) += (.*)$/s;
const unfinished = ' <unfinished ...>';

/**
 * Reads what `strace -f -y -xx -ttt` has written, line by line, and gives what was done to the folder `root`, in the order
 * in which it began and ended. A call on the folder that it does not know is thrown: a model that misses one would lie.
 */
export class TraceReader {
  readonly #root: string;
  readonly #edges: Edge[] = [];
  /** By thread: the call that is under way. */
  readonly #begun = new Map<string, Begun>();
  /** By descriptor and path: where the next `write` without an offset goes. */
  readonly #offsets = new Map<string, number>();

  constructor(root: string) {
    this.#root = root;
  }

  get steps(): readonly Step[] {
    return this.#edges.flatMap(({ edge, act, at }) => (act === null ? [] : [{ edge, act, at }]));
  }

  line(text: string): void {
    const [, thread = '', seconds = '', rest = ''] = linePattern.exec(text) ?? [];
    const at = Number(seconds) * 1_000;
    if (rest.startsWith('+++')) {
      this.#finish(thread, '', '?', at);
      return;
    }
    const [, resumed, more = ''] = resumedPattern.exec(rest) ?? [];
    if (resumed !== undefined) {
      const { before, result } = splitEnd(more);
      this.#finish(thread, before, result, at);
      return;
    }
    const [, name, given = ''] = callPattern.exec(rest) ?? [];
    if (name === undefined) return;
    const place = this.#edges.push({ edge: 'begin', act: null, at }) - 1;
    if (given.endsWith(unfinished)) {
      this.#begun.set(thread, { name, given: given.slice(0, -unfinished.length), place });
      return;
    }
    const { before, result } = splitEnd(given);
    this.#begun.set(thread, { name, given: before, place });
    this.#finish(thread, '', result, at);
  }

  #finish(thread: string, more: string, result: string, at: number): void {
    const begun = this.#begun.get(thread);
    if (begun === undefined) return;
    this.#begun.delete(thread);
    const act = this.#actOf({ name: begun.name, given: begun.given + more, result });
    const edge = this.#edges[begun.place];
    if (act === null || edge === undefined) return;
    edge.act = act;
    this.#edges.push({ edge: 'end', act, at });
  }

  /** Null: nothing of ours, or it failed. */
  #actOf({ name, given, result }: Call): DiskAct | null {
    if (result.startsWith('-1')) return null;
    const [path = null, second = null] = this.#pathsOf(name, given);
    switch (name) {
      case 'open':
      case 'openat':
      case 'creat':
        return this.#opened(path, given, result);
      case 'mkdir':
      case 'mkdirat':
        return path === null ? null : { kind: 'create', path, folder: true };
      case 'unlink':
      case 'unlinkat':
        return path === null ? null : { kind: 'remove', path };
      case 'rename':
      case 'renameat':
      case 'renameat2':
        return path === null || second === null ? null : { kind: 'rename', path, to: second };
      case 'fsync':
      case 'fdatasync':
        return path === null ? null : { kind: 'sync', path };
      case 'ftruncate':
        return path === null ? null : { kind: 'truncate', path, size: lastNumber(given) };
      case 'lseek':
        if (path !== null) this.#offsets.set(descriptorOf(given), Number(result));
        return null;
      case 'write':
      case 'writev':
        return path === null ? said(given) : this.#written(path, given, Number(result));
      case 'pwrite64':
      case 'pwritev':
        if (path === null) return null;
        return { kind: 'write', path, offset: lastNumber(given), bytes: bytesOf(given, Number(result)) };
      default:
        if (path === null) return null;
        throw new Error(`The trace has a ${name} of ${path}, which the model of the disk does not know.`);
    }
  }

  #opened(path: string | null, given: string, result: string): DiskAct | null {
    if (path === null) return null;
    if (path.endsWith('-shm'))
      throw new Error(`${path} is shared memory, and what is written there no trace can tell.`);
    if (given.includes('O_TRUNC'))
      throw new Error(`${path} is emptied as it is opened, which the model does not know.`);
    this.#offsets.set(result, 0);
    return given.includes('O_CREAT') ? { kind: 'create', path, folder: false } : null;
  }

  #written(path: string, given: string, count: number): DiskAct {
    const descriptor = descriptorOf(given);
    const offset = this.#offsets.get(descriptor) ?? 0;
    this.#offsets.set(descriptor, offset + count);
    return { kind: 'write', path, offset, bytes: bytesOf(given, count) };
  }

  /** The paths that a call names, where they are ours: by its descriptor, or in words. */
  #pathsOf(name: string, given: string): (string | null)[] {
    const byDescriptor = /^\d+<([^>]*)>/.exec(given)?.[1];
    if (byDescriptor !== undefined) return [this.#inRoot(textOf(byDescriptor))];
    if (/write/.test(name)) return [];
    return quoted(given).map(each => this.#inRoot(textOf(each)));
  }

  #inRoot(path: string): string | null {
    const inside = relative(this.#root, path);
    return path.startsWith('/') && !inside.startsWith('..') ? inside : null;
  }
}

function splitEnd(text: string): { before: string; result: string } {
  const [, result = '?'] = endPattern.exec(text) ?? [];
  return { before: text.replace(endPattern, ''), result };
}

/** `27<path>`, which is also what `openat` gives. */
function descriptorOf(given: string): string {
  return given.slice(0, given.indexOf('>') + 1);
}

function lastNumber(given: string): number {
  return Number(/(\d+)$/.exec(given)?.[1] ?? Number.NaN);
}

function* quotedIn(given: string): Generator<string> {
  for (let start = given.indexOf('"'); start >= 0; ) {
    const end = given.indexOf('"', start + 1);
    if (given.startsWith('...', end + 1)) throw new Error('The trace has cut a string short: raise -s.');
    yield given.slice(start + 1, end);
    start = given.indexOf('"', end + 1);
  }
}

const quoted = (given: string): string[] => [...quotedIn(given)];

const plain = (hex: string): Buffer => Buffer.from(hex.replaceAll('\\x', ''), 'hex');

const textOf = (hex: string): string => plain(hex).toString();

/** What was written, of which the kernel took `count` bytes. */
function bytesOf(given: string, count: number): Buffer {
  return Buffer.concat(quoted(given).map(plain)).subarray(0, Number.isNaN(count) ? undefined : count);
}

/** Words to the network; bodies on their way out are long, and not looked at. */
function said(given: string): DiskAct | null {
  const to = /^\d+<([^>]*)>/.exec(given)?.[1] ?? '';
  if (given.length > 8_000 || !textOf(to).startsWith('socket:')) return null;
  return { kind: 'say', text: bytesOf(given, Number.NaN).toString('latin1') };
}
