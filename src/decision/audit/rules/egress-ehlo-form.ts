import { isIP } from 'node:net';
import { hostName } from '../../../protocol/dns/names.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The EHLO name is fully qualified. */
export const egressEhloForm: Rule = {
  id: 'EGRESS-EHLO-FORM',
  article: {
    title: 'The server says something that is no name of a host.',
    meaning:
      'localhost, a bare word, an underscore or a raw address in EHLO is what hijacked home computers say.',
    actedOn: 'Many receivers refuse it.',
    ground: 'RFC 5321 sections 4.1.1.1 and 2.3.5',
    fix: 'Write a fully qualified name as ehlo of the uplink.',
    others: null,
  },
  judge(view) {
    return judgedEgresses(view.facts.egresses).map((egress): Judgement => {
      const subject = egressSubject(egress);
      const { ehlo } = egress;
      if (ehlo.startsWith('['))
        return {
          level: 'warning',
          subject,
          message: `EHLO says the address literal ${ehlo}, which is legal and disliked.`,
          fix: 'ehlo: mail.example.com',
        };
      const isName =
        isIP(ehlo) === 0 &&
        hostName(ehlo) !== null &&
        ehlo.includes('.') &&
        !ehlo.includes('_') &&
        !/(^|\.)(localhost|localdomain|local|lan|invalid)$/.test(ehlo);
      if (isName) return { level: 'pass', subject, message: `EHLO says the fully qualified name ${ehlo}.` };
      return {
        level: 'error',
        subject,
        message: `EHLO says ${ehlo}, which is no fully qualified name of the Internet.`,
        fix: 'ehlo: mail.example.com',
      };
    });
  },
};
