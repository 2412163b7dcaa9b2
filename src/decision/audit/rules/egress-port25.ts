import { cannotSpeak, egressSubject } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Port 25 outward works. */
export const egressPort25: Rule = {
  id: 'EGRESS-PORT25',
  article: {
    title: 'The provider lets no mail out.',
    meaning:
      'Connections to port 25 fail from this address, while the connection works otherwise. Many providers block the port until they are asked.',
    actedOn: 'Nobody gets your mail by this connection.',
    ground: 'the case of a host with two uplinks',
    fix: 'Ask the provider to open port 25, or use his smart host: smart_host: { host: … }.',
    others: null,
  },
  judge(view) {
    return view.facts.egresses.flatMap((egress): Judgement[] => {
      const { port25, smartHost } = egress;
      if (port25 === null || smartHost !== null) return [];
      const subject = egressSubject(egress);
      if (port25.reached.length > 0)
        return [
          {
            level: 'pass',
            subject,
            message: `Port 25 outward works from ${egress.address}.`,
            evidence: [{ asked: 'port 25', answer: port25.reached.join(', ') }],
          },
        ];
      if (port25.failed.length < 2 || cannotSpeak(view, egress.id)) return [];
      return [
        {
          level: 'error',
          subject,
          message: `From ${egress.address} none of ${port25.failed.length} mail hosts could be reached on port 25.`,
          evidence: port25.failed.map(answer => ({ asked: `port 25 from ${egress.address}`, answer })),
          fix: `smart_host: { host: (the mail relay of the provider of ${egress.uplink}) }`,
        },
      ];
    });
  },
};
