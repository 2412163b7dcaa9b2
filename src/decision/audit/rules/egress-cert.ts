import { namesHost } from '../../../protocol/tls/certificate-name.ts';
import { egressSubject, judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The EHLO name in the certificate, explained. */
export const egressCert: Rule = {
  id: 'EGRESS-CERT',
  article: {
    title: 'The name that is said when sending is not in a certificate. That is no fault.',
    meaning: 'A sender shows no certificate, and no standard wants its EHLO name in one.',
    actedOn: 'Nobody.',
    ground: 'practice; no standard asks for it',
    fix: 'Nothing needs to be done.',
    others:
      'Some testing sites compare the EHLO name with the certificate of the server that receives; the two have nothing to do with each other.',
  },
  judge(view) {
    const certificates = (view.facts.configuration?.listeners ?? []).flatMap(({ certificate }) =>
      certificate === null ? [] : [certificate],
    );
    if (certificates.length === 0) return [];
    return judgedEgresses(view.facts.egresses).flatMap((egress): Judgement[] => {
      if (certificates.some(({ names }) => names.some(name => namesHost(name, egress.ehlo)))) return [];
      return [
        {
          level: 'info',
          subject: egressSubject(egress),
          message: `The EHLO name ${egress.ehlo} is in no certificate of this gateway; no standard wants it there.`,
        },
      ];
    });
  },
};
