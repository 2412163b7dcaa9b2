import assert from 'node:assert/strict';
import test from 'node:test';
import type { Processes } from '../../runtime/ports.ts';
import { ServiceManager } from './service-manager.ts';

test('systemd is told by its own program, and nobody is where nobody asks', async () => {
  const runs: unknown[] = [];
  const processes: Processes = {
    run: async request => {
      runs.push(request);
      return { ok: true, value: undefined };
    },
  };
  const trouble: string[] = [];
  const manager = new ServiceManager('/run/systemd/notify', processes, message => trouble.push(message));
  await manager.ready('listening on 198.51.100.30:25\n');
  await manager.stopping();
  await new ServiceManager(null, processes, message => trouble.push(message)).ready('');
  const common = {
    path: 'systemd-notify',
    environment: { NOTIFY_SOCKET: '/run/systemd/notify' },
    timeoutMs: 5_000,
  };
  assert.deepEqual(runs, [
    { ...common, arguments: ['READY=1', 'STATUS=listening on 198.51.100.30:25\\u{a}'] },
    { ...common, arguments: ['STOPPING=1'] },
  ]);
  assert.deepEqual(trouble, []);
});

test('a systemd that cannot be told is a warning', async () => {
  const processes: Processes = {
    run: async () => ({ ok: false, error: 'systemd-notify could not be run.' }),
  };
  const trouble: string[] = [];
  await new ServiceManager('/run/x', processes, message => trouble.push(message)).stopping();
  assert.deepEqual(trouble, [
    'systemd could not be told how Postern stands: systemd-notify could not be run.',
  ]);
});
