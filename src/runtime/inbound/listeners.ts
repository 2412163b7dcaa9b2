import { endpointText, type ListenerSetting } from '../../decision/admission/listener.ts';
import type { Listener, Network, Result, Timer } from '../ports.ts';
import { type InboundSettings, Reception, type ReceptionParts } from './reception.ts';

/** What the doors work with. */
export type ListenersParts = ReceptionParts & { readonly network: Network };

type Door = {
  setting: ListenerSetting;
  state: 'listening' | 'absent' | 'failed' | 'closed';
  listener: Listener | null;
  retry: Timer | null;
  opening: boolean;
};

/** How often a door that could not be opened is tried again, beside the host's own word of a change. */
const retryMs = 5_000;

/**
 * All doors in. An address that is not on the host is waited for; whatever else is wrong with one is an error at start,
 * and later is tried again.
 */
export class Listeners {
  readonly #parts: ListenersParts;
  #settings: InboundSettings;
  readonly #doors = new Map<string, Door>();
  readonly #reception: Reception;
  #watch: { close(): void } | null = null;
  #stopping = false;

  constructor(parts: ListenersParts, settings: InboundSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#reception = new Reception(parts, settings);
  }

  /** Opens every door; those that cannot be opened for another reason than an absent address are the error. */
  async start(): Promise<Result<void, string>> {
    this.#watch = this.#parts.network.watchHost(() => this.#retryClosed());
    return this.#openMissing();
  }

  /** Takes new settings: doors that stay are not touched, and no open connection is dropped. */
  async reload(settings: InboundSettings): Promise<Result<void, string>> {
    this.#settings = settings;
    this.#reception.reload(settings);
    const wanted = new Map(settings.listeners.map(setting => [doorKey(setting), setting]));
    for (const [key, door] of this.#doors) {
      const setting = wanted.get(key);
      if (setting) door.setting = setting;
      else await this.#close(key, door);
    }
    return this.#openMissing();
  }

  states(): readonly { address: string; port: number; role: string; state: string }[] {
    return [...this.#doors.values()].map(({ setting, state, listener }) => ({
      address: setting.address,
      port: listener?.port ?? setting.port,
      role: setting.role,
      state,
    }));
  }

  /** No new clients; open sessions end with 421 when their transaction is over, at the latest after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#watch?.close();
    this.#reception.close();
    for (const [key, door] of this.#doors) await this.#close(key, door);
    await this.#reception.empty(graceMs);
  }

  async #openMissing(): Promise<Result<void, string>> {
    const errors: string[] = [];
    for (const setting of this.#settings.listeners) {
      const key = doorKey(setting);
      const door = this.#doors.get(key) ?? {
        setting,
        state: 'closed',
        listener: null,
        retry: null,
        opening: false,
      };
      if (door.listener !== null) continue;
      this.#doors.set(key, door);
      const opened = await this.#tryOpen(door);
      if (!opened.ok) errors.push(opened.error);
    }
    return errors.length === 0 ? { ok: true, value: undefined } : { ok: false, error: errors.join(' ') };
  }

  async #tryOpen(door: Door): Promise<Result<void, string>> {
    const { address, port } = door.setting;
    if (door.opening) return { ok: true, value: undefined };
    door.retry?.cancel();
    door.opening = true;
    const opened = await this.#parts.network.listen(address, port, connection =>
      this.#reception.called(door.setting, connection),
    );
    door.opening = false;
    if (this.#stopping || this.#doors.get(doorKey(door.setting)) !== door) {
      if (opened.ok) await opened.value.close();
      return { ok: true, value: undefined };
    }
    if (opened.ok) {
      door.listener = opened.value;
      this.#tell(door, 'listening', 'Mail is taken here.');
      return { ok: true, value: undefined };
    }
    door.retry = this.#parts.clock.timer(retryMs, () => void this.#tryOpen(door));
    if (opened.error.kind === 'address_absent') {
      if (door.state !== 'absent') {
        this.#tell(
          door,
          'absent',
          'The address is not on this host now; mail is taken here as soon as it appears.',
        );
      }
      return { ok: true, value: undefined };
    }
    const why = opened.error.message.replace(/\.$/, '');
    const error = `The listener ${endpointText(door.setting)} cannot be opened (${why}); stop what holds the port, or give Postern the right to it.`;
    if (door.state !== 'failed') this.#tell(door, 'failed', `${why}.`);
    return { ok: false, error };
  }

  #retryClosed(): void {
    for (const door of this.#doors.values()) if (door.listener === null) void this.#tryOpen(door);
  }

  async #close(key: string, door: Door): Promise<void> {
    this.#doors.delete(key);
    door.retry?.cancel();
    await door.listener?.close();
    this.#tell(door, 'closed', 'No new mail is taken here.');
  }

  #tell(door: Door, state: Door['state'], reason: string): void {
    door.state = state;
    const { setting, listener } = door;
    const address = endpointText({ address: setting.address, port: listener?.port ?? setting.port });
    this.#parts.events.emit({ kind: 'listener', at: this.#parts.clock.now(), address, state, reason });
  }
}

const doorKey = (setting: ListenerSetting): string => `${setting.address} ${setting.port}`;
