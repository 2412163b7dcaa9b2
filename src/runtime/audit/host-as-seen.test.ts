import assert from 'node:assert/strict';
import test from 'node:test';
import { layoutB, onGateway, values } from '../../../test/audit-facts.ts';
import { hostAsSeen } from './host-as-seen.ts';

const { host, configuration, egresses } = onGateway(layoutB);
assert.ok(configuration);
const names = ['gateway.example.com', 'mx1.example.com', 'mail2.example.com'];
const dns = Object.fromEntries([...names, 'www.example.com'].map(name => [`${name} A`, values('192.0.2.7')]));

test('audit: the host’s files are compared for its own name, its listeners and its EHLO names, and no other', () => {
  const seen = hostAsSeen(
    {
      host,
      hostsFile: `127.0.1.1 ${names.join(' ')} www.example.com\n`,
      configuration: { ...configuration, hostname: 'gateway.example.com' },
      egresses,
    },
    { dns, conversations: [], mtus: [] },
  );
  assert.deepEqual(
    seen?.overrides,
    names.map(name => ({ name, files: '127.0.1.1', dns: '192.0.2.7' })),
  );
});

test('audit: without a configuration the EHLO names alone are compared', () => {
  const seen = hostAsSeen(
    { host, hostsFile: `127.0.1.1 ${names.join(' ')}\n`, configuration: null, egresses },
    { dns, conversations: [], mtus: [] },
  );
  assert.deepEqual(
    seen?.overrides.map(({ name }) => name),
    ['mail2.example.com'],
  );
});
