import { isIP } from 'node:net';
import type { PacketSizes } from '../ports.ts';
import { ip, type Row, rows, text } from './ip-command.ts';

/** What the kernel knows of the size of packets from this source to that address; null where it does not tell. */
export async function packetSizes(source: string, address: string): Promise<PacketSizes | null> {
  if (isIP(source) === 0 || isIP(source) !== isIP(address)) return null;
  const route = await ip('route', 'get', address, 'from', source);
  const device = deviceOf(route);
  return device === null ? null : readPacketSizes(route, await ip('link', 'show', 'dev', device));
}

/** Reads the kernel's answers, as `ip -j` writes them. */
export function readPacketSizes(route: unknown, link: unknown): PacketSizes | null {
  const device = deviceOf(route);
  const own = rows(link).map(row => number(row, 'mtu'))[0] ?? null;
  if (device === null || own === null) return null;
  const [taken] = rows(route);
  const told = Math.min(own, rows(taken?.['metrics']).map(row => number(row, 'mtu'))[0] ?? own);
  // What a router told of its smaller link (RFC 1191) expires; what does not, an operator wrote into the route.
  const isLearnt = taken?.['expires'] !== undefined;
  return { interface: device, link: isLearnt ? own : told, path: told };
}

function deviceOf(route: unknown): string | null {
  const taken = rows(route)[0];
  return taken === undefined ? null : text(taken, 'dev');
}

function number(row: Row, key: string): number | null {
  const value = row[key];
  return typeof value === 'number' ? value : null;
}
