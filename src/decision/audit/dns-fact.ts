import type { DnsFailure } from '../../protocol/dns/failure.ts';

/** What DNS said to one question, in a form that can be written down and read again. */
export type DnsFact =
  | {
      readonly kind: 'records';
      /** At least one. Names and addresses canonical; other data as in a master file, a TXT as its text. */
      readonly values: readonly string[];
      /** The name that aliases led to, where it is not the asked one. */
      readonly alias?: string;
      /** Validated by a resolver that may be believed. */
      readonly authenticated?: boolean;
      /** Seconds that it may still be believed. */
      readonly ttlS?: number;
    }
  | { readonly kind: 'nodata' | 'nxdomain'; readonly alias?: string; readonly authenticated?: boolean }
  /** Nobody could say; proves nothing. */
  | { readonly kind: 'temperror'; readonly reason: string; readonly failure: DnsFailure };

/** An answer in the words of the wire, as evidence shows it. */
export function answerText(fact: DnsFact): string {
  switch (fact.kind) {
    case 'records':
      return fact.values.join(', ');
    case 'nodata':
      return 'no such record';
    case 'nxdomain':
      return 'NXDOMAIN';
    case 'temperror':
      return fact.reason;
    default:
      return fact satisfies never;
  }
}
