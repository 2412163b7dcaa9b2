import { isMisrouted, sourceSubject } from '../egress-subject.ts';
import { hostSilence } from '../host-silence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** Each source address has its route. */
export const hostSourceRoute: Rule = {
  id: 'HOST-SOURCE-ROUTE',
  article: {
    title: 'Packets of one connection leave by the other.',
    meaning:
      'Binding a source address does not choose the way. Without a rule for the address its packets leave by the main route, and the answers come back by the other way, or not at all.',
    actedOn: 'Every far side: sessions hang, and answers to incoming mail leave by the wrong connection.',
    ground: 'the case of a host with two uplinks; RFC 3704',
    fix: 'Run the lines as root, and put them into the network configuration.',
    others: null,
  },
  judge(view) {
    const { host } = view.facts;
    if (host === null) return hostSilence(view, true);
    return host.sources.flatMap((source): Judgement[] => {
      const subject = sourceSubject(view, source);
      const evidence = [
        { asked: `ip route get from ${source.address ?? source.egress}`, answer: source.condition },
      ];
      if (!isMisrouted(source)) return [];
      return [
        {
          level: 'error',
          subject,
          message: source.message,
          evidence,
          ...(source.commands.length === 0 ? {} : { fix: source.commands.join('\n') }),
        },
      ];
    });
  },
};
