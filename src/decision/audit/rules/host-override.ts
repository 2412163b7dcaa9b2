import { hostSilence } from '../host-silence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The host's own files say what DNS says. */
export const hostOverride: Rule = {
  id: 'HOST-OVERRIDE',
  article: {
    title: 'This host has another answer for a name than the world has.',
    meaning: 'A line in the hosts file hides from you what everybody else sees.',
    actedOn: 'You alone; the world sees the other answer.',
    ground: 'practice',
    fix: 'Take the line out of /etc/hosts, or let DNS say the same.',
    others: null,
  },
  judge(view) {
    const { host } = view.facts;
    if (host === null) return hostSilence(view);
    return host.overrides.map(
      (override): Judgement => ({
        level: 'error',
        subject: { kind: 'host', name: override.name },
        message: `This host's own files say ${override.files} for ${override.name}, DNS says ${override.dns}.`,
        evidence: [
          { asked: `/etc/hosts: ${override.name}`, answer: override.files },
          { asked: `${override.name} A`, answer: override.dns },
        ],
        fix: `Take the line for ${override.name} out of /etc/hosts.`,
      }),
    );
  },
};
