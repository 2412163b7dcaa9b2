import type { Rule } from '../rule.ts';
import { evidenceOf } from '../view.ts';

/** With two uplinks the MX set leads to both. */
export const mxOneUplink: Rule = {
  id: 'MX-ONE-UPLINK',
  article: {
    title: 'All mail comes in by one Internet connection, though there are two.',
    meaning:
      'Every MX address belongs to one uplink: when it dies, mail waits at its senders, though the other uplink lives.',
    actedOn: 'Nobody, until that uplink dies; then every sender.',
    ground: 'the case of a host with two uplinks; RFC 5321 section 5.1 has senders try every MX host',
    fix: 'Let a second MX name lead to an address of the other uplink, with a listener there.',
    others: null,
  },
  judge(view) {
    const { egresses, domain } = view.facts;
    const uplinks = new Set(egresses.map(({ uplink }) => uplink));
    const addresses = new Set(view.mailHosts.flatMap(host => view.addresses(host)));
    const used = new Set(
      egresses.filter(({ address }) => addresses.has(address)).map(({ uplink }) => uplink),
    );
    // Where none of our addresses is an MX, mail is received elsewhere, and this says nothing.
    if (uplinks.size < 2 || used.size === 0) return [];
    const subject = { kind: 'domain', name: domain } as const;
    const evidence = view.mailHosts.map(host => evidenceOf(view, host, 'A'));
    if (used.size > 1)
      return [
        {
          level: 'pass',
          subject,
          message: `Mail for ${domain} comes in by ${[...used].join(' and ')}.`,
          evidence,
        },
      ];
    const foreign = [...addresses].some(address => !egresses.some(egress => egress.address === address));
    if (foreign)
      return [
        {
          level: 'pass',
          subject,
          message: `Mail for ${domain} also comes in elsewhere than by ${[...used].join()}.`,
          evidence,
        },
      ];
    const [unused] = egresses.filter(({ uplink }) => !used.has(uplink));
    return [
      {
        level: 'warning',
        subject,
        message: `All mail for ${domain} comes in by ${[...used].join()}; when it dies, mail waits, though ${unused?.uplink ?? 'the other'} lives.`,
        evidence,
        ...(unused === undefined
          ? {}
          : { fix: `mx2.${domain}. IN A ${unused.address}\n${domain}. IN MX 20 mx2.${domain}.` }),
      },
    ];
  },
};
