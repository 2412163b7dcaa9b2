import type { Judgement, Rule } from '../rule.ts';

/** Mail is kept for four days at least. */
export const confQueueLife: Rule = {
  id: 'CONF-QUEUE-LIFE',
  article: {
    title: 'Mail is given up too soon.',
    meaning:
      'A receiver may be away over a long weekend. The standard asks senders to try for four to five days.',
    actedOn: 'Your own users, whose mail bounces.',
    ground: 'RFC 5321 section 4.5.4.1',
    fix: 'queue: { expire: 5d }',
    others: null,
  },
  judge(view) {
    const { configuration } = view.facts;
    if (configuration === null) return [];
    const days = configuration.queueExpireMs / 86_400_000;
    const subject = { kind: 'configuration' } as const;
    if (days >= 4) return [{ level: 'pass', subject, message: `Mail is kept for ${Math.round(days)} days.` }];
    const judgement: Judgement = {
      level: 'warning',
      subject,
      message: `Mail is given up after ${Math.round(days * 10) / 10} days; the standard asks for at least 4.`,
      fix: 'queue: { expire: 5d }',
    };
    return [judgement];
  },
};
