import { sourceSubject } from '../egress-subject.ts';
import { hostSilence } from '../host-silence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Every source address is on the host. */
export const egressAbsent: Rule = {
  id: 'EGRESS-ABSENT',
  article: {
    title: 'An address of the configuration is not on this host.',
    meaning: 'Nothing can be sent from it. Either the connection is down, or the file is wrong.',
    actedOn: 'Nobody; mail leaves by the others.',
    ground: 'the case of a host with two uplinks',
    fix: 'Bring the interface up, or correct the source.',
    others: null,
  },
  judge(view) {
    const { host } = view.facts;
    if (host === null) return hostSilence(view, true);
    return host.sources.flatMap((source): Judgement[] => {
      const subject = sourceSubject(view, source);
      if (source.address !== null && source.condition !== 'address absent') return [];
      return [
        {
          level: 'error',
          subject,
          message: source.message === '' ? `${source.egress} has no address on this host.` : source.message,
        },
      ];
    });
  },
};
