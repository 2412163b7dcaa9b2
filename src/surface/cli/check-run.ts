import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { mistakeText } from '../../config/mistake.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { Settings } from '../../config/settings.ts';
import type { AuditFacts } from '../../decision/audit/facts.ts';
import type { FindingLevel } from '../../decision/audit/finding.ts';
import { judge, levels, type Report } from '../../decision/audit/judge.ts';
import type { DkimKey } from '../../decision/records/dkim-record.ts';
import type { Result } from '../../runtime/ports.ts';
import { articleText } from '../report/article-text.ts';
import { reportDocument } from '../report/document.ts';
import { reportHtml } from '../report/html.ts';
import { reportText } from '../report/text.ts';
import { type Look, type LookTerms, lookAtEach } from './check-look.ts';
import { type CheckOptions, formOf, readDomain } from './check-options.ts';
import { ruleOf, rulesOf, unknownAmong } from './check-rules.ts';
import { watchDomains } from './check-watch.ts';
import { type CliParts, defaultConfigFile } from './cli-parts.ts';
import { readDkimKey } from './dkim-key.ts';
import { readFacts } from './facts-file.ts';
import { jsonLine } from './output.ts';

const wholeTimeMs = 30_000;

/** What `postern check` does; the exit code. */
export async function runCheck(
  domains: readonly string[],
  options: CheckOptions,
  parts: CliParts,
): Promise<number> {
  const { output } = parts;
  if (options.explain !== undefined) return explain(options.explain, parts);
  const unknown = unknownAmong([...(options.only ?? []), ...(options.skip ?? [])]);
  if (unknown !== null) return refuse(parts, unknown);
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
  if (options.watch === true && formOf(options) === 'html')
    return refuse(
      parts,
      'A page holds one look and shows no changes; leave --watch out, or write --format text or --format json.',
    );
  const asked = await askedOf(options, parts);
  if (!asked.ok) return refuse(parts, asked.error);
  const terms: LookTerms = {
    settings,
    uplinks: options.uplink ?? [],
    asked: asked.value,
    port: options.port ?? null,
    timeoutMs: options.timeout ?? wholeTimeMs,
    progress(doing) {
      if (output.terminal && formOf(options) !== 'json') output.error(`… ${doing}`);
    },
  };
  const read = names.map(readDomain);
  const bad = read.flatMap(each => (each.ok ? [] : [each.error]));
  for (const mistake of bad) output.error(mistake);
  const codes = bad.map(() => 2);
  const good = read.flatMap(each => (each.ok ? [each.value] : []));
  if (bad.length > 0 && (options.watch === true || good.length === 0)) return 2;
  if (options.watch === true) return watchDomains(good, terms, options, parts);
  for await (const look of lookAtEach(good, terms, parts)) codes.push(await tellOne(look, options, parts));
  return codes.includes(1) ? 1 : Math.max(...codes);
}

/** What the caller gave, with the keys in the files that he named; the error is a sentence. */
async function askedOf(
  { selector = [], blocklist = [], intrusive = false }: CheckOptions,
  { files }: CliParts,
): Promise<Result<AuditFacts['asked'], string>> {
  const keys: [string, DkimKey][] = [];
  for (const { name, file } of selector) {
    if (file === null) continue;
    const read = await readDkimKey(files, file);
    if (!read.ok) return read;
    keys.push([name, read.value.key]);
  }
  return {
    ok: true,
    value: {
      dkimSelectors: selector.map(({ name }) => name),
      dkimKeys: Object.fromEntries(keys),
      blocklists: blocklist,
      intrusive,
    },
  };
}

async function tellOne({ facts, elapsedMs }: Look, options: CheckOptions, parts: CliParts): Promise<number> {
  const code = await tell(facts, elapsedMs, options, parts);
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

async function tell(
  facts: AuditFacts,
  elapsedMs: number,
  options: CheckOptions,
  { output }: CliParts,
): Promise<number> {
  const report = judge(facts, rulesOf(options));
  const written = {
    json: () => jsonLine(reportDocument(facts, report, elapsedMs)),
    html: () => reportHtml(facts, report),
    text: () => reportText(facts, report, output.colour),
  };
  await output.write(written[formOf(options)]());
  return codeOf(report, options.failOn ?? 'error');
}

function codeOf({ verdict, findings }: Report, failOn: FindingLevel): number {
  const limit = levels.indexOf(failOn);
  if (findings.some(({ level }) => levels.indexOf(level) <= limit)) return 1;
  return verdict === 'unknown' ? 3 : 0;
}

async function replay(file: string, options: CheckOptions, parts: CliParts): Promise<number> {
  const facts = await readFacts(file);
  if (!facts.ok) return refuse(parts, facts.error);
  return tell(facts.value, 0, options, parts);
}

async function explain(id: string, parts: CliParts): Promise<number> {
  const rule = ruleOf(id);
  if (!rule.ok) return refuse(parts, rule.error);
  await parts.output.write(articleText(rule.value));
  return 0;
}

/** Without a domain and a file: the usual configuration, where there is one. */
const usualConfig = ({ facts }: CheckOptions): string | undefined =>
  facts === undefined && existsSync(defaultConfigFile) ? defaultConfigFile : undefined;

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
