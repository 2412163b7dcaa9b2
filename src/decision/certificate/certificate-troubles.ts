import { dateText } from '../../protocol/message/rfc3339.ts';
import { namesHost } from '../../protocol/tls/certificate-name.ts';
import type { CertificateFact } from '../audit/facts.ts';

/** A pair of files and what is in use of them. */
export type HeldCertificate = {
  readonly certFile: string;
  /** Null: none of these files was ever fit for use. */
  readonly fact: Pick<CertificateFact, 'names' | 'from' | 'until'> | null;
  /** Why the files as they are now are not used; null: they are. */
  readonly refused: string | null;
};

/** A listener, as people write it, its name, and the certificate that it shows. */
export type ShownCertificate = {
  readonly listener: string;
  readonly name: string;
  readonly held: HeldCertificate;
};

/** Something about a certificate that the operator is told of while it lasts. */
export type CertificateTrouble = {
  /** As in `Condition`. */
  readonly subject: string;
  readonly state: 'trouble' | 'unreadable' | 'expired';
  readonly reason: string;
};

const dayMs = 86_400_000;

/**
 * What is wrong, or soon will be, with the certificates that listeners show: at most one trouble of a pair of files, the
 * worst; one of each listener whose name is missing; one of each EHLO name that no certificate has. `now` is wall ms.
 */
export function certificateTroubles(
  held: readonly HeldCertificate[],
  shown: readonly ShownCertificate[],
  ehloNames: readonly string[],
  now: number,
): readonly CertificateTrouble[] {
  const troubles = [...held.flatMap(one => fileTrouble(one, now)), ...shown.flatMap(missingName)];
  const names = shown.flatMap(one => one.held.fact?.names ?? []);
  if (names.length === 0) return troubles;
  const missing = [...new Set(ehloNames)].filter(ehlo => !names.some(name => namesHost(name, ehlo)));
  return [...troubles, ...missing.map(missingEhlo)];
}

/** Of several that stand for the asked name the first; the listener's own comes first. Null: none does. */
export function fittingCertificate<Held extends { readonly names: readonly string[] }>(
  certificates: readonly Held[],
  serverName: string,
): Held | null {
  return certificates.find(({ names }) => names.some(name => namesHost(name, serverName))) ?? null;
}

function fileTrouble({ certFile, fact, refused }: HeldCertificate, now: number): CertificateTrouble[] {
  const trouble = (state: CertificateTrouble['state'], reason: string): CertificateTrouble[] => [
    { subject: certFile, state, reason },
  ];
  if (fact !== null && now >= fact.until)
    return trouble(
      'expired',
      `The certificate in ${certFile} ended on ${dateText(fact.until)}: senders that check it deliver no mail. Renew it; changed files are taken into use by themselves.${also(refused)}`,
    );
  if (refused !== null) {
    const meanwhile =
      fact === null
        ? 'STARTTLS is not offered with it until the files are in order.'
        : `The certificate before stays in use; it ends on ${dateText(fact.until)}.`;
    return trouble('unreadable', `${refused} ${meanwhile}`);
  }
  if (fact === null) return [];
  if (now < fact.from)
    return trouble(
      'trouble',
      `The certificate in ${certFile} begins only on ${dateText(fact.from)}: senders that check it deliver no mail until then. Look at this host's clock, or take the certificate before.`,
    );
  if (fact.until - now >= (fact.until - fact.from) / 5) return [];
  const days = Math.floor((fact.until - now) / dayMs);
  const left = days === 0 ? 'within a day' : `in ${days} day${days === 1 ? '' : 's'}`;
  return trouble(
    'trouble',
    `The certificate in ${certFile} ends on ${dateText(fact.until)}, ${left}: it is in the last fifth of its life. Renew it, and look why that has not happened; changed files are taken into use by themselves.`,
  );
}

const also = (refused: string | null): string =>
  refused === null ? '' : ` The files as they are now: ${refused}`;

function missingName({ listener, name, held: { certFile, fact } }: ShownCertificate): CertificateTrouble[] {
  if (fact === null || fact.names.some(pattern => namesHost(pattern, name))) return [];
  return [
    {
      subject: `${name} at ${listener}`,
      state: 'trouble',
      reason: `The certificate in ${certFile} is for ${listed(fact.names)}, not for ${name}, the name of the listener ${listener}: senders that check names (DANE, MTA-STS) deliver no mail there. Have ${name} added to the certificate, or give the listener one of its names.`,
    },
  ];
}

function missingEhlo(ehlo: string): CertificateTrouble {
  return {
    subject: ehlo,
    state: 'trouble',
    reason: `No listener's certificate is for ${ehlo}, which we say in EHLO. No standard wants it, and mail is not at risk; some testing sites and a few receivers complain. Have ${ehlo} added to the certificate when it is renewed.`,
  };
}

/** As many as a sentence bears. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no host';
  const more = names.length - 5;
  return names.slice(0, 5).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
