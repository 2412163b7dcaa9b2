import type { PolicyFact } from '../../decision/audit/facts.ts';
import type { Web } from '../ports.ts';
import type { Notebook } from './notebook.ts';

const limitBytes = 64 * 1024;
const timeoutMs = 10_000;

/** The MTA-STS policy of a domain, fetched only where DNS announces one (RFC 8461 section 3.3); null: there is none. */
export async function fetchPolicy(
  web: Pick<Web, 'get'>,
  book: Notebook,
  domain: string,
  signal: AbortSignal,
): Promise<PolicyFact | null> {
  const host = `mta-sts.${domain}`;
  const [announced, four, six] = await Promise.all([
    book.records(`_mta-sts.${domain}`, 'TXT'),
    book.records(host, 'A'),
    book.records(host, 'AAAA'),
  ]);
  if (announced.length === 0 || signal.aborted) return null;
  const [address] = [...four, ...six];
  if (address === undefined) return { kind: 'failed', reason: `${host} has no address` };
  const url = `https://${host}/.well-known/mta-sts.txt`;
  return policyOf(await web.get({ url, address, limitBytes, timeoutMs, signal }));
}

/** RFC 8461 section 3.3: only 200 counts, and a redirect is not followed. */
function policyOf(got: Awaited<ReturnType<Web['get']>>): PolicyFact {
  if (!got.ok) return { kind: 'failed', reason: got.error };
  const { status, body } = got.value;
  if (status >= 300 && status < 400) return { kind: 'fetched', text: body, redirected: true };
  return status === 200
    ? { kind: 'fetched', text: body, redirected: false }
    : { kind: 'failed', reason: `it answers with ${status}` };
}
