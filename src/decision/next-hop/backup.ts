import { canonicalAddress } from '../../protocol/dns/address.ts';
import type { DomainSetting } from '../admission/domain.ts';
import { decideNextHop, type OurSide, ourPreference } from './decide.ts';
import { decideDeliverTo } from './deliver-to.ts';
import type { MxFacts } from './mx-facts.ts';
import { mxHosts } from './mx-hosts.ts';
import type { NextHop } from './next-hop.ts';
import { routeFor } from './route-match.ts';
import type { RouteSetting } from './route-setting.ts';

/**
 * Where a backup hands the mail of a domain on to, as DNS tells: the MX hosts strictly better than ourselves, best
 * first (RFC 5321 section 5.1); never to ourselves, nor to a host that would send it back.
 * Where we are not in the set, or are the best of it, there is nobody to hand it to: that is a fault of DNS or of the
 * configuration and no sender's, so the mail waits (`ourFault`), as it does for a domain that DNS denies for now.
 */
export function decideBackupByMx(facts: MxFacts, ours: OurSide, random: () => number): NextHop {
  const { domain } = facts;
  const named = mxHosts(domain, facts.mx);
  let better = facts;
  if (facts.mx.kind === 'records' && named.length > 0) {
    const preference = ourPreference(named, facts, ours.ourAddresses, ours.ourNames);
    if (preference === null) {
      const unread = named.find(({ name }) => facts.addresses.get(name)?.failed);
      if (unread !== undefined)
        return { kind: 'defer', reason: facts.addresses.get(unread.name)?.failed ?? 'DNS is silent' };
      return {
        kind: 'defer',
        ourFault: true,
        reason:
          `This server is a backup of ${domain}, but no MX of ${domain} is one of its addresses, so nobody can tell ` +
          'which hosts are better; the mail waits. Add the MX record of this server, or name the primary in deliver_to',
      };
    }
    if (!named.some(other => other.preference < preference))
      return {
        kind: 'defer',
        ourFault: true,
        reason:
          `This server is a backup of ${domain}, but the best MX of ${domain} is this server itself, so the mail would ` +
          'come back; it waits. Give the primary an MX of a lower preference, or name it in deliver_to',
      };
    const records = facts.mx.records.filter(record => record.preference < preference);
    better = { ...facts, mx: { kind: 'records', records } };
  }
  const hop = decideNextHop(better, ours, random);
  if (hop.kind !== 'refused') return hop;
  return {
    kind: 'defer',
    ourFault: true,
    reason: `${hop.reason}, though this server is its backup; the mail waits. Mend the MX records of ${domain}, or name the primary in deliver_to`,
  };
}

/**
 * The only uplinks by which a domain of ours may be called, by the operator's route for it; null: all. A route for a single
 * sender or address of it says nothing of the domain.
 */
export function onlyUplinksTo(domain: string, routes: readonly RouteSetting[]): readonly string[] | null {
  return routeFor(routes, '', `postmaster@${domain}`, () => true)?.uplinks ?? null;
}

/** Where a backup hands mail on to, as `deliver_to` tells; a host of the list that is ourselves is passed over. */
export function decideBackupByList(domain: DomainSetting, ours: OurSide): NextHop {
  const others = domain.deliverTo.filter(
    ({ address, port }) => port !== ours.port || !ours.ourAddresses.has(canonicalAddress(address)),
  );
  if (others.length > 0) return decideDeliverTo({ ...domain, deliverTo: others });
  return {
    kind: 'defer',
    ourFault: true,
    reason:
      `This server is a backup of ${domain.name}, and its deliver_to names only this server itself, so the mail would ` +
      'come back; it waits. Name the primary in deliver_to',
  };
}
