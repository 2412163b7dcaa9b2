import { namesHost } from '../../../protocol/tls/certificate-name.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A certificate has all names of the configuration. */
export const certCoversAll: Rule = {
  id: 'CERT-COVERS-ALL',
  article: {
    title: 'The certificate lacks a name of the configuration.',
    meaning: 'One certificate serves all listeners, and a name by which one of them is called is missing.',
    actedOn: 'Who validates that name, under a policy.',
    ground: 'the case of a host with two uplinks',
    fix: 'Have the certificate issued with all listener names.',
    others: null,
  },
  judge(view) {
    const { configuration } = view.facts;
    const doors = (configuration?.listeners ?? []).filter(({ role }) => role === 'mx');
    return doors.flatMap(({ name, address, certificate }): Judgement[] => {
      if (certificate === null) return [];
      const subject = { kind: 'certificate', name, address } as const;
      const evidence = [
        { asked: `certificate of listener ${address}`, answer: certificate.names.join(', ') },
      ];
      if (certificate.names.some(each => namesHost(each, name)))
        return [
          {
            level: 'pass',
            subject,
            message: `The certificate of the listener ${address} has its name ${name}.`,
            evidence,
          },
        ];
      return [
        {
          level: 'notice',
          subject,
          message: `The certificate of the listener ${address} lacks its name ${name}.`,
          evidence,
          fix: `Issue the certificate with the name ${name}.`,
        },
      ];
    });
  },
};
