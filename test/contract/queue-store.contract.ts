import assert from 'node:assert/strict';
import test from 'node:test';
import { formatMessageId } from '../../src/decision/queue/message-id.ts';
import type { BodyRef, MessageId, QueuedRecipient } from '../../src/decision/queue/queued.ts';
import type {
  NewMessage,
  QueueFilter,
  QueueStore,
  Result,
  Settlement,
  StoreError,
} from '../../src/runtime/ports.ts';

/** One queue under test, with a disk of its own. */
export type QueueUnderTest = {
  readonly store: QueueStore & { readonly commits: number };
  /** Ends the store without a word to its leases, and opens its disk again. */
  restart(): Promise<QueueStore>;
  /** How many spool files there are. */
  spoolFiles(): Promise<number>;
  remove(): Promise<void>;
};

/** `capacityBytes`: about how much fits, where that is to be tried. */
export type MakeQueue = (options?: { capacityBytes: number }) => Promise<QueueUnderTest>;

const me = 'mail.example.com';
const other = 'mail2.example.com';
const far = 1_000_000;

export function id(number: number): MessageId {
  return formatMessageId(number);
}

export function must<Value>(result: Result<Value, StoreError>): Value {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** A message whose row key is `number`, received at that time. */
export function message(
  number: number,
  given: Partial<NewMessage> & { reversePath?: string } = {},
): NewMessage {
  const body: BodyRef = given.body ?? {
    kind: 'inline',
    bytes: Buffer.from(`Subject: ${number}\r\n\r\nHello.\r\n`),
  };
  return {
    message: {
      id: id(number),
      receivedAt: number,
      reversePath: given.reversePath ?? 'sender@example.com',
      sizeBytes: body.kind === 'inline' ? body.bytes.length : body.sizeBytes,
      bodyType: '7bit',
      client: null,
    },
    body,
    forwardPaths: given.forwardPaths ?? ['someone@remote.example'],
    lease: given.lease ?? null,
  };
}

const done = (number: number, index = 0): Settlement => ({
  message: id(number),
  index,
  to: { kind: 'done' },
});

const keep = (number: number, given: Partial<QueuedRecipient> = {}): Settlement => ({
  message: id(number),
  index: 0,
  to: {
    kind: 'keep',
    state: 'deferred',
    attempts: 1,
    nextAttemptAt: far,
    lastEgress: null,
    lastReply: null,
    doubt: null,
    ...given,
  },
});

async function leaseAll(store: QueueStore, now = 100, owner = me, until = now + 1_000, limit = 100) {
  return must(await store.lease({ owner, now, until, limits: { fresh: limit, retried: limit } }));
}

async function listAll(store: QueueStore, filter: QueueFilter = {}) {
  return must(await store.list(filter, 1_000, null));
}

async function pathsOf(store: QueueStore, filter: QueueFilter): Promise<string[]> {
  return (await listAll(store, filter)).flatMap(one => one.recipients.map(({ forwardPath }) => forwardPath));
}

/** What every queue store must do; run on each. */
export function queueStoreContract(name: string, make: MakeQueue): void {
  const promise = (sentence: string, run: (queue: QueueUnderTest) => Promise<void>): void => {
    test(`${name}: ${sentence}`, async () => {
      const queue = await make();
      try {
        await run(queue);
      } finally {
        await queue.remove();
      }
    });
  };

  promise('what was appended is leased as it was given', async ({ store }) => {
    const given: NewMessage = {
      message: {
        id: id(7),
        receivedAt: 7,
        reversePath: 'a@example.com',
        sizeBytes: 3,
        bodyType: '8bitmime',
        client: {
          address: '10.20.0.10',
          helo: 'store.example.com',
          listener: '10.20.0.2:25',
          uplink: 'isp1',
          tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384',
        },
        smtpUtf8: true,
        dsn: { ret: 'hdrs', envid: 'QQ314159' },
      },
      body: { kind: 'inline', bytes: Buffer.from([0, 255, 13]) },
      forwardPaths: ['b@remote.example', 'c@remote.example'],
      recipientDsn: [null, { notify: ['success', 'delay'], orcpt: 'rfc822;c@example.com' }],
      lease: null,
    };
    must(await store.append(given));
    const leased = await leaseAll(store, 100, me, 1_100);
    assert.deepEqual(
      leased.map(({ recipient }) => recipient),
      ['b@remote.example', 'c@remote.example'].map((forwardPath, index) => ({
        message: id(7),
        index,
        forwardPath,
        state: 'active',
        attempts: 0,
        nextAttemptAt: 7,
        lease: { owner: me, until: 1_100 },
        lastEgress: null,
        lastReply: null,
        doubt: null,
        ...(index === 1 && { dsn: given.recipientDsn?.[1] }),
      })),
    );
    for (const one of leased) {
      assert.deepEqual(one.message, given.message);
      assert.deepEqual(one.body, given.body);
      assert.ok(one.body.kind === 'inline' && Buffer.isBuffer(one.body.bytes));
    }
  });

  promise('the null reverse-path and an empty body are kept as such', async ({ store }) => {
    must(
      await store.append(message(1, { reversePath: '', body: { kind: 'inline', bytes: Buffer.alloc(0) } })),
    );
    const [leased] = await leaseAll(store);
    assert.equal(leased?.message.reversePath, '');
    assert.deepEqual(leased?.body, { kind: 'inline', bytes: Buffer.alloc(0) });
  });

  promise('what is leased as it is appended is not given again', async ({ store }) => {
    must(await store.append(message(1, { lease: { owner: me, until: 500 } })));
    assert.deepEqual(await leaseAll(store), []);
    assert.equal(must(await store.nextDue()), null);
    assert.equal((await listAll(store))[0]?.recipients[0]?.state, 'active');
  });

  promise(
    'the earliest are leased first, no more than asked for, and none before it is due',
    async ({ store }) => {
      for (const number of [30, 10, 20, 200]) must(await store.append(message(number)));
      const ids = async (limit: number) =>
        (await leaseAll(store, 100, me, 1_000, limit)).map(one => one.message.receivedAt);
      assert.equal(must(await store.nextDue()), 10);
      assert.deepEqual(await ids(2), [10, 20]);
      assert.deepEqual(await ids(2), [30]);
      assert.equal(must(await store.nextDue()), 200);
      assert.deepEqual(await ids(2), []);
    },
  );

  promise('two owners never hold the same recipient', async ({ store }) => {
    for (let number = 0; number < 20; number++) must(await store.append(message(number)));
    const both = await Promise.all([me, other].map(owner => leaseAll(store, 100, owner, 1_100, 15)));
    const held = both.flat().map(one => one.message.id);
    assert.equal(new Set(held).size, held.length);
    assert.equal(held.length, 20);
  });

  promise('the lease of one who fell silent ends, and is a doubt', async ({ store }) => {
    must(await store.append(message(1)));
    await leaseAll(store, 100, other, 500);
    assert.deepEqual(await leaseAll(store, 499, me, 1_000), []);
    const [taken] = await leaseAll(store, 500, me, 1_000);
    assert.deepEqual(taken?.recipient.doubt, { cause: 'crash', since: 500, egressId: null, host: null });
    assert.equal(taken?.recipient.lease?.owner, me);
  });

  promise('a renewed lease holds', async ({ store }) => {
    must(await store.append(message(1)));
    await leaseAll(store, 100, other, 500);
    must(await store.renew(other, 900));
    assert.deepEqual(await leaseAll(store, 899, me), []);
    assert.equal((await leaseAll(store, 900, me)).length, 1);
  });

  promise('who asks for work is alive: its own leases do not end', async ({ store }) => {
    must(await store.append(message(1)));
    await leaseAll(store, 100, me, 500);
    assert.deepEqual(await leaseAll(store, 600, me, 1_000), []);
  });

  promise('a message goes with its last recipient', async ({ store }) => {
    must(await store.append(message(1, { forwardPaths: ['a@remote.example', 'b@remote.example'] })));
    await leaseAll(store);
    must(await store.settle([done(1, 0)]));
    assert.deepEqual(must(await store.counts()), { messages: 1, recipients: 1 });
    assert.deepEqual(await pathsOf(store, {}), ['b@remote.example']);
    must(await store.settle([done(1, 1)]));
    assert.deepEqual(must(await store.counts()), { messages: 0, recipients: 0 });
    assert.deepEqual(await listAll(store), []);
  });

  promise('to settle what is gone changes nothing', async ({ store }) => {
    must(await store.append(message(1)));
    must(await store.settle([done(2), done(1, 5), keep(3), done(1), done(1)]));
    assert.deepEqual(must(await store.counts()), { messages: 0, recipients: 0 });
  });

  promise('what is kept is due again at its time, with all that was learnt', async ({ store }) => {
    must(await store.append(message(1)));
    await leaseAll(store);
    const learnt = {
      state: 'in_doubt',
      attempts: 3,
      nextAttemptAt: 700,
      lastEgress: { id: 'isp1/198.51.100.30', since: 90 },
      lastReply: '451 4.7.1 Try again later',
      doubt: { cause: 'dot', since: 95, egressId: 'isp1/198.51.100.30', host: 'mx.remote.example' },
    } as const;
    must(await store.settle([keep(1, learnt)]));
    const [listed] = await listAll(store);
    assert.deepEqual(listed?.recipients, [
      { message: id(1), index: 0, forwardPath: 'someone@remote.example', lease: null, ...learnt },
    ]);
    assert.equal(must(await store.nextDue()), 700);
    assert.deepEqual(await leaseAll(store, 699), []);
    const [leased] = await leaseAll(store, 700);
    assert.deepEqual(leased?.recipient.doubt, learnt.doubt);
    assert.equal(leased?.recipient.attempts, 3);
  });

  promise('that a wait was told is kept, also where it is not said again', async ({ store }) => {
    must(await store.append(message(1)));
    must(await store.settle([keep(1, { delayTold: true })]));
    must(await store.settle([keep(1, { nextAttemptAt: 50 })]));
    const [leased] = await leaseAll(store);
    assert.equal(leased?.recipient.delayTold, true);
  });

  /** Messages in a row, from `first` on, all due. */
  const heap = async (
    store: QueueStore,
    first: number,
    count: number,
    given: Parameters<typeof message>[1],
  ) => {
    const all = Array.from({ length: count }, (_, place) => store.append(message(first + place, given)));
    for (const appended of await Promise.all(all)) must(appended);
  };
  const sendersOf = (leased: Awaited<ReturnType<typeof leaseAll>>) =>
    leased.map(one => one.message.reversePath);

  promise('a sender of a heap keeps no other waiting', async ({ store }) => {
    await heap(store, 0, 300, { reversePath: 'heap@one.example' });
    await heap(store, 1_000, 2, { reversePath: 'few@two.example' });
    const first = sendersOf(await leaseAll(store, 5_000, me, 9_000, 60));
    assert.equal(first.filter(sender => sender === 'few@two.example').length, 2);
    assert.equal(first.length, 60);
    await heap(store, 2_000, 1, { reversePath: 'late@three.example' });
    const next = sendersOf(await leaseAll(store, 5_001, me, 9_000, 60));
    assert.ok(next.includes('late@three.example'));
    assert.ok(next.includes('heap@one.example'));
  });

  const deferred = async (store: QueueStore, first: number, count: number, domain: string): Promise<void> => {
    await heap(store, first, count, { forwardPaths: [`someone@${domain}`] });
    const all = Array.from({ length: count }, (_, place) => keep(first + place, { nextAttemptAt: first }));
    must(await store.settle(all));
  };
  const domainsOf = (leased: Awaited<ReturnType<typeof leaseAll>>) =>
    leased.map(({ recipient }) => recipient.forwardPath.replace('someone@', ''));

  promise('new mail and retries have limits of their own', async ({ store }) => {
    await deferred(store, 0, 20, 'dead.example');
    await heap(store, 100, 20, { forwardPaths: ['someone@new.example'] });
    const leaseOf = async (fresh: number, retried: number) =>
      domainsOf(
        must(await store.lease({ owner: me, now: 1_000, until: 2_000, limits: { fresh, retried } })),
      ).sort();
    assert.deepEqual(await leaseOf(1, 2), ['dead.example', 'dead.example', 'new.example']);
    assert.deepEqual(await leaseOf(2, 0), ['new.example', 'new.example']);
    assert.deepEqual(await leaseOf(0, 1), ['dead.example']);
    assert.equal(must(await store.nextDue('fresh')), 1_000);
    assert.equal((await leaseOf(100, 0)).length, 17);
    assert.equal(must(await store.nextDue('fresh')), null);
    assert.equal(must(await store.nextDue('retried')), 1_000);
  });

  promise('a dead destination keeps no retry of another waiting', async ({ store }) => {
    await deferred(store, 0, 300, 'dead.example');
    await deferred(store, 1_000, 2, 'slow.example');
    const first = domainsOf(await leaseAll(store, 5_000, me, 9_000, 60));
    assert.equal(first.filter(domain => domain === 'slow.example').length, 2);
    assert.equal(first.length, 60);
  });

  promise(
    'a destination that is put off is left alone, new mail for it too once it was seen',
    async ({ store }) => {
      await deferred(store, 0, 3, 'dead.example');
      await heap(store, 10, 1, { forwardPaths: ['someone@DEAD.example'] });
      const [fresh] = must(
        await store.lease({ owner: me, now: 100, until: 900, limits: { fresh: 1, retried: 0 } }),
      );
      assert.equal(fresh?.recipient.attempts, 0);
      const untouched = { attempts: 0, state: 'queued', nextAttemptAt: 10 } as const;
      const put = keep(10, untouched);
      must(
        await store.settle([
          put.to.kind === 'keep' ? { ...put, to: { ...put.to, destinationUntil: 700 } } : put,
        ]),
      );
      assert.deepEqual(await leaseAll(store, 699), []);
      assert.equal(must(await store.nextDue()), 700);
      assert.equal((await leaseAll(store, 700)).length, 4);
    },
  );

  promise('an operator’s retry ends a put-off', async ({ store }) => {
    await deferred(store, 0, 3, 'dead.example');
    await leaseAll(store, 100, me, 900, 1);
    const put = keep(0, { nextAttemptAt: 0 });
    if (put.to.kind === 'keep')
      must(await store.settle([{ ...put, to: { ...put.to, destinationUntil: 700 } }]));
    assert.deepEqual(await leaseAll(store, 200), []);
    must(await store.retry({ domain: 'dead.example' }, 300));
    assert.equal((await leaseAll(store, 300)).length, 3);
  });

  promise('a calendar that goes back keeps nobody waiting', async ({ store }) => {
    await heap(store, 0, 120, {});
    await leaseAll(store, far, me, 2 * far, 60);
    assert.equal((await leaseAll(store, 5_000, me, 2 * far, 100)).length, 60);
  });

  promise('recipients are settled and bounces appended together', async ({ store }) => {
    must(await store.append(message(1)));
    must(
      await store.settle([done(1)], [message(2, { reversePath: '', forwardPaths: ['sender@example.com'] })]),
    );
    assert.deepEqual(await pathsOf(store, {}), ['sender@example.com']);
  });

  promise('or neither', async ({ store }) => {
    must(await store.append(message(1)));
    must(await store.append(message(2)));
    const settled = await Promise.all([store.settle([done(1)], [message(2)]), store.append(message(3))]);
    assert.deepEqual(
      settled.map(result => result.ok),
      [false, true],
    );
    assert.deepEqual(must(await store.counts()), { messages: 3, recipients: 3 });
  });

  promise('the list comes in pages, in the order of the IDs', async ({ store }) => {
    for (const number of [5, 1, 4, 2, 3]) must(await store.append(message(number)));
    const pages: number[][] = [];
    let after: MessageId | null = null;
    for (;;) {
      const page: Awaited<ReturnType<typeof listAll>> = must(await store.list({}, 2, after));
      if (page.length === 0) break;
      pages.push(page.map(one => one.message.receivedAt));
      after = page.at(-1)?.message.id ?? null;
    }
    assert.deepEqual(pages, [[1, 2], [3, 4], [5]]);
  });

  const meant: [string, QueueFilter, string[]][] = [
    [
      'no condition means all',
      {},
      ['a@Remote.example', 'b@other.example', 'c@other.example', 'a_c@x_y.example'],
    ],
    ['one message', { message: id(1) }, ['a@Remote.example', 'b@other.example']],
    ['a domain, whatever its case', { domain: 'REMOTE.example' }, ['a@Remote.example']],
    ['a domain is not a part of one', { domain: 'example' }, []],
    ['signs of patterns are letters', { domain: '%.example' }, []],
    ['a domain with such a sign', { domain: 'X_Y.example' }, ['a_c@x_y.example']],
    ['a recipient', { forwardPath: 'b@OTHER.example' }, ['b@other.example']],
    ['a sender', { reversePath: 'two@example.com' }, ['c@other.example', 'a_c@x_y.example']],
    ['a state', { state: 'deferred' }, ['c@other.example']],
    ['all conditions must hold', { message: id(1), domain: 'other.example' }, ['b@other.example']],
    ['a message that is not there', { message: id(9) }, []],
    ['what is no ID', { message: 'nonsense' }, []],
  ];
  for (const [sentence, filter, expected] of meant) {
    promise(`a filter: ${sentence}`, async ({ store }) => {
      must(
        await store.append(
          message(1, {
            reversePath: 'one@example.com',
            forwardPaths: ['a@Remote.example', 'b@other.example'],
          }),
        ),
      );
      must(
        await store.append(
          message(2, {
            reversePath: 'two@example.com',
            forwardPaths: ['c@other.example', 'a_c@x_y.example'],
          }),
        ),
      );
      must(await store.settle([keep(2)]));
      assert.deepEqual(await pathsOf(store, filter), expected);
    });
  }

  promise('an operator has recipients attempted at once', async ({ store }) => {
    for (const number of [1, 2]) {
      must(await store.append(message(number)));
      must(await store.settle([keep(number)]));
    }
    assert.equal(must(await store.retry({ message: id(2) }, 150)), 1);
    assert.equal(must(await store.nextDue()), 150);
    assert.deepEqual(
      (await leaseAll(store, 150)).map(one => one.message.receivedAt),
      [2],
    );
  });

  promise('what is held is attempted no more, until it is released', async ({ store }) => {
    for (const number of [1, 2, 3]) must(await store.append(message(number)));
    must(
      await store.settle([
        keep(2),
        keep(3, { state: 'in_doubt', doubt: { cause: 'dot', since: 1, egressId: null, host: null } }),
      ]),
    );
    assert.equal(must(await store.hold({})), 3);
    assert.equal(must(await store.hold({})), 0);
    assert.equal(must(await store.retry({}, 100)), 0);
    assert.deepEqual(await leaseAll(store, 2 * far), []);
    assert.equal(must(await store.nextDue()), null);
    assert.equal(must(await store.release({}, 300)), 3);
    assert.deepEqual(
      (await listAll(store)).map(one => one.recipients[0]?.state),
      ['queued', 'deferred', 'in_doubt'],
    );
    assert.equal((await leaseAll(store, 300)).length, 3);
  });

  promise('an operator takes out recipients, and is told which', async ({ store }) => {
    must(await store.append(message(1, { forwardPaths: ['a@remote.example', 'b@other.example'] })));
    must(await store.append(message(2, { forwardPaths: ['c@other.example'] })));
    assert.deepEqual(must(await store.remove({ domain: 'other.example' })), [
      { message: id(1), forwardPath: 'b@other.example' },
      { message: id(2), forwardPath: 'c@other.example' },
    ]);
    assert.deepEqual(must(await store.counts()), { messages: 1, recipients: 1 });
  });

  promise('a census counts all that waits, and finds the oldest that nobody holds', async ({ store }) => {
    assert.deepEqual(must(await store.census()), {
      recipients: { queued: 0, active: 0, deferred: 0, held: 0, in_doubt: 0 },
      oldest: null,
    });
    must(await store.append(message(1)));
    must(await store.hold({}));
    const forwardPaths = Array.from({ length: 12_000 }, (_, index) => `user${index}@remote.example`);
    must(await store.append(message(2, { forwardPaths })));
    must(await store.append(message(3, { lease: { owner: me, until: far } })));
    assert.deepEqual(must(await store.census()), {
      recipients: { queued: 12_000, active: 1, deferred: 0, held: 1, in_doubt: 0 },
      oldest: { id: id(2), receivedAt: 2 },
    });
    assert.ok(store.space().freeBytes > store.space().reserveBytes);
  });

  promise('no operator touches what is being attempted', async ({ store }) => {
    must(await store.append(message(1, { lease: { owner: me, until: 500 } })));
    assert.equal(must(await store.retry({}, 100)), 0);
    assert.equal(must(await store.hold({})), 0);
    assert.deepEqual(must(await store.remove({})), []);
    assert.equal(must(await store.counts()).messages, 1);
  });

  promise('the last ID is remembered when its message is gone, over restarts', async queue => {
    assert.equal(must(await queue.store.lastId()), null);
    must(await queue.store.append(message(9)));
    must(await queue.store.append(message(4)));
    must(await queue.store.settle([done(9), done(4)]));
    assert.equal(must(await queue.store.lastId()), id(9));
    assert.equal(must(await (await queue.restart()).lastId()), id(9));
  });

  promise('outages and small facts are kept over restarts', async queue => {
    must(await queue.store.saveOutages([{ from: 1, to: 2 }]));
    must(
      await queue.store.saveOutages([
        { from: 5, to: 8 },
        { from: 9, to: null },
      ]),
    );
    must(await queue.store.remember('drained', '["isp1"]'));
    must(await queue.store.remember('gone', '1'));
    must(await queue.store.remember('gone', null));
    const store = await queue.restart();
    assert.deepEqual(must(await store.outages()), [
      { from: 5, to: 8 },
      { from: 9, to: null },
    ]);
    assert.equal(must(await store.recall('drained')), '["isp1"]');
    assert.equal(must(await store.recall('gone')), null);
    assert.equal(must(await store.recall('never')), null);
  });

  promise('a restart finds all, and what was under way is in doubt and due at once', async queue => {
    must(await queue.store.append(message(1, { lease: { owner: me, until: 5_000 } })));
    must(await queue.store.append(message(2, { lease: { owner: other, until: 5_000 } })));
    must(await queue.store.append(message(3)));
    must(await queue.store.settle([keep(3)]));
    const store = await queue.restart();
    assert.deepEqual(must(await store.counts()), { messages: 3, recipients: 3 });
    assert.equal(must(await store.recover(me, 50)), 1);
    assert.equal(must(await store.recover(me, 50)), 0);
    const [first, second] = (await listAll(store)).map(one => one.recipients[0]);
    assert.equal(first?.state, 'in_doubt');
    assert.deepEqual(first?.doubt, { cause: 'crash', since: 50, egressId: null, host: null });
    assert.deepEqual(second?.lease, { owner: other, until: 5_000 });
    assert.equal(must(await store.nextDue()), 50);
    assert.deepEqual(
      (await leaseAll(store, 50)).map(one => one.message.receivedAt),
      [1],
    );
  });

  promise('leases of a name that we no longer have end by themselves, and are waited for', async queue => {
    must(await queue.store.append(message(1, { lease: { owner: other, until: 700 } })));
    const store = await queue.restart();
    assert.equal(must(await store.recover(me, 50)), 0);
    assert.equal(must(await store.nextDue()), 700);
    assert.equal((await leaseAll(store, 700)).length, 1);
    assert.equal(must(await store.nextDue()), null);
  });

  promise('a large body is written in pieces and read in ranges, over restarts', async queue => {
    const writer = must(await queue.store.openBody());
    const pieces = Array.from({ length: 40 }, (_, piece) => Buffer.alloc(5_000, piece));
    must(await writer.write([]));
    must(await writer.write(pieces.slice(0, 1)));
    must(await writer.write([Buffer.alloc(0), ...pieces.slice(1)]));
    const body = must(await writer.finish());
    assert.equal(body.kind === 'spool' && body.sizeBytes, 200_000);
    must(await queue.store.append(message(1, { body })));
    const store = await queue.restart();
    const [leased] = await leaseAll(store);
    assert.deepEqual(leased?.body, body);
    const whole = Buffer.concat(pieces);
    for (const [start, end] of [
      [0, 10],
      [4_990, 15_010],
      [199_999, 200_000],
      [7, 7],
    ] as const)
      assert.deepEqual(must(await store.readRange(body, start, end)), whole.subarray(start, end));
    assert.equal(await queue.spoolFiles(), 1);
  });

  promise('an inline body is read in ranges too', async ({ store }) => {
    const bytes = Buffer.from('0123456789');
    assert.equal(String(must(await store.readRange({ kind: 'inline', bytes }, 2, 5))), '234');
  });

  promise('the file of a large body goes with its message', async queue => {
    const body = await spooled(queue.store);
    must(await queue.store.append(message(1, { body })));
    must(await queue.store.settle([done(1)]));
    await emptied(queue);
  });

  promise('the file of a body that is given up goes at once', async queue => {
    const writer = must(await queue.store.openBody());
    must(await writer.write([Buffer.from('half of it')]));
    await writer.abort();
    assert.equal(await queue.spoolFiles(), 0);
  });

  promise('a file that no message names goes at the next start, and no other', async queue => {
    const kept = await spooled(queue.store);
    must(await queue.store.append(message(1, { body: kept })));
    await spooled(queue.store);
    const store = await queue.restart();
    assert.equal(await queue.spoolFiles(), 1);
    assert.equal(String(must(await store.readRange(kept, 0, 5))), 'large');
    const next = await spooled(store);
    assert.notDeepEqual(next, kept);
  });

  promise('a body whose file is gone is damage, not a surprise', async ({ store }) => {
    const read = await store.readRange({ kind: 'spool', file: 'no-such-file', sizeBytes: 10 }, 0, 10);
    assert.equal(read.ok ? 'read' : read.error.kind, 'damaged');
  });

  promise('what arrives together is committed together', async ({ store }) => {
    const before = store.commits;
    const appended = await Promise.all(
      Array.from({ length: 200 }, (_, number) => store.append(message(number))),
    );
    assert.ok(appended.every(result => result.ok));
    assert.ok(store.commits - before <= 4, `${store.commits - before} commits for 200 messages`);
    assert.equal(must(await store.counts()).messages, 200);
  });

  promise('to close finishes what was asked before, and refuses what comes after', async queue => {
    const asked = Array.from({ length: 50 }, (_, number) => queue.store.append(message(number)));
    await queue.store.close();
    assert.ok((await Promise.all(asked)).every(result => result.ok));
    assert.equal((await queue.store.append(message(99))).ok, false);
    assert.equal(must(await (await queue.restart()).counts()).messages, 50);
  });

  test(`${name}: a full disk refuses new mail, loses none, and takes mail again when there is room`, async () => {
    const queue = await make({ capacityBytes: 600_000 });
    try {
      const { store } = queue;
      const body: BodyRef = { kind: 'inline', bytes: Buffer.alloc(4_096, 65) };
      const taken: number[] = [];
      let refusal: StoreError | null = null;
      for (let number = 0; refusal === null && number < 1_000; number++) {
        const result = await store.append(message(number, { body }));
        if (result.ok) taken.push(number);
        else refusal = result.error;
      }
      assert.equal(refusal?.kind, 'full');
      assert.ok(taken.length > 20);
      assert.equal((await listAll(store)).length, taken.length);
      const [settled, refused] = await Promise.all([
        store.settle(taken.slice(0, 10).map(number => done(number))),
        store.append(message(2_000, { body: { kind: 'inline', bytes: Buffer.alloc(300_000) } })),
      ]);
      assert.deepEqual([settled.ok, refused.ok], [true, false], 'a refusal is no other call’s affair');
      assert.ok((await store.append(message(3_000, { body }))).ok);
      const reopened = await queue.restart();
      assert.equal((await listAll(reopened)).length, taken.length - 10 + 1);
    } finally {
      await queue.remove();
    }
  });
}

async function spooled(store: QueueStore): Promise<BodyRef> {
  const writer = must(await store.openBody());
  must(await writer.write([Buffer.from('large enough to be a file')]));
  return must(await writer.finish());
}

/** Files are removed after the commit, by and by. */
async function emptied(queue: QueueUnderTest): Promise<void> {
  for (let looks = 0; looks < 1_000 && (await queue.spoolFiles()) > 0; looks++)
    await new Promise(resolve => setImmediate(resolve));
  assert.equal(await queue.spoolFiles(), 0);
}
