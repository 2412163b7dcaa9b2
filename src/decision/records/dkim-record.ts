import { parseTags } from '../../protocol/message/tag-list.ts';

/** A public key as `k=` and `p=` of a record hold it (RFC 6376 section 3.6.1, RFC 8463 section 4). */
export type DkimKey = { readonly type: 'rsa' | 'ed25519'; readonly data: string };

/** Something that signs mail with a key of its own: the mail store, or a Postfix. */
export type DkimSigner = {
  /** Canonical. */
  readonly selector: string;
  /** Canonical; null: it signs for every domain that the configuration is primary for. */
  readonly domain: string | null;
  readonly key: DkimKey;
};

export const dkimName = (selector: string, domain: string): string => `${selector}._domainkey.${domain}`;

/** Whatever stands there is meant as a DKIM key, though `v=` may be left out. */
export const isDkimName = (name: string): boolean => name.includes('._domainkey.');

export const dkimText = ({ type, data }: DkimKey): string => `v=DKIM1; k=${type}; p=${data}`;

/**
 * Why signatures by the key of `wanted` do not verify by `live`, in a whole sentence; null: they do. Tags that change
 * nothing of that are the operator's choice, as a note or a testing flag.
 */
export function dkimFault(wanted: string, live: string): string | null {
  const tags = parseTags(live);
  const [version] = tags.keys();
  if (tags.has('v') && (version !== 'v' || tags.get('v') !== 'DKIM1'))
    return 'A DKIM record begins with v=DKIM1, or has no v= at all.';
  const shown = tags.get('p')?.replace(/\s/g, '');
  if (shown === undefined) return 'This is no DKIM record, for it has no p=.';
  if (shown === '') return 'The key is revoked (p= is empty), so every signature fails.';
  const own = parseTags(wanted);
  if (shown !== own.get('p') || (tags.get('k') ?? 'rsa').toLowerCase() !== own.get('k'))
    return 'This is another key than the one that signs, so every signature fails.';
  if (!list(tags.get('h'), 'sha256').includes('sha256'))
    return 'Its h= leaves out sha256, which is what signers use (RFC 8301 section 3.1).';
  if (!list(tags.get('s'), '*').some(service => service === '*' || service === 'email'))
    return 'Its s= leaves out email, so the key does not count for mail.';
  return null;
}

const list = (text: string | undefined, usual: string): string[] =>
  (text ?? usual).split(':').map(word => word.trim().toLowerCase());
