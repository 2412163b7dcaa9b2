import type { Judgement, Rule } from '../rule.ts';

/** The clock is right. */
export const hostClock: Rule = {
  id: 'HOST-CLOCK',
  article: {
    title: 'The clock of this host is wrong.',
    meaning: 'Certificates, DNSSEC and DKIM live by the time. With a wrong clock sound ones look expired.',
    actedOn: 'Everything that validates.',
    ground: 'practice',
    fix: 'Let the host take its time from the network (systemd-timesyncd, chrony).',
    others: null,
  },
  judge(view) {
    const offset = view.facts.host?.clockOffsetMs ?? null;
    if (offset === null) return [];
    const seconds = Math.round(Math.abs(offset) / 1000);
    const subject = { kind: 'host' } as const;
    if (seconds < 60) return [{ level: 'pass', subject, message: 'The clock of this host is right.' }];
    const judgement: Judgement = {
      level: 'warning',
      subject,
      message: `The clock of this host is ${seconds} s ${offset > 0 ? 'ahead' : 'behind'}.`,
      fix: 'timedatectl set-ntp true',
    };
    return [judgement];
  },
};
