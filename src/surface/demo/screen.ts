import type { EgressState } from '../../decision/egress/health-state.ts';

/** One uplink as the table shows it. */
export type TableRow = {
  readonly uplink: string;
  readonly source: string;
  readonly ehlo: string;
  readonly state: EgressState;
  readonly messages: number;
  readonly lastEvent: string;
};

export type TablePicture = {
  readonly elapsedMs: number;
  readonly cable: 'in' | 'out';
  readonly accepted: number;
  readonly delivered: number;
  readonly rows: readonly TableRow[];
};

/** Where the demo writes; a terminal has columns and may be redrawn. */
export type ScreenOutput = {
  readonly write: (text: string) => void;
  /** Null: not a terminal. */
  readonly columns: number | null;
  readonly colour: boolean;
};

const columns = [
  ['UPLINK', 8],
  ['SOURCE', 15],
  ['EHLO NAME', 18],
  ['STATE', 9],
  ['MESSAGES', 9],
  ['LAST EVENT', 60],
] as const;

const colours: Record<EgressState, number> = { up: 32, unknown: 33, degraded: 33, down: 31, drained: 36 };

/**
 * Shows what happens: on a terminal a small table that is redrawn in place below the lines told so far, elsewhere the
 * lines alone.
 */
export class Screen {
  readonly #output: ScreenOutput;
  #drawnLines = 0;

  constructor(output: ScreenOutput) {
    this.#output = output;
  }

  /** A line that stays. */
  say(line: string): void {
    this.#output.write(`${this.#erase()}${line}\n`);
  }

  /** The table as it is now; nothing where there is no terminal. */
  draw(picture: TablePicture): void {
    if (this.#output.columns === null) return;
    const lines = tableLines(picture, this.#output.columns, this.#output.colour);
    this.#output.write(`${this.#erase()}${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }

  /** Lets the table stand as it is. */
  settle(): void {
    this.#drawnLines = 0;
  }

  #erase(): string {
    if (this.#drawnLines === 0) return '';
    const up = `\x1b[${this.#drawnLines}A\x1b[0J`;
    this.#drawnLines = 0;
    return up;
  }
}

/** The table's lines, none wider than `width`. */
export function tableLines(picture: TablePicture, width: number, colour: boolean): string[] {
  const cells = (texts: readonly string[]): string =>
    columns
      .map(([, size], index) => (texts[index] ?? '').padEnd(size))
      .join(' ')
      .trimEnd()
      .slice(0, Math.max(20, width - 1));
  const seconds = (picture.elapsedMs / 1000).toFixed(1).padStart(4);
  return [
    '',
    `${seconds} s   accepted ${picture.accepted}   delivered ${picture.delivered}   isp1's cable is ${picture.cable}`.slice(
      0,
      width - 1,
    ),
    cells(columns.map(([title]) => title)),
    ...picture.rows.map(row => {
      const line = cells([row.uplink, row.source, row.ehlo, row.state, String(row.messages), row.lastEvent]);
      return colour ? line.replace(` ${row.state}`, ` \x1b[${colours[row.state]}m${row.state}\x1b[0m`) : line;
    }),
  ];
}
