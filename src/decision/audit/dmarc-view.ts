import { parseTags } from '../../protocol/message/tag-list.ts';
import type { AuditView } from './view.ts';
import { withParents } from './with-parents.ts';

/** The DMARC policy that holds for the domain: its own record, or that of a domain above (RFC 9989 section 4.10). */
export type DmarcPolicy = {
  /** Where it stands, as in `_dmarc.example.com`. */
  readonly name: string;
  readonly records: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
};

/** Null: there is none; `unsure`: nobody could say. */
export function dmarcOf(view: AuditView): DmarcPolicy | 'unsure' | null {
  for (const domain of withParents(view.facts.domain)) {
    const name = `_dmarc.${domain}`;
    const fact = view.dns(name, 'TXT');
    if (fact.kind === 'temperror') return 'unsure';
    const records = view.records(name, 'TXT').filter(text => /^v\s*=\s*DMARC1\s*(;|$)/.test(text));
    const [first] = records;
    if (first !== undefined) return { name, records, tags: parseTags(first) };
  }
  return null;
}

export const addressesIn = (text: string): string[] =>
  text.split(',').flatMap(uri => /^mailto:([^!]+)/i.exec(uri.trim())?.[1] ?? []);
