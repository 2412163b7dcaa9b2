import { hostName } from '../../../protocol/dns/names.ts';
import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The EHLO reply begins with a name. */
export const ehloName: Rule = {
  id: 'EHLO-NAME',
  article: {
    title: 'The reply to EHLO does not begin with a name.',
    meaning: 'The first word of the reply is the name of the server. Few read it.',
    actedOn: 'Hardly anybody.',
    ground: 'RFC 5321 section 4.1.1.1',
    fix: 'Give the listener a fully qualified name.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { ehlo, host } = conversation;
      if (ehlo === null || ehlo.code !== 250) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, 'EHLO', ehlo)];
      const word = (ehlo.lines[0] ?? '').split(' ')[0] ?? '';
      if (hostName(word) !== null || word.startsWith('['))
        return [{ level: 'pass', subject, message: `${host} says its name in reply to EHLO.`, evidence }];
      return [
        {
          level: 'notice',
          subject,
          message: `${host} begins its reply to EHLO with "${word}", which is no name.`,
          evidence,
        },
      ];
    });
  },
};
