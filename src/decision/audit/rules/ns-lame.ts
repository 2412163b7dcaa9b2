import type { DnsFailure } from '../../../protocol/dns/failure.ts';
import type { Judgement, Rule } from '../rule.ts';

/** What may be the network between it and us, or our own haste. */
const isSilence: ReadonlySet<DnsFailure> = new Set(['timeout', 'unreachable', 'given_up']);

/** Every server that the zone names serves the zone. */
export const nsLame: Rule = {
  id: 'NS-LAME',
  article: {
    title: 'A name server of the domain knows nothing of the domain.',
    meaning:
      'It is named in the NS set, but refuses questions about the domain, or does not answer. Resolvers ask it all the same, lose time, and fail where they meet no other.',
    actedOn: 'Every resolver, now and then: mail is late, or is told that the domain cannot be looked up.',
    ground: 'RFC 1034 section 4.2.2, RFC 1912 section 2.8',
    fix: 'Load the zone on this server, or take it out of the NS set here and at the parent zone.',
    others: null,
  },
  judge(view) {
    return view.facts.nameServers.flatMap(({ name, address, answers, tcp }): Judgement[] => {
      const said = Object.values(answers);
      const [first] = said;
      const subject = { kind: 'zone', name, address } as const;
      if (first === undefined) return [];
      if (first.kind !== 'temperror' || said.some(({ kind }) => kind !== 'temperror'))
        return [{ level: 'pass', subject, message: `${name} serves the zone.` }];
      const evidence = [{ asked: `${name} [${address}]`, answer: first.reason }];
      if (tcp === null || isSilence.has(first.failure))
        return [
          {
            level: 'skip',
            subject,
            message: `${name} [${address}] did not answer, so it could not be judged.`,
            evidence,
          },
        ];
      return [
        {
          level: 'warning',
          subject,
          message: `${name} [${address}] is named as a name server of the domain, and does not serve it.`,
          evidence,
          fix: `Load the zone on ${name}, or take it out of the NS set here and at the parent zone.`,
        },
      ];
    });
  },
};
