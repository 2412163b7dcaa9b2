import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { endianness } from 'node:os';
import ipaddr from 'ipaddr.js';

/** One reading serves all that ask within this time: it costs some 4 ms, whatever the number of sockets. */
const sharedForMs = 50;

type Reading = { readonly at: number; readonly table: Promise<Buffer | null> };

/** The two ends of a connection, as the kernel's table names them. */
export type SocketPair = {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
};

const readings = new Map<string, Reading>();

/**
 * Bytes that the kernel has taken and the far side has not acknowledged, as `/proc/net/tcp` shows them.
 * Null where the host has no such table or the socket is not in it.
 */
export async function sendQueueOf(pair: SocketPair): Promise<number | null> {
  const local = endpoint(pair.localAddress, pair.localPort);
  const remote = endpoint(pair.remoteAddress, pair.remotePort);
  if (local === null || remote === null) return null;
  const table = await read(isIP(pair.localAddress) === 6 ? '/proc/net/tcp6' : '/proc/net/tcp');
  return table === null ? null : sendQueueIn(table, `${local} ${remote} `);
}

/** Finds a row by `LOCAL:PORT REMOTE:PORT ` and reads the send queue, 8 digits after the two of the state. */
export function sendQueueIn(table: Buffer, key: string): number | null {
  const at = table.indexOf(key, 0, 'latin1');
  if (at < 0) return null;
  const digits = table.toString('latin1', at + key.length + 3, at + key.length + 11);
  return /^[0-9A-F]{8}$/.test(digits) ? Number.parseInt(digits, 16) : null;
}

/** An endpoint in the kernel's writing: each 32-bit word of the address in the machine's byte order. */
export function endpoint(address: string, port: number): string | null {
  if (isIP(address) === 0) return null;
  const bytes = Buffer.from(ipaddr.parse(address).toByteArray());
  const words = endianness() === 'LE' ? bytes.swap32() : bytes;
  return `${words.toString('hex')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function read(path: string): Promise<Buffer | null> {
  const last = readings.get(path);
  const now = performance.now();
  if (last && now - last.at < sharedForMs) return last.table;
  const table = readFile(path).catch(() => null);
  readings.set(path, { at: now, table });
  return table;
}
