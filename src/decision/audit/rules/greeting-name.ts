import { reverseName } from '../../records/reverse-name.ts';
import type { Judgement, Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';
import { saidEvidence, subjectOf } from './conversation-evidence.ts';

/** The name in the greeting, beside those of the MX and the PTR: explained, for it decides nothing. */
export const greetingName: Rule = {
  id: 'GREETING-NAME',
  article: {
    title: 'The server greets with another name than the MX or the PTR has. That is no fault.',
    meaning:
      'A sender acts on the reply code of the greeting and does not compare its name with anything. It is the client of a session that must identify itself, so the name that counts is the one that your server says in EHLO when it sends.',
    actedOn: 'Nobody. No clause compares the name of the greeting with an MX or a PTR.',
    ground:
      'RFC 5321 section 4.3.1 fixes only the form of the greeting, and section 4.2 what a client may read of it; no clause compares its name with an MX or a PTR',
    fix: 'Nothing needs to be done.',
    others:
      'Well-known testing sites call this "SMTP banner mismatch" or "reverse DNS does not match SMTP banner". They mix up receiving and sending; leave it as it is.',
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { greeting, host, address } = conversation;
      if (greeting === null || greeting.code !== 220) return [];
      const name = (greeting.lines[0] ?? '').split(' ')[0]?.toLowerCase() ?? '';
      const { name: reverse } = reverseName(address);
      const named = view.records(reverse, 'PTR');
      const differs = [
        ...(name === host ? [] : [`the MX name ${host}`]),
        ...(named.length === 0 || named.includes(name) ? [] : [`the PTR ${named.join(', ')}`]),
      ];
      const subject = subjectOf(conversation);
      const evidence = [
        saidEvidence(conversation, 'greeting', greeting),
        ...(named.length === 0 ? [] : [evidenceOf(view, reverse, 'PTR')]),
      ];
      if (differs.length === 0)
        return [
          {
            level: 'pass',
            subject,
            message: `${address} greets as ${name}, like MX and PTR.`,
            evidence,
          },
        ];
      return [
        {
          level: 'info',
          subject,
          message: `${address} greets as ${name}, which differs from ${differs.join(' and ')}. That does not matter: senders act on the code 220 and compare the name with nothing. Testing sites that call it "banner mismatch" mean the EHLO name of your outgoing mail, which is judged apart.`,
          evidence,
        },
      ];
    });
  },
};
