/**
 * `npm run bench:fairness`: how long new mail to a live destination takes while a queue of mail to dead ones is due.
 *
 * The real gateway is started on a queue of 1,000,000 recipients (`--recipients`) of 50,000 domains (`--domains`), all
 * due at once: a quarter of the domains (`--silent PERCENT`) has hosts that take the connection and say nothing, the
 * others have hosts that refuse. From the first second on, 10 messages a second go in for a live receiver, for 60 s
 * (`--seconds`). The delay is from the 250 for a message to the receiver's sight of its last dot.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { realNetwork } from '../src/runtime/net/real-network.ts';
import { realClock } from '../src/runtime/real-clock.ts';
import { startNameServer } from '../src/surface/demo/name-server.ts';
import { startReceiver } from '../src/surface/demo/receiver.ts';
import { SteadySender } from '../src/surface/demo/steady-sender.ts';
import { fillDeferredQueue } from './deferred-queue.ts';
import { memoryBytes } from './process-tree.ts';
import { freePort } from './smtp-load.ts';

const { values } = parseArgs({
  options: {
    recipients: { type: 'string', default: '1000000' },
    domains: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '60' },
    silent: { type: 'string', default: '25' },
    keep: { type: 'boolean', default: false },
  },
});
const [recipients, domains, seconds] = [values.recipients, values.domains, values.seconds].map(Number);
const silentPercent = Number(values.silent);
if (!recipients || !domains || !seconds) throw new Error('Write numbers above 0.');

const limitMs = 1_000;
const silentAddresses = Array.from({ length: 20 }, (_, place) => `127.2.0.${place + 1}`);
const network = realNetwork();

function must<Value>(result: { ok: true; value: Value } | { ok: false; error: unknown }): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** Silent domains are on a few addresses; each of the others has an address that refuses. */
function deadZone(count: number): Record<string, readonly string[]> {
  const zone: Record<string, readonly string[]> = {
    'live.example MX': ['10 mx.live.example'],
    'mx.live.example A': ['127.0.0.9'],
  };
  for (let n = 0; n < count; n++) {
    const address =
      n % 100 < silentPercent
        ? (silentAddresses[n % silentAddresses.length] ?? '')
        : `127.1.${Math.floor(n / 250) % 250}.${(n % 250) + 1}`;
    zone[`d${n}.dead.example MX`] = [`10 mx.d${n}.dead.example`];
    zone[`mx.d${n}.dead.example A`] = [address];
  }
  return zone;
}

async function silentHosts(port: number): Promise<readonly Server[]> {
  return Promise.all(
    silentAddresses.map(async address => {
      const server = createServer(socket => socket.on('error', () => socket.destroy()).resume());
      server.listen(port, address);
      await once(server, 'listening');
      return server.unref();
    }),
  );
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

const directory = await mkdtemp(join(tmpdir(), 'postern-bench-fairness-'));
const state = join(directory, 'state');
let gateway: ReturnType<typeof spawn> | null = null;
try {
  await mkdir(state);
  let begun = performance.now();
  await fillDeferredQueue(state, recipients, domains, 'dead.example');
  const inS = (): string => `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
  console.log(`A queue of ${recipients} recipients of ${domains} dead domains was made in ${inS()}.`);

  const [smtpPort, listenPort] = [await freePort(), await freePort()];
  const names = must(
    await startNameServer(network, {
      address: '127.0.0.8',
      port: 0,
      clock: realClock,
      ttlS: 3_600,
      zone: deadZone(domains),
    }),
  );
  const silent = await silentHosts(smtpPort);
  const arrivedAt = new Map<string, number>();
  const receiver = must(
    await startReceiver(network, {
      address: '127.0.0.9',
      port: smtpPort,
      name: 'mx.live.example',
      clock: realClock,
      onDelivery: ({ messageId, at }) => void arrivedAt.set(messageId ?? '', at),
    }),
  );
  const config = join(directory, 'postern.yaml');
  await writeFile(
    config,
    `hostname: mail.example.com
state_dir: ${state}
uplinks:
  - { name: isp1, ehlo: mail.example.com, source: [127.0.0.2], preference: 10 }
  - { name: isp2, ehlo: mail2.example.com, source: [127.0.0.3], preference: 20 }
listeners:
  - { address: "127.0.0.1:${listenPort}", role: relay }
relay: { from_networks: [127.0.0.0/8] }
dns: { servers: ["127.0.0.8:${names.port}"] }
delivery: { port: ${smtpPort} }
`,
  );
  const log = openSync(join(directory, 'postern.log'), 'a');
  begun = performance.now();
  const child = spawn(join(import.meta.dirname, '../bin/postern'), ['serve', '--config', config], {
    stdio: ['ignore', log, log],
  });
  gateway = child;
  const { pid } = child;
  if (pid === undefined) throw new Error('The gateway could not be started.');

  const acceptedAt = new Map<string, number>();
  const sender = new SteadySender({
    network,
    clock: realClock,
    target: { address: '127.0.0.1', port: listenPort },
    source: null,
    ehlo: 'client.example.com',
    compose: n => {
      const messageId = `<${n}.${pid}@example.com>`;
      const content = Buffer.from(`Message-ID: ${messageId}\r\nSubject: ${n}\r\n\r\nHello.\r\n`);
      return { messageId, mailFrom: 'user@example.com', rcptTo: ['someone@live.example'], content };
    },
    onAccepted: (messageId, at) => acceptedAt.set(messageId, at),
  });
  sender.start(100);
  while (sender.accepted === 0) {
    if (child.exitCode !== null) throw new Error(await readFile(join(directory, 'postern.log'), 'utf8'));
    await sleep(20);
  }
  console.log(`The gateway took its first message ${inS()} after its start.`);
  let peakBytes = 0;
  const counted = performance.now();
  while (performance.now() - counted < seconds * 1_000) {
    peakBytes = Math.max(peakBytes, memoryBytes(pid));
    await sleep(500);
  }
  await sender.stop();
  for (let waited = 0; waited < 300 && arrivedAt.size < acceptedAt.size; waited++) await sleep(100);

  const delays = [...acceptedAt].flatMap(([id, at]) => {
    const arrived = arrivedAt.get(id);
    return arrived === undefined ? [] : [arrived - at];
  });
  delays.sort((one, other) => one - other);
  const late = acceptedAt.size - delays.length;
  const [p50, p99, max] = [quantile(delays, 0.5), quantile(delays, 0.99), delays.at(-1) ?? 0];
  console.log(
    `New mail: ${acceptedAt.size} taken in ${seconds} s, ${delays.length} delivered; accept to deliver ` +
      `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms; peak RSS ${(peakBytes / 1e6).toFixed(0)} MB.`,
  );
  const said = await readFile(join(directory, 'postern.log'), 'utf8');
  const tried = said.match(/"event":"deferred"/g)?.length ?? 0;
  console.log(`Meanwhile ${tried} of the waiting recipients were tried again.`);
  console.log(
    JSON.stringify({ recipients, domains, taken: acceptedAt.size, late, p50, p99, max, peakBytes, tried }),
  );
  if (late > 0 || max >= limitMs) process.exitCode = 1;
  for (const server of silent) server.close();
  await receiver.close();
  await names.close();
} finally {
  if (gateway !== null && gateway.exitCode === null) {
    const exited = once(gateway, 'exit');
    gateway.kill('SIGKILL');
    await exited;
  }
  if (values.keep) console.log(`All is left in ${directory}.`);
  else await rm(directory, { recursive: true, force: true });
}
process.exit();
