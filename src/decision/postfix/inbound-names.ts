import { isIP } from 'node:net';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import type { ListenerSetting } from '../admission/listener.ts';
import { type MasterEntry, optionsOf, withOptions } from './master-entry.ts';
import { type PostfixEdit, serviceEdit } from './postfix-edit.ts';
import type { PostfixFacts } from './postfix-facts.ts';
import type { PostfixFinding } from './postfix-finding.ts';

/**
 * The names by which Postfix greets on the addresses that the world calls, as the `mx` listeners of postern.yaml say.
 * An address with a service of its own gets its name; one service for all addresses is not split, because that takes a
 * stop of Postfix, and a greeting decides nothing for senders (RFC 5321 section 4.2): it is told instead.
 */
export function inboundNames(
  facts: PostfixFacts,
  listeners: readonly ListenerSetting[],
): { readonly edits: readonly PostfixEdit[]; readonly findings: readonly PostfixFinding[] } {
  const doors = facts.master.filter(({ type, program }) => type === 'inet' && program === 'smtpd');
  const edits: PostfixEdit[] = [];
  const unnamed: ListenerSetting[] = [];
  for (const listener of listeners.filter(({ role }) => role === 'mx')) {
    const door = doors.find(entry => isAt(entry, listener));
    const name = (door && optionsOf(door).get('myhostname')) ?? facts.expanded.get('myhostname');
    if (name?.toLowerCase() === listener.name.toLowerCase()) continue;
    if (door === undefined) {
      if (doors.some(entry => isForAll(entry, listener.port))) unnamed.push(listener);
      continue;
    }
    const reason = `${listener.address} is ${listener.name} to the world: greeting and EHLO reply say so`;
    const option = { name: 'myhostname', value: listener.name, reason, id: 'GREETING-NAME' };
    const named = withOptions(door, new Map([[option.name, option.value]]));
    edits.push(serviceEdit(door, named, [option], reason));
  }
  return { edits, findings: [...oneNameForAll(facts, unnamed), ...fixedBanner(facts)] };
}

/** `198.51.100.30:smtp`, `[2001:db8:1::30]:25`. */
function isAt({ name }: MasterEntry, { address, port }: ListenerSetting): boolean {
  const match = /^(?:\[(?<literal>[^\]]+)\]|(?<plain>[^:]+)):(?<port>[^:]+)$/.exec(name);
  const host = match?.groups?.literal ?? match?.groups?.plain ?? '';
  return (
    isIP(host) !== 0 &&
    canonicalAddress(host) === canonicalAddress(address) &&
    portOf(match?.groups?.port ?? '') === port
  );
}

const isForAll = ({ name }: MasterEntry, port: number): boolean =>
  !name.includes(':') && portOf(name) === port;

const ports: Readonly<Record<string, number>> = { smtp: 25, submission: 587, smtps: 465, submissions: 465 };
const portOf = (word: string): number => ports[word] ?? Number(word);

function oneNameForAll(
  facts: PostfixFacts,
  listeners: readonly ListenerSetting[],
): readonly PostfixFinding[] {
  if (listeners.length === 0) return [];
  const name = facts.expanded.get('myhostname') ?? '';
  const told = listeners.map(listener => `${listener.name} on ${listener.address}`).join(' and ');
  const lines = listeners.map(
    ({ address, name: own }) =>
      `${address.includes(':') ? `[${address}]` : address}:smtp inet n - y - - smtpd -o myhostname=${own}`,
  );
  return [
    {
      id: 'GREETING-NAME',
      level: 'info',
      message: `One service greets as ${name} on every address, where postern.yaml has ${told}. No sender compares that name with anything, so nothing is wrong; the certificate must have all names. To have each its own, write a service for each address that Postfix listens on, loopback too, in place of the one for all, and stop and start Postfix (a reload cannot).`,
      fix: lines.join('\n'),
    },
  ];
}

/** A greeting begins with the host's name (RFC 5321 section 4.3.1). */
function fixedBanner({ expanded, explicit }: PostfixFacts): readonly PostfixFinding[] {
  const banner = explicit.get('smtpd_banner');
  if (banner === undefined || /^\$(?:myhostname\b|\{myhostname\}|\(myhostname\))/.test(banner)) return [];
  const [first = ''] = (expanded.get('smtpd_banner') ?? banner).split(/\s+/);
  if (first.toLowerCase() === expanded.get('myhostname')?.toLowerCase()) return [];
  return [
    {
      id: 'GREETING-FORM',
      level: 'notice',
      message: `smtpd_banner begins with "${first}" and not with the name of the host.`,
      fix: "postconf -e 'smtpd_banner = $myhostname ESMTP'",
    },
  ];
}
