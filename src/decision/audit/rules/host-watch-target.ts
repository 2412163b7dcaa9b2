import type { Judgement, Rule } from '../rule.ts';

/** The health of an uplink hangs on more than one far host. */
export const hostWatchTarget: Rule = {
  id: 'HOST-WATCH-TARGET',
  article: {
    title: 'One far host decides whether a connection counts as dead.',
    meaning:
      'A single probe target that is away looks like a dead uplink. Postern also judges by real deliveries, so this matters only on a quiet day.',
    actedOn: 'Your own gateway.',
    ground: 'the case of a host with two uplinks',
    fix: 'Name two hosts in different networks, or none.',
    others: null,
  },
  judge(view) {
    return (view.facts.configuration?.uplinks ?? []).flatMap(({ name, probes }): Judgement[] => {
      if (probes !== 1) return [];
      return [
        {
          level: 'notice',
          subject: { kind: 'configuration', name },
          message: `The probes of ${name} hang on one far host.`,
          fix: 'probe: ["mx.remote.example:25", "mx.partner.example:25"]   # two, in different networks',
        },
      ];
    });
  },
};
