import { parseTags } from '../../protocol/message/tag-list.ts';
import type { DnsFact } from './dns-fact.ts';
import type { Judgement } from './rule.ts';
import { type AuditView, evidenceOf } from './view.ts';

export type DkimKey = {
  readonly selector: string;
  readonly name: string;
  readonly fact: DnsFact;
  readonly tags: ReadonlyMap<string, string> | null;
};

/** What DNS holds for each selector that was named (RFC 6376 section 3.6.2). */
export function dkimKeys(view: AuditView): readonly DkimKey[] {
  return view.facts.asked.dkimSelectors.map(selector => {
    const name = `${selector}._domainkey.${view.facts.domain}`;
    const fact = view.dns(name, 'TXT');
    const [text] = view.records(name, 'TXT');
    return { selector, name, fact, tags: text === undefined ? null : parseTags(text) };
  });
}

/** What `judge` says of each key that is there, with the key as evidence; null: nothing is to be said. */
export function judgeDkimKeys(
  view: AuditView,
  judge: (
    key: DkimKey & { readonly tags: ReadonlyMap<string, string> },
  ) => Pick<Judgement, 'level' | 'message' | 'fix'> | null,
): readonly Judgement[] {
  const subject = { kind: 'domain', name: view.facts.domain } as const;
  return dkimKeys(view).flatMap(key => {
    const { tags } = key;
    const said = tags === null ? null : judge({ ...key, tags });
    return said === null ? [] : [{ subject, evidence: [evidenceOf(view, key.name, 'TXT')], ...said }];
  });
}

/** The bits of an RSA key in base 64 of its SubjectPublicKeyInfo, as near as its length tells; null for another type. */
export function rsaBits(tags: ReadonlyMap<string, string>): number | null {
  if ((tags.get('k') ?? 'rsa').toLowerCase() !== 'rsa') return null;
  const bytes = Buffer.from((tags.get('p') ?? '').replace(/\s/g, ''), 'base64').length;
  const sizes = [512, 768, 1024, 1536, 2048, 3072, 4096];
  // The modulus, and about 38 bytes around it.
  return sizes.findLast(bits => bytes >= bits / 8 + 20) ?? 0;
}
