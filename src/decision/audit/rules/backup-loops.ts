import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** A backup has somebody to hand mail to. */
export const backupLoops: Rule = {
  id: 'BACKUP-LOOPS',
  article: {
    title: 'The backup would hand mail to itself.',
    meaning:
      'A backup hands mail to better MX hosts. If it is the best one itself, there is nobody to hand it to, and mail waits until it is given up.',
    actedOn: 'Your own backup.',
    ground: 'RFC 5321 sections 5.1 and 6.3',
    fix: 'Give the backup a higher MX preference than the primary, or name the primary in deliver_to.',
    others: null,
  },
  judge(view) {
    const { domain, configuration } = view.facts;
    if (configuration?.domains.find(({ name }) => name === domain)?.role !== 'backup' || view.mx.length === 0)
      return [];
    const doors = new Set(configuration.listeners.map(({ address }) => address));
    const own = view.mx.find(({ exchange }) => view.addresses(exchange).some(address => doors.has(address)));
    const better = view.mx.filter(({ preference }) => own === undefined || preference < own.preference);
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = [evidenceOf(view, domain, 'MX')];
    if (own !== undefined && better.length > 0)
      return [
        {
          level: 'pass',
          subject,
          message: `The backup hands mail to ${better.map(({ exchange }) => exchange).join(', ')}.`,
          evidence,
        },
      ];
    if (own === undefined) return [];
    const judgement: Judgement = {
      level: 'error',
      subject,
      message: `This backup is the best MX of ${domain} itself, so it would hand mail to itself.`,
      evidence,
      fix: `${domain}. IN MX ${own.preference + 100} ${own.exchange}.`,
    };
    return [judgement];
  },
};
