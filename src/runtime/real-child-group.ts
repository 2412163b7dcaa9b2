import type { ChildProcess } from 'node:child_process';

/** Where programs are looked for; nothing else of our environment is theirs. */
export const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Ends a program that was started as the first of a process group, with all that it has left running there. */
export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}

/**
 * Tells, once, that a program has ended and how, when its last words are read: they are still in its pipes then. Who has
 * fled its group may hold the pipes on, so nobody waits longer than `patienceMs`.
 */
export function onLastWords(
  child: ChildProcess,
  patienceMs: number,
  tell: (code: number | null, killedBy: NodeJS.Signals | null) => void,
): void {
  child.once('exit', (code, killedBy) => {
    const end = (): void => {
      clearTimeout(patience);
      child.off('close', end);
      tell(code, killedBy);
    };
    const patience = setTimeout(end, patienceMs);
    child.once('close', end);
  });
}

/** `said` in one line, after how the program ended. */
export function endText(
  path: string,
  code: number | null,
  killedBy: NodeJS.Signals | null,
  said: string,
): string {
  const how = code === null ? `was ended by ${killedBy}` : `ended with code ${code}`;
  const words = said.trim().replace(/\s+/g, ' ');
  return `${path} ${how}${words === '' ? '.' : `: ${words}`}`;
}
