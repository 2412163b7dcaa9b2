import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { traced } from '../../test/surface/fake-gateway.ts';
import { EventStream, type GatewayEvent } from '../runtime/events.ts';
import type { Clock } from '../runtime/ports.ts';
import { Log, type LogSetting } from './log.ts';

const at = Date.UTC(2026, 10, 24, 17);

/** Stands still until told otherwise; timers never fire. */
function stillClock(): Clock & { ms: number } {
  return {
    ms: 0,
    now: () => at,
    monotonic() {
      return this.ms;
    },
    timer: () => ({ cancel: () => undefined }),
    sleep: () => Promise.resolve(),
  };
}

function logged(setting: LogSetting, events: readonly GatewayEvent[], clock = stillClock()): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const file = join(directory, 'log');
  const fd = openSync(file, 'w');
  try {
    const log = new Log(setting, { clock, fd, terminal: false, colour: false });
    const stream = new EventStream();
    log.follow(stream);
    for (const event of events) {
      stream.emit(event);
      clock.ms += 10;
    }
    log.close();
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
}

const message: GatewayEvent = {
  kind: 'message',
  sizeBytes: 2000,
  trace: { ...traced, event: 'deferred', reply: '451 4.7.1 later\r\nlevel=error \u001b[2J\u202eevil' },
};
const egress: GatewayEvent = {
  kind: 'egress',
  at,
  id: 'isp1/198.51.100.30',
  uplink: 'isp1',
  state: 'down',
  previous: 'up',
  reason: 'two sites fail through it',
};
const refused: GatewayEvent = {
  kind: 'rejected',
  at,
  listener: '10.20.0.2:25',
  client: '192.0.2.9',
  reason: 'not ours',
};
const warned: GatewayEvent = { kind: 'warning', at, subject: 'dns', message: 'No resolver answers.' };

test('JSON lines carry the message ID, the egress and the reason', () => {
  const [line = ''] = logged({ level: 'info', format: 'auto' }, [message]);
  const { level, time, id, event, egress: by, reason, elapsed_ms, msg } = JSON.parse(line);
  assert.deepEqual(
    { level, time, id, event, by, reason, elapsed_ms },
    {
      level: 'info',
      time: '2026-11-24T17:00:00.250Z',
      id: traced.id,
      event: 'deferred',
      by: 'isp1/198.51.100.30',
      reason: traced.reason,
      elapsed_ms: 12,
    },
  );
  assert.match(
    msg,
    /^06YYVQE6400 deferred someone@remote\.example by isp1 \(198\.51\.100\.30\) at mx\.remote\.example \[192\.0\.2\.25\]: 451/,
  );
});

for (const format of ['json', 'text'] as const) {
  test(`what a receiver says makes no second line and no escape, as ${format}`, () => {
    const lines = logged({ level: 'info', format }, [message]);
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines.join(''), /[\p{Cc}]/u);
  });
}

test('a hundred lines come whole and in their order', () => {
  const many = Array.from(
    { length: 100 },
    (_, place): GatewayEvent => ({ kind: 'notice', at, subject: 'many', message: `Notice ${place}.` }),
  );
  const lines = logged({ level: 'info', format: 'json' }, many);
  assert.deepEqual(
    lines.map(line => JSON.parse(line).msg),
    many.map((_, place) => `Notice ${place}.`),
  );
});

test('text lines are for people', () => {
  assert.deepEqual(logged({ level: 'info', format: 'text' }, [egress]), [
    '2026-11-24T17:00:00.000Z warn  uplink isp1: isp1/198.51.100.30 is down (was up): two sites fail through it',
  ]);
});

const attempt: GatewayEvent = { kind: 'message', sizeBytes: null, trace: traced };
const connected: GatewayEvent = {
  kind: 'connect',
  egressId: 'isp1/198.51.100.30',
  site: 'mx.remote.example',
  connectMs: 12,
  error: null,
  hedge: false,
  probe: false,
};

const levels: [LogSetting['level'], number][] = [
  ['error', 0],
  ['warn', 2],
  ['info', 4],
  ['debug', 6],
];
for (const [level, lines] of levels) {
  test(`at ${level} the log has ${lines} of these six events`, () => {
    const events = [message, egress, refused, warned, attempt, connected];
    assert.equal(logged({ level, format: 'json' }, events).length, lines);
  });
}

test('strangers who are refused get ten lines a second, and the rest is a number', () => {
  const lines = logged(
    { level: 'info', format: 'text' },
    Array.from({ length: 50 }, () => refused),
  );
  assert.equal(lines.length, 11);
  assert.match(lines.at(-1) ?? '', /40 more clients were refused and are not logged one by one$/);
});

test('a warning told again within a minute is left out, and told again later', () => {
  const clock = stillClock();
  assert.equal(
    logged({ level: 'info', format: 'text' }, [warned, warned, { ...warned, message: 'Another.' }], clock)
      .length,
    2,
  );
  const slow = { ...stillClock(), monotonic: () => (clock.ms += 40_000) };
  assert.equal(logged({ level: 'info', format: 'text' }, [warned, warned, warned], slow).length, 2);
});
