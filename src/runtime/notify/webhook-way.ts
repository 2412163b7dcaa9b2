import { isIP } from 'node:net';
import type { EgressSnapshot, EgressView } from '../../decision/egress/health-state.ts';
import { isLocalAddress } from '../../decision/next-hop/local-address.ts';
import { noticeText, plainLine } from '../../decision/notice/notice-text.ts';
import { rfc3339 } from '../../protocol/message/rfc3339.ts';
import type { Result, Web } from '../ports.ts';
import type { NoticeWay } from './notice-way.ts';

export type WebhookWayParts = {
  readonly web: Pick<Web, 'post'>;
  readonly hostname: () => string;
  readonly snapshot: () => EgressSnapshot;
};

const timeoutMs = 10_000;
/** Of the uplinks' addresses, so many are called from before the host's own choice. */
const sourcesTried = 2;

/**
 * Tells by a POST: the text for people in the body, so that ntfy and its like show it as it is, the facts for programs
 * in header fields. Called from the address of an uplink that is up, for the host's own default may be the dead one;
 * what is near (a private address, a name without dots) from the host's choice. A status of 2xx has told.
 */
export function webhookWay(url: string, { web, hostname, snapshot }: WebhookWayParts): NoticeWay {
  const { origin, hostname: host } = new URL(url);
  return {
    // The path of a webhook's address is often its password.
    name: `webhook ${origin}`,
    mostTries: 20,
    async tell(notice, signal) {
      const { headline, paragraphs } = noticeText(notice, hostname());
      const { kind, subject, uplink, state, previous, since } = notice.condition;
      const headers = {
        Title: headline,
        'X-Postern-Event': kind,
        'X-Postern-Subject': plainLine(subject),
        'X-Postern-Uplink': plainLine(uplink ?? ''),
        'X-Postern-State': plainLine(state),
        'X-Postern-Previous': plainLine(previous),
        'X-Postern-Since': rfc3339(since),
        'X-Postern-Hostname': plainLine(hostname()),
      };
      const body = `${paragraphs.join('\n')}\n`;
      const contentType = 'text/plain; charset=utf-8';
      let last: Result<void, string> = { ok: false, error: `${origin} was not called.` };
      for (const source of sourcesTo(host, snapshot())) {
        if (signal.aborted) break;
        const answered = await web.post({ url, contentType, headers, body, timeoutMs, source, signal });
        last = outcomeOf(answered, origin);
        // Who answers has been reached: another source changes nothing.
        if (answered.ok) break;
      }
      return last;
    },
  };
}

function outcomeOf(answered: Result<number, string>, origin: string): Result<void, string> {
  if (!answered.ok) return answered;
  if (answered.value >= 200 && answered.value < 300) return { ok: true, value: undefined };
  return { ok: false, error: `${origin} answered with status ${answered.value}.` };
}

function sourcesTo(hostOfUrl: string, { egresses }: EgressSnapshot): readonly (string | null)[] {
  const host = hostOfUrl.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  if (family === 0 ? !host.includes('.') : isLocalAddress(host)) return [null];
  const sources = egresses
    .filter(view => rank(view) < 2)
    .toSorted((one, other) => rank(one) - rank(other) || one.preference - other.preference)
    .flatMap(({ egress }) =>
      egress !== null && (family === 0 || egress.family === family) ? [egress.source] : [],
    );
  return [...sources.slice(0, sourcesTried), null];
}

function rank({ state }: EgressView): number {
  return state === 'up' ? 0 : state === 'degraded' ? 1 : 2;
}
