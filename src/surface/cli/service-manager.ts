import type { Processes } from '../../runtime/ports.ts';
import { printable } from '../printable.ts';

const tellWithinMs = 5_000;

/**
 * Tells systemd how we stand (sd_notify(3)), by its own `systemd-notify`, for Node has no datagrams on Unix sockets:
 * the unit needs `Type=notify` and `NotifyAccess=all`. Without NOTIFY_SOCKET nobody is told.
 */
export class ServiceManager {
  readonly #socket: string | null;
  readonly #processes: Processes;
  readonly #trouble: (message: string) => void;

  constructor(socket: string | null, processes: Processes, trouble: (message: string) => void) {
    this.#socket = socket;
    this.#processes = processes;
    this.#trouble = trouble;
  }

  ready(status: string): Promise<void> {
    return this.#tell('READY=1', `STATUS=${printable(status).slice(0, 500)}`);
  }

  stopping(): Promise<void> {
    return this.#tell('STOPPING=1');
  }

  async #tell(...words: string[]): Promise<void> {
    if (this.#socket === null) return;
    const told = await this.#processes.run({
      path: 'systemd-notify',
      arguments: words,
      environment: { NOTIFY_SOCKET: this.#socket },
      timeoutMs: tellWithinMs,
    });
    if (!told.ok) this.#trouble(`systemd could not be told how Postern stands: ${told.error}`);
  }
}
