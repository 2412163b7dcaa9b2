import { mkdir, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { parseEndpoint, parseNetwork } from '../../config/address.ts';
import { mistakeText } from '../../config/mistake.ts';
import { parseSettings } from '../../config/read-settings.ts';
import { endpointText } from '../../decision/admission/listener.ts';
import { configurationText } from '../../decision/init/configuration-text.ts';
import {
  type InitAnswers,
  type Proposal,
  type ProposedUplink,
  propose,
} from '../../decision/init/propose.ts';
import type { Surroundings } from '../../decision/init/surroundings.ts';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import { hostName } from '../../protocol/dns/names.ts';
import { readDomain } from './check-options.ts';
import { type CliParts, defaultConfigFile } from './cli-parts.ts';
import { addCommand, optionsOf, withConfig, withJson } from './command.ts';
import { jsonLine } from './output.ts';
import { ownName } from './own-name.ts';
import { missingRecords } from './records.ts';

type InitOptions = {
  hostname?: string;
  domain?: string[];
  uplink?: ProposedUplink[];
  store?: string;
  relayFrom?: string[];
  backup?: boolean;
  dryRun?: boolean;
  input?: boolean;
};

/** `postern init`. */
export function addInit(program: Command, parts: CliParts, end: (code: number) => void): void {
  const init = addCommand(
    program,
    'init',
    'write a configuration from what is found on the host and in DNS, never over an existing one',
    [
      'postern init',
      'postern init --dry-run',
      'postern init --no-input --hostname mail.example.com --uplink isp1=198.51.100.30 --uplink isp2=10.20.2.2,public=203.0.113.40,ehlo=mail2.example.com --store 10.20.0.10:25 --relay-from 10.20.0.0/24',
    ],
  );
  withJson(withConfig(init), 'one JSON document')
    .option('--hostname <name>', "this host's name", readName)
    .option('--domain <name>', 'a domain that it takes mail for; may be repeated', readNames)
    .option(
      '--uplink <name=address>',
      'a way to the Internet; ,public=ADDRESS behind NAT, ,ehlo=NAME; may be repeated',
      readUplink,
    )
    .option('--store <address:port>', 'where the mail store behind listens', readStore)
    .option('--relay-from <network>', 'a network that may send to the world; may be repeated', readNetworks)
    .option('--backup', 'this host is the backup of a primary elsewhere')
    .option('--dry-run', 'show the configuration, and write nothing')
    .option('--no-input', 'ask nothing; what is not found comes from the options')
    .action(async (_options, command: Command) => {
      end(await initialise(command, parts));
    });
}

async function initialise(command: Command, parts: CliParts): Promise<number> {
  const options = optionsOf<InitOptions>(command);
  const { output } = parts;
  const file = options.config ?? defaultConfigFile;
  const found = await look(options, parts);
  const asks = options.input !== false && options.json !== true && output.terminal && process.stdin.isTTY;
  const said = asks ? await ask(answersOf(options), found) : answersOf(options);
  const proposed = propose(found, said);
  if (!proposed.ok) {
    output.error(proposed.error);
    return 2;
  }
  const text = configurationText(proposed.value);
  const read = parseSettings(file, text);
  if (!read.ok) {
    output.error('What was found makes no sound configuration; say more by the options:');
    for (const mistake of read.error) output.error(mistakeText(mistake));
    return 2;
  }
  if (options.dryRun !== true) {
    const written = await writeNew(file, text);
    if (written !== null) {
      output.error(written);
      return 1;
    }
  }
  const missing = await missingRecords(read.value.settings, parts);
  await output.write(
    options.json === true
      ? jsonLine({
          file,
          written: options.dryRun !== true,
          ...shown(proposed.value),
          text,
          missing: missing.map(({ line }) => line),
        })
      : told(file, text, proposed.value, missing, options.dryRun === true),
  );
  return 0;
}

async function look(
  options: InitOptions,
  { network, files, clock, random }: CliParts,
): Promise<Surroundings> {
  const [{ outsideResolver }, { lookAround }] = await Promise.all([
    import('../../runtime/dns/outside-resolver.ts'),
    import('../../runtime/init/look-around.ts'),
  ]);
  const host = network();
  const resolver = outsideResolver({ network: host, clock, random }, { uplinks: [], dnsServers: [] });
  try {
    return await lookAround(
      { network: host, files, resolver },
      { hostname: options.hostname ?? ownName(), domains: options.domain ?? [] },
    );
  } finally {
    resolver.close();
  }
}

function answersOf({ hostname, domain, uplink, store, relayFrom, backup }: InitOptions): InitAnswers {
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...(domain === undefined ? {} : { domains: domain }),
    ...(uplink === undefined ? {} : { uplinks: uplink }),
    ...(store === undefined ? {} : { store }),
    ...(relayFrom === undefined ? {} : { networks: relayFrom }),
    ...(backup === undefined ? {} : { backup }),
  };
}

/** Asks what cannot be found, with what was found as the answer that Enter gives. */
async function ask(said: InitAnswers, found: Surroundings): Promise<InitAnswers> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const question = async (text: string, usual: string): Promise<string> => {
    const answer = (await lines.question(`${text}${usual === '' ? '' : ` [${usual}]`}: `)).trim();
    return answer === '' ? usual : answer;
  };
  try {
    const hostname =
      said.hostname ??
      (await question('The name of this host', found.postfix?.hostname ?? found.hostname ?? ''));
    const domains =
      said.domains ?? words(await question('The domains whose mail it takes', found.domains.join(' ')));
    const store = said.store ?? (await question('Where the mail store listens', '127.0.0.1:2525'));
    const networks =
      said.networks ??
      words(await question('Networks that may send to the world', (found.postfix?.networks ?? []).join(' ')));
    return { ...said, ...(hostname === '' ? {} : { hostname }), domains, store, networks };
  } finally {
    lines.close();
  }
}

const words = (text: string): string[] => text.split(/[\s,]+/).filter(word => word !== '');

/** Null: written. An existing file is left as it is, whoever makes it in the meantime. */
async function writeNew(file: string, text: string): Promise<string | null> {
  try {
    await makeFolder(dirname(file));
    await writeFile(file, text, { flag: 'wx', mode: 0o644 });
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'EEXIST')
      return `${file} is there already, and is not written over; name another file with --config, or look at a proposal with --dry-run.`;
    return `${file} cannot be written (${code}); name another file with --config, or run this as root.`;
  }
}

/** One level: /etc/postern is made, and the whole way to a mistyped place is not. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function shown({ layout, reason, hostname, uplinks, domains, isBackup }: Proposal): object {
  return {
    layout,
    reason,
    hostname,
    uplinks: uplinks.map(({ name, address, publicAddress, ehlo }) => ({
      name,
      address,
      public: publicAddress,
      ehlo,
    })),
    domains,
    backup: isBackup,
  };
}

function told(
  file: string,
  text: string,
  { layout, reason }: Proposal,
  missing: Awaited<ReturnType<typeof missingRecords>>,
  dry: boolean,
): string {
  const records = [
    ...recordLines(
      'These records are still missing or wrong in DNS ("postern records" tells who sets them and why):',
      missing.filter(({ isUnasked }) => !isUnasked),
    ),
    ...recordLines(
      'DNS could not be asked for these, so look at "postern records" again:',
      missing.filter(({ isUnasked }) => isUnasked),
    ),
    ...(missing.length === 0 ? ['Every record that it needs is in DNS.'] : []),
  ];
  const head = dry ? [text] : [`Layout ${layout}: ${reason}`, `Written to ${file}.`, ''];
  const next = dry ? [] : ['', `Look through it, then: postern config check --config ${file}`];
  return `${[...head, ...records, ...next].join('\n')}\n`;
}

const recordLines = (heading: string, records: readonly { readonly line: string }[]): string[] =>
  records.length === 0 ? [] : [heading, ...records.map(({ line }) => `  ${line}`)];

function readName(text: string): string {
  const name = hostName(text.toLowerCase());
  if (name?.includes('.') !== true)
    throw new InvalidArgumentError('Write a fully qualified name, as in mail.example.com.');
  return name;
}

function readNames(text: string, before: string[] = []): string[] {
  const domain = readDomain(text);
  if (!domain.ok) throw new InvalidArgumentError(domain.error);
  return [...before, domain.value];
}

function readUplink(text: string, before: ProposedUplink[] = []): ProposedUplink[] {
  const [head = '', ...rest] = text.split(',');
  const [name = '', address = ''] = head.split('=');
  const more = new Map(
    rest.map(part => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const),
  );
  const publicAddress = more.get('public') ?? null;
  const ehlo = more.get('ehlo') ?? '';
  const isSound =
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(name) &&
    isIP(address) !== 0 &&
    (publicAddress === null || isIP(publicAddress) !== 0) &&
    (ehlo === '' || hostName(ehlo) !== null) &&
    [...more.keys()].every(key => key === 'public' || key === 'ehlo');
  if (!isSound)
    throw new InvalidArgumentError(
      'Write name and address, as in isp2=10.20.2.2,public=203.0.113.40,ehlo=mail2.example.com.',
    );
  return [
    ...before,
    {
      name,
      address: canonicalAddress(address),
      publicAddress: publicAddress === null ? null : canonicalAddress(publicAddress),
      ehlo: ehlo.toLowerCase(),
    },
  ];
}

function readStore(text: string): string {
  const endpoint = parseEndpoint(text, 25);
  if (!endpoint.ok) throw new InvalidArgumentError('Write address and port, as in 10.20.0.10:25.');
  return endpointText(endpoint.value);
}

function readNetworks(text: string, before: string[] = []): string[] {
  const network = parseNetwork(text);
  if (!network.ok) throw new InvalidArgumentError('Write a network, as in 10.20.0.0/24.');
  return [...before, network.value];
}
