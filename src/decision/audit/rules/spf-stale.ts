import type { Rule } from '../rule.ts';
import { judgeSpfTerms } from '../spf-terms.ts';

/** The record names no address that is gone. */
export const spfStale: Rule = {
  id: 'SPF-STALE',
  article: {
    title: 'SPF lets addresses send that are not yours any more.',
    meaning: 'An address that was given back belongs to somebody else now, who may send in your name.',
    actedOn: 'Nobody, until the new owner does.',
    ground: 'the case of a host with two uplinks',
    fix: 'Take the addresses out that no uplink has.',
    others: null,
  },
  judge(view) {
    const { domain, configuration, egresses } = view.facts;
    // Only a configuration tells all that sends.
    if (configuration === null) return [];
    // A second machine that receives for the domain may send too.
    const ours = new Set([
      ...egresses.map(({ address }) => address),
      ...view.mailHosts.flatMap(host => view.addresses(host)),
    ]);
    return judgeSpfTerms(view, ({ mechanisms }) => {
      const single = mechanisms.filter(
        ({ name, prefix4, prefix6 }) =>
          (name === 'ip4' && (prefix4 ?? 32) === 32) || (name === 'ip6' && (prefix6 ?? 128) === 128),
      );
      const gone = single.filter(({ target }) => target !== null && !ours.has(target));
      if (gone.length === 0) return null;
      return {
        level: 'notice',
        message: `SPF of ${domain} lets ${gone.map(({ target }) => target).join(', ')} send, which no uplink has.`,
        fix: `Take ${gone.map(({ text }) => text).join(' and ')} out, unless something else sends from there.`,
      };
    });
  },
};
