import assert from 'node:assert/strict';
import test from 'node:test';
import { catalogue } from '../../src/decision/audit/catalogue.ts';
import { judge } from '../../src/decision/audit/judge.ts';
import type { Connection } from '../../src/runtime/ports.ts';
import { testCertificate } from '../certificates.ts';
import { runAudit } from './audit-world.ts';

/** A server with two old holes: it executes what came in clear behind STARTTLS, and any dot on a line ends a message. */
function serve(connection: Connection, holes: { readonly keeps: boolean; readonly bare: boolean }): void {
  let buffer = '';
  let inData = false;
  const reply = (text: string): void => {
    connection.write([Buffer.from(`${text}\r\n`)]);
  };
  const answer = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') return reply('250-mx2.example.com\r\n250-STARTTLS\r\n250 PIPELINING');
    if (verb === 'QUIT') return reply('221 Bye');
    if (verb === 'RCPT') return reply(line.includes('postmaster@example') ? '250 Ok' : '550 5.1.1 Who?');
    if (verb === 'DATA') {
      inData = true;
      return reply('354 Go on');
    }
    return reply('250 Ok');
  };
  const hear = (): void => {
    if (inData) {
      const end = holes.bare ? /\n\.\r?\n/.exec(buffer) : /\r\n\.\r\n/.exec(buffer);
      if (end === null) return;
      inData = false;
      buffer = buffer.slice(end.index + end[0].length);
      reply('250 Taken');
    }
    for (let end = buffer.indexOf('\r\n'); end >= 0 && !inData; end = buffer.indexOf('\r\n')) {
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

const rows: readonly (readonly [string, Parameters<typeof serve>[1], readonly string[]])[] = [
  ['a sound server falls into no trap', { keeps: false, bare: false }, []],
  ['what was said in clear is executed', { keeps: true, bare: false }, ['error TLS-INJECTION']],
  ['a bare newline ends a message', { keeps: false, bare: true }, ['error SMTP-BARE-LF']],
];
for (const [sentence, holes, expected] of rows)
  test(`audit, traps for hosts of our own: ${sentence}`, async () => {
    const raw2 = (connection: Connection): void => serve(connection, holes);
    const { facts } = await runAudit({ tls: true, configured: true, raw2 });
    const told = judge(facts, catalogue).findings.filter(
      ({ id, level }) => (id === 'TLS-INJECTION' || id === 'SMTP-BARE-LF') && level !== 'pass',
    );
    assert.deepEqual(
      told.map(({ level, id }) => `${level} ${id}`),
      expected,
    );
    assert.equal(facts.conversations.length, 2);
  });

test('audit, traps: a stranger is put to none', async () => {
  const raw2 = (connection: Connection): void => serve(connection, { keeps: true, bare: true });
  const { facts } = await runAudit({ tls: true, raw2 });
  const told = judge(facts, catalogue).findings.filter(
    ({ id, level }) => /INJECT|BARE/.test(id) && level === 'error',
  );
  assert.deepEqual(told, []);
});
