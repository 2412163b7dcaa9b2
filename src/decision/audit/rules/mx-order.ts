import type { Rule } from '../rule.ts';
import type { AuditView } from '../view.ts';
import { evidenceOf } from '../view.ts';

/** The MX preferences follow those of the uplinks. */
export const mxOrder: Rule = {
  id: 'MX-ORDER',
  article: {
    title: 'Mail comes in first by the connection that you would use last.',
    meaning:
      'The MX that leads to the less preferred uplink comes before the one that leads to the preferred uplink.',
    actedOn: 'Every sender tries the lowest preference first.',
    ground: 'the case of a host with two uplinks; RFC 5321 section 5.1',
    fix: 'Exchange the preferences of the MX records.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const ways = view.mx.flatMap(({ exchange, preference }) => {
      const uplink = preferenceOf(view, exchange);
      return uplink === null ? [] : [{ exchange, preference, uplink }];
    });
    const crossed = ways.flatMap(one =>
      ways
        .filter(other => one.preference < other.preference && one.uplink > other.uplink)
        .map(other => [one, other] as const),
    )[0];
    if (ways.length < 2) return [];
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'MX')];
    if (crossed === undefined)
      return [
        { level: 'pass', subject, message: 'The MX preferences follow those of the uplinks.', evidence },
      ];
    const [first, second] = crossed;
    return [
      {
        level: 'notice',
        subject,
        message: `${first.exchange} comes before ${second.exchange}, though its uplink is the less preferred one.`,
        evidence,
        fix: `${domain}. IN MX ${second.preference} ${first.exchange}.\n${domain}. IN MX ${first.preference} ${second.exchange}.`,
      },
    ];
  },
};

/** The preference of the uplink that a host's address belongs to; null where it is none of ours. */
function preferenceOf(view: AuditView, host: string): number | null {
  const addresses = view.addresses(host);
  const ours = view.facts.egresses.filter(({ address }) => addresses.includes(address));
  return ours.length === 0 ? null : Math.min(...ours.map(({ preference }) => preference));
}
