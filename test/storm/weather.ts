import type { GatewaySettings } from '../../src/decision/gateway-settings.ts';
import type { RunningNameServer } from '../../src/surface/demo/name-server.ts';
import type { RunningReceiver } from '../../src/surface/demo/receiver.ts';
import type { ZoneTable } from '../../src/surface/demo/zone-table.ts';
import type { MemoryFiles } from '../fakes.ts';
import type { MemoryDisk } from '../simulation/memory-store.ts';
import type { ReferenceNetwork } from '../simulation/reference-network.ts';
import { type SimLink, whole } from '../simulation/sim-link.ts';
import type { Fault, LinkName, Mood, Spell } from './fault.ts';
import type { Climate } from './plan.ts';
import { changedSettings, passwordFiles } from './town-settings.ts';
import { login, receiverWhims, smartHostWhims, usualReceiver, usualSmartHost } from './whims.ts';

export type WeatherParts = {
  readonly world: ReferenceNetwork;
  readonly links: ReadonlyMap<LinkName, SimLink>;
  readonly names: RunningNameServer;
  readonly zone: ZoneTable;
  readonly smartHosts: readonly RunningReceiver[];
  readonly files: MemoryFiles;
  readonly disk: MemoryDisk;
  readonly usual: GatewaySettings;
};

type Of<Kind extends Spell['kind']> = Extract<Spell, { kind: Kind }>;

const good: Mood = { later: 0, never: 0, hangUp: 0 };

/**
 * What the spells that last make of the world, all together. It is reckoned anew from all of them whenever one begins or
 * ends, so that any may be left out and the others stay what they are.
 */
export class Weather {
  readonly #parts: WeatherParts;
  readonly #usualLatency: ReadonlyMap<SimLink, number>;
  readonly #spells = new Set<Fault>();
  #climate: Climate | null = null;
  #blocked: (readonly [string, string])[] = [];
  #written = '';
  #without = '';

  constructor(parts: WeatherParts) {
    this.#parts = parts;
    this.#usualLatency = new Map([...parts.links.values()].map(link => [link, link.quality.latencyMs]));
    this.#apply();
  }

  begin(fault: Fault): void {
    this.#spells.add(fault);
    this.#apply();
  }

  end(fault: Fault): void {
    this.#spells.delete(fault);
    this.#apply();
  }

  /** Null: nothing is wrong with the network but what a spell says. */
  setClimate(climate: Climate | null): void {
    this.#climate = climate;
    this.#apply();
  }

  /** All is well. */
  clear(): void {
    this.#spells.clear();
    this.setClimate(null);
  }

  /** The configuration that the operator wants now. */
  get settings(): GatewaySettings {
    const change = this.#last('configuration');
    return (change && changedSettings(this.#parts.usual)[change.change]) ?? this.#parts.usual;
  }

  get drained(): ReadonlySet<string> {
    return new Set(this.#all('drain').map(({ uplink }) => uplink));
  }

  get paused(): boolean {
    return this.#last('pause') !== undefined;
  }

  moodOf(receiver: number): Mood {
    return this.#last('mood', each => each.receiver === receiver)?.mood ?? good;
  }

  dislikes(receiver: number): boolean {
    return this.#last('dislike', each => each.receiver === receiver) !== undefined;
  }

  #apply(): void {
    const { world, links, smartHosts, names, disk } = this.#parts;
    for (const [name, link] of links) this.#applyLink(name, link);
    for (const [from, to] of this.#blocked) world.internet.unblock(from, to);
    this.#blocked = this.#all('one way').map(({ from, to }) => [from, to]);
    for (const [from, to] of this.#blocked) world.internet.block(from, to);
    for (const [place, receiver] of world.worldReceivers.entries()) {
      const whims = this.#all('receiver').filter(each => each.receiver === place);
      receiver.behave(
        Object.assign({ ...usualReceiver(place) }, ...whims.map(each => receiverWhims[each.whim])),
      );
    }
    for (const [place, receiver] of smartHosts.entries()) {
      const whims = this.#all('smart host').filter(each => each.host === place);
      receiver.behave(Object.assign({ ...usualSmartHost }, ...whims.map(each => smartHostWhims[each.whim])));
    }
    this.#applyPasswords();
    this.#applyNames();
    const { silent, servfail, truncate } = this.#last('name server') ?? {
      silent: false,
      servfail: false,
      truncate: false,
    };
    names.behave({ silent, servfail, truncate });
    disk.isFull = this.#last('disk', ({ trouble }) => trouble === 'full') !== undefined;
    const isBroken = this.#last('disk', ({ trouble }) => trouble === 'broken') !== undefined;
    disk.failure = isBroken ? 'The simulated disk gives I/O errors.' : null;
    disk.syncMs = this.#last('disk', ({ trouble }) => trouble === 'slow') === undefined ? 0 : 1_000;
  }

  #applyLink(name: LinkName, link: SimLink): void {
    const cut = this.#last('cut', each => each.link === name)?.cut ?? null;
    if (link.cut !== cut) this.#parts.world.gateway.cut(link, cut);
    const isUplink = name.startsWith('isp');
    const { loss, replay, straggle, reset } = (isUplink ? this.#climate : null) ?? whole;
    const latencyMs = this.#usualLatency.get(link) ?? 0;
    const worse = this.#last('bad link', each => each.link === name)?.quality ?? {};
    link.quality = { ...link.quality, loss, replay, straggle, reset, latencyMs, ...worse };
    const { split, merge } = this.#climate ?? { split: 0.1, merge: 0.05 };
    Object.assign(this.#parts.world.internet.cutting, { split, merge });
  }

  #applyPasswords(): void {
    const texts = passwordFiles.map((_, file) => {
      const wrong = this.#last('password', each => each.file === file);
      return wrong === undefined ? `${login.password}\n` : wrong.text;
    });
    if (JSON.stringify(texts) === this.#written) return;
    this.#written = JSON.stringify(texts);
    for (const [file, path] of passwordFiles.entries()) this.#parts.files.write(path, texts[file] ?? null);
  }

  #applyNames(): void {
    const without = this.#all('names').map(each => each.without);
    if (without.join('|') === this.#without) return;
    this.#without = without.join('|');
    const left = Object.entries(this.#parts.zone).filter(
      ([key]) => !without.some(each => new RegExp(each).test(key)),
    );
    this.#parts.names.replace(Object.fromEntries(left));
  }

  #all<Kind extends Spell['kind']>(kind: Kind): Of<Kind>[] {
    return [...this.#spells].flatMap(({ what }) => (what.kind === kind ? [what as Of<Kind>] : []));
  }

  #last<Kind extends Spell['kind']>(
    kind: Kind,
    means: (spell: Of<Kind>) => boolean = () => true,
  ): Of<Kind> | undefined {
    return this.#all(kind).findLast(means);
  }
}
