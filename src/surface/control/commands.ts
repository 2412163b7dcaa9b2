import { formatMessageId, parseMessageId } from '../../decision/queue/message-id.ts';
import type { DrillProgress, GatewayControl } from '../../runtime/gateway-control.ts';
import type { Clock, QueueFilter, Result, StoredMessage, StoreError } from '../../runtime/ports.ts';
import {
  egressTestDocument,
  eventDocument,
  type NotifyTestDocument,
  queueDocument,
  queueShowDocument,
  traceDocument,
  uplinksDocument,
} from './documents.ts';
import { drillDocument, drillProgressDocument } from './drill-document.ts';
import { type ControlFilter, type ControlOutcome, type ControlRequest, done } from './protocol.ts';

/** One asker. `send` resolves when the asker can take more; `ended` aborts when it hangs up. */
export type Asker = {
  readonly send: (value: unknown) => Promise<void>;
  /** For streams that nobody may slow down: false where the asker reads too slowly. */
  readonly offer: (value: unknown) => boolean;
  readonly ended: AbortSignal;
};

const pageOfMessages = 200;
const bodyPieceBytes = 256 * 1024;
const mostTraceEvents = 10_000;
const watchEveryMs = 1000;

/** Does what was asked of the running gateway. What the operator got wrong is an outcome, never an exception. */
export async function runCommand(
  request: ControlRequest,
  gateway: GatewayControl,
  clock: Clock,
  asker: Asker,
): Promise<ControlOutcome> {
  switch (request.command) {
    case 'uplinks':
      return request.watch ? watchUplinks(gateway, clock, asker) : showUplinks(gateway, asker);
    case 'test':
      return testUplink(request.uplink, gateway, asker);
    case 'drain': {
      const until = request.forMs === null ? null : clock.now() + request.forMs;
      return byName(await gateway.drain(request.uplink, until, request.reason));
    }
    case 'drill':
      return drillUplink(request.uplink, request.forMs, gateway, asker);
    case 'resume':
      return byName(await gateway.resume(request.uplink));
    case 'queue_list':
      return listQueue(request.filter, gateway, asker);
    case 'queue_show':
      return showMessage(request.id, request.raw, gateway, asker);
    case 'queue_change':
      return changeQueue(request.change, request.filter, gateway, clock, asker);
    case 'trace':
      return trace(request.about, gateway, asker);
    case 'events':
      return followEvents(gateway, asker);
    case 'notify_test':
      return testNotify(gateway, asker);
  }
}

function failed(error: string, code: 1 | 2 | 3 = 1): ControlOutcome {
  return { code, error };
}

function byName(result: Result<void, string>): ControlOutcome {
  return result.ok ? done : failed(result.error, 2);
}

function byStore(error: StoreError): ControlOutcome {
  return failed(error.message, 3);
}

async function showUplinks(gateway: GatewayControl, asker: Asker): Promise<ControlOutcome> {
  await asker.send(uplinksDocument(gateway.uplinks()));
  return done;
}

/** Once a second, and at every change at once. */
async function watchUplinks(gateway: GatewayControl, clock: Clock, asker: Asker): Promise<ControlOutcome> {
  while (!asker.ended.aborted) {
    await showUplinks(gateway, asker);
    await nextLook(gateway, clock, asker.ended);
  }
  return done;
}

function nextLook(gateway: GatewayControl, clock: Clock, ended: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => {
      timer.cancel();
      unsubscribe();
      ended.removeEventListener('abort', look);
      resolve();
    };
    const timer = clock.timer(watchEveryMs, look);
    const unsubscribe = gateway.events.subscribe(event => {
      if (event.kind === 'egress') look();
    });
    ended.addEventListener('abort', look);
    if (ended.aborted) look();
  });
}

async function testUplink(uplink: string, gateway: GatewayControl, asker: Asker): Promise<ControlOutcome> {
  const tests = await gateway.testUplink(uplink);
  if (!tests.ok) return failed(tests.error, 2);
  for (const test of tests.value) await asker.send(egressTestDocument(test));
  if (tests.value.length > 0 && tests.value.every(test => test.ok)) return done;
  return failed(
    `Uplink ${uplink} did not pass from each of its addresses; the steps above say where it stopped.`,
  );
}

/** Ends with the asker: who interrupts the command has the mail back on the usual uplink at once. */
async function drillUplink(
  uplink: string | null,
  forMs: number,
  gateway: GatewayControl,
  asker: Asker,
): Promise<ControlOutcome> {
  const tell = (progress: DrillProgress): void => {
    asker.offer({ progress: drillProgressDocument(progress) });
  };
  const report = await gateway.drill(uplink, forMs, tell, asker.ended);
  if (!report.ok) return failed(report.error, 2);
  await asker.send({ report: drillDocument(report.value) });
  return report.value.verdict === 'harm' ? failed(report.value.reason) : done;
}

async function listQueue(
  filter: ControlFilter,
  gateway: GatewayControl,
  asker: Asker,
): Promise<ControlOutcome> {
  const wanted = queueFilter(filter);
  if (!wanted.ok) return failed(wanted.error, 2);
  let after: string | null = null;
  for (;;) {
    const page: Result<readonly StoredMessage[], StoreError> = await gateway.queue.list(
      wanted.value,
      pageOfMessages,
      after,
    );
    if (!page.ok) return byStore(page.error);
    for (const stored of page.value) await asker.send(queueDocument(stored));
    const last = page.value.at(-1);
    if (last === undefined || page.value.length < pageOfMessages || asker.ended.aborted) return done;
    after = last.message.id;
  }
}

async function showMessage(
  id: string,
  raw: boolean,
  gateway: GatewayControl,
  asker: Asker,
): Promise<ControlOutcome> {
  const wanted = queueFilter({ id });
  if (!wanted.ok) return failed(wanted.error, 2);
  const found = await gateway.queue.list(wanted.value, 1, null);
  if (!found.ok) return byStore(found.error);
  const [stored] = found.value;
  if (stored === undefined) return notQueued(id);
  if (!raw) {
    await asker.send(queueShowDocument(stored));
    return done;
  }
  const size = stored.body.kind === 'inline' ? stored.body.bytes.length : stored.body.sizeBytes;
  for (let start = 0; start < size && !asker.ended.aborted; start += bodyPieceBytes) {
    const piece = await gateway.queue.readRange(stored.body, start, Math.min(size, start + bodyPieceBytes));
    if (!piece.ok) return byStore(piece.error);
    await asker.send(piece.value.toString('base64'));
  }
  return done;
}

function notQueued(id: string): ControlOutcome {
  return failed(`No message ${id} is in the queue; "postern trace ${id}" tells what became of it.`);
}

async function changeQueue(
  change: 'retry' | 'hold' | 'release' | 'remove',
  filter: ControlFilter,
  gateway: GatewayControl,
  clock: Clock,
  asker: Asker,
): Promise<ControlOutcome> {
  const wanted = queueFilter(filter);
  if (!wanted.ok) return failed(wanted.error, 2);
  const changed = await changeRecipients(change, wanted.value, gateway, clock);
  if (!changed.ok) return byStore(changed.error);
  if (change === 'retry' || change === 'release') gateway.wake();
  if (changed.value > 0 || filter.id === undefined) {
    await asker.send({ change, recipients: changed.value });
    return done;
  }
  const still = await gateway.queue.list(wanted.value, 1, null);
  if (!still.ok) return byStore(still.error);
  if (still.value.length === 0) return notQueued(filter.id);
  return failed(
    `Nothing of message ${filter.id} could be changed: it is being attempted now, or is not in a state for that; try again in a moment.`,
  );
}

async function changeRecipients(
  change: 'retry' | 'hold' | 'release' | 'remove',
  filter: QueueFilter,
  gateway: GatewayControl,
  clock: Clock,
): Promise<Result<number, StoreError>> {
  if (change === 'hold') return gateway.queue.hold(filter);
  if (change === 'retry') return gateway.queue.retry(filter, clock.now());
  if (change === 'release') return gateway.queue.release(filter, clock.now());
  const removed = await gateway.queue.remove(filter);
  if (!removed.ok) return removed;
  gateway.removed(removed.value);
  return { ok: true, value: removed.value.length };
}

async function trace(about: string, gateway: GatewayControl, asker: Asker): Promise<ControlOutcome> {
  const events = await gateway.trace.find(messageId(about) ?? about, mostTraceEvents);
  for (const event of events) await asker.send(traceDocument(event));
  if (events.length > 0) return done;
  return failed(
    `The trace has nothing about ${about}; it takes a message ID or a whole address, and reaches back 30 days.`,
  );
}

/** Until the asker hangs up. One that reads too slowly is cut off, for events wait for nobody. */
function followEvents(gateway: GatewayControl, asker: Asker): Promise<ControlOutcome> {
  return new Promise(resolve => {
    const end = (outcome: ControlOutcome): void => {
      unsubscribe();
      resolve(outcome);
    };
    const unsubscribe = gateway.events.subscribe(event => {
      const document = eventDocument(event);
      if (document !== null && !asker.offer(document)) {
        end(
          failed(
            'Events come faster than they are read here, so the stream was cut; read faster, or use "postern trace".',
            3,
          ),
        );
      }
    });
    asker.ended.addEventListener('abort', () => end(done));
  });
}

async function testNotify(gateway: GatewayControl, asker: Asker): Promise<ControlOutcome> {
  const tests = await gateway.notifyTest();
  if (tests.length === 0)
    return failed(
      'The configuration names nobody to tell; write for example notify: [{ mail: postmaster@example.com }].',
    );
  for (const test of tests) await asker.send(test satisfies NotifyTestDocument);
  if (tests.every(({ ok }) => ok)) return done;
  return failed('Not every way could be told; the lines above say why.');
}

function messageId(text: string): string | null {
  const number = parseMessageId(text);
  return number === null ? null : formatMessageId(number);
}

function queueFilter(filter: ControlFilter): Result<QueueFilter, string> {
  const id = filter.id === undefined ? null : messageId(filter.id);
  if (filter.id !== undefined && id === null) {
    return {
      ok: false,
      error: `${filter.id} is not a message ID: those have 11 letters and digits, as "postern queue list" shows them.`,
    };
  }
  return {
    ok: true,
    value: {
      ...(id === null ? {} : { message: id }),
      ...(filter.domain === undefined ? {} : { domain: filter.domain.toLowerCase() }),
      ...(filter.sender === undefined ? {} : { reversePath: filter.sender === '<>' ? '' : filter.sender }),
      ...(filter.recipient === undefined ? {} : { forwardPath: filter.recipient }),
      ...(filter.state === undefined ? {} : { state: filter.state }),
    },
  };
}
