import type { ClientStage } from '../../protocol/smtp/client-session-types.ts';
import type { Reply } from '../../protocol/smtp/reply.ts';

/**
 * What a smart host's refusal for good is about, where that is not the message: `login`, for it wants another one, or
 * any, before mail (RFC 4954 section 6); `policy`, for it does not take this from us (X.7.x of RFC 3463 section 3.8
 * before the content, as `554 5.7.1 Relay access denied`). Both are for us and our provider to mend, so no message
 * bounces for them. Null: it is the answer.
 */
export function smartHostRefusal(
  stage: ClientStage,
  { code, enhancedStatus }: Reply,
): 'login' | 'policy' | null {
  if (stage !== 'mail' && stage !== 'rcpt' && stage !== 'data') return null;
  if (code >= 530 && code <= 538) return 'login';
  return code >= 500 && /^5\.7\.\d+$/.test(enhancedStatus ?? '') ? 'policy' : null;
}
