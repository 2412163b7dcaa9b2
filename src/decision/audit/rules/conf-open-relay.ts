import { isLocalAddress } from '../../next-hop/local-address.ts';
import type { Judgement, Rule } from '../rule.ts';

/** The configuration relays for nobody else. */
export const confOpenRelay: Rule = {
  id: 'CONF-OPEN-RELAY',
  article: {
    title: 'The configuration relays for addresses of the Internet.',
    meaning:
      'Networks that are not your own may send through this gateway. If one of them is a router that rewrites addresses, the whole world may.',
    actedOn: 'Spammers, and then every receiver.',
    ground: 'RFC 5321 section 7.9',
    fix: 'Write only your own networks into relay.from_networks.',
    others: null,
  },
  judge(view) {
    const { configuration } = view.facts;
    if (configuration === null) return [];
    const subject = { kind: 'configuration' } as const;
    const wide = configuration.relayNetworks.filter(network => {
      const [address = '', length = ''] = network.split('/');
      return !isLocalAddress(address) && Number(length) < (address.includes(':') ? 48 : 24);
    });
    if (wide.length === 0)
      return [{ level: 'pass', subject, message: 'The configuration relays for your own networks only.' }];
    const judgement: Judgement = {
      level: 'error',
      subject,
      message: `relay.from_networks has ${wide.join(', ')}: many strangers may send through this gateway.`,
      fix: 'relay: { from_networks: [10.20.0.0/24] }',
    };
    return [judgement];
  },
};
