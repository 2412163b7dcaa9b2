/**
 * `npm run bench:tls-workers`: would TLS in a thread of its own relieve the main thread?
 *
 * Node hands no socket to a worker, so each byte of such a connection would cross between the threads: what the socket
 * reads, what it means, what is answered, and the answer's cipher. Both ways are built as small as can be: a server that
 * does TLS where its sockets are, and one that sends all of it through a worker. Twenty clients at a time either call,
 * shake hands in full and have one answer, or keep their session and ask 1 KiB after 1 KiB, as SMTP does. Rounds take
 * turns. Told are the rate and, for each handshake or answer, the processor time of the main thread and of the worker.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from './median.ts';
import { heard, startProgram, stopProgram } from './own-program.ts';
import { threadTimes } from './thread-times.ts';

const { values } = parseArgs({
  options: {
    handshakes: { type: 'string', default: '2000' },
    answers: { type: 'string', default: '40000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});

const keys = {
  'RSA 2048': ['rsa:2048'],
  'RSA 4096': ['rsa:4096'],
  'P-256': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
};
type Key = keyof typeof keys;
type Place = 'main' | 'worker';
type Work = 'handshakes' | 'answers';
type Figures = { readonly perS: number; readonly mainUs: number; readonly workerUs: number };

const directory = mkdtempSync(join(tmpdir(), 'postern-tls-'));

/** A self-signed certificate with a new key; gives the files' common name. */
function certify(key: Key): string {
  const name = join(directory, key.replace(' ', '-'));
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
  const subject = ['-subj', '/CN=mail.example.com', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', '-nodes', '-newkey', ...keys[key], ...files, ...subject], {
    stdio: 'ignore',
  });
  return name;
}

async function measure(place: Place, certificate: string, work: Work, count: number): Promise<Figures> {
  const server = startProgram('tls-workers/server.ts', [place, certificate]);
  try {
    const port = await heard(server);
    const load = async (many: number): Promise<number> => {
      const program = startProgram('tls-workers/load.ts', [port, work, String(many)]);
      const ms = Number(await heard(program));
      await stopProgram(program);
      return ms;
    };
    await load(Math.ceil(count / 4));
    const pid = server.child.pid ?? 0;
    const before = threadTimes(pid);
    const ms = await load(count);
    const after = threadTimes(pid);
    return {
      perS: (1_000 * count) / ms,
      mainUs: (1_000 * (after.main - before.main)) / count,
      workerUs: (1_000 * (after.stores - before.stores)) / count,
    };
  } finally {
    await stopProgram(server);
  }
}

const cases: readonly { readonly key: Key; readonly work: Work; readonly count: number }[] = [
  { key: 'RSA 2048', work: 'handshakes', count: Number(values.handshakes) },
  { key: 'RSA 4096', work: 'handshakes', count: Number(values.handshakes) / 4 },
  { key: 'P-256', work: 'handshakes', count: Number(values.handshakes) },
  { key: 'P-256', work: 'answers', count: Number(values.answers) },
];
const rows: Record<string, string | number>[] = [];
for (const { key, work, count } of cases) {
  const certificate = certify(key);
  const rounds: Record<Place, Figures>[] = [];
  for (let round = 0; round < Number(values.rounds); round++)
    rounds.push({
      main: await measure('main', certificate, work, count),
      worker: await measure('worker', certificate, work, count),
    });
  const of = (place: Place, figure: keyof Figures): number =>
    Math.round(median(rounds.map(each => each[place][figure])));
  rows.push({
    key,
    work,
    main_per_s: of('main', 'perS'),
    worker_per_s: of('worker', 'perS'),
    ratio: Number(median(rounds.map(({ main, worker }) => worker.perS / main.perS)).toFixed(2)),
    main_us: of('main', 'mainUs'),
    main_us_with_worker: of('worker', 'mainUs'),
    worker_us: of('worker', 'workerUs'),
  });
}
rmSync(directory, { recursive: true });
if (values.json) for (const row of rows) console.log(JSON.stringify(row));
else console.table(rows);
