/**
 * `npm run bench:hostile`: is an honest client served while a crowd does its worst?
 *
 * 5,000 clients that say EHLO and fall silent (`--idle`), 500 that send a byte a second (`--drips`), 500 that flood with
 * messages, commands or calls (`--floods`), all strangers from many addresses, for 600 s (`--seconds`). Meanwhile an
 * honest stranger hands over a message each second, on a connection of its own each: the time is from its call to the
 * 250, the greeting's 200 ms among it. Memory is that of the process tree. Twice: with room for all at once, and with
 * the default limit of 2,000 connections, where the quiet must give their places. Exits with 1 above the limits; `--page`
 * writes the figures into docs/benchmarks.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../lab/loopback/free-port.ts';
import { provenanceOf } from './page/provenance.ts';
import { recordSection } from './page.ts';
import { Sink } from './smtp-load.ts';
import { spread } from './spread.ts';
import { memoryOfTree } from './tree-memory.ts';

const { values } = parseArgs({
  options: {
    idle: { type: 'string', default: '5000' },
    drips: { type: 'string', default: '500' },
    floods: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '600' },
    json: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
/** `growth`: of the memory, from early to late, in a run that is long enough to tell. */
const limits = { servedMs: 1_000, memoryMiB: 400, growth: 1.1, tellingSeconds: 300 };
const postern = join(import.meta.dirname, '../bin/postern');
const crowdProgram = join(import.meta.dirname, 'hostile-crowd.ts');

type Figures = {
  readonly connections: number;
  readonly in_the_house: number;
  readonly honest: number;
  readonly unserved: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** Which second that was. */
  readonly max_at_s: number;
  readonly memory_early_mib: number;
  readonly memory_late_mib: number;
  readonly memory_peak_mib: number;
};

function configuration(directory: string, port: number, sinkPort: number, connections: number): string {
  return `hostname: mail.example.com
state_dir: ${directory}/state
uplinks:
  - { name: isp1, ehlo: mail.example.com, source: [127.0.0.2] }
listeners:
  - { address: "127.0.0.1:${port}", role: mx }
domains:
  - { name: example.net, deliver_to: ["127.0.0.1:${sinkPort}"], recipients: any }
relay: { from_networks: [10.20.0.0/24] }
limits: { connections: ${connections} }
`;
}

/** One message by a new connection; ms from the call to its 250, null where it was not taken. */
function honest(port: number, at: number, from = '127.4.0.1'): Promise<number | null> {
  const begun = performance.now();
  const words = [
    'EHLO honest.example\r\n',
    'MAIL FROM:<c@honest.example>\r\n',
    'RCPT TO:<d@example.net>\r\n',
    'DATA\r\n',
    `Subject: ${at}\r\n\r\nhonest\r\n.\r\n`,
  ];
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from, noDelay: true });
    const late = setTimeout(() => socket.destroy(), 30_000);
    let heard = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
      if (!/^\d{3} .*\r\n$/m.test(heard)) return;
      const refused = /^[45]/m.test(heard);
      if (refused) process.stderr.write(`The honest client was told: ${heard}`);
      heard = '';
      const next = words.shift();
      if (next !== undefined && !refused) socket.write(next);
      else {
        socket.end('QUIT\r\n');
        resolve(refused ? null : performance.now() - begun);
      }
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(late);
      resolve(null);
    });
  });
}

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
const mean = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0) / all.length;

async function measure(connections: number): Promise<Figures> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-hostile-'));
  const sink = await Sink.start();
  const port = await freePort();
  const file = join(directory, 'postern.yaml');
  await writeFile(file, configuration(directory, port, sink.port, connections));
  const log = openSync('/dev/null', 'w');
  const gateway = spawn(postern, ['serve', '--config', file], { stdio: ['ignore', log, log] });
  const pid = gateway.pid ?? 0;
  while ((await honest(port, 0, '127.4.0.2')) === null) await sleep(100);
  const crowdSizes = [values.idle, values.drips, values.floods];
  const crowd = spawn(process.execPath, [crowdProgram, String(port), ...crowdSizes], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let inTheHouse = 0;
  const lines = createInterface({ input: crowd.stdout });
  await once(lines, 'line');
  lines.on('line', line => {
    inTheHouse = Number(line);
  });
  const served: (number | null)[] = [];
  const memory: number[] = [];
  const end = performance.now() + 1_000 * seconds;
  while (performance.now() < end) {
    const wait = sleep(1_000);
    served.push(await honest(port, served.length));
    memory.push(memoryOfTree(pid).aloneBytes);
    if (process.stderr.isTTY) process.stderr.write(`\r${served.length} s, ${mib(memory.at(-1) ?? 0)} MiB `);
    await wait;
  }
  crowd.kill('SIGKILL');
  gateway.kill('SIGKILL');
  await Promise.all([once(crowd, 'exit'), once(gateway, 'exit'), sink.stop()]);
  await rm(directory, { recursive: true, force: true });
  const times = served.filter(ms => ms !== null);
  const { p50, p99, max } = spread(times);
  const whole = (ms: number): number => Math.round(times.length === 0 ? 0 : ms);
  const sixth = Math.max(1, Math.floor(memory.length / 6));
  return {
    connections,
    in_the_house: inTheHouse,
    honest: served.length,
    unserved: served.length - times.length,
    p50_ms: whole(p50),
    p99_ms: whole(p99),
    max_ms: whole(max),
    max_at_s: served.indexOf(max),
    memory_early_mib: mib(mean(memory.slice(sixth, 2 * sixth))),
    memory_late_mib: mib(mean(memory.slice(-sixth))),
    memory_peak_mib: mib(Math.max(...memory)),
  };
}

const ran = await provenanceOf('npm run bench:hostile -- --page');
const rows = [await measure(10_000), await measure(2_000)];
const crowd = { idle: Number(values.idle), drips: Number(values.drips), floods: Number(values.floods) };
if (values.page) await recordSection('hostile', { seconds, crowd, limits, rows }, ran);
if (values.json) for (const row of rows) console.log(JSON.stringify(row));
else console.table(rows);
const unsound = rows.some(
  row =>
    row.unserved > 0 ||
    row.max_ms >= limits.servedMs ||
    row.memory_peak_mib >= limits.memoryMiB ||
    (seconds >= limits.tellingSeconds && row.memory_late_mib > limits.growth * row.memory_early_mib),
);
if (unsound) process.exitCode = 1;
