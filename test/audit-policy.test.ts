import assert from 'node:assert/strict';
import test from 'node:test';
import { isOfType } from '../src/protocol/dns/record.ts';
import { Notebook } from '../src/runtime/audit/notebook.ts';
import { fetchPolicy } from '../src/runtime/audit/policy.ts';
import type { Resolver } from '../src/runtime/dns/resolver.ts';
import type { Web } from '../src/runtime/ports.ts';

const body = 'version: STSv1\r\nmode: testing\r\nmx: mx1.example.com\r\nmax_age: 604800\r\n';
const believed = { name: '', ttlMs: 60_000, authenticated: false, stale: false };

/** DNS announces a policy, and its host has this address or none. */
const announced = (address: string | null): Pick<Resolver, 'resolve'> => ({
  async resolve(name, type) {
    const text = { type: 'TXT', text: 'v=STSv1; id=1' } as const;
    const found =
      name === '_mta-sts.example.com' ? [text] : address === null ? [] : [{ type: 'A', address } as const];
    const records = found.filter(data => isOfType(data, type));
    return records.length === 0 ? { kind: 'nodata', ...believed } : { kind: 'records', ...believed, records };
  },
});

const fetched = { kind: 'fetched', text: body, redirected: false };
const rows: readonly (readonly [string, string | null, Awaited<ReturnType<Web['get']>>, object | null])[] = [
  ['is read', '192.0.2.80', { ok: true, value: { status: 200, body } }, fetched],
  [
    'that is elsewhere is not followed',
    '192.0.2.80',
    { ok: true, value: { status: 301, body } },
    { ...fetched, redirected: true },
  ],
  [
    'that is not there says so',
    '192.0.2.80',
    { ok: true, value: { status: 404, body } },
    { kind: 'failed', reason: 'it answers with 404' },
  ],
  [
    'whose host cannot be called says why',
    '192.0.2.80',
    { ok: false, error: 'The certificate has expired.' },
    { kind: 'failed', reason: 'The certificate has expired.' },
  ],
  [
    'whose host has no address is not fetched',
    null,
    { ok: true, value: { status: 200, body } },
    { kind: 'failed', reason: 'mta-sts.example.com has no address' },
  ],
];
for (const [sentence, address, answer, expected] of rows)
  test(`audit, a policy of MTA-STS ${sentence}`, async () => {
    const signal = new AbortController().signal;
    const web = { get: async () => answer };
    const policy = await fetchPolicy(web, new Notebook(announced(address)), 'example.com', signal);
    assert.deepEqual(policy, expected);
  });
