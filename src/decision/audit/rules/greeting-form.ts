import { isIP } from 'node:net';
import { hostName } from '../../../protocol/dns/names.ts';
import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The greeting begins with one fully qualified name. */
export const greetingForm: Rule = {
  id: 'GREETING-FORM',
  article: {
    title: 'The server does not introduce itself as the standard asks.',
    meaning:
      'A greeting begins with the name of the server, or its address in brackets. Another form confuses only programs that read it, and those should not.',
    actedOn: 'Hardly anybody.',
    ground: 'RFC 5321 section 4.3.1',
    fix: 'Give the listener a fully qualified name.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { greeting, address } = conversation;
      if (greeting === null || greeting.code !== 220) return [];
      const subject = subjectOf(conversation);
      const evidence = [saidEvidence(conversation, 'greeting', greeting)];
      const word = (greeting.lines[0] ?? '').split(' ')[0] ?? '';
      if (isQualified(word))
        return [
          { level: 'pass', subject, message: `${address} greets with a fully qualified name.`, evidence },
        ];
      return [
        {
          level: 'notice',
          subject,
          message: `${address} greets with "${word}", which is no fully qualified name.`,
          evidence,
          fix: 'name: mx1.example.com   # at the listener in postern.yaml',
        },
      ];
    });
  },
};

function isQualified(word: string): boolean {
  const literal = /^\[(?:IPv6:)?([^\]]+)\]$/i.exec(word)?.[1];
  if (literal !== undefined) return isIP(literal) !== 0;
  return hostName(word) !== null && word.includes('.');
}
