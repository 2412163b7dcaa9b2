import type { QueuedRecipient } from '../../src/decision/queue/queued.ts';
import { EventStream, type TraceEvent } from '../../src/runtime/events.ts';
import type { GatewayControl, UplinkReport } from '../../src/runtime/gateway-control.ts';
import type { QueueFilter, QueueStore, StoredMessage, TraceStore } from '../../src/runtime/ports.ts';

const at = Date.UTC(2026, 10, 24, 17, 0, 0, 250);

export const waiting: QueuedRecipient = {
  message: '06YYVQE6400',
  index: 0,
  forwardPath: 'someone@remote.example',
  state: 'in_doubt',
  attempts: 2,
  nextAttemptAt: at + 600_000,
  lease: null,
  lastEgress: { id: 'isp1/198.51.100.30', since: at },
  lastReply: '451 4.7.1 Come back later',
  doubt: { cause: 'dot', since: at, egressId: 'isp1/198.51.100.30', host: 'mx.remote.example' },
};

const body = Buffer.from(`Subject: a large one\r\n\r\n${'x'.repeat(600_000)}\r\n`);

export const stored: StoredMessage = {
  message: {
    id: '06YYVQE6400',
    receivedAt: at,
    reversePath: 'user@example.com',
    sizeBytes: body.length,
    bodyType: '8bitmime',
    client: { address: '10.20.0.7', helo: 'user.example.com', listener: '10.20.0.2:25', uplink: null },
  },
  body: { kind: 'inline', bytes: body },
  recipients: [waiting],
};

export const traced: TraceEvent = {
  at,
  id: '06YYVQE6400',
  recipient: 'someone@remote.example',
  sender: 'user@example.com',
  event: 'attempt',
  uplink: 'isp1',
  source: '198.51.100.30',
  ehlo: 'mail.example.com',
  host: 'mx.remote.example',
  address: '192.0.2.25',
  reply: '451 4.7.1 Come back later\u001b[31m',
  tls: null,
  blame: 'destination',
  reason: 'the receiver asked for patience',
  elapsedMs: 12.34,
};

const report: UplinkReport = {
  name: 'isp1',
  state: 'up',
  since: at,
  reason: 'mx.remote.example greeted',
  preference: 10,
  egresses: [
    {
      id: 'isp1/198.51.100.30',
      source: '198.51.100.30',
      public: '198.51.100.30',
      ehlo: 'mail.example.com',
      state: 'up',
      since: at,
      reason: 'mx.remote.example greeted',
      fit: 'unknown',
      fitReason: 'Its identity was not tested yet.',
      changes24h: 2,
      sent: 7,
      failed: 1,
      ratePerS: 0.3333,
      connectMs: { p50: 12.345, p99: null },
    },
  ],
};

/** A gateway that only answers its operator; what it was asked to do is kept in `done`. */
export class FakeGateway implements GatewayControl {
  readonly events = new EventStream();
  readonly done: unknown[] = [];
  readonly queue: QueueStore;
  readonly trace: TraceStore;

  constructor(messages: readonly StoredMessage[] = [stored]) {
    const meant = (filter: QueueFilter): readonly StoredMessage[] =>
      messages.filter(({ message }) => filter.message === undefined || filter.message === message.id);
    const change = (what: string) => (filter: QueueFilter) => {
      this.done.push([what, filter]);
      return Promise.resolve({ ok: true, value: meant(filter).length } as const);
    };
    const nothing = (): Promise<never> =>
      Promise.reject(new Error('The control socket has no business with this.'));
    this.queue = {
      append: nothing,
      settle: nothing,
      openBody: nothing,
      lease: nothing,
      renew: nothing,
      nextDue: nothing,
      recover: nothing,
      lastId: nothing,
      outages: nothing,
      saveOutages: nothing,
      remember: nothing,
      recall: nothing,
      counts: () => Promise.resolve({ ok: true, value: { messages: 1, recipients: 1 } }),
      census: nothing,
      space: () => ({ freeBytes: Number.POSITIVE_INFINITY, reserveBytes: 0 }),
      close: () => Promise.resolve(),
      readRange: (_body, start, end) => Promise.resolve({ ok: true, value: body.subarray(start, end) }),
      list: (filter, limit, after) => {
        const page = meant(filter).filter(({ message }) => after === null || message.id > after);
        return Promise.resolve({ ok: true, value: page.slice(0, limit) });
      },
      retry: change('retry'),
      hold: change('hold'),
      release: change('release'),
      remove: filter => {
        this.done.push(['remove', filter]);
        return Promise.resolve({
          ok: true,
          value: meant(filter).map(({ message }) => ({
            message: message.id,
            forwardPath: 'someone@remote.example',
          })),
        });
      },
    };
    this.trace = {
      record: () => undefined,
      find: about => Promise.resolve(about === traced.id || about === traced.recipient ? [traced] : []),
      onPutAside: () => {},
      close: () => Promise.resolve(),
    };
  }

  uplinks(): readonly UplinkReport[] {
    return [report];
  }

  testUplink: GatewayControl['testUplink'] = name =>
    Promise.resolve(
      name === 'isp1'
        ? {
            ok: true,
            value: [
              {
                egress: 'isp1/198.51.100.30',
                source: '198.51.100.30',
                host: 'mx.remote.example',
                ok: false,
                steps: [
                  { step: 'connect', ok: true, text: '192.0.2.25:25', elapsedMs: 12.3456 },
                  { step: 'greeting', ok: false, text: 'no greeting within 4 s', elapsedMs: 4000 },
                ],
              },
            ],
          }
        : { ok: false, error: `There is no uplink ${name}; the configuration has isp1.` },
    );

  drain: GatewayControl['drain'] = (name, untilMs, reason) => {
    this.done.push(['drain', name, untilMs === null ? null : 'until', reason]);
    return Promise.resolve(
      name === 'isp1' ? { ok: true, value: undefined } : { ok: false, error: `There is no uplink ${name}.` },
    );
  };

  resume: GatewayControl['resume'] = name => {
    this.done.push(['resume', name]);
    return Promise.resolve({ ok: true, value: undefined });
  };

  drill: GatewayControl['drill'] = (name, forMs, progress) => {
    this.done.push(['drill', name, forMs]);
    if (name === 'isp9')
      return Promise.resolve({ ok: false, error: 'There is no uplink isp9; the configuration has isp1.' });
    const seen = {
      uplink: 'isp2',
      usual: 'isp1',
      ranMs: forMs,
      sent: 3,
      deferred: 1,
      refused: 0,
      unreached: 0,
    };
    progress({ ...seen, ranMs: 5_000 });
    const harmed = name === 'isp3';
    return Promise.resolve({
      ok: true,
      value: {
        ...seen,
        stopped: harmed ? 'mx.remote.example refused it' : null,
        connectMs: { p50: 12.345, p99: null },
        usualConnectMs: { p50: 9, p99: 20 },
        deliveryMs: { p50: 30, p99: 40 },
        usualDeliveryMs: { p50: null, p99: null },
        tests: [],
        identity: [{ egress: 'isp2/203.0.113.40', fit: 'fit', reason: '' }],
        verdict: harmed ? 'harm' : 'carries',
        reason: harmed ? 'isp2 does not carry mail as it should.' : 'isp2 carried 3 recipients in 60 s.',
      },
    });
  };

  wake(): void {
    this.done.push('wake');
  }

  removed(recipients: readonly { message: string; forwardPath: string }[]): void {
    this.done.push(['removed', recipients]);
  }

  notifyTest: GatewayControl['notifyTest'] = () =>
    Promise.resolve([
      { way: 'mail postmaster@example.com', ok: true, text: 'It was told.' },
      {
        way: 'webhook https://ntfy.example',
        ok: false,
        text: 'https://ntfy.example answered with status 500.',
      },
    ]);

  queueStanding: GatewayControl['queueStanding'] = () => ({
    census: {
      recipients: { queued: 1, active: 2, deferred: 3, held: 4, in_doubt: 5 },
      oldest: { id: stored.message.id, receivedAt: at },
    },
    freeBytes: 5_000_000_000,
    unwritable: null,
  });

  listeners(): ReturnType<GatewayControl['listeners']> {
    return [];
  }
}
