import type { Judgement, Rule } from '../rule.ts';

/** The answer fits a datagram. */
export const spfLong: Rule = {
  id: 'SPF-LONG',
  article: {
    title: 'The text records of the domain are very long.',
    meaning: 'An answer that does not fit a datagram is asked again over TCP, which some firewalls drop.',
    actedOn: 'Receivers behind such firewalls.',
    ground: 'RFC 7208 sections 3.3 and 3.4',
    fix: 'Take out text records that nobody needs any more (old site verifications).',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    const bytes = view.records(domain, 'TXT').reduce((sum, text) => sum + text.length + 14, 0);
    if (bytes <= longestBytes) return [];
    const tcpFails = view.facts.nameServers.some(({ tcp }) => tcp === false);
    const judgement: Judgement = {
      level: tcpFails ? 'warning' : 'notice',
      subject,
      message: `The TXT records of ${domain} make an answer of about ${bytes} bytes, which does not fit a datagram${tcpFails ? ', and a name server does not answer over TCP' : ''}.`,
      evidence: [{ asked: `${domain} TXT`, answer: `${view.records(domain, 'TXT').length} records` }],
      fix: 'Take out text records that nobody needs any more.',
    };
    return [judgement];
  },
};

/** What a datagram of 1232 bytes holds beside its head. */
const longestBytes = 1_150;
