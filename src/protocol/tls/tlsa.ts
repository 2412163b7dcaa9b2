/** A TLSA record (RFC 6698 section 2.1). `data` is in hex, lower case. */
export type Tlsa = {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: string;
};

/** The digests of one certificate that TLSA records may hold, in hex. */
export type CertificateDigests = {
  /** Of the public key (selector 1) and of the whole certificate (selector 0). */
  readonly keyDigest: string;
  readonly digest: string;
  readonly keyDigest512: string;
  readonly digest512: string;
};

/** `3 1 1 8d02…`; null for what is none. */
export function parseTlsa(text: string): Tlsa | null {
  const match = /^(\d{1,3}) (\d{1,3}) (\d{1,3}) ([0-9a-f ]+)$/i.exec(text.trim());
  if (match === null) return null;
  const [, usage, selector, matchingType, data = ''] = match;
  return {
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(matchingType),
    data: data.replaceAll(' ', '').toLowerCase(),
  };
}

/** Usages 2 (DANE-TA) and 3 (DANE-EE) alone are for SMTP (RFC 7672 section 3.1.3). */
export const isUsable = ({ usage, selector, matchingType }: Tlsa): boolean =>
  (usage === 2 || usage === 3) && selector <= 1 && matchingType <= 2;

/**
 * Does the record match a certificate of the chain: the host's own for usage 3, any but it for usage 2 (RFC 7671
 * section 5)? Null: it holds the whole certificate or key (matching type 0), which digests do not tell.
 */
export function matchesChain(record: Tlsa, chain: readonly CertificateDigests[]): boolean | null {
  if (record.matchingType === 0) return null;
  const candidates = record.usage === 3 ? chain.slice(0, 1) : chain;
  return candidates.some(certificate => digestFor(record, certificate) === record.data);
}

function digestFor({ selector, matchingType }: Tlsa, certificate: CertificateDigests): string {
  if (matchingType === 2) return selector === 1 ? certificate.keyDigest512 : certificate.digest512;
  return selector === 1 ? certificate.keyDigest : certificate.digest;
}
