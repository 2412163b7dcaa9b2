import { isIP } from 'node:net';
import type { Family } from '../../decision/egress/egress.ts';
import { inTurns } from '../../decision/next-hop/in-turns.ts';
import { isLocalAddress } from '../../decision/next-hop/local-address.ts';
import type { SmartHost } from '../../decision/next-hop/route-setting.ts';
import { smartHostRefusal } from '../../decision/queue/smart-host-refusal.ts';
import type { RecipientReply } from '../../protocol/smtp/client-session-types.ts';
import { replyText } from '../../protocol/smtp/reply.ts';
import type { EventStream } from '../events.ts';
import type { Clock, Files } from '../ports.ts';
import type { HostList, Target } from './route-choice.ts';
import { type PasswordRead, SmartHostPassword } from './smart-host-password.ts';

/** Addresses that were found serve so long, and on while DNS is silent. */
const resolvedForMs = 5 * 60_000;
/** A smart host that could not be used comes last for so long. */
const troubleMs = 60_000;
const mostAddresses = 8;

export type SmartHostFound =
  | { readonly kind: 'hosts'; readonly hosts: HostList }
  /** It cannot be tried now. */
  | { readonly kind: 'waits'; readonly reason: string };

type Entry = {
  readonly setting: SmartHost;
  readonly password: SmartHostPassword | null;
  addresses: readonly string[];
  resolvedAt: number;
  resolving: Promise<void> | null;
  /** Made anew when addresses or password change, so that it can be compared. */
  made: {
    readonly addresses: readonly string[];
    readonly read: PasswordRead | null;
    readonly near: boolean;
    readonly hosts: HostList;
  } | null;
  trouble: { readonly reason: string; readonly until: number } | null;
  warned: string | null;
  /** Refusals of single messages that were told, by their codes. */
  readonly refusals: Set<string>;
};

/** Where smart hosts are and how they are spoken with; and which of them are of no use at the moment. */
export class SmartHosts {
  readonly #parts: {
    readonly clock: Clock;
    readonly files: Files;
    readonly events: EventStream;
    readonly resolve: (name: string) => Promise<readonly string[]>;
  };
  readonly #entries = new Map<string, Entry>();

  constructor(parts: {
    readonly clock: Clock;
    readonly files: Files;
    readonly events: EventStream;
    /** The addresses of a name; none where it has none or the name service is silent. */
    readonly resolve: (name: string) => Promise<readonly string[]>;
  }) {
    this.#parts = parts;
  }

  /** Only these are named by the configuration. */
  configure(settings: readonly SmartHost[]): void {
    const named = new Map(settings.map(setting => [siteOfSmartHost(setting), setting]));
    for (const [site, entry] of this.#entries) {
      if (samePlace(named.get(site), entry.setting)) continue;
      entry.password?.close();
      this.#entries.delete(site);
    }
    for (const [site, setting] of named)
      if (!this.#entries.has(site)) this.#entries.set(site, this.#entryOf(setting));
  }

  close(): void {
    for (const { password } of this.#entries.values()) password?.close();
    this.#entries.clear();
  }

  /** `near`: an address in a private network is reached by no uplink. */
  async find(setting: SmartHost, near: boolean): Promise<SmartHostFound> {
    const entry = this.#entries.get(siteOfSmartHost(setting)) ?? this.#entryOf(setting);
    const read = entry.password === null ? null : await entry.password.read();
    if (read !== null && !read.ok) return this.#waits(entry, read.error);
    await this.#resolve(entry);
    if (entry.addresses.length === 0)
      return this.#waits(
        entry,
        `The smart host ${setting.host} has no address in DNS now, so its mail waits; check its name in smart_host.`,
      );
    return { kind: 'hosts', hosts: this.#hostsOf(entry, read, near) };
  }

  /** Why it is of no use now; null: nothing is known against it. */
  troubleOf(setting: SmartHost): string | null {
    const trouble = this.#entries.get(siteOfSmartHost(setting))?.trouble ?? null;
    return trouble !== null && trouble.until > this.#parts.clock.monotonic() ? trouble.reason : null;
  }

  has(site: string): boolean {
    return this.#entries.has(site);
  }

  /** It could not be used. The operator hears of each way in which it fails once, until it works again. */
  failed(site: string, reason: string): void {
    const entry = this.#entries.get(site);
    if (entry === undefined) return;
    entry.trouble = { reason, until: this.#parts.clock.monotonic() + troubleMs };
    this.#warn(
      entry,
      `The smart host ${entry.setting.host} cannot be used, and its mail waits or takes another way. ${reason}`,
    );
  }

  /** What it said of a message: where it wants a login it is of no use, where it has not spoken nothing is known. */
  answered(site: string, host: string, replies: readonly RecipientReply[]): void {
    const entry = this.#entries.get(site);
    if (entry === undefined || replies.every(({ reply }) => reply === null)) return;
    for (const said of replies) {
      const trouble = smartHostTrouble(host, said);
      if (trouble === null) continue;
      if (said.reply && smartHostRefusal(said.stage, said.reply) === 'login')
        return this.failed(site, trouble);
      return this.#tellOfRefusal(entry, said, trouble);
    }
    entry.trouble = null;
    entry.warned = null;
  }

  #entryOf(setting: SmartHost): Entry {
    const { login, host } = setting;
    const password =
      login === null
        ? null
        : new SmartHostPassword(login.passwordFile, this.#parts.files, () => this.#changed(setting));
    const addresses = isIP(host) === 0 ? [] : [host];
    return {
      setting,
      password,
      addresses,
      resolvedAt: addresses.length > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
      resolving: null,
      made: null,
      trouble: null,
      warned: null,
      refusals: new Set(),
    };
  }

  /** The password file was written: whatever was wrong may be mended. */
  #changed(setting: SmartHost): void {
    const entry = this.#entries.get(siteOfSmartHost(setting));
    if (entry) entry.trouble = null;
  }

  #resolve(entry: Entry): Promise<void> {
    if (this.#parts.clock.monotonic() - entry.resolvedAt < resolvedForMs) return Promise.resolve();
    entry.resolving ??= this.#look(entry).finally(() => {
      entry.resolving = null;
    });
    // What is known serves while it is asked for anew.
    return entry.addresses.length > 0 ? Promise.resolve() : entry.resolving;
  }

  async #look(entry: Entry): Promise<void> {
    const found = await this.#parts.resolve(entry.setting.host);
    if (found.length === 0) return;
    entry.resolvedAt = this.#parts.clock.monotonic();
    if (found.join() !== entry.addresses.join()) entry.addresses = found;
  }

  #hostsOf(entry: Entry, read: PasswordRead | null, near: boolean): HostList {
    const { setting, addresses } = entry;
    const { made } = entry;
    if (made?.addresses === addresses && made.read === read && made.near === near) return made.hosts;
    const login =
      setting.login === null || !read?.ok ? null : { user: setting.login.user, password: read.password };
    const terms = { tls: setting.tls, serverName: null, login, xclient: false } as const;
    const targets = inOrder(addresses).map(
      (address): Target => ({
        to: { host: setting.host, address, port: setting.port },
        local: near && isLocalAddress(address),
        mxPreference: 0,
        backup: false,
        terms,
      }),
    );
    const hosts = { targets, backups: '' };
    entry.made = { addresses, read, near, hosts };
    return hosts;
  }

  #waits(entry: Entry, reason: string): SmartHostFound {
    entry.trouble = { reason, until: this.#parts.clock.monotonic() + troubleMs };
    this.#warn(entry, reason);
    return { kind: 'waits', reason };
  }

  /** Some of the mail is not taken, maybe that of one sender: told once for each code. */
  #tellOfRefusal(entry: Entry, { reply }: RecipientReply, message: string): void {
    const code = `${reply?.code} ${reply?.enhancedStatus}`;
    if (entry.refusals.has(code)) return;
    entry.refusals.add(code);
    this.#emit(entry, message);
  }

  #warn(entry: Entry, message: string): void {
    if (entry.warned === message) return;
    entry.warned = message;
    this.#emit(entry, message);
  }

  #emit(entry: Entry, message: string): void {
    const { clock, events } = this.#parts;
    events.emit({ kind: 'warning', at: clock.now(), subject: `smart host ${entry.setting.host}`, message });
  }
}

/** Why a smart host's refusal is no answer about the message, for the operator; null: it is, or it took it. */
export function smartHostTrouble(host: string, { stage, reply }: RecipientReply): string | null {
  const about = reply === null ? null : smartHostRefusal(stage, reply);
  if (about === null || reply === null) return null;
  return about === 'login'
    ? `${host} wants a login before mail (${replyText(reply)}); give user and password_file in smart_host.`
    : `${host} does not take this from us (${replyText(reply)}); ask its provider for whom it relays, and see to user and password_file of smart_host.`;
}

/** The key of the site that a smart host is; no MX host or mail store has such a one. */
export function siteOfSmartHost({ host, port, tls, login }: SmartHost): string {
  const as = login === null ? '' : ` as ${login.user}`;
  return `smart host ${host}:${port}${as}${tls === 'verify' ? '' : ` (tls ${tls})`}`;
}

function samePlace(one: SmartHost | undefined, other: SmartHost): boolean {
  return one !== undefined && one.login?.passwordFile === other.login?.passwordFile;
}

/** In the order to try. */
function inOrder(addresses: readonly string[]): readonly string[] {
  const ofFamily = (family: Family): string[] => addresses.filter(address => isIP(address) === family);
  return inTurns(ofFamily(4), ofFamily(6)).slice(0, mostAddresses);
}
