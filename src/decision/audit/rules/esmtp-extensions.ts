import { type Extensions, parseExtensions } from '../../../protocol/smtp/extensions.ts';
import type { ConversationFact, Said } from '../facts.ts';

/** What the server offers, under TLS where it came to that; null where it never said. */
export function extensionsOf({ ehlo, ehloAfterTls }: ConversationFact): Extensions | null {
  const said = ehloAfterTls ?? ehlo;
  return said === null || said.code !== 250 ? null : offersOf(said);
}

export function offersOf({ code, status, lines }: Said): Extensions {
  return parseExtensions({ code, enhancedStatus: status, lines });
}
