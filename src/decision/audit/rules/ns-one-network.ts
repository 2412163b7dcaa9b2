import type { Judgement, Rule } from '../rule.ts';

/** The domain's name servers do not all stand behind one uplink. */
export const nsOneNetwork: Rule = {
  id: 'NS-ONE-NETWORK',
  article: {
    title: 'When one connection dies, the name of the domain dies with it.',
    meaning:
      'All name servers of the domain are reached by one of your own connections. Without them nobody finds the other connection.',
    actedOn: 'Every sender, as soon as caches have forgotten you.',
    ground: 'the case of a host with two uplinks',
    fix: 'Let a name server elsewhere serve the zone too.',
    others: null,
  },
  judge(view) {
    const { egresses, domain } = view.facts;
    const names = view.records(domain, 'NS');
    const addresses = names.map(name => view.addresses(name));
    if (names.length === 0 || addresses.some(each => each.length === 0)) return [];
    const behind = egresses.find(egress =>
      addresses.every(each => each.every(address => isNear(address, egress.address))),
    );
    if (behind === undefined) return [];
    const judgement: Judgement = {
      level: 'notice',
      subject: { kind: 'zone', name: domain },
      message: `All name servers of ${domain} stand behind ${behind.uplink}: when it dies, nobody finds the domain.`,
      evidence: names.map((name, place) => ({
        asked: `${name} A`,
        answer: (addresses[place] ?? []).join(', '),
      })),
      fix: 'Have a second provider serve the zone too.',
    };
    return [judgement];
  },
};

/** In one /24: the network that a small customer gets at most. */
const isNear = (one: string, other: string): boolean =>
  !one.includes(':') && one.split('.').slice(0, 3).join('.') === other.split('.').slice(0, 3).join('.');
