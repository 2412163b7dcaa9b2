import { receivedCount, receivedStamps } from '../../protocol/message/received.ts';
import { type Reply, reply } from '../../protocol/smtp/reply.ts';
import { parseMessageId } from '../queue/message-id.ts';

/** Servers that a message may have passed before us; RFC 5321 section 6.3 asks for at least 100. */
const serverLimit = 100;

/**
 * How often it may have passed this gateway. A member of staff writes to a list, the list to a colleague, whose mail is
 * forwarded to a second list: three passes. More than five are a circle of which each round is short.
 */
export const passLimit = 5;

/**
 * Does a message go in a circle? `header` is its start as the client sent it, `names` are our listeners', lower case.
 * Null: no; else its refusal (554 5.4.6). Where few servers had it nothing more is read.
 */
export function circleRefusal(header: Buffer, names: ReadonlySet<string>): Reply | null {
  const servers = receivedCount(header);
  if (servers > serverLimit) return inCircle(`more than ${serverLimit} servers`);
  if (servers <= passLimit) return null;
  const passes = receivedStamps(header).filter(
    ({ by, id }) => names.has(by.toLowerCase()) && parseMessageId(id) !== null,
  );
  return passes.length > passLimit ? inCircle(`this server more than ${passLimit} times`) : null;
}

const inCircle = (passed: string): Reply =>
  reply(554, '5.4.6', `The message has passed ${passed}: it goes in a circle.`);
