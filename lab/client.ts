import { join } from 'node:path';
import type { Namespace } from '../src/surface/demo/namespaces.ts';
import type { Step, Talk } from './speak.ts';

const program = join(import.meta.dirname, 'speak.ts');

/** Speaks to a mail server from within a namespace; gives its replies in order, the greeting first. */
export async function speak(namespace: Namespace, talk: Talk): Promise<readonly string[]> {
  const done = await namespace.run(process.execPath, [program], JSON.stringify(talk));
  if (!done.ok) throw new Error(done.error);
  const replies: string[] = JSON.parse(done.value);
  return replies;
}

/** Says one line, and waits for its reply. */
export function line(words: string): Step {
  return say(`${words}\r\n`, 1);
}

/** Says bytes as they stand. */
export function say(bytes: string | Buffer, replies: number): Step {
  return { say: Buffer.from(bytes).toString('base64'), replies };
}

/** An envelope and a content with CRLF line ends. `mail` and `rcpt` are parameters after the path. */
export type Envelope = {
  readonly from: string;
  readonly to: readonly string[];
  readonly mail?: string;
  readonly rcpt?: string;
  readonly content: string;
};

/** The steps that hand over one message by DATA. */
export function data({ from, to, mail = '', rcpt = '', content }: Envelope): Step[] {
  const stuffed = content.replaceAll(/^\./gm, '..');
  return [
    line(`MAIL FROM:<${from}>${mail === '' ? '' : ` ${mail}`}`),
    ...to.map(path => line(`RCPT TO:<${path}>${rcpt === '' ? '' : ` ${rcpt}`}`)),
    line('DATA'),
    say(`${stuffed}.\r\n`, 1),
  ];
}

/** Hands messages to a mail server in one session; throws where one of them is not taken. */
export async function submit(
  namespace: Namespace,
  to: { readonly address: string; readonly source?: string },
  envelopes: readonly Envelope[],
): Promise<void> {
  const steps = [line('EHLO client.example.com'), ...envelopes.flatMap(data), line('QUIT')];
  const replies = await speak(namespace, { ...to, port: 25, steps });
  const refused = replies.filter(reply => !/^[23]/.test(reply));
  if (refused.length > 0) throw new Error(`not all was taken: ${refused.join(' | ')}`);
}
