import { reverseName } from '../../records/reverse-name.ts';
import { saidEvidence } from '../conversation-evidence.ts';
import type { ConversationFact } from '../facts.ts';
import type { Evidence } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { type AuditView, evidenceOf } from '../view.ts';

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
    const greeted = view.facts.conversations.flatMap(conversation => greetingOf(view, conversation));
    if (greeted.length === 0) return [];
    const differing = greeted.filter(({ differs }) => differs.length > 0);
    const subject = { kind: 'domain', name: view.facts.domain } as const;
    const evidence = greeted.flatMap(each => each.evidence);
    if (differing.length === 0)
      return [
        {
          level: 'pass',
          subject,
          message: `Every server greets with the name of its MX and PTR (${greeted.map(({ name }) => name).join(', ')}).`,
          evidence,
        },
      ];
    const told = differing.map(
      ({ address, name, differs }) =>
        `${address} greets as ${name}, which differs from ${differs.join(' and ')}`,
    );
    return [
      {
        level: 'info',
        subject,
        message: `${told.join('; ')}. That does not matter: senders act on the code 220 and compare the name with nothing. Testing sites that call it "banner mismatch" mean the EHLO name of your outgoing mail, which is judged apart.`,
        evidence,
      },
    ];
  },
};

/** How one server greets, and the names that its greeting does not have; nothing where it did not greet. */
function greetingOf(view: AuditView, conversation: ConversationFact) {
  const { greeting, host, address } = conversation;
  if (greeting === null || greeting.code !== 220) return [];
  const name = (greeting.lines[0] ?? '').split(' ')[0]?.toLowerCase() ?? '';
  const { name: reverse } = reverseName(address);
  const ptr = view.records(reverse, 'PTR');
  const differs = [
    ...(name === host ? [] : [`the MX name ${host}`]),
    ...(ptr.length === 0 || ptr.includes(name) ? [] : [`the PTR ${ptr.join(', ')}`]),
  ];
  const evidence: Evidence[] = [
    saidEvidence(conversation, 'greeting', greeting),
    ...(ptr.length === 0 ? [] : [evidenceOf(view, reverse, 'PTR')]),
  ];
  return [{ address, name, differs, evidence }];
}
