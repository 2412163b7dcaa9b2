import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { inside, publicResolver, sites, uplinks } from '../../lab/addresses.ts';
import { IsolatedServer, packages, writeEtc } from '../../lab/servers/isolated.ts';
import { logFile, services, whereabouts } from '../../lab/servers/postfix-files.ts';
import { outputOf, runAmong } from './isolated-run.ts';
import type { Post, RunningSystem, ScriptTimes } from './system.ts';
import { numbersIn, resolver } from './world.ts';

const [one, two] = uplinks;
const postern = join(import.meta.dirname, '..', '..', 'bin', 'postern');
const inDoubt = 'message may be sent more than once';

/**
 * The usual remedy: a real Postfix with a transport for each uplink, and a script that pings a well-known address
 * through uplink 1 and moves `default_transport` by `sed` and `postfix reload`.
 */
export async function startUsualRemedy(post: Post, script: ScriptTimes): Promise<RunningSystem> {
  const file = join(post.directory, 'usual.sh');
  await writeFile(file, usualScript(join(post.directory, 'postfix', 'main.cf'), script));
  return (await startPostfix(post, `sh ${file} >${post.directory}/script.log 2>&1 &`)).running;
}

/** The same Postfix without the script: `postern postfix apply`, then `postern postfix watch`. */
export async function startWatchedPostfix(post: Post): Promise<RunningSystem> {
  const { directory } = post;
  const { server, running } = await startPostfix(post, '');
  await writeFile(join(directory, 'postern.yaml'), posternYaml(directory));
  const where = ['--config', join(directory, 'postern.yaml'), '--postfix-config', join(directory, 'postfix')];
  await outputOf(server, [postern, 'postfix', 'apply', ...where, '--yes']);
  const args = await server.entering([postern, 'postfix', 'watch', ...where]);
  const watch = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [watch.stdout, watch.stderr])
    createInterface({ input: stream }).on('line', line => lines.push(line));
  const ended = (): boolean => watch.exitCode !== null;
  await until('the watch to be ready', () => {
    if (ended()) throw new Error(`the watch ended: ${lines.join('\n')}`);
    return lines.some(line => line.includes('Postern is ready'));
  });
  return {
    ...running,
    ended: () => ended() || running.ended(),
    tail: async () => `${lines.slice(-60).join('\n')}\n${await running.tail()}`,
  };
}

/** `beside`: a shell command that is started with it and ends with it. */
async function startPostfix(
  { network, directory }: Post,
  beside: string,
): Promise<{ server: IsolatedServer; running: RunningSystem }> {
  const config = join(directory, 'postfix');
  const etc = await writeEtc(directory, resolver);
  for (const folder of ['postfix', 'queue', 'data']) await mkdir(join(directory, folder));
  await cp(join(packages, 'etc/postfix'), config, { recursive: true });
  await writeFile(join(config, 'main.cf'), mainCf(directory));
  await writeFile(join(config, 'master.cf'), masterCf);
  const script = `chown postfix:postfix ${directory}/data\n${beside}\nexec postfix -c ${config} start-fg`;
  const server = IsolatedServer.start(network.mailHost, etc, ['sh', '-c', script]);
  await until('Postfix to run', async () => {
    if (server.ended) throw new Error(`Postfix ended: ${server.log.join('\n')}`);
    return (await runAmong(server, ['postfix', '-c', config, 'status'])).code === 0;
  });
  const log = (): Promise<string> => readFile(join(directory, 'log'), 'utf8').catch(() => '');
  return {
    server,
    running: {
      ended: () => server.ended,
      queue: () => outputOf(server, ['postqueue', '-c', config, '-j']),
      doubted: async () => {
        const lines = (await log()).split('\n').filter(line => line.includes(inDoubt));
        return numbersIn(lines.join('\n'));
      },
      tail: async () => (await log()).slice(-6_000),
    },
  };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(100);
  }
}

/** Postfix's own defaults but for what two uplinks need, and where its files are. */
function mainCf(directory: string): string {
  return `${whereabouts(directory, `${directory}/postfix`)}${logFile(directory)}myhostname = mail.example.com
mydestination =
mynetworks = 127.0.0.0/8, 10.20.0.0/24
inet_interfaces = all
default_transport = ${one.name}
`;
}

const transports = uplinks.map(
  ({ name, source, ehlo }) => `${name} unix - - n - - smtp
  -o smtp_bind_address=${source}
  -o smtp_helo_name=${ehlo}
  -o syslog_name=postfix-${name}
`,
);

const masterCf = `smtp inet n - n - - smtpd
${services}${transports.join('')}`;

function usualScript(mainFile: string, { firstS, everyS }: ScriptTimes): string {
  return `look() {
  want=${two.name}
  ping -q -c 2 -I ${one.source} ${publicResolver} && want=${one.name}
  grep -q "^default_transport = $want\\$" ${mainFile} && return
  sed -i "s/^default_transport = .*/default_transport = $want/" ${mainFile}
  date -u +%FT%TZ
  postfix -c ${mainFile.slice(0, mainFile.lastIndexOf('/'))} reload
}
sleep ${firstS}
while :; do
  sleep ${everyS} &
  look
  wait
done
`;
}

function posternYaml(directory: string): string {
  const probe = `[${sites.map(({ address }) => `"${address}:25"`).join(', ')}]`;
  const ways = uplinks.map(
    ({ name, ehlo, source }, index) =>
      `  - { name: ${name}, ehlo: ${ehlo}, source: [${source}], preference: ${10 * (index + 1)}, probe: ${probe} }`,
  );
  return `hostname: mail.example.com
state_dir: ${directory}/state
uplinks:
${ways.join('\n')}
listeners:
  - { address: "${one.source}:25", role: mx, name: mx1.example.com }
  - { address: "${two.source}:25", role: mx, name: mx2.example.com }
domains:
  - { name: example.com, deliver_to: ["${inside.store}:25"] }
relay:
  from_networks: [10.20.0.0/24]
dns:
  servers: ["${resolver}:53"]
`;
}
