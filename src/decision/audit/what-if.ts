import type { EgressFact } from './facts.ts';
import type { Finding } from './finding.ts';
import type { AuditView } from './view.ts';

/** What becomes of mail in one direction while something has failed. */
export type WhatIfState =
  /** As ever, or by another way, at once. */
  | 'flows'
  /** It is kept by somebody until the failure is over, or its time is. */
  | 'waits'
  /** Some receivers refuse it. */
  | 'refused';

export type WhatIfSide = {
  readonly state: WhatIfState;
  /** One sentence: by which way, where it waits and for how long. */
  readonly message: string;
};

/** One row of the matrix: a single failure, and what it means. */
export type WhatIf = {
  readonly failure: {
    readonly kind: 'uplink' | 'mail_host' | 'backup' | 'name_server' | 'certificate';
    readonly name: string;
  };
  readonly incoming: WhatIfSide;
  readonly outgoing: WhatIfSide;
  /** IDs of findings that are the reason why it is not better. */
  readonly reasons: readonly string[];
};

const day = 86_400_000;
/** RFC 5321 section 4.5.4.1: senders keep trying for at least 4 to 5 days. */
const senders = 'at its senders, who give up after 4 to 5 days';

/** What each single failure would mean, from the same facts as the findings; worst first is not its order. */
export function whatIf(view: AuditView, findings: readonly Finding[]): readonly WhatIf[] {
  const { egresses, nameServers, configuration } = view.facts;
  const uplinks = [...new Set(egresses.map(({ uplink }) => uplink))];
  return [
    ...uplinks.map(uplink => uplinkFails(uplink, view, findings)),
    ...(egresses.length > 0 || configuration !== null ? [mailHostFails(view, findings)] : []),
    ...elsewhere(view).map(host => backupFails(host)),
    ...nameServersOf(view, nameServers.length).map(name => nameServerFails(name, view)),
    ...(hasCertificate(view) ? [certificateEnds(view)] : []),
  ];
}

function uplinkFails(uplink: string, view: AuditView, findings: readonly Finding[]): WhatIf {
  const { domain, egresses, configuration } = view.facts;
  const own = new Set(egresses.filter(each => each.uplink === uplink).map(({ address }) => address));
  const left = view.mailHosts.flatMap(host => view.addresses(host)).filter(address => !own.has(address));
  const others = egresses.filter(each => each.uplink !== uplink);
  const faults = faultsOf(others, findings);
  const dead = faults.filter(({ id }) => deadly.has(id));
  const isLeft = others.some(({ address }) => !dead.some(({ subject }) => subject.address === address));
  const incoming: WhatIfSide =
    view.mailHosts.length === 0
      ? { state: 'flows', message: `${domain} takes no mail.` }
      : left.length > 0
        ? { state: 'flows', message: `Mail comes in at ${left.join(', ')}.` }
        : { state: 'waits', message: `Mail waits ${senders}.` };
  const expiry =
    configuration === null ? 'its time to live' : `${Math.round(configuration.queueExpireMs / day)} days`;
  const outgoing: WhatIfSide =
    others.length === 0
      ? { state: 'waits', message: `Mail waits in the queue, for ${expiry} at most.` }
      : !isLeft
        ? {
            state: 'waits',
            message: `Mail waits in the queue, for ${expiry} at most: ${namesOf(others)} carries none.`,
          }
        : faults.length > 0
          ? { state: 'refused', message: `Mail leaves by ${namesOf(others)}, but some receivers refuse it.` }
          : { state: 'flows', message: `Mail leaves by ${namesOf(others)}.` };
  const reasons = [...(incoming.state === 'flows' ? [] : ['MX-ONE-UPLINK']), ...faults.map(({ id }) => id)];
  return { failure: { kind: 'uplink', name: uplink }, incoming, outgoing, reasons: [...new Set(reasons)] };
}

/** With these an egress carries no mail at all. */
const deadly: ReadonlySet<string> = new Set([
  'EGRESS-ABSENT',
  'EGRESS-PORT25',
  'EGRESS-WRONG-WAY',
  'HOST-SOURCE-ROUTE',
]);

/** What receivers refuse on the day that an idle uplink stands in, beside errors of today. */
const refusedThen = 'EGRESS-STANDBY-SPF';

/** Faults of the identities that would have to stand in. */
function faultsOf(egresses: readonly EgressFact[], findings: readonly Finding[]): readonly Finding[] {
  const addresses = new Set(egresses.map(({ address }) => address));
  return findings.filter(
    ({ id, level, subject }) =>
      (level === 'error' || id === refusedThen) &&
      subject.kind === 'egress' &&
      addresses.has(subject.address ?? ''),
  );
}

function mailHostFails(view: AuditView, findings: readonly Finding[]): WhatIf {
  const backups = elsewhere(view);
  const useless = findings.filter(
    ({ id, level, subject }) =>
      level === 'error' &&
      (id === 'BACKUP-REFUSES' || id === 'BACKUP-LOOPS') &&
      backups.includes(subject.name ?? ''),
  );
  const helpful = backups.filter(host => !useless.some(({ subject }) => subject.name === host));
  return {
    failure: { kind: 'mail_host', name: view.facts.configuration?.hostname ?? view.facts.domain },
    incoming:
      useless.length > 0
        ? {
            state: 'refused',
            message: `Senders come to ${useless.map(({ subject }) => subject.name).join(' and ')}, which refuses the mail: it bounces.`,
          }
        : helpful.length > 0
          ? {
              state: 'waits',
              message: `Mail is kept by ${helpful.join(' and ')} and handed over afterwards.`,
            }
          : { state: 'waits', message: `Mail waits ${senders}.` },
    outgoing: { state: 'waits', message: 'Mail waits where it is written, until the host is back.' },
    reasons: backups.length > 0 ? [...new Set(useless.map(({ id }) => id))] : ['MX-ONE-HOST'],
  };
}

/** MX hosts that are none of our addresses: machines elsewhere. */
function elsewhere(view: AuditView): readonly string[] {
  const { egresses, configuration } = view.facts;
  const ours = new Set([
    ...egresses.map(({ address }) => address),
    ...(configuration?.listeners ?? []).map(({ address }) => address),
  ]);
  if (ours.size === 0) return [];
  return view.mailHosts.filter(host => {
    const addresses = view.addresses(host);
    return addresses.length > 0 && addresses.every(address => !ours.has(address));
  });
}

function backupFails(host: string): WhatIf {
  return {
    failure: { kind: 'backup', name: host },
    incoming: { state: 'flows', message: 'Mail comes in by the others; only the help in need is missing.' },
    outgoing: { state: 'flows', message: 'Mail leaves as ever.' },
    reasons: [],
  };
}

function nameServersOf(view: AuditView, known: number): readonly string[] {
  const names = view.records(view.facts.domain, 'NS');
  return known > 0 || names.length > 0 ? names : [];
}

function nameServerFails(name: string, view: AuditView): WhatIf {
  const others = view.records(view.facts.domain, 'NS').filter(other => other !== name);
  const side: WhatIfSide =
    others.length > 0
      ? { state: 'flows', message: `${others.join(' and ')} ${others.length === 1 ? 'answers' : 'answer'}.` }
      : {
          state: 'waits',
          message: 'Nobody can look the domain up; mail waits when caches have forgotten it.',
        };
  return {
    failure: { kind: 'name_server', name },
    incoming: side,
    outgoing:
      others.length > 0
        ? side
        : {
            state: 'refused',
            message: 'Receivers that cannot look the sender up put mail off or refuse it.',
          },
    reasons: [],
  };
}

const hasCertificate = (view: AuditView): boolean =>
  view.facts.conversations.some(({ tls }) => tls?.kind === 'done' && tls.chain.length > 0);

/** Few validate the certificate of a mail host; those who do read an enforced policy (RFC 8461 section 5). */
function certificateEnds(view: AuditView): WhatIf {
  const { policy } = view.facts;
  const enforced = policy?.kind === 'fetched' && /^mode:\s*enforce\s*$/im.test(policy.text);
  const names = [
    ...new Set(view.facts.conversations.flatMap(({ tls, host }) => (tls?.kind === 'done' ? [host] : []))),
  ];
  return {
    failure: { kind: 'certificate', name: names.join(', ') },
    incoming: enforced
      ? {
          state: 'waits',
          message: `Senders that honour the MTA-STS policy wait; others deliver. Mail of the first waits ${senders}.`,
        }
      : {
          state: 'flows',
          message:
            'Senders deliver all the same: nobody validates the certificate without a policy, and DANE looks at the key alone.',
        },
    outgoing: { state: 'flows', message: 'Mail leaves as ever.' },
    reasons: enforced ? ['CERT-EXPIRES'] : [],
  };
}

const namesOf = (egresses: readonly EgressFact[]): string =>
  [...new Set(egresses.map(({ uplink }) => uplink))].join(' or ');
