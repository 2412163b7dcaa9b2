import { readdirSync, readFileSync } from 'node:fs';

/** Processor time of a process's threads so far, in ms, by what they do. */
export type ThreadTimes = {
  /** Sockets, both SMTP machines, the queue's logic. */
  readonly main: number;
  /** The threads that own the databases of queue and trace. */
  readonly stores: number;
  /** V8's own: it marks garbage and compiles beside us. */
  readonly engine: number;
  /** libuv's: files of the spool. */
  readonly files: number;
};

const names: Readonly<Record<keyof ThreadTimes, string>> = {
  main: 'MainThread',
  stores: 'WorkerThread',
  engine: 'V8Worker',
  files: 'libuv-worker',
};

export function threadTimes(pid: number): ThreadTimes {
  const sums = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    const end = stat.lastIndexOf(')');
    const name = stat.slice(stat.indexOf('(') + 1, end);
    // User and system time are the 12th and 13th field after the name.
    const fields = stat.slice(end + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    sums.set(name, (sums.get(name) ?? 0) + ticks * 10);
  }
  const of = (kind: keyof ThreadTimes): number => sums.get(names[kind]) ?? 0;
  return { main: of('main'), stores: of('stores'), engine: of('engine'), files: of('files') };
}
