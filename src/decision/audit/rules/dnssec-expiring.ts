import { dateText } from '../../../protocol/message/rfc3339.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';
import { zonesOf } from './dnssec-algorithm.ts';

/** Signatures hold for some time yet. */
export const dnssecExpiring: Rule = {
  id: 'DNSSEC-EXPIRING',
  article: {
    title: 'The signatures of the zone end soon.',
    meaning:
      'Signatures are renewed long before they end. These are in the last tenth of their life, so the renewal has stopped; when they end, the domain vanishes.',
    actedOn: 'Every resolver that validates, when they end.',
    ground: 'RFC 6781 section 4.4',
    fix: 'Look why the zone is not signed anew.',
    others: null,
  },
  judge(view) {
    const nowS = view.facts.startedAt / 1000;
    return zonesOf(view).flatMap((zone): Judgement[] => {
      const ending = view.records(zone, 'RRSIG').flatMap(text => {
        const [covered = '', , from = '0', until = '0'] = text.split(' ');
        const life = Number(until) - Number(from);
        return Number(until) > nowS && Number(until) - nowS < life / 10
          ? [{ covered, until: Number(until) }]
          : [];
      });
      const [first] = ending.toSorted((one, other) => one.until - other.until);
      if (first === undefined) return [];
      return [
        {
          level: 'warning',
          subject: { kind: 'zone', name: zone },
          message: `The signature of ${zone} over ${first.covered} ends on ${dateText(first.until * 1000)}, and is in the last tenth of its life.`,
          evidence: [evidenceOf(view, zone, 'RRSIG')],
          fix: 'Look why the signer of the zone has stopped, and sign the zone anew.',
        },
      ];
    });
  },
};
