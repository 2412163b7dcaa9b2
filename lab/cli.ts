/**
 * The lab for people: `up` builds it with the real gateway under steady mail and stays in the foreground, telling each
 * second what arrived by which uplink; `cut NAME`, `heal`, `uplinks` and `down` speak to it from another terminal.
 */
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { uplinks } from './addresses.ts';
import { cuts, findCut, heal } from './cuts.ts';
import { runInLab } from './run.ts';
import { Scenario } from './scenario.ts';

/** Who called us, by his number; set where the launcher has made us root, of whatever. */
const launchedFor = process.env['POSTERN_LAB_OWNER'];
const owner = launchedFor ?? String(process.getuid?.() ?? 0);
const socketPath = join(tmpdir(), `postern-lab-${owner}.sock`);

const usage = `Examples:
  npm run lab -- up            build the lab and start mail in it (stays in the foreground)
  npm run lab -- cut black-hole
  npm run lab -- heal
  npm run lab -- uplinks       what postern says of its uplinks
  npm run lab -- down

Cuts of uplink 1:
${cuts.map(cut => `  ${cut.name.padEnd(28)}${cut.means}`).join('\n')}
`;

/** Does what the other terminal asks; gives what to print. */
async function obey(scenario: Scenario, words: readonly string[], down: () => void): Promise<string> {
  const [verb, name = ''] = words;
  switch (verb) {
    case 'cut': {
      const cut = findCut(name);
      if (cut === undefined) return `No cut is named "${name}".\n\n${usage}`;
      const done = await cut.apply(scenario.lab);
      return done.ok ? `Uplink 1 is cut: ${cut.means}.` : done.error;
    }
    case 'heal': {
      const done = await heal(scenario.lab);
      return done.ok ? 'Uplink 1 is healed.' : done.error;
    }
    case 'uplinks':
      return (await scenario.command('uplinks')).out;
    case 'down':
      down();
      return 'The lab is gone.';
    default:
      return usage;
  }
}

/** Starts ourselves where the lab may be built. */
function launch(): Promise<number> {
  process.env['POSTERN_LAB_OWNER'] = owner;
  return runInLab([process.execPath, import.meta.filename, 'up']);
}

async function up(): Promise<number> {
  const scenario = await Scenario.start();
  const { promise: ended, resolve: down } = Promise.withResolvers<void>();
  process.on('SIGINT', () => down()).on('SIGTERM', () => down());
  await rm(socketPath, { force: true });
  const server = createServer(socket => {
    socket.on('error', () => {});
    createInterface({ input: socket }).once('line', line => {
      obey(scenario, line.split(' ').slice(0, 10), down).then(
        text => socket.end(`${text}\n`),
        (error: unknown) => socket.end(`${String(error)}\n`),
      );
    });
  });
  await new Promise<void>(resolve => server.listen(socketPath, resolve));
  const user = owner === '0' ? '' : '--user --preserve-credentials ';
  console.log(`The lab is up; mail flows. ${scenario.config} is the gateway's configuration.`);
  console.log(`A shell in the mail host: nsenter ${user}--net --target ${scenario.lab.mailHost.pid}`);
  console.log('From another terminal: npm run lab -- cut black-hole | heal | uplinks | down');
  await scenario.send(100);
  let told = 0;
  const telling = setInterval(() => {
    const fresh = scenario.deliveries.slice(told);
    told = scenario.deliveries.length;
    const by = uplinks.map(({ name, source }) => {
      const count = fresh.filter(delivery => delivery.remoteAddress === source).length;
      return `${name} ${count}`;
    });
    const { accepted, delivered } = scenario.tally.counts();
    console.log(`accepted ${accepted}, delivered ${delivered}; in this second by ${by.join(', by ')}`);
  }, 1000);
  await ended;
  clearInterval(telling);
  server.close();
  await scenario.close();
  await rm(socketPath, { force: true });
  return 0;
}

/** Says `words` to the lab that is up, prints the answer. */
function tell(words: readonly string[]): Promise<number> {
  return new Promise(resolve => {
    const socket = connect(socketPath);
    socket.once('error', () => {
      console.error('No lab is up; start one with: npm run lab -- up');
      resolve(1);
    });
    socket.once('connect', () => socket.write(`${words.join(' ')}\n`));
    socket.on('data', chunk => process.stdout.write(chunk));
    socket.once('end', () => resolve(0));
  });
}

const words = process.argv.slice(2);
if (words[0] === 'up') process.exitCode = await (launchedFor === undefined ? launch() : up());
else if (words[0] === undefined || words[0] === '--help' || words[0] === 'help') console.log(usage);
else process.exitCode = await tell(words);
