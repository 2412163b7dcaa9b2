import {
  type CertificateFiles,
  endpointText,
  type ListenerSetting,
} from '../../decision/admission/listener.ts';
import {
  type CertificateTrouble,
  certificateTroubles,
  fittingCertificate,
  type HeldCertificate,
} from '../../decision/certificate/certificate-troubles.ts';
import { dateText } from '../../protocol/message/rfc3339.ts';
import type { EventStream } from '../events.ts';
import type { CertificateChoice, Clock, Files, Result, ServerCertificate, Timer } from '../ports.ts';
import { type LoadedCertificate, readCertificate } from './read-certificate.ts';

/** A certificate and its key are two files, which are not replaced in one moment. */
const settleMs = 1_000;
/** Files that are not fit for use are looked at once more before that is told. */
const secondLookMs = 10_000;
const dayMs = 86_400_000;

export type CertificateSettings = {
  readonly listeners: readonly ListenerSetting[];
  /** The names that our egresses say. */
  readonly ehloNames: readonly string[];
};

/** One pair of files. */
type Pair = {
  readonly files: CertificateFiles;
  loaded: LoadedCertificate | null;
  refused: string | null;
  readonly watches: readonly { close(): void }[];
  look: Timer | null;
  looks: number;
};

/** What a listener is to show; where that was never fit for use, what it showed before. */
type Shown = { readonly listener: ListenerSetting; readonly pair: Pair; readonly before: Pair | null };

type LoadedPair = Pair & { loaded: LoadedCertificate };

/**
 * The certificates of all listeners: read and checked when they are configured, watched, and swapped for new connections.
 * What is not fit for use is never taken. What the operator should care for is a `condition`, begun and ended once.
 */
export class Certificates {
  readonly #parts: { readonly files: Files; readonly clock: Clock; readonly events: EventStream };
  readonly #pairs = new Map<string, Pair>();
  #shown = new Map<string, Shown>();
  #ehloNames: readonly string[] = [];
  readonly #told = new Map<string, CertificateTrouble>();
  #started = false;
  #daily: Timer | null = null;

  constructor(parts: { readonly files: Files; readonly clock: Clock; readonly events: EventStream }) {
    this.#parts = parts;
  }

  /**
   * Takes the listeners of a configuration, the first or a new one, and reads their files anew. The error names those
   * that are not fit for use; what a listener showed before it goes on to show.
   */
  async take(settings: CertificateSettings): Promise<Result<void, string>> {
    const shown = new Map<string, Shown>();
    const errors = new Set<string>();
    for (const listener of settings.listeners) {
      if (listener.tls === null) continue;
      const key = endpointText(listener);
      const pair = this.#pairOf(listener.tls);
      const error = await this.#read(pair);
      if (error !== null) errors.add(error);
      const past = this.#shown.get(key);
      const before = past?.pair.loaded ? past.pair : (past?.before ?? null);
      shown.set(key, { listener, pair, before: before === pair ? null : before });
    }
    this.#shown = shown;
    this.#ehloNames = settings.ehloNames;
    this.#forgetUnused();
    const error = [...errors].join(' ');
    if (error !== '' && !this.#started) return { ok: false, error };
    this.#started = true;
    this.#judge();
    return error === '' ? { ok: true, value: undefined } : { ok: false, error };
  }

  /** Null: this listener offers no STARTTLS. */
  choiceFor(listener: ListenerSetting): CertificateChoice | null {
    if (listener.tls === null) return null;
    const own = inUse(this.#shown.get(endpointText(listener)));
    return own && { choose: serverName => this.#choose(own, serverName) };
  }

  stop(): void {
    this.#daily?.cancel();
    this.#shown.clear();
    this.#forgetUnused();
  }

  /** The listener's own where it stands for the name, else another listener's that does, else its own. */
  #choose(own: LoadedPair, serverName: string | null): ServerCertificate {
    if (serverName === null) return own.loaded.certificate;
    const all = [own, ...this.#pairs.values()].flatMap(({ loaded }) =>
      loaded === null ? [] : [{ names: loaded.fact.names, certificate: loaded.certificate }],
    );
    return (fittingCertificate(all, serverName) ?? own.loaded).certificate;
  }

  #pairOf(files: CertificateFiles): Pair {
    const key = `${files.certFile}\n${files.keyFile}`;
    const known = this.#pairs.get(key);
    if (known) return known;
    const changed = (): void => {
      pair.looks = 0;
      this.#lookIn(pair, settleMs);
    };
    const watches = [files.certFile, files.keyFile].map(path => this.#parts.files.watch(path, changed));
    const pair: Pair = { files, loaded: null, refused: null, watches, look: null, looks: 0 };
    this.#pairs.set(key, pair);
    return pair;
  }

  #forgetUnused(): void {
    const used = new Set([...this.#shown.values()].flatMap(({ pair, before }) => [pair, before]));
    for (const [key, pair] of this.#pairs) {
      if (used.has(pair)) continue;
      this.#pairs.delete(key);
      pair.look?.cancel();
      for (const watch of pair.watches) watch.close();
    }
  }

  #lookIn(pair: Pair, ms: number): void {
    pair.look?.cancel();
    pair.look = this.#parts.clock.timer(ms, () => void this.#look(pair));
  }

  async #look(pair: Pair): Promise<void> {
    const before = pair.loaded;
    const refusedBefore = pair.refused;
    const error = await this.#read(pair);
    if (![...this.#pairs.values()].includes(pair)) return;
    pair.looks += 1;
    if (error !== null && pair.looks === 1) {
      pair.refused = refusedBefore;
      return this.#lookIn(pair, secondLookMs);
    }
    this.#judge();
    if (pair.loaded === before || pair.loaded === null) return;
    const { events, clock } = this.#parts;
    events.emit({
      kind: 'notice',
      at: clock.now(),
      subject: 'certificate',
      message: `The certificate in ${pair.files.certFile} has changed and is shown from now on; it ends on ${dateText(pair.loaded.fact.until)}.`,
    });
  }

  /** Null, or why the files are not used. The same text keeps its object, by which clients resume their sessions. */
  async #read(pair: Pair): Promise<string | null> {
    const read = await readCertificate(this.#parts.files, pair.files);
    if (!read.ok) {
      pair.refused = read.error;
      return read.error;
    }
    pair.refused = null;
    const { chain, key } = read.value.certificate;
    const current = pair.loaded?.certificate;
    if (current?.chain !== chain || current.key !== key) pair.loaded = read.value;
    return null;
  }

  /** Tells what began and what is over, today and each day from now on. */
  #judge(): void {
    const { clock } = this.#parts;
    const now = clock.now();
    const shown = [...this.#shown.values()].map(one => ({
      listener: endpointText(one.listener),
      name: one.listener.name,
      held: heldOf(inUse(one) ?? one.pair),
    }));
    const held = [...this.#pairs.values()].map(heldOf);
    const troubles = certificateTroubles(held, shown, this.#ehloNames, now);
    for (const trouble of troubles) this.#tell(trouble, now);
    const current = new Set(troubles.map(({ subject }) => subject));
    for (const [subject, told] of this.#told) {
      if (current.has(subject)) continue;
      this.#told.delete(subject);
      this.#emit({ subject, state: 'over', reason: 'Nothing is wrong with it now.' }, told.state, now);
    }
    this.#daily?.cancel();
    this.#daily = clock.timer(dayMs, () => this.#judge());
  }

  #tell(trouble: CertificateTrouble, now: number): void {
    const told = this.#told.get(trouble.subject);
    if (told?.state === trouble.state) return;
    this.#told.set(trouble.subject, trouble);
    this.#emit(trouble, told?.state ?? 'over', now);
  }

  #emit(
    { subject, state, reason }: { readonly subject: string; readonly state: string; readonly reason: string },
    previous: string,
    now: number,
  ): void {
    const about = { kind: 'certificate', subject, uplink: null } as const;
    const condition = { ...about, state, previous, since: now, reason };
    this.#parts.events.emit({ kind: 'condition', at: now, condition });
  }
}

function inUse(shown: Shown | undefined): LoadedPair | null {
  if (shown === undefined) return null;
  if (isLoaded(shown.pair)) return shown.pair;
  return shown.before !== null && isLoaded(shown.before) ? shown.before : null;
}

/** What was loaded once stays so. */
const isLoaded = (pair: Pair): pair is LoadedPair => pair.loaded !== null;

const heldOf = ({ files, loaded, refused }: Pair): HeldCertificate => ({
  certFile: files.certFile,
  fact: loaded?.fact ?? null,
  refused,
});
