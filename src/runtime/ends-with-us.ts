/** Waits for the end of what it was given to read, and then ends whom it was started beside. */
const script = 'exec 3<&0; { read -r _ <&3; kill -KILL $$; } >&- 2>&- & exec "$0" "$@" 3<&-';

/** What the shell ends with where there is no such program. */
export const noSuchProgram = 127;

/**
 * The command by which a program that goes on and on ends with us, even where SIGKILL ends us, when nobody is left to
 * end it: its standard input must be a pipe that we hold, and into which nothing is written. It keeps the process ID
 * that it is started with.
 */
export function endsWithUs(path: string, words: readonly string[]): readonly [string, readonly string[]] {
  return ['sh', ['-c', script, path, ...words]];
}
