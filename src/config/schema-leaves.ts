import { z } from 'zod';
import { parseEndpoint, parseUnicast } from './address.ts';
import { parseHostName } from './host-name.ts';
import { parseDuration, parseRate, parseShare } from './measures.ts';
import { type Parsed, parsed, unparsed } from './parsed.ts';

/*
 * The words of which the schema is made. Each leaf's error message is what the value must be, as the end of a sentence
 * ("… is not a duration such as 30s"); explain-issue.ts makes sentences of them.
 */

export const pattern = { duration: '^\\d+(ms|s|m|h|d|w)$', size: '^\\d+([KMG]i?)?B$' };

/** A text that one of our parsers reads. `expected` ends "is not …"; `example` is shown in editors. */
export function text<Value>(
  expected: string,
  examples: readonly [string, ...string[]],
  parse: (text: string) => Parsed<Value>,
  shape?: string,
) {
  return z
    .string({ error: `is not ${expected}` })
    .meta({ examples: [...examples], ...(shape === undefined ? {} : { pattern: shape }) })
    .transform((value, context) => {
      const result = parse(value);
      if (result.ok) return result.value;
      context.addIssue({ code: 'custom', message: result.why });
      return z.NEVER;
    });
}

export function wholeNumber(least: number, most: number, example: number) {
  const error = `is not a whole number from ${least} to ${most}; write for example ${example}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

export function list<Item extends z.ZodType>(item: Item, what: string, example: string) {
  return z.array(item, { error: `is not a list of ${what}; write for example ${example}` });
}

export function map<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, { error: 'is not a map of keys and values' });
}

export function word<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `is not one of: ${words.join(', ')}` });
}

export const truth = () => z.boolean({ error: 'is neither true nor false' });
export const duration = (example: string) =>
  text(`a duration such as ${example}`, [example], parseDuration, pattern.duration);
export const shortDuration = (example: string) =>
  text(`a duration such as ${example}`, [example], atLeast100ms, pattern.duration);
export const hostName = (example: string) =>
  text(`a fully qualified host name such as ${example}`, [example], parseHostName);
export const address = (example: string) => text(`an IP address such as ${example}`, [example], parseUnicast);
export const endpoint = (example: string, defaultPort: number | null) =>
  text(`an address with a port such as ${example}`, [example], value => parseEndpoint(value, defaultPort));

export const rate = text('a rate such as 10/s', ['10/s'], parseRate, '^\\d+/(s|m|h)$');
export const share = text('a share such as 2%', ['2%'], parseShare, '^\\d+(\\.\\d+)?%$');

function atLeast100ms(value: string): Parsed<number> {
  const ms = parseDuration(value);
  return ms.ok && ms.value < 100 ? unparsed('is too short; write at least 100ms') : ms;
}

export function parseUplinkName(name: string): Parsed<string> {
  if (name === 'local')
    return unparsed('is the name of the way to private addresses; write another, as in isp1');
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(name)
    ? parsed(name)
    : unparsed('is not a name of up to 32 letters, digits, hyphens and underscores, as in isp1');
}

export function parseInterface(name: string): Parsed<string> {
  return /^[^\s/:]{1,15}$/.test(name)
    ? parsed(name)
    : unparsed('is not the name of a network interface, as in ppp0');
}

export function parsePath(path: string): Parsed<string> {
  return path !== '' && !path.includes('\0')
    ? parsed(path)
    : unparsed('is not a path, as in /var/lib/postern');
}

export function parseAbsolutePath(path: string): Parsed<string> {
  return path.startsWith('/') && !path.includes('\0')
    ? parsed(path)
    : unparsed('is not an absolute path, as in /usr/local/bin/on-change');
}

export function parseUser(user: string): Parsed<string> {
  return /^[^\0\r\n]{1,255}$/.test(user)
    ? parsed(user)
    : unparsed('is not a user name, as in mail@example.com');
}

export function parseWebhook(text: string): Parsed<string> {
  const url = URL.parse(text);
  const isWeb = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  return isWeb && url.username === '' && url.password === ''
    ? parsed(url.href)
    : unparsed('is not an http or https URL without a user name, as in https://ntfy.example/mail');
}

/** Null: never. */
export function parseDelayNotice(text: string): Parsed<number | null> {
  if (text === 'never') return parsed(null);
  const ms = parseDuration(text);
  return ms.ok ? ms : unparsed('is neither a duration nor never; write for example 4h');
}
