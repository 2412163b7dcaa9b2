import assert from 'node:assert/strict';
import test from 'node:test';
import type { ConversationFact } from '../../src/decision/audit/facts.ts';
import type { Connection } from '../../src/runtime/ports.ts';
import { runAudit } from './audit-world.ts';

type Server = {
  /** Of commands that came together it answers so many. */
  readonly together: number;
  /** It hangs up at MAIL, however that comes. */
  readonly leaves?: boolean;
};

/** Offers PIPELINING, and loses commands that come together. */
function serve(connection: Connection, { together, leaves = false }: Server): void {
  const reply = (line: string): void => {
    connection.write([Buffer.from(`${line}\r\n`)]);
  };
  let rest = '';
  connection.handle({
    data(chunk) {
      const lines = (rest + chunk.toString('latin1')).split('\r\n');
      rest = lines.pop() ?? '';
      for (const command of lines.slice(0, together)) {
        if (leaves && command.startsWith('MAIL')) return connection.destroy();
        if (command.startsWith('EHLO')) reply('250-mx2.example.com\r\n250 PIPELINING');
        else reply(command.startsWith('RCPT TO:<postern-check') ? '550 5.1.1 Who?' : '250 Ok');
      }
    },
    drained() {},
    closed() {},
  });
  reply('220 mx2.example.com ESMTP');
}

async function speakWith(server: Server): Promise<{ fact: ConversationFact; calls: number }> {
  let calls = 0;
  const raw2 = (connection: Connection): void => {
    calls += 1;
    serve(connection, server);
  };
  const { facts } = await runAudit({ raw2, timeoutMs: 120_000 });
  const fact = facts.conversations.find(({ host }) => host === 'mx2.example.com');
  assert.ok(fact);
  return { fact, calls };
}

const envelope = ({ nullSender, postmaster, unknownRecipient, literal }: ConversationFact) =>
  [nullSender, postmaster, unknownRecipient, literal].map(said => said?.code ?? null);

test('audit: who answers all commands that come together is called once', async () => {
  const { fact, calls } = await speakWith({ together: 9 });
  assert.equal(calls, 1);
  assert.deepEqual(fact.pipelining, { asked: 5, answered: 5 });
  assert.deepEqual(envelope(fact), [250, 250, 550, 250]);
});

test('audit: who loses commands that come together is asked each alone, and told of', async () => {
  const { fact, calls } = await speakWith({ together: 2 });
  assert.equal(calls, 2);
  assert.deepEqual(fact.pipelining, { asked: 5, answered: 2 });
  assert.deepEqual(envelope(fact), [250, 250, 550, 250]);
  assert.equal(fact.stopped, null);
});

test('audit: who answers no command alone either is not blamed for PIPELINING', async () => {
  const { fact, calls } = await speakWith({ together: 9, leaves: true });
  assert.equal(calls, 2);
  assert.equal(fact.pipelining, null);
  assert.deepEqual(envelope(fact), [null, null, null, null]);
});
