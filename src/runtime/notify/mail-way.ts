import { noticeMail } from '../../decision/notice/notice-mail.ts';
import { noticeText } from '../../decision/notice/notice-text.ts';
import type { MessageIds } from '../../decision/queue/message-id.ts';
import { type EventStream, messageEvent } from '../events.ts';
import type { Clock, QueueStore } from '../ports.ts';
import type { NoticeWay } from './notice-way.ts';

export type MailWayParts = {
  readonly store: Pick<QueueStore, 'append'>;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly ids: MessageIds;
  readonly hostname: () => string;
  /** Something in the store is due. */
  readonly wake: () => void;
};

/** Tells by mail through our own queue: it leaves by an uplink that is up, or waits for one. Told is what is queued. */
export function mailWay(forwardPath: string, parts: MailWayParts): NoticeWay {
  const { store, clock, events, ids, hostname, wake } = parts;
  return {
    name: `mail ${forwardPath}`,
    mostTries: 20,
    async tell(notice) {
      const now = clock.now();
      const id = ids.next(now);
      const text = noticeText(notice, hostname());
      const bytes = noticeMail({ hostname: hostname(), id, at: now, forwardPath, text });
      const appended = await store.append({
        message: {
          id,
          receivedAt: now,
          reversePath: '',
          sizeBytes: bytes.length,
          bodyType: '7bit',
          client: null,
        },
        body: { kind: 'inline', bytes },
        forwardPaths: [forwardPath],
        lease: null,
      });
      if (!appended.ok) return { ok: false, error: appended.error.message };
      const subject = { at: now, id, recipient: forwardPath, sender: '', event: 'accepted' } as const;
      events.emit(messageEvent(bytes.length, subject, { reason: 'a notice of Postern itself' }));
      wake();
      return { ok: true, value: undefined };
    },
  };
}
