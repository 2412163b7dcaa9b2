import { isUsable, matchesChain } from '../../../protocol/tls/tlsa.ts';
import { subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';
import { isDaneEnforced, tlsaOf } from '../tls-view.ts';
import { evidenceOf } from '../view.ts';

/** A TLSA record matches what the host shows. */
export const daneMismatch: Rule = {
  id: 'DANE-MISMATCH',
  article: {
    title: 'The key in DNS is not the key that the server shows.',
    meaning:
      'Senders that know DANE take the server for an impostor and keep the mail. It is lost after days.',
    actedOn: 'Senders that know DANE, among them large providers.',
    ground: 'RFC 7672 section 2.2',
    fix: 'Publish the key that the server shows, or give the server back the key that is published.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { host, tls } = conversation;
      if (!isDaneEnforced(view, host)) return [];
      const subject = subjectOf(conversation);
      const name = `_25._tcp.${host}`;
      const evidence = [evidenceOf(view, name, 'TLSA')];
      if (tls === null || tls.kind !== 'done') {
        if (conversation.ehlo === null) return [];
        return [
          {
            level: 'error',
            subject,
            message: `${host} has TLSA records, but no TLS that works: DANE senders keep their mail.`,
            evidence,
          },
        ];
      }
      const verdicts = tlsaOf(view, host)
        .records.filter(isUsable)
        .map(record => matchesChain(record, tls.chain));
      if (verdicts.includes(true))
        return [
          { level: 'pass', subject, message: `A TLSA record matches the key that ${host} shows.`, evidence },
        ];
      if (verdicts.includes(null))
        return [
          {
            level: 'skip',
            subject,
            message: `The TLSA records of ${host} hold whole certificates, which were not compared.`,
            evidence,
          },
        ];
      const [shown] = tls.chain;
      const key = shown === undefined ? '' : `3 1 1 ${shown.keyDigest}`;
      return [
        {
          level: 'error',
          subject,
          message: `No TLSA record of ${host} matches the certificate that it shows: DANE senders keep their mail, and it is lost after days.`,
          evidence: [...evidence, { asked: `${conversation.address}: key`, answer: key }],
          fix: `${name}. IN TLSA ${key}`,
          change: { [`${name} TLSA`]: { kind: 'records', values: [key], authenticated: true } },
        },
      ];
    });
  },
};
