import { questionKey } from '../facts.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** The configuration takes mail for the domain, and an MX leads to it. */
export const mxSelfMissing: Rule = {
  id: 'MX-SELF-MISSING',
  article: {
    title: 'No mail for the domain can find this gateway.',
    meaning: 'The configuration takes mail for the domain, but no MX leads to a listener of it.',
    actedOn: 'Every sender: mail goes elsewhere.',
    ground: 'RFC 5321 section 5.1',
    fix: 'Set an MX record for a name that leads to a listener, or take the domain out of the configuration.',
    others: null,
  },
  judge(view) {
    const { configuration, domain } = view.facts;
    const own = configuration?.domains.find(({ name }) => name === domain);
    if (configuration === null || own === undefined || view.dns(domain, 'MX').kind === 'temperror') return [];
    const doors = configuration.listeners.filter(({ role }) => role === 'mx');
    const addresses = new Set(view.mailHosts.flatMap(host => view.addresses(host)));
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'MX')];
    if (doors.length === 0) return [];
    if (doors.some(({ address }) => addresses.has(address)))
      return [
        {
          level: 'pass',
          subject,
          message: `An MX of ${domain} leads to a listener of this gateway.`,
          evidence,
        },
      ];
    if (view.mailHosts.some(host => view.isUnsure(host)))
      return [
        {
          level: 'skip',
          subject,
          message: `Nobody could say where the MX of ${domain} leads.`,
          evidence,
          unanswered: true,
        },
      ];
    const records = doors.map(({ name }, place): string => `${10 * (place + 1)} ${name}.`);
    const others = view.records(domain, 'MX');
    const fix = [
      ...records.map(record => `${domain}. IN MX ${record}`),
      ...(others.length === 0 ? [] : [`# in the place of ${others.join(' and ')}`]),
    ];
    const judgement: Judgement = {
      level: 'error',
      subject,
      message: `The configuration takes mail for ${domain}, but no MX leads to one of its listeners.`,
      evidence,
      fix: fix.join('\n'),
      change: {
        [questionKey(domain, 'MX')]: { kind: 'records', values: records },
        ...Object.fromEntries(
          doors.map(({ name, address }) => [
            questionKey(name, address.includes(':') ? 'AAAA' : 'A'),
            { kind: 'records' as const, values: [address] },
          ]),
        ),
      },
    };
    return [judgement];
  },
};
