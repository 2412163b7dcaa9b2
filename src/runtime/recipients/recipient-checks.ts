import type { DomainSetting } from '../../decision/admission/domain.ts';
import {
  isPostmaster,
  type RecipientVerdict,
  refusalOf,
  unsureVerdict,
} from '../../decision/admission/recipient-verdict.ts';
import type { EventStream } from '../events.ts';
import type { RecipientCheck } from '../inbound/recipient-check.ts';
import type { Files } from '../ports.ts';
import { Callouts, type CalloutsParts, type CalloutVerdict } from './callouts.ts';
import { RecipientFile } from './recipient-file.ts';

export type RecipientChecksParts = Omit<CalloutsParts, 'tell'> & {
  readonly events: EventStream;
  readonly files: Files;
};

/** Does a recipient of ours exist? By the domain's setting: not asked, a list in a file, or the mail store's word. */
export class RecipientChecks {
  readonly #parts: RecipientChecksParts;
  readonly #callouts: Callouts;
  readonly #files = new Map<string, RecipientFile>();
  #domains: ReadonlyMap<string, DomainSetting> = new Map();
  /** Told and not over, by subject: since when. */
  readonly #troubles = new Map<string, { readonly since: number; readonly sentence: string }>();
  #loaded = false;

  constructor(parts: RecipientChecksParts) {
    this.#parts = parts;
    this.#callouts = new Callouts({
      ...parts,
      tell: (domain, trouble) => this.#tell(domain, trouble),
    });
  }

  /** Reads the lists, so that the first client is answered by them, and what was learnt before. */
  async start(domains: readonly DomainSetting[]): Promise<void> {
    await this.reload(domains);
  }

  async reload(domains: readonly DomainSetting[]): Promise<void> {
    this.#domains = new Map(domains.map(domain => [domain.name, domain]));
    if (!this.#loaded && domains.some(({ recipients }) => recipients.kind === 'callout')) {
      this.#loaded = true;
      await this.#callouts.start();
    }
    for (const subject of this.#troubles.keys())
      if (this.#domains.get(subject)?.recipients.kind !== 'callout' && !this.#files.has(subject))
        this.#tell(subject, null);
    const paths = new Set(
      domains.flatMap(({ recipients }) => (recipients.kind === 'file' ? [recipients.path] : [])),
    );
    for (const [path, file] of this.#files) {
      if (paths.has(path)) continue;
      file.close();
      this.#files.delete(path);
      this.#tell(path, null);
    }
    const added = [...paths].filter(path => !this.#files.has(path));
    await Promise.all(
      added.map(path => {
        const { files, clock } = this.#parts;
        const file = new RecipientFile(path, { files, clock, tell: trouble => this.#tell(path, trouble) });
        this.#files.set(path, file);
        return file.read();
      }),
    );
  }

  async stop(): Promise<void> {
    for (const file of this.#files.values()) file.close();
    await this.#callouts.stop();
  }

  readonly check: RecipientCheck = ({ forwardPath, domain: name }) => {
    const domain = this.#domains.get(name);
    if (domain === undefined || domain.recipients.kind === 'any' || isPostmaster(forwardPath)) return null;
    if (domain.recipients.kind === 'file') {
      const answer = this.#files.get(domain.recipients.path)?.answer(forwardPath) ?? 'unsure';
      if (answer === 'known') return null;
      return answer === 'unknown' ? refusalOf(forwardPath, null) : unsureVerdict(domain.whenUnknown);
    }
    const verdict = this.#callouts.check(domain, forwardPath);
    return verdict instanceof Promise
      ? verdict.then(said => replyTo(said, domain, forwardPath))
      : replyTo(verdict, domain, forwardPath);
  };

  #tell(subject: string, trouble: string | null): void {
    const { events, clock } = this.#parts;
    const at = clock.now();
    const before = this.#troubles.get(subject);
    if (trouble === (before?.sentence ?? null)) return;
    const since = before?.since ?? at;
    if (trouble === null) this.#troubles.delete(subject);
    else this.#troubles.set(subject, { since, sentence: trouble });
    const reason =
      trouble ??
      (this.#files.has(subject)
        ? `The list of recipients ${subject} is in use again.`
        : `Which recipients of ${subject} exist can be told again.`);
    events.emit({
      kind: 'condition',
      at,
      condition: {
        kind: 'recipients',
        subject,
        uplink: null,
        state: trouble === null ? 'over' : 'trouble',
        previous: before === undefined ? 'over' : 'trouble',
        since: trouble === null ? at : since,
        reason,
      },
    });
  }
}

function replyTo(verdict: CalloutVerdict, domain: DomainSetting, forwardPath: string): RecipientVerdict {
  switch (verdict.kind) {
    case 'take':
      return null;
    case 'refuse': {
      const who = domain.role === 'backup' ? 'the primary' : 'the mail store';
      return refusalOf(forwardPath, verdict.words === '' ? null : { who, reply: verdict.words });
    }
    case 'unsure':
      return unsureVerdict(domain.whenUnknown);
    default:
      return verdict satisfies never;
  }
}
