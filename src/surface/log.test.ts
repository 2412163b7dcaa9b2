import assert from 'node:assert/strict';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { traced } from '../../test/surface/fake-gateway.ts';
import { EventStream, type GatewayEvent } from '../runtime/events.ts';
import type { Clock } from '../runtime/ports.ts';
import { Log, type LogSetting } from './log.ts';
import { isJournal } from './log-destination.ts';

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

function logged(
  given: Omit<LogSetting, 'file'>,
  events: readonly GatewayEvent[],
  clock = stillClock(),
  journal = false,
): string[] {
  const setting = { ...given, file: null };
  const directory = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const file = join(directory, 'log');
  const fd = openSync(file, 'w');
  try {
    const log = new Log(setting, { clock, fd, terminal: false, colour: false, journal });
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
  what: 'client',
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

test('the journal gets a priority and no time, which it has itself', () => {
  const [line] = logged({ level: 'info', format: 'auto' }, [egress], stillClock(), true);
  assert.equal(line, '<4>uplink isp1: isp1/198.51.100.30 is down (was up): two sites fail through it');
  const [json = ''] = logged({ level: 'info', format: 'json' }, [egress], stillClock(), true);
  assert.equal(JSON.parse(json).level, 'warn');
});

test('the journal is told by the device and inode of what we write to', () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const fd = openSync(join(directory, 'log'), 'w');
  const { dev, ino } = fstatSync(fd);
  assert.equal(isJournal(fd, `${dev}:${ino}`), true);
  assert.equal(isJournal(fd, `${dev}:${ino + 1}`), false);
  assert.equal(isJournal(fd, undefined), false);
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

test('a file is appended to, and one that was renamed is let go with all its lines', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const file = join(directory, 'postern.log');
  writeFileSync(file, 'from before\n');
  const fd = openSync(join(directory, 'out'), 'w');
  const setting: LogSetting = { level: 'info', format: 'auto', file };
  const log = new Log(setting, { clock: stillClock(), fd, terminal: true, colour: true, journal: false });
  log.say('info', 'to standard output');
  assert.ok(log.set(setting).ok);
  for (let number = 0; number < 2_000; number++) log.say('info', `line ${number}`);
  renameSync(file, `${file}.1`);
  for (let number = 2_000; number < 4_000; number++) log.say('info', `line ${number}`);
  assert.ok(log.set(setting).ok);
  for (let number = 4_000; number < 5_000; number++) log.say('info', `line ${number}`);
  assert.ok(log.set({ ...setting, file: null }).ok);
  log.say('info', 'back');
  log.close();
  closeSync(fd);
  const lines = (name: string) => readFileSync(name, 'utf8').split('\n').slice(0, -1);
  // A write that was under way when the rest was flushed may come after it.
  while (lines(`${file}.1`).length < 4_001 || lines(file).length < 1_000) await setTimeout(5);
  const [before, ...old] = lines(`${file}.1`);
  assert.equal(before, 'from before');
  const numbers = (of: readonly string[]) =>
    of.map(line => Number(JSON.parse(line).msg.replace('line ', ''))).sort((a, b) => a - b);
  assert.deepEqual(numbers(old), [...Array(4_000).keys()]);
  assert.deepEqual(
    numbers(lines(file)),
    [...Array(1_000).keys()].map(number => 4_000 + number),
  );
  while (lines(join(directory, 'out')).length < 2) await setTimeout(5);
  const standard = lines(join(directory, 'out'));
  assert.equal(standard.length, 2);
  assert.match(standard[1] ?? '', /back$/);
  assert.equal(statSync(file).mode & 0o777, 0o640 & ~process.umask());
  rmSync(directory, { recursive: true });
});

test('a file that cannot be opened is a sentence, and the one before stays', () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const file = join(directory, 'postern.log');
  const parts = { clock: stillClock(), fd: 1, terminal: false, colour: false, journal: false };
  const log = new Log({ level: 'info', format: 'json', file }, parts);
  assert.ok(log.set({ level: 'info', format: 'json', file }).ok);
  const nowhere = join(directory, 'none', 'postern.log');
  assert.deepEqual(log.set({ level: 'error', format: 'text', file: nowhere }), {
    ok: false,
    error: `The log file ${nowhere} cannot be opened (ENOENT); its folder must be there, and this user must be able to write in it.`,
  });
  assert.deepEqual(log.set({ level: 'info', format: 'json', file: '/dev/null' }), {
    ok: false,
    error: 'The log file /dev/null is no regular file; write another path in log.file.',
  });
  log.say('info', 'still here');
  log.close();
  assert.match(readFileSync(file, 'utf8'), /still here/);
  rmSync(directory, { recursive: true });
});
