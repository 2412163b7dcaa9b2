import { spfOf } from '../../decision/audit/spf-of.ts';
import { isSpf, parseSpf } from '../../protocol/spf/record.ts';
import type { Notebook } from './notebook.ts';

/** Records that one domain's SPF may lead to; more is a loop, or broken in any case. */
const recordLimit = 40;
/** Rounds of questions that only the evaluation itself knows: macros, and names behind names. */
const roundLimit = 12;

/**
 * Asks all that judging SPF of a domain can need: every record, address and MX set that it leads to, at once as far as
 * they are known; then what only the evaluation for one address tells.
 */
export async function askForSpf(
  book: Notebook,
  domain: string,
  egresses: readonly { readonly address: string; readonly ehlo: string }[],
): Promise<void> {
  const seen = new Set<string>();
  await explore(domain);
  await Promise.all(egresses.map(completeFor));

  async function explore(name: string): Promise<void> {
    if (seen.has(name) || seen.size >= recordLimit) return;
    seen.add(name);
    const [record] = (await book.records(name, 'TXT')).filter(isSpf);
    const parsed = record === undefined ? null : parseSpf(record);
    if (parsed?.ok !== true) return;
    const { mechanisms, redirect } = parsed.value;
    const targets = mechanisms.map(({ name: kind, target }) => ({ kind, target: target ?? name }));
    if (redirect !== null) targets.push({ kind: 'include', target: redirect });
    await Promise.all(targets.map(each => follow(each.kind, each.target)));
  }

  async function follow(kind: string, target: string): Promise<void> {
    if (target.includes('%')) return;
    if (kind === 'include') return explore(target);
    if (kind === 'a') await askAddresses(target);
    if (kind !== 'mx') return;
    const hosts = await book.records(target, 'MX');
    await Promise.all(
      hosts.slice(0, 10).map(text => askAddresses(text.replace(/^\d+ /, '').replace(/\.$/, ''))),
    );
  }

  async function askAddresses(name: string): Promise<void> {
    const types = new Set(
      egresses.map(({ address }) => (address.includes(':') ? ('AAAA' as const) : ('A' as const))),
    );
    await Promise.all([...types].map(type => book.ask(name, type)));
  }

  async function completeFor(egress: { readonly address: string; readonly ehlo: string }): Promise<void> {
    for (let round = 0; round < roundLimit; round++) {
      const { unasked } = spfOf({ dns: book.facts() }, domain, egress);
      if (unasked.length === 0) return;
      await Promise.all(unasked.map(({ name, type }) => book.ask(name, type)));
    }
  }
}
