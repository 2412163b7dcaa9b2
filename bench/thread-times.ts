import { threadCpuMs } from './process-tree.ts';

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
  const all = threadCpuMs(pid);
  const of = (kind: keyof ThreadTimes): number => all.get(names[kind]) ?? 0;
  return { main: of('main'), stores: of('stores'), engine: of('engine'), files: of('files') };
}
