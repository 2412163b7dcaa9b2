import assert from 'node:assert/strict';
import test from 'node:test';
import { circleRefusal } from '../../src/decision/admission/circle.ts';
import { catalogue } from '../../src/decision/audit/catalogue.ts';
import { judge } from '../../src/decision/audit/judge.ts';
import type { Connection } from '../../src/runtime/ports.ts';
import { testCertificate } from '../certificates.ts';
import { runAudit } from './audit-world.ts';
import type { SimClock } from './sim-clock.ts';

/** What is wrong with a server, or odd. */
type Holes = {
  /** It executes what came in clear behind STARTTLS. */
  readonly keeps?: boolean;
  /** What ends a message. */
  readonly end?: RegExp;
  /** It says so of PIPELINING. */
  readonly pipelining?: boolean;
  /** So long it thinks about each message. */
  readonly thinksMs?: number;
  /** What it says to each message, which may be two replies; it hangs up where the last is a 421 or 521. */
  readonly verdict?: string;
  /** What it says to RCPT. */
  readonly recipient?: string;
  /** What it took for messages. */
  readonly taken?: string[];
  /** What it took for commands. */
  readonly commands?: string[];
};

function serve(connection: Connection, clock: SimClock, holes: Holes): void {
  let buffer = '';
  let inData = false;
  let busy = false;
  const { end: endOfData = /\r\n\.\r\n/, pipelining = true, verdict = '554 5.4.6 Too many hops' } = holes;
  const reply = (text: string): void => {
    connection.write([Buffer.from(`${text}\r\n`)]);
  };
  const answer = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    holes.commands?.push(verb);
    if (verb === 'EHLO')
      return reply(`250-mx2.example.com\r\n250-STARTTLS\r\n250 ${pipelining ? 'PIPELINING' : 'HELP'}`);
    if (verb === 'QUIT') return reply('221 Bye');
    if (verb === 'RCPT' && holes.recipient !== undefined) return reply(holes.recipient);
    if (verb === 'RCPT') return reply(line.includes('postmaster@example') ? '250 Ok' : '550 5.1.1 Who?');
    if (verb === 'NOOP') return reply('250 Here');
    if (verb.startsWith('.')) return reply('500 What?');
    if (verb === 'DATA') {
      inData = true;
      return reply('354 Go on');
    }
    return reply('250 Ok');
  };
  const hear = (): void => {
    if (inData) {
      const end = endOfData.exec(buffer);
      if (end === null) return;
      inData = false;
      busy = true;
      holes.taken?.push(buffer.slice(0, end.index));
      buffer = buffer.slice(end.index + end[0].length);
      clock.timer(holes.thinksMs ?? 0, () => {
        busy = false;
        reply(verdict);
        if (/^(421|521)/m.test(verdict)) connection.end();
        else hear();
      });
    }
    for (let end = buffer.indexOf('\r\n'); end >= 0 && !inData && !busy; end = buffer.indexOf('\r\n')) {
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      if (line !== 'STARTTLS') {
        answer(line);
        continue;
      }
      const kept = holes.keeps ? buffer : '';
      buffer = '';
      reply('220 Go ahead');
      const certificates = { choose: () => testCertificate('mx2') };
      void connection.startTls({ side: 'server', certificates, timeoutMs: 5_000 }).then(() => {
        buffer = kept + buffer;
        hear();
      });
      return;
    }
    if (inData) hear();
  };
  connection.handle({
    data: chunk => {
      buffer += chunk.toString('latin1');
      hear();
    },
    drained() {},
    closed() {},
  });
  reply('220 mx2.example.com ESMTP');
}

const pass = 'pass SMTP-BARE-LF';
const skip = 'skip SMTP-BARE-LF';
const fooled = 'error SMTP-BARE-LF';
const rows: readonly (readonly [string, Holes, readonly string[]])[] = [
  ['a sound server falls into no trap', {}, [pass]],
  ['a sound server that takes the message all the same', { verdict: '250 Taken' }, [pass]],
  ['a sound server without PIPELINING', { pipelining: false }, [pass]],
  ['a sound server that thinks for five seconds', { thinksMs: 5_000 }, [pass]],
  ['what was said in clear is executed', { keeps: true }, ['error TLS-INJECTION', pass]],
  ['a dot between bare line feeds ends a message', { end: /\n\.\n/ }, [fooled]],
  ['a dot between bare returns ends a message', { end: /\r\.\r/ }, [fooled]],
  ['a dot after a bare line feed ends a message', { end: /[^\r]\n\.\r\n/ }, [fooled]],
  ['a dot before a bare line feed ends a message', { end: /\r\n\.\n/ }, [fooled]],
  ['a dot before a bare return ends a message', { end: /\r\n\.\r(?!\n)/ }, [fooled]],
  ['a dot after a bare return ends a message', { end: /\r\.\r\n/ }, [fooled]],
  ['a fooled server without PIPELINING', { end: /\n\.\r?\n/, pipelining: false }, [fooled]],
  ['a fooled server that takes the message', { end: /\n\.\r?\n/, verdict: '250 Taken' }, [fooled]],
  ['a fooled server that thinks for five seconds', { end: /\n\.\r?\n/, thinksMs: 5_000 }, [fooled]],
  ['a server that hangs up for bare line feeds', { verdict: '421 4.5.0 Bare line feeds' }, [pass]],
  ['one that hangs up for a bare LF', { verdict: '521 5.5.2 Error: bare <LF> received' }, [pass]],
  ['one that hangs up and does not say why is not judged', { verdict: '421 4.3.0 Not now' }, [skip]],
  [
    'a server that refuses the message and hangs up is not judged',
    { verdict: '554 5.4.6 Too many hops\r\n421 Enough' },
    [skip],
  ],
  [
    'a server that refuses the message and will hear no more is not judged',
    { verdict: '554 5.4.6 Too many hops\r\n521 Go away' },
    [skip],
  ],
  ['a server that never answers the message is not judged', { thinksMs: 60_000 }, [skip]],
  ['a server that takes no recipient is not judged', { recipient: '450 4.7.1 Later' }, [skip]],
];
for (const [sentence, holes, expected] of rows)
  test(`audit, traps for hosts of our own: ${sentence}`, async () => {
    const raw2 = (connection: Connection, clock: SimClock): void => serve(connection, clock, holes);
    const { facts } = await runAudit({ tls: true, configured: true, raw2 });
    const told = judge(facts, catalogue).findings.filter(
      ({ id, level, subject }) =>
        subject.name === 'mx2.example.com' &&
        (id === 'SMTP-BARE-LF' || (id === 'TLS-INJECTION' && level !== 'pass')),
    );
    assert.deepEqual(
      told.map(({ level, id }) => `${level} ${id}`),
      expected,
    );
    assert.equal(facts.conversations.length, 2);
  });

test('audit, traps: the message has passed more servers than any lets pass', async () => {
  const taken: string[] = [];
  await runAudit({
    tls: true,
    configured: true,
    raw2: (connection, clock) => serve(connection, clock, { taken }),
  });
  assert.equal(taken.length, 1);
  assert.equal(circleRefusal(Buffer.from(taken.join('')), new Set())?.code, 554);
});

for (const pipelining of [true, false])
  test(`audit, traps: the message is not sent to whom takes no recipient, ${pipelining ? 'with' : 'without'} PIPELINING`, async () => {
    const commands: string[] = [];
    const holes = { pipelining, recipient: '450 4.7.1 Later', commands };
    const raw2 = (connection: Connection, clock: SimClock): void => serve(connection, clock, holes);
    const { facts } = await runAudit({ tls: true, configured: true, raw2 });
    assert.ok(!commands.includes('NOOP'), commands.join());
    assert.match(
      facts.conversations.find(({ host }) => host === 'mx2.example.com')?.bareNewlineUntold ?? '',
      /RCPT TO:<postmaster@example\.com> is answered "450 4\.7\.1 Later"/,
    );
  });

test('audit, traps: a stranger is put to none', async () => {
  const raw2 = (connection: Connection, clock: SimClock): void =>
    serve(connection, clock, { keeps: true, end: /\n\.\r?\n/ });
  const { facts } = await runAudit({ tls: true, raw2 });
  const told = judge(facts, catalogue).findings.filter(
    ({ id, level }) => /INJECT|BARE/.test(id) && level === 'error',
  );
  assert.deepEqual(told, []);
});
