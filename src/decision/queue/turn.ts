import { domainOf } from '../../protocol/smtp/address.ts';
import type { QueuedMessage } from './queued.ts';

/**
 * In whose turn a recipient is attempted: mail never attempted before goes by its sender, mail that waits for a retry
 * by its destination. All who wait have their turns, so that nobody's heap holds up the rest.
 */
export type Turn = string;

/**
 * The turn of a new message. By a private listener one mail server may bring the mail of a whole organisation, so it is
 * the client and the mailbox of the reverse-path, of which only the part counts that a list keeps the same in all its
 * mail (`news` of `news+4711=user@…`). From the world it is the domain of the reverse-path, which is easily made up, but
 * then the mail is for our own domains. All our bounces share one.
 */
export function senderTurn({ client, reversePath }: Pick<QueuedMessage, 'client' | 'reversePath'>): Turn {
  if (client === null || client.uplink !== null) return `<${domainOf(reversePath)}`;
  const at = reversePath.lastIndexOf('@');
  const cut = reversePath.search(/[+=\d]/);
  const kept = cut >= 0 && cut < at ? reversePath.slice(0, cut) + reversePath.slice(at) : reversePath;
  return `<${client.address} ${kept.toLowerCase()}`;
}

/** The turn of what was attempted before, or waits for a destination that does not answer. */
export function destinationTurn(forwardPath: string): Turn {
  return `>${domainOf(forwardPath)}`;
}

/** Is this the turn of a destination? */
export function isDestinationTurn(turn: Turn): boolean {
  return turn.startsWith('>');
}
