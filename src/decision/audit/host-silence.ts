import type { Judgement } from './rule.ts';
import type { AuditView } from './view.ts';

/**
 * What a check of the host says where the host was asked and did not answer in the time of the check; else nothing. Of
 * an error that may be there the verdict must know.
 */
export function hostSilence({ facts }: AuditView, unanswered?: true): Judgement[] {
  if (facts.configuration === null || facts.host !== null) return [];
  return [
    {
      level: 'skip',
      subject: { kind: 'host' },
      message: 'What this host says of itself did not come in the time of the check.',
      ...(unanswered === undefined ? {} : { unanswered }),
    },
  ];
}
