import type { MasterEntry } from './master-entry.ts';
import type { PostfixVersion } from './parameters.ts';

/** What a Postfix has now. */
export type PostfixFacts = {
  readonly configDirectory: string;
  readonly version: PostfixVersion;
  /** As Postfix writes it, with its patch level. */
  readonly versionText: string;
  /** Every parameter as it holds, defaults too, unexpanded (`postconf`). */
  readonly main: ReadonlyMap<string, string>;
  /** Those that main.cf itself sets (`postconf -n`). */
  readonly explicit: ReadonlyMap<string, string>;
  /** `$name` filled in, of the few that are judged by their meaning (`postconf -x`). */
  readonly expanded: ReadonlyMap<string, string>;
  readonly master: readonly MasterEntry[];
};

/** The parameters that are asked for with `$name` filled in. */
export const expandedNames = [
  'default_transport',
  'inet_interfaces',
  'inet_protocols',
  'maillog_file',
  'myhostname',
  'smtp_helo_name',
  'smtpd_banner',
  'syslog_name',
] as const;

/** How Postfix calls itself in the log; one instance of several has a name of its own. */
export function logNameOf({ expanded }: PostfixFacts): string {
  return expanded.get('syslog_name') || 'postfix';
}

/** Reads `name = value` lines, as postconf prints them: one a line, however they are written in the file. */
export function parseMain(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals < 1) continue;
    found.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  return found;
}
