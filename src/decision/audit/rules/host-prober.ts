import { saidEvidence, subjectOf } from '../conversation-evidence.ts';
import type { Said } from '../facts.ts';
import type { Judgement, Rule } from '../rule.ts';
import { isAboutUs } from './mx-postmaster.ts';
import { saysRelay } from './mx-refuses-domain.ts';

/** This host is no stranger to those it tests. */
export const hostProber: Rule = {
  id: 'HOST-PROBER',
  article: {
    title: 'The host that runs this check is refused itself.',
    meaning:
      'What a server says to a host that it refuses says little of what it says to others. Run the check from a host that may send mail.',
    actedOn: 'The servers that were tested.',
    ground: 'practice',
    fix: 'Run the check on the gateway, with its configuration.',
    others: null,
  },
  judge(view) {
    return view.facts.conversations.flatMap((conversation): Judgement[] => {
      const { greeting, nullSender, postmaster, host } = conversation;
      const refusal = [greeting, nullSender, postmaster].find(
        said =>
          said !== null &&
          (said === greeting ? greetsUsAway(said) : isAboutUs(said.status) && !saysRelay(said)),
      );
      if (refusal === undefined || refusal === null) return [];
      return [
        {
          level: 'notice',
          subject: subjectOf(conversation),
          message: `${host} refuses this host itself, so it could be judged in part only; run the check on the gateway.`,
          evidence: [saidEvidence(conversation, 'this host', refusal)],
        },
      ];
    });
  },
};

/** A greeting that refuses this host, and not everybody. */
export const greetsUsAway = ({ code, status, lines }: Said): boolean =>
  code >= 500 &&
  (isAboutUs(status) ||
    /block(?:ed|list)|black ?list|deny ?list|spam|reputation|dnsbl|\brbl\b|your (?:ip|host|address|network)/i.test(
      lines.join(' '),
    ));
