import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { SignedHouse } from './signed-house.ts';

suite('check and records, against a signed zone in knot, a validating unbound and a live gateway', () => {
  let house: SignedHouse;
  /** What is served where all is sound: no web server holds a policy here, so none is announced. */
  let sound: readonly string[];
  before(async () => {
    house = await SignedHouse.build();
    sound = house.records.filter(line => !line.startsWith('_mta-sts.'));
  });
  after(() => house?.close());

  const faults = async (): Promise<string[]> => {
    const { report } = await house.check();
    return report.findings
      .filter(({ level }) => level === 'error' || level === 'warning')
      .map(({ level, id, subject }) => `${level} ${id} ${subject.name ?? ''}`);
  };

  test('with the records that "postern records" prints nothing puts mail at risk', async () => {
    await house.serve(sound);
    const { code, report } = await house.check();
    assert.deepEqual([code, report.verdict], [0, 'pass'], JSON.stringify(report.findings.slice(0, 5)));
    const passed = report.findings.flatMap(({ id, level }) => (level === 'pass' ? [id] : []));
    for (const id of [
      'DANE-NONE',
      'DANE-MISMATCH',
      'DKIM-KEY-MISMATCH',
      'EGRESS-NO-PTR',
      'EGRESS-SPF',
      'MX-SELF-MISSING',
      'SMTP-BARE-LF',
      'TLS-BROKEN',
    ])
      assert.ok(passed.includes(id), `${id} did not pass`);
  });

  test('"postern records --diff" agrees, and asks only for the policy that it advises', async () => {
    await house.serve(house.records);
    assert.equal((await house.gateway.command('records', '--diff', ...house.selector)).code, 0);
    await house.serve(sound.filter(line => !line.includes(' PTR mail2.')));
    const { code, out } = await house.gateway.command('records', '--diff');
    assert.equal(code, 1);
    assert.match(out, /40\.113\.0\.203\.in-addr\.arpa/);
  });

  test('"postern records --diff" tells a DKIM key that is revoked', async () => {
    const revoke = (line: string): string =>
      line.startsWith('s1.') ? line.replace(/ TXT .*$/, ' TXT "v=DKIM1; p="') : line;
    await house.serve(house.records.map(revoke));
    const { code, out } = await house.gateway.command('records', '--diff', ...house.selector);
    assert.equal(code, 1);
    assert.match(out, /wrong +s1\._domainkey\.example\.com TXT[^]*revoked/);
  });

  const mistakes: readonly (readonly [string, (line: string) => readonly string[], readonly string[]])[] = [
    [
      'a TLSA record that does not match',
      line => [line.startsWith('_25._tcp.mx2.') ? line.replace(/[0-9a-f]{64}/, '00'.repeat(32)) : line],
      ['error DANE-MISMATCH mx2.example.com'],
    ],
    [
      'no PTR for one address',
      line => (line.includes(' PTR mail2.') ? [] : [line]),
      ['error EGRESS-NO-PTR isp2/203.0.113.40', 'warning EGRESS-UNEQUAL isp2'],
    ],
    [
      'an MX that does not exist',
      line => (line.includes(' MX 20 ') ? [line, 'example.com. 3600 IN MX 30 gone.example.com.'] : [line]),
      ['error MX-UNRESOLVED gone.example.com'],
    ],
    [
      'an uplink that SPF leaves out',
      line => [line.startsWith('example.com.') ? line.replace(' ip4:203.0.113.40', '') : line],
      ['warning EGRESS-STANDBY-SPF isp2/203.0.113.40'],
    ],
    [
      'no key of one MX in DNS',
      line => (line.startsWith('_25._tcp.mx2.') ? [] : [line]),
      ['warning DANE-PARTIAL mx2.example.com'],
    ],
  ];
  for (const [sentence, change, expected] of mistakes)
    test(`one mistake in the zone: ${sentence}`, async () => {
      await house.serve(sound.flatMap(change));
      assert.deepEqual(await faults(), expected);
    });

  test('one mistake in the zone above: a DS that does not fit, so that all signatures are void', async () => {
    await house.serve(sound, { wrongDs: 'example.com.' });
    const told = await faults();
    assert.ok(told.includes('error DNSSEC-BOGUS example.com'), told.join('\n'));
    assert.deepEqual(
      told.filter(line => !line.includes('DNSSEC-BOGUS')),
      [],
    );
  });
});
