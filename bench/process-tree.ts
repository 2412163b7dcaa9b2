import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ is 100 on every Linux that we know. */
const tickMs = 10;

/** A process and all that descend from it. */
export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = Number(fieldsOf(read(`/proc/${pid}/stat`))[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** CPU that a process tree has used so far, in ms, children that have ended and were waited for among it. */
export function cpuMs(root: number): number {
  let ms = 0;
  for (const pid of treeOf(root)) {
    const fields = fieldsOf(read(`/proc/${pid}/stat`));
    for (const place of [11, 12, 13, 14]) ms += Number(fields[place] ?? 0) * tickMs;
  }
  return ms;
}

/** CPU that the threads of a process have used so far, in ms, by their names. */
export function threadCpuMs(pid: number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = read(`/proc/${pid}/task/${thread}/stat`);
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = fieldsOf(stat);
    const ms = (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * tickMs;
    sums.set(name, (sums.get(name) ?? 0) + ms);
  }
  return sums;
}

/** The fields after the command's name, which may hold spaces: state is 0, parent 1, utime 11. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** What a file of a process's folder in /proc says; '' where the process has ended meanwhile. */
export function readOfProcess(pid: number, name: string): string {
  return read(`/proc/${pid}/${name}`);
}

/** '' where the process has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
