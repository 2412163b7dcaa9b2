import { elsewhereHosts } from '../backup-view.ts';
import type { Judgement, Rule } from '../rule.ts';

/** A backup stands elsewhere. */
export const backupSameSite: Rule = {
  id: 'BACKUP-SAME-SITE',
  article: {
    title: 'The backup stands in the same place as the primary.',
    meaning:
      'What takes the primary away (a power cut, a dead connection, the provider) takes the backup with it.',
    actedOn: 'Nobody, until that day.',
    ground: 'the case of a host with two uplinks',
    fix: 'Put the backup into another place with another provider.',
    others: null,
  },
  judge(view) {
    const ours = view.facts.egresses.map(({ address }) => network(address));
    return elsewhereHosts(view).flatMap((host): Judgement[] => {
      const near = view.addresses(host).filter(address => ours.includes(network(address)));
      if (near.length === 0) return [];
      return [
        {
          level: 'notice',
          subject: { kind: 'mx', name: host, address: near[0] ?? '' },
          message: `The backup ${host} stands in the same network as one of the uplinks, and goes with it.`,
        },
      ];
    });
  },
};

/** The /24, or the /48 of IPv6. */
const network = (address: string): string =>
  address.includes(':') ? address.split(':').slice(0, 3).join(':') : address.split('.').slice(0, 3).join('.');
