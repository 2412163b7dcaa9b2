import { printable } from '../printable.ts';

/** Where a command writes. Results go to standard output, sentences about trouble to standard error. */
export type Output = {
  readonly terminal: boolean;
  readonly colour: boolean;
  /** Resolves when there is room for more. */
  readonly write: (bytes: string | Buffer) => Promise<void>;
  readonly error: (text: string) => void;
};

/** Colour only on a terminal, and never with NO_COLOR (https://no-color.org). */
export function outputTo(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Output {
  const terminal = stdout.isTTY === true;
  return {
    terminal,
    colour: terminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    write(bytes) {
      if (stdout.write(bytes)) return Promise.resolve();
      return new Promise(resolve => {
        stdout.once('drain', resolve);
      });
    },
    error: text => {
      stderr.write(`${text}\n`);
    },
  };
}

/** One document a line for programs. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

const stateColours: Readonly<Record<string, string>> = {
  up: '32',
  queued: '32',
  delivered: '32',
  ok: '32',
  unknown: '36',
  active: '36',
  degraded: '33',
  deferred: '33',
  in_doubt: '33',
  held: '33',
  drained: '35',
  down: '31',
  bounced: '31',
  expired: '31',
  failed: '31',
  right: '32',
  advised: '36',
  missing: '31',
  wrong: '31',
  extra: '33',
};

/** A state's word in its colour. `width`: padded to so many characters. */
export function paintState(word: string, output: Output, width = 0): string {
  const padded = word.padEnd(width);
  const colour = stateColours[word];
  return output.colour && colour !== undefined ? `\u001b[${colour}m${padded}\u001b[0m` : padded;
}

/** Rows in columns, two spaces apart, the last one unpadded; every cell made fit for a terminal. */
export function columns(rows: readonly (readonly string[])[], output: Output, stateColumn = -1): string {
  const clean = rows.map(row => row.map(printable));
  const widths: number[] = [];
  for (const row of clean)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return clean
    .map(row => {
      const cells = row.map((cell, column) => {
        const width = column === row.length - 1 ? 0 : (widths[column] ?? 0);
        return column === stateColumn ? paintState(cell, output, width) : cell.padEnd(width);
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** `2026-11-24T17:03:46.120Z` without its milliseconds. */
export function shortTime(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
