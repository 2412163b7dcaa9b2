import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** EHLO is understood. */
export const ehloRefused: Rule = {
  id: 'EHLO-REFUSED',
  article: {
    title: 'The server knows only the SMTP of 1982.',
    meaning:
      'Without EHLO there is no TLS, no size limit, no eight-bit text. Servers of today understand it; a firewall in between may not.',
    actedOn: 'Every sender: mail goes in clear text.',
    ground: 'RFC 5321 sections 2.2.1 and 3.2',
    fix: 'Switch off the inspection of SMTP in the firewall (it is known as "fixup").',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { ehlo, helo, host } = conversation;
      if (ehlo === null) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, 'EHLO', ehlo)];
      if (ehlo.code < 300)
        return [{ level: 'pass', subject, message: `${host} understands EHLO.`, evidence }];
      if (helo === null || helo.code >= 300)
        return [
          {
            level: 'skip',
            subject,
            message: `${host} would not speak with us, so it could not be judged.`,
            evidence,
          },
        ];
      return [
        { level: 'warning', subject, message: `${host} refuses EHLO and understands HELO only.`, evidence },
      ];
    });
  },
};
