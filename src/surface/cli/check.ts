import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { mistakeText } from '../../config/mistake.ts';
import { nearWord } from '../../config/near-word.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { catalogue } from '../../decision/audit/catalogue.ts';
import { type FindingChange, FindingChanges } from '../../decision/audit/changes.ts';
import { type AuditFacts, type EgressFact, questionKey } from '../../decision/audit/facts.ts';
import type { FindingLevel } from '../../decision/audit/finding.ts';
import { judge, levels, type Report } from '../../decision/audit/judge.ts';
import type { Rule } from '../../decision/audit/rule.ts';
import { printable } from '../printable.ts';
import { articleText } from '../report/article-text.ts';
import { reportDocument } from '../report/document.ts';
import { reportHtml } from '../report/html.ts';
import { reportText, subjectText } from '../report/text.ts';
import {
  type Blocklist,
  readBlocklist,
  readDomain,
  readIds,
  readPort,
  readSelector,
  readTimeout,
  readUplink,
  type Selector,
} from './check-options.ts';
import { type CliParts, defaultConfigFile } from './cli-parts.ts';
import { addCommand, optionsOf, withJson } from './command.ts';
import { readFacts } from './facts-file.ts';
import { jsonLine } from './output.ts';
import { ownName } from './own-name.ts';

type CheckOptions = {
  uplink?: EgressFact[];
  explain?: string;
  only?: string[];
  skip?: string[];
  failOn?: FindingLevel;
  saveFacts?: string;
  facts?: string;
  timeout?: number;
  selector?: Selector[];
  blocklist?: Blocklist[];
  intrusive?: boolean;
  port?: number;
  format?: 'text' | 'json' | 'html';
  watch?: boolean;
  every?: number;
};

const wholeTimeMs = 30_000;
const watchEveryMs = 300_000;

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
    check
      .argument('[domains...]', 'the domains; default: those of the configuration')
      .option(
        '--config <file>',
        `look as the gateway of this configuration, with its host (default, where no domain is named: ${defaultConfigFile})`,
      ),
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
    .option(
      '--selector <name>',
      'a DKIM selector to look at; with =FILE behind it the key that signs, to compare; may be repeated',
      readSelector,
    )
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
    .option('--watch', 'look again and again, and tell changes only')
    .option('--every <duration>', 'between two looks of --watch (default: 5m)', readTimeout)
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
  const file = options.config ?? (domains.length === 0 ? usualConfig(options) : undefined);
  const settings = await settingsOf(file, parts);
  if (settings === 'bad') return 2;
  const names = domains.length > 0 ? domains : (settings?.domains.map(({ name }) => name) ?? []);
  if (options.facts !== undefined) return replay(options.facts, options, parts);
  if (names.length === 0)
    return refuse(
      parts,
      'Name a domain, as in "postern check example.com", or a configuration that has domains.',
    );
  if (options.saveFacts !== undefined && (names.length > 1 || options.watch === true))
    return refuse(
      parts,
      'A file of --save-facts holds one look at one domain; name one, and leave --watch out.',
    );
  if (options.watch === true) return watch(names, settings, options, parts);
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

/** Tells what changes, until it is ended. */
async function watch(
  names: readonly string[],
  settings: Settings | null,
  options: CheckOptions & { json?: boolean },
  parts: CliParts,
): Promise<number> {
  const watched = names.map(
    (name): Watched => ({ domain: readDomain(name), changes: new FindingChanges(), before: null }),
  );
  const bad = watched.find(({ domain }) => !domain.ok)?.domain;
  if (bad?.ok === false) return refuse(parts, bad.error);
  for (;;) {
    for (const each of watched) {
      if (!each.domain.ok) continue;
      const seen = await lookAt(each.domain.value, settings, options, parts);
      const facts = each.before === null ? seen : { ...seen, before: each.before };
      each.before = beforeOf(seen);
      for (const change of each.changes.next(judge(facts, rulesOf(options)).findings))
        await parts.output.write(
          options.json === true
            ? jsonLine({ domain: facts.domain, ...change })
            : changeText(facts.domain, change),
        );
    }
    await parts.clock.sleep(options.every ?? watchEveryMs);
  }
}

type Before = NonNullable<AuditFacts['before']>;

type Watched = {
  readonly domain: ReturnType<typeof readDomain>;
  readonly changes: FindingChanges;
  before: Before | null;
};

function beforeOf({ policy, dns, domain }: AuditFacts): Before {
  const record = dns[questionKey(`_mta-sts.${domain}`, 'TXT')];
  return {
    policy: policy?.kind === 'fetched' ? policy.text : null,
    policyRecord: record?.kind === 'records' ? record.values.join() : '',
  };
}

function changeText(domain: string, { change, finding }: FindingChange): string {
  const { id, level, subject, message } = finding;
  return `${domain}: ${change === 'new' ? level : 'over'} ${id}, ${subjectText(subject)}: ${printable(message)}\n`;
}

async function checkOne(
  domain: string,
  settings: Settings | null,
  options: CheckOptions & { json?: boolean },
  parts: CliParts,
): Promise<number> {
  const startedAt = parts.clock.monotonic();
  const facts = await lookAt(domain, settings, options, parts);
  const code = await tell(facts, parts.clock.monotonic() - startedAt, options, parts);
  const unsaved = options.saveFacts === undefined ? null : await saveFacts(options.saveFacts, facts);
  return unsaved === null ? code : refuse(parts, unsaved);
}

/** Null: written. */
async function saveFacts(file: string, facts: AuditFacts): Promise<string | null> {
  try {
    await writeFile(file, `${JSON.stringify(facts, null, 1)}\n`);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `The facts could not be written to ${file} (${code}); name another file with --save-facts.`;
  }
}

async function lookAt(
  domain: string,
  settings: Settings | null,
  options: CheckOptions & { json?: boolean },
  parts: CliParts,
): Promise<AuditFacts> {
  const [{ gatherFacts }, { outsideResolver }, own] = await Promise.all([
    import('../../runtime/audit/gather.ts'),
    import('../../runtime/dns/outside-resolver.ts'),
    import('../../runtime/audit/own-facts.ts'),
  ]);
  const network = parts.network();
  const { clock, random, output, files } = parts;
  const resolver = outsideResolver({ network, clock, random }, settings ?? { uplinks: [], dnsServers: [] });
  try {
    return await gatherFacts(
      { network, clock, random, resolver, web: parts.web },
      {
        domain,
        egresses: [
          ...(settings === null ? [] : own.ownEgresses(settings, network)),
          ...(options.uplink ?? []),
        ],
        configuration: settings === null ? null : await own.configurationFact(settings, files),
        host:
          settings === null
            ? Promise.resolve(null)
            : own.hostFact(settings, { network, files, clock, random }),
        asked: {
          dkimSelectors: (options.selector ?? []).map(({ name }) => name),
          dkimKeys: Object.fromEntries(
            (options.selector ?? []).flatMap(({ name, key }) => (key === null ? [] : [[name, key]])),
          ),
          blocklists: options.blocklist ?? [],
          intrusive: options.intrusive ?? false,
        },
        hostsFile: settings === null ? null : await hostsFileOf(files),
        callTargets: settings === null ? [] : knownTargets(settings),
        port: options.port ?? settings?.delivery.port ?? 25,
        ehlo: settings?.hostname ?? ownName(),
        timeoutMs: options.timeout ?? wholeTimeMs,
      },
      doing => {
        if (output.terminal && options.json !== true) output.error(`… ${doing}`);
      },
    );
  } finally {
    resolver.close();
  }
}

async function hostsFileOf(files: CliParts['files']): Promise<string | null> {
  const read = await files.read('/etc/hosts', 1_000_000);
  return read.ok ? read.value.toString('utf8') : null;
}

/** Hosts that the operator lets us call, `host:port`. */
const knownTargets = ({ uplinks }: Settings): string[] => [...new Set(uplinks.flatMap(({ probe }) => probe))];

async function tell(
  facts: AuditFacts,
  elapsedMs: number,
  options: CheckOptions & { json?: boolean },
  { output }: CliParts,
): Promise<number> {
  const { json, format, failOn = 'error' } = options;
  const report = judge(facts, rulesOf(options));
  const form = json === true ? 'json' : (format ?? 'text');
  const written = {
    json: () => jsonLine(reportDocument(facts, report, elapsedMs)),
    html: () => reportHtml(facts, report),
    text: () => reportText(facts, report, output.colour),
  };
  await output.write(written[form]());
  return codeOf(report, failOn);
}

function rulesOf({ only, skip }: Pick<CheckOptions, 'only' | 'skip'>): readonly Rule[] {
  return catalogue.filter(
    ({ id }) => (only === undefined || only.includes(id)) && skip?.includes(id) !== true,
  );
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
  const facts = await readFacts(file);
  if (!facts.ok) return refuse(parts, facts.error);
  return tell(facts.value, 0, options, parts);
}

async function explain(id: string, parts: CliParts): Promise<number> {
  const rule = catalogue.find(each => each.id === id.toUpperCase());
  if (rule === undefined) return refuse(parts, unknownCheck(id));
  await parts.output.write(articleText(rule));
  return 0;
}

/** Without a domain and a file: the usual configuration, where there is one. */
const usualConfig = ({ facts }: CheckOptions): string | undefined =>
  facts === undefined && existsSync(defaultConfigFile) ? defaultConfigFile : undefined;

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
