import { cpus, loadavg } from 'node:os';

/** How busy the machine was: the share of all cores' time that was not idle, and the greatest load average of a minute. */
export type Busy = { readonly busy: number; readonly load: number };

const everyMs = 5_000;

/** Watches the whole machine from its making to `read`. */
export class BusyMeter {
  readonly #start = times();
  readonly #timer: NodeJS.Timeout;
  #load = loadavg()[0] ?? 0;

  constructor() {
    this.#timer = setInterval(() => {
      this.#load = Math.max(this.#load, loadavg()[0] ?? 0);
    }, everyMs);
    this.#timer.unref();
  }

  read(): Busy {
    clearInterval(this.#timer);
    const end = times();
    const all = end.all - this.#start.all;
    return { busy: all === 0 ? 0 : 1 - (end.idle - this.#start.idle) / all, load: this.#load };
  }
}

function times(): { idle: number; all: number } {
  let [idle, all] = [0, 0];
  for (const { times: core } of cpus()) {
    idle += core.idle;
    all += core.idle + core.user + core.nice + core.sys + core.irq;
  }
  return { idle, all };
}
