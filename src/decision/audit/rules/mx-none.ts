import { mxFix, mxPlans } from '../mx-fix.ts';
import type { Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The domain has an MX (RFC 5321 section 5.1). */
export const mxNone: Rule = {
  id: 'MX-NONE',
  article: {
    title: 'The domain names no server for its mail.',
    meaning:
      'Without an MX record senders deliver to the address of the domain itself, if it has one. That is seldom the mail server, and there can be no second one.',
    actedOn: 'Every sender: mail goes to the address record, or bounces where there is none.',
    ground: 'RFC 5321 section 5.1',
    fix: 'Set an MX record for each server that receives mail, or the null MX (0 .) if the domain takes none.',
    others: null,
  },
  judge(view) {
    const { domain } = view.facts;
    const subject = { kind: 'domain', name: domain } as const;
    const fact = view.dns(domain, 'MX');
    const evidence = [evidenceOf(view, domain, 'MX')];
    switch (fact.kind) {
      case 'records':
        return [{ level: 'pass', subject, message: `${domain} names its mail servers.`, evidence }];
      case 'temperror':
        return [
          {
            level: 'skip',
            subject,
            message: `Nobody could say whether ${domain} has an MX: ${fact.reason}.`,
            evidence,
            unanswered: true,
          },
        ];
      case 'nxdomain':
        return [
          {
            level: 'error',
            subject,
            message: `There is no domain ${domain}: mail for it bounces at once.`,
            evidence,
          },
        ];
      case 'nodata': {
        const addresses = view.addresses(domain);
        if (addresses.length === 0 && view.isUnsure(domain))
          return [
            {
              level: 'skip',
              subject,
              message: `${domain} has no MX, and nobody could say whether it has an address.`,
              evidence,
              unanswered: true,
            },
          ];
        if (addresses.length === 0)
          return [
            {
              level: 'error',
              subject,
              message: `${domain} has neither an MX nor an address, so no mail can reach it.`,
              evidence,
              ...(mxFix(view, mxPlans(view)) ?? { fix: `${domain}. IN MX 10 mx1.${domain}.` }),
            },
          ];
        return [
          {
            level: 'warning',
            subject,
            message: `${domain} has no MX, so its mail goes to ${addresses.join(', ')}, the address of the domain itself.`,
            evidence,
            ...(mxFix(view, mxPlans(view)) ?? { fix: `${domain}. IN MX 10 mx1.${domain}.` }),
          },
        ];
      }
      default:
        return fact satisfies never;
    }
  },
};
