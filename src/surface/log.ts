import { BoundedMap } from '../decision/bounded-map.ts';
import { rfc3339 } from '../protocol/message/rfc3339.ts';
import type { EventStream, GatewayEvent } from '../runtime/events.ts';
import type { Clock, Result, Timer } from '../runtime/ports.ts';
import { gatheredChars, LogDestination, openLogFile } from './log-destination.ts';
import { type LogEntry, type LogLevel, levelOf, logEntry } from './log-entry.ts';
import { printable } from './printable.ts';

export type LogSetting = {
  readonly level: LogLevel;
  readonly format: 'json' | 'text' | 'auto';
  /** In place of standard output; null: none. */
  readonly file: string | null;
};

export type LogParts = {
  readonly clock: Clock;
  /** File descriptor; standard output is 1. */
  readonly fd: number;
  /** Is it a terminal? Then `auto` means text, with colour if that is wanted too. */
  readonly terminal: boolean;
  readonly colour: boolean;
  /** Is it systemd's journal? Then `auto` means text with a priority and without a time, which the journal has. */
  readonly journal: boolean;
};

const rank: Readonly<Record<LogLevel, number>> = { error: 50, warn: 40, info: 30, debug: 20 };
/** Of syslog (sd-daemon(3)). */
const priority: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
const paint: Readonly<Record<LogLevel, string>> = { error: '31', warn: '33', info: '32', debug: '2' };

const flushEveryMs = 1000;
/** Strangers make us log by being refused: so many lines a second, and the rest as a number. */
const refusalsPerSecond = 10;
/** A warning told again within this time is left out. */
const repeatMs = 60_000;
const rememberedWarnings = 500;

/** The log: whole lines, buffered, written without waiting, flushed each second and at the end. It only listens. */
export class Log {
  readonly #clock: Clock;
  readonly #parts: LogParts;
  readonly #standard: LogDestination;
  /** `log.file`, while there is one. */
  #file: LogDestination | null = null;
  readonly #refused = { second: 0, lines: 0, leftOut: 0 };
  readonly #warned = new BoundedMap<string, number>(rememberedWarnings);
  #write: (level: LogLevel, entry: LogEntry, at: number) => void;
  #least: number;
  #flush: Timer;
  #gathered = '';
  #lost = 0;

  /** Begins on standard output; `set` goes over to a file. */
  constructor(setting: LogSetting, parts: LogParts) {
    this.#clock = parts.clock;
    this.#parts = parts;
    this.#standard = this.#destinationOf(parts.fd);
    this.#least = rank[setting.level];
    this.#write = this.#writer({ ...setting, file: null });
    this.#flush = this.#flushLater();
  }

  /**
   * Takes a setting into use. A file is opened anew each time, so that one that was renamed is let go, with all lines
   * until now in it. The error is a sentence, and then all stays as it was.
   */
  set(setting: LogSetting): Result<void, string> {
    const opened = setting.file === null ? null : openLogFile(setting.file);
    if (opened !== null && !opened.ok) return opened;
    this.#handOver();
    this.#file?.end();
    this.#file = opened === null ? null : this.#destinationOf(opened.value);
    this.#least = rank[setting.level];
    this.#write = this.#writer(setting);
    return { ok: true, value: undefined };
  }

  /** Logs all that the stream tells. */
  follow(events: EventStream): () => void {
    return events.subscribe(event => this.#hear(event));
  }

  /** A line of our own, of no event. */
  say(level: LogLevel, message: string, facts: LogEntry['facts'] = {}): void {
    if (rank[level] >= this.#least) this.#write(level, { level, message, facts }, this.#clock.now());
  }

  /** The one line that is written whatever the level: the gateway is ready, or has ended. */
  announce(message: string, facts: LogEntry['facts'] = {}): void {
    this.#write('info', { level: 'info', message, facts }, this.#clock.now());
    this.#handOver();
    this.#destination.flush();
  }

  get #destination(): LogDestination {
    return this.#file ?? this.#standard;
  }

  #destinationOf(fd: number): LogDestination {
    return new LogDestination(fd, lines => {
      this.#lost += lines;
    });
  }

  /** Writes what is buffered; nothing is logged afterwards. */
  close(): void {
    this.#flush.cancel();
    this.#tellLeftOut();
    this.#handOver();
    this.#file?.end();
    this.#file = null;
    this.#standard.flushSync();
  }

  #hear(event: GatewayEvent): void {
    if (rank[levelOf(event)] < this.#least) return;
    if (event.kind === 'rejected' && !this.#mayTellRefusal()) return;
    if (event.kind === 'warning' && this.#toldLately(`${event.subject}\n${event.message}`)) return;
    const entry = logEntry(event);
    this.#write(
      entry.level,
      entry,
      'at' in event ? event.at : event.kind === 'message' ? event.trace.at : this.#clock.now(),
    );
  }

  #mayTellRefusal(): boolean {
    const second = Math.floor(this.#clock.monotonic() / 1000);
    if (second !== this.#refused.second) {
      this.#refused.second = second;
      this.#refused.lines = 0;
    }
    if (++this.#refused.lines <= refusalsPerSecond) return true;
    this.#refused.leftOut++;
    return false;
  }

  #toldLately(warning: string): boolean {
    const now = this.#clock.monotonic();
    const told = this.#warned.get(warning);
    if (told !== undefined && now - told < repeatMs) return true;
    this.#warned.set(warning, now);
    return false;
  }

  #tellLeftOut(): void {
    const { leftOut } = this.#refused;
    this.#refused.leftOut = 0;
    if (leftOut > 0)
      this.say('info', `${leftOut} more clients were refused and are not logged one by one`, {
        refused: leftOut,
      });
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0)
      this.say('warn', `${lost} log lines were left out, because nobody read them fast enough`, { lost });
  }

  #flushLater(): Timer {
    return this.#clock.timer(flushEveryMs, () => {
      this.#tellLeftOut();
      this.#handOver();
      this.#destination.flush();
      this.#flush = this.#flushLater();
    });
  }

  #writer(setting: LogSetting): (level: LogLevel, entry: LogEntry, at: number) => void {
    const { terminal, journal } = this.#parts;
    const isStandard = setting.file === null;
    const text =
      setting.format === 'text' || (setting.format === 'auto' && isStandard && (terminal || journal));
    if (text && isStandard && journal) return (level, entry) => this.#writeJournal(level, entry);
    if (text) return (level, entry, at) => this.#writeText(level, entry, at, isStandard);
    return (level, entry, at) => this.#writeJson(level, entry, at);
  }

  /** `JSON.stringify` escapes what could end a line, and leaves out undefined facts. */
  #writeJson(level: LogLevel, { facts, message }: LogEntry, at: number): void {
    const told = JSON.stringify(facts).slice(1, -1);
    const time = rfc3339(at);
    this.#put(
      `{"level":"${level}","time":"${time}",${told}${told === '' ? '' : ','}"msg":${JSON.stringify(message)}}\n`,
    );
  }

  #writeJournal(level: LogLevel, entry: LogEntry): void {
    this.#put(`<${priority[level]}>${printable(entry.message)}\n`);
  }

  #writeText(level: LogLevel, entry: LogEntry, at: number, isStandard: boolean): void {
    const name = level.padEnd(5);
    const painted = isStandard && this.#parts.colour ? `\u001b[${paint[level]}m${name}\u001b[0m` : name;
    this.#put(`${rfc3339(at)} ${painted} ${printable(entry.message)}\n`);
  }

  #put(line: string): void {
    this.#gathered += line;
    if (this.#gathered.length >= gatheredChars) this.#handOver();
  }

  #handOver(): void {
    if (this.#gathered === '') return;
    const lines = this.#gathered;
    this.#gathered = '';
    this.#destination.write(lines);
  }
}
