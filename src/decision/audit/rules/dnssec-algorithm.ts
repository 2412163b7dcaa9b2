import type { Judgement, Rule } from '../rule.ts';
import { type AuditView, evidenceOf } from '../view.ts';

/** The zone is signed with algorithms that count. */
export const dnssecAlgorithm: Rule = {
  id: 'DNSSEC-ALGORITHM',
  article: {
    title: 'The zone is signed in a way that is no longer believed.',
    meaning:
      'Signatures with SHA-1 are passed over by more and more resolvers, for which the zone is then unsigned.',
    actedOn: 'Resolvers of current systems.',
    ground: 'RFC 9905 section 2',
    fix: 'Sign the zone with algorithm 13 (ECDSA P-256).',
    others: null,
  },
  judge(view) {
    return zonesOf(view).flatMap((zone): Judgement[] => {
      const old = view.records(zone, 'DNSKEY').filter(text => oldAlgorithms.has(Number(text.split(' ')[2])));
      if (old.length === 0) return [];
      return [
        {
          level: 'warning',
          subject: { kind: 'zone', name: zone },
          message: `${zone} is signed with an algorithm that leans on SHA-1 (${old.map(text => text.split(' ')[2]).join(', ')}).`,
          evidence: [evidenceOf(view, zone, 'DNSKEY')],
          fix: 'Change the signing algorithm of the zone to 13 (ECDSA P-256 with SHA-256).',
        },
      ];
    });
  },
};

/** DSA, RSA with SHA-1, and their NSEC3 kin. */
const oldAlgorithms: ReadonlySet<number> = new Set([1, 3, 5, 6, 7]);

/** The zones whose keys were asked for. */
export function zonesOf(view: AuditView): readonly string[] {
  return Object.keys(view.facts.dns).flatMap(key =>
    key.endsWith(' DNSKEY') ? [key.slice(0, -' DNSKEY'.length)] : [],
  );
}
