import { readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { domainToASCII } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../config/measures.ts';
import { mistakeText } from '../../config/mistake.ts';
import { nearWord } from '../../config/near-word.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { catalogue } from '../../decision/audit/catalogue.ts';
import type { AuditFacts, EgressFact } from '../../decision/audit/facts.ts';
import type { FindingLevel } from '../../decision/audit/finding.ts';
import { judge, levels, type Report } from '../../decision/audit/judge.ts';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import { hostName } from '../../protocol/dns/names.ts';
import { articleText } from '../report/article-text.ts';
import { reportDocument } from '../report/document.ts';
import { reportHtml } from '../report/html.ts';
import { reportText } from '../report/text.ts';
import type { CliParts } from './cli-parts.ts';
import { addCommand, optionsOf, withConfig, withJson } from './command.ts';
import { jsonLine } from './output.ts';

type CheckOptions = {
  uplink?: EgressFact[];
  explain?: string;
  only?: string[];
  skip?: string[];
  failOn?: FindingLevel;
  saveFacts?: string;
  facts?: string;
  timeout?: number;
  selector?: string[];
  blocklist?: Blocklist[];
  intrusive?: boolean;
  port?: number;
  format?: 'text' | 'json' | 'html';
};

const wholeTimeMs = 30_000;

/** `postern check`. */
export function addCheck(program: Command, parts: CliParts, end: (code: number) => void): void {
  const check = addCommand(
    program,
    'check',
    'what the world sees of your mail, what of it matters, and how to mend it',
    [
      'postern check example.com',
      'postern check example.com --uplink 198.51.100.30=mail.example.com --uplink 203.0.113.40=mail2.example.com',
      'postern check --config ./postern.yaml',
      'postern check --explain GREETING-NAME',
    ],
  );
  withJson(
    withConfig(check.argument('[domains...]', 'the domains; default: those of the configuration')),
    'one JSON document a line, for each domain',
  )
    .option(
      '--uplink <address=name>',
      'an address that mail leaves from, and its EHLO name; may be repeated',
      readUplink,
    )
    .option('--explain <id>', 'what a check means, who acts on it, and what other testers say')
    .option('--only <ids>', 'only these checks, with commas between', readIds)
    .option('--skip <ids>', 'all but these checks', readIds)
    .addOption(
      new Option('--fail-on <level>', 'exit with 1 at this level or worse')
        .choices(['error', 'warning', 'notice'])
        .default('error'),
    )
    .option('--selector <name>', 'a DKIM selector to look at; may be repeated', (name, before?: string[]) => [
      ...(before ?? []),
      name,
    ])
    .option(
      '--blocklist <zone>',
      'a blocklist to ask, as in dnsbl.example; with =policy behind it where it lists by policy',
      readBlocklist,
    )
    .option('--intrusive', 'also try what a stranger would not: relaying through hosts that are not yours')
    .option('--timeout <duration>', 'the whole check (default: 30s)', readTimeout)
    .option('--port <port>', 'the port of mail hosts, for tests (default: 25)', readPort)
    .addOption(
      new Option('--format <format>', 'text for people, one JSON document a line, or a page').choices([
        'text',
        'json',
        'html',
      ]),
    )
    .option('--save-facts <file>', 'write down what was seen')
    .option('--facts <file>', 'judge what was written down before, and ask nobody')
    .action(async (domains: string[], _options, command: Command) => {
      end(await runCheck(domains, command, parts));
    });
}

async function runCheck(domains: readonly string[], command: Command, parts: CliParts): Promise<number> {
  const options = optionsOf<CheckOptions>(command);
  const { output } = parts;
  if (options.explain !== undefined) return explain(options.explain, parts);
  const unknown = [...(options.only ?? []), ...(options.skip ?? [])].find(id => !isKnown(id));
  if (unknown !== undefined) return refuse(parts, unknownCheck(unknown));
  const settings = await settingsOf(options.config, parts);
  if (settings === 'bad') return 2;
  const names = domains.length > 0 ? domains : (settings?.domains.map(({ name }) => name) ?? []);
  if (options.facts !== undefined) return replay(options.facts, options, parts);
  if (names.length === 0)
    return refuse(
      parts,
      'Name a domain, as in "postern check example.com", or a configuration that has domains.',
    );
  const codes: number[] = [];
  for (const name of names) {
    const domain = readDomain(name);
    if (!domain.ok) {
      output.error(domain.error);
      codes.push(2);
      continue;
    }
    codes.push(await checkOne(domain.value, settings, options, parts));
  }
  return Math.max(...codes.map(code => (code === 1 ? 10 : code))) === 10 ? 1 : Math.max(...codes);
}

async function checkOne(
  domain: string,
  settings: Settings | null,
  options: CheckOptions & { json?: boolean },
  parts: CliParts,
): Promise<number> {
  const [{ gatherFacts }, { outsideResolver }, own] = await Promise.all([
    import('../../runtime/audit/gather.ts'),
    import('../../runtime/dns/outside-resolver.ts'),
    import('../../runtime/audit/own-facts.ts'),
  ]);
  const network = parts.network();
  const { clock, random, output, files } = parts;
  const resolver = outsideResolver({ network, clock, random }, settings ?? { uplinks: [], dnsServers: [] });
  const startedAt = clock.monotonic();
  try {
    const facts = await gatherFacts(
      { network, clock, random, resolver, web: parts.web },
      {
        domain,
        egresses: [
          ...(settings === null ? [] : own.ownEgresses(settings, network)),
          ...(options.uplink ?? []),
        ],
        configuration: settings === null ? null : await own.configurationFact(settings, files),
        host: settings === null ? null : await own.hostFact(settings, { network, files, clock, random }),
        asked: {
          dkimSelectors: options.selector ?? [],
          blocklists: options.blocklist ?? [],
          intrusive: options.intrusive ?? false,
        },
        hostsFile: settings === null ? null : await hostsFileOf(files),
        port25Targets: settings === null ? [] : knownTargets(settings),
        port: options.port ?? settings?.delivery.port ?? 25,
        ehlo: settings?.hostname ?? hostName(hostname().toLowerCase()),
        timeoutMs: options.timeout ?? wholeTimeMs,
      },
      doing => {
        if (output.terminal && options.json !== true) output.error(`… ${doing}`);
      },
    );
    if (options.saveFacts !== undefined)
      await writeFile(options.saveFacts, `${JSON.stringify(facts, null, 1)}\n`);
    return await tell(facts, clock.monotonic() - startedAt, options, parts);
  } finally {
    resolver.close();
  }
}

async function hostsFileOf(files: CliParts['files']): Promise<string | null> {
  const read = await files.read('/etc/hosts', 1_000_000);
  return read.ok ? read.value.toString('utf8') : null;
}

/** Hosts that the operator lets us call. */
function knownTargets(settings: Settings): string[] {
  return [
    ...new Set(settings.uplinks.flatMap(({ probe }) => probe.map(target => target.replace(/:\d+$/, '')))),
  ];
}

async function tell(
  facts: AuditFacts,
  elapsedMs: number,
  { only, skip, json, format, failOn = 'error' }: CheckOptions & { json?: boolean },
  { output }: CliParts,
): Promise<number> {
  const rules = catalogue.filter(
    ({ id }) => (only === undefined || only.includes(id)) && skip?.includes(id) !== true,
  );
  const report = judge(facts, rules);
  const form = json === true ? 'json' : (format ?? 'text');
  const written = {
    json: () => jsonLine(reportDocument(facts, report, elapsedMs)),
    html: () => reportHtml(facts, report),
    text: () => reportText(facts, report, output.colour),
  };
  await output.write(written[form]());
  return codeOf(report, failOn);
}

function codeOf({ verdict, findings }: Report, failOn: FindingLevel): number {
  const limit = levels.indexOf(failOn);
  if (findings.some(({ level }) => levels.indexOf(level) <= limit)) return 1;
  return verdict === 'unknown' ? 3 : 0;
}

async function replay(
  file: string,
  options: CheckOptions & { json?: boolean },
  parts: CliParts,
): Promise<number> {
  let facts: AuditFacts;
  try {
    facts = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    return refuse(
      parts,
      `${file} cannot be read as facts: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  if (facts.version !== 1 || typeof facts.domain !== 'string' || typeof facts.dns !== 'object')
    return refuse(
      parts,
      `${file} holds no facts of a check; make them with "postern check DOMAIN --save-facts ${file}".`,
    );
  return tell(facts, 0, options, parts);
}

async function explain(id: string, parts: CliParts): Promise<number> {
  const rule = catalogue.find(each => each.id === id.toUpperCase());
  if (rule === undefined) return refuse(parts, unknownCheck(id));
  await parts.output.write(articleText(rule));
  return 0;
}

const isKnown = (id: string): boolean => catalogue.some(rule => rule.id === id);

function unknownCheck(id: string): string {
  const near = nearWord(
    id.toUpperCase(),
    catalogue.map(rule => rule.id),
  );
  return `There is no check ${id}${near === null ? '; "postern check --explain MX-NONE" explains one' : `; did you mean ${near}?`}`.replace(
    /(?<!\?)$/,
    '.',
  );
}

function refuse({ output }: CliParts, sentence: string): 2 {
  output.error(sentence);
  return 2;
}

async function settingsOf(file: string | undefined, { output }: CliParts): Promise<Settings | null | 'bad'> {
  if (file === undefined) return null;
  const read = await readSettings(file);
  if (read.ok) return read.value.settings;
  for (const mistake of read.error) output.error(mistakeText(mistake));
  return 'bad';
}

/** A domain in A-labels, or why it is none. */
function readDomain(text: string): { ok: true; value: string } | { ok: false; error: string } {
  const given = text.trim().replace(/\.$/, '');
  const bare = given.replace(/^\[|\]$/g, '').replace(/^ipv6:/i, '');
  if (isIP(bare) !== 0)
    return { ok: false, error: `${text} is an address; name the domain whose mail is to be checked.` };
  if (given.includes('@'))
    return {
      ok: false,
      error: `${text} is an address of a person; name the domain, ${given.slice(given.lastIndexOf('@') + 1)}.`,
    };
  const name = hostName(domainToASCII(given));
  if (name === null)
    return { ok: false, error: `${text} is not the name of a domain; write for example example.com.` };
  if (!name.includes('.'))
    return { ok: false, error: `${text} is a public suffix or one word; name a domain, as in example.com.` };
  return { ok: true, value: name };
}

function readUplink(text: string, before: EgressFact[] = []): EgressFact[] {
  const [address = '', name = ''] = text.split('=');
  const ehlo = hostName(name.toLowerCase());
  if (isIP(address) === 0 || ehlo === null)
    throw new InvalidArgumentError(
      'Write the address and the EHLO name, as in 198.51.100.30=mail.example.com.',
    );
  const uplink = `uplink${before.length + 1}`;
  const canonical = canonicalAddress(address);
  return [
    ...before,
    {
      id: `${uplink}/${canonical}`,
      uplink,
      preference: 10 * (before.length + 1),
      family: address.includes(':') ? 6 : 4,
      source: null,
      address: canonical,
      ehlo,
      smartHost: null,
      port25: null,
      observed: null,
      temporary: false,
    },
  ];
}

type Blocklist = AuditFacts['asked']['blocklists'][number];

function readBlocklist(text: string, before: Blocklist[] = []): Blocklist[] {
  const [zone = '', kind = 'major'] = text.split('=');
  const name = hostName(zone.toLowerCase());
  if (name === null || (kind !== 'major' && kind !== 'policy'))
    throw new InvalidArgumentError(
      'Write the zone of the list, as in dnsbl.example or dnsbl.example=policy.',
    );
  return [...before, { zone: name, kind }];
}

function readIds(text: string, before: string[] = []): string[] {
  return [
    ...before,
    ...text
      .split(',')
      .map(id => id.trim().toUpperCase())
      .filter(id => id !== ''),
  ];
}

function readTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms.ok && ms.value > 0) return ms.value;
  throw new InvalidArgumentError('Write a duration, as in 30s.');
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('Write a port from 1 to 65535.');
}
