/**
 * The process inside a wire: reads IPv4 packets in Ethernet frames from a packet socket (file descriptor 3), loses some,
 * holds the others for a time, and writes them back, in order. Arguments: one-way delay in ms, share lost toward the
 * Internet, the customer's source address, a seed.
 */
import { read, writeSync } from 'node:fs';

const socket = 3;
/** The sender's IPv4 address in a frame. */
const sender = { from: 14 + 12, to: 14 + 16 } as const;
const [delayText = '0', lossText = '0', source = '', seedText = '1'] = process.argv.slice(2);
const delayMs = Number(delayText);
const loss = Number(lossText);
const customer = Buffer.from(source.split('.').map(Number));
const held: { readonly at: number; readonly packet: Buffer }[] = [];
let seed = Number(seedText);

/** A small repeatable generator (mulberry32); uniform in [0, 1). */
function chance(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

/** Writes what is due; a packet that the kernel does not take is lost, as on any wire. */
function release(): void {
  const now = performance.now();
  while (held[0] !== undefined && held[0].at <= now) {
    const next = held.shift();
    try {
      if (next) writeSync(socket, next.packet);
    } catch {
      continue;
    }
  }
  if (held[0] !== undefined) setTimeout(release, Math.max(0, held[0].at - now));
}

function take(packet: Buffer): void {
  const outward = packet.subarray(sender.from, sender.to).equals(customer);
  if (outward && chance() < loss) return;
  if (held.length >= 10_000) return;
  held.push({ at: performance.now() + delayMs, packet });
  if (held.length === 1) setTimeout(release, delayMs);
}

const buffer = Buffer.alloc(65_536);
function next(): void {
  read(socket, buffer, 0, buffer.length, null, (error, count) => {
    if (error) process.exit(1);
    take(Buffer.from(buffer.subarray(0, count)));
    next();
  });
}

process.stdin.on('data', () => {}).on('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdout.write('ready\n');
next();
