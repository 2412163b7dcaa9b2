import type { Judgement, Rule } from '../rule.ts';

/** The name servers answer over TCP. */
export const nsTcp: Rule = {
  id: 'NS-TCP',
  article: {
    title: 'A name server does not answer over TCP.',
    meaning: 'Long answers do not fit a datagram and are asked again over TCP. Then this server seems dead.',
    actedOn: 'Resolvers that need a long answer: SPF and DKIM fail.',
    ground: 'RFC 7766 section 5',
    fix: 'Let the firewall pass TCP to port 53 of the name server.',
    others: null,
  },
  judge(view) {
    return view.facts.nameServers.flatMap(({ name, address, tcp }): Judgement[] => {
      if (tcp === null) return [];
      const subject = { kind: 'zone', name, address } as const;
      if (tcp) return [{ level: 'pass', subject, message: `${name} answers over TCP.` }];
      return [
        {
          level: 'warning',
          subject,
          message: `${name} [${address}] does not answer over TCP, so long answers are lost.`,
          fix: `Let TCP to port 53 of ${address} through.`,
        },
      ];
    });
  },
};
