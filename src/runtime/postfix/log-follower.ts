import { type LogSign, readLogLine } from '../../decision/postfix/log-line.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Programs } from '../ports.ts';

/** A follower that ended is started again after this time. */
const againMs = 5_000;

export type LogFollowerParts = {
  readonly programs: Programs;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly hear: (sign: LogSign) => void;
};

/** Where Postfix's lines are: a file, or the journal where none is given. */
export type LogPlace = {
  readonly file: string | null;
  /** How this Postfix calls itself there. */
  readonly logName: string;
  /** Our transports, whose lines are wanted of the journal. */
  readonly transports: readonly string[];
};

/**
 * Follows Postfix's own log as it grows: `maillog_file`, however it is rotated, or the journal. Where it cannot be
 * followed, that is said, and tried again; probes go on without it.
 */
export class LogFollower {
  readonly #parts: LogFollowerParts;
  readonly #stop = new AbortController();
  #followed: Promise<void> = Promise.resolve();

  constructor(parts: LogFollowerParts) {
    this.#parts = parts;
  }

  start(place: LogPlace): void {
    this.#followed = this.#follow(place);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#followed;
  }

  async #follow(place: LogPlace): Promise<void> {
    const { programs, clock, hear } = this.#parts;
    const { signal } = this.#stop;
    if (place.file?.startsWith('/dev/')) return this.#tell(place, 'it is no file; set maillog_file to one.');
    const [path, ...words] = commandFor(place);
    while (!signal.aborted && path !== undefined) {
      const why = await programs.follow({
        path,
        arguments: words,
        line: text => {
          for (const sign of readLogLine(text, place.logName)) hear(sign);
        },
        signal,
      });
      if (signal.aborted) return;
      this.#tell(place, `it is tried again: ${why}`);
      await clock.sleep(againMs, signal);
    }
  }

  #tell({ file }: LogPlace, why: string): void {
    const { clock, events } = this.#parts;
    events.emit({
      kind: 'warning',
      at: clock.now(),
      subject: 'postfix log',
      message: `Postfix's log in ${file ?? 'the journal'} cannot be followed, so only probes tell of the uplinks, and what a dead one deferred waits for its turn; ${why}`,
    });
  }
}

/** `tail -F` goes on with the new file when the log is rotated; of what stood there before nothing is read. */
function commandFor({ file, logName, transports }: LogPlace): readonly string[] {
  if (file !== null) return ['tail', '-n', '0', '-F', '--', file];
  const tags = [
    ...transports.map(name => `${logName}/${name}/smtp`),
    ...['qmgr', 'error', 'retry'].map(name => `${logName}/${name}`),
  ];
  return ['journalctl', '-f', '-n', '0', '-q', '-o', 'short', ...tags.flatMap(tag => ['-t', tag])];
}
