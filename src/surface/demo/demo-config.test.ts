import assert from 'node:assert/strict';
import test from 'node:test';
import { parseSettings } from '../../config/read-settings.ts';
import { demoConfig } from './demo-config.ts';

test('demo: its configuration is read without a mistake or a warning', () => {
  const places = {
    sources: { isp1: '127.0.0.2', isp2: '127.0.0.3' },
    nameServer: '127.0.0.1:5300',
    smtpPort: 2525,
    listen: { address: '127.0.0.1', port: 2500 },
  };
  const read = parseSettings('demo.yaml', demoConfig(places, '/tmp/a state: dir'));
  assert.ok(read.ok, JSON.stringify(read));
  assert.deepEqual(read.value.warnings, []);
  assert.equal(read.value.settings.stateDir, '/tmp/a state: dir');
  assert.equal(read.value.settings.delivery.port, 2525);
});
