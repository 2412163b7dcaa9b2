import { isMisrouted, sourceSubject } from '../egress-subject.ts';
import { hostSilence } from '../host-silence.ts';
import type { Judgement, Rule } from '../rule.ts';

/** An uplink's table ends in unreachable. */
export const hostRouteFallsThrough: Rule = {
  id: 'HOST-ROUTE-FALLS-THROUGH',
  article: {
    title: 'When the interface goes, packets slip out by the other connection.',
    meaning:
      'The route of a dead interface vanishes, and the look-up falls through to the main table: packets leave with an address that does not belong there, and hang.',
    actedOn: 'Nobody answers them; mail hangs in the place of moving on.',
    ground: 'the case of a host with two uplinks',
    fix: 'Add the unreachable default to the table.',
    others: null,
  },
  judge(view) {
    const { host } = view.facts;
    if (host === null) return hostSilence(view);
    return host.sources.flatMap((source): Judgement[] => {
      const subject = sourceSubject(view, source);
      if (isMisrouted(source) || source.message === '' || source.commands.length === 0) return [];
      return [{ level: 'warning', subject, message: source.message, fix: source.commands.join('\n') }];
    });
  },
};
