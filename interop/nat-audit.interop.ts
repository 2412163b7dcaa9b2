import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { uplinks } from '../lab/addresses.ts';
import { inner, translate } from '../lab/nat.ts';
import { certificates, must, Scenario } from '../lab/scenario.ts';
import type { AuditFacts } from '../src/decision/audit/facts.ts';
import { inOrder } from '../src/surface/demo/namespaces.ts';
import type { ReportView } from './signed-house.ts';

/** A machine elsewhere, which does not run here. */
const backup = 'backup.example.com';

/** Uplinks and doors as behind NAT; `shown` names the certificates of the doors. */
function uplinksAndDoors(shown: readonly [string, string]): string {
  const ways = uplinks.map(
    ({ name, ehlo, source }, index) =>
      `  - { name: ${name}, ehlo: ${ehlo}, source: [{ address: ${inner[index]?.source}, public: ${source} }], preference: ${10 * (index + 1)} }`,
  );
  const doors = uplinks.map(({ source }, index) => {
    const pem = join(certificates, shown[index] ?? '');
    return `  - { address: "${inner[index]?.source}:25", public: ${source}, role: mx, name: mx${index + 1}.example.com, tls: { cert: ${pem}.pem, key: ${pem}.key } }`;
  });
  return ['uplinks:', ...ways, '', 'listeners:', ...doors].join('\n');
}

suite('check behind NAT, where each door is tried by the other uplink, through the network', () => {
  let house: Scenario;
  before(async () => {
    house = await Scenario.start({
      lines: inner,
      prepare: lab =>
        inOrder(
          () => translate(lab, 0),
          () => translate(lab, 1),
          // What one provider's customer sends to the other's crosses the Internet.
          () => lab.internet.settings({ 'ipv4/ip_forward': '1' }),
        ),
      uplinksAndDoors: uplinksAndDoors(['mx1', 'mx2']),
    });
  });
  after(() => house?.close());

  /** What is told of the doors and of the host's routes but for passes, and who was spoken with by which way. */
  async function checked(): Promise<{
    readonly told: readonly string[];
    readonly spoken: readonly string[];
  }> {
    const file = join(house.directory, 'seen.json');
    const ids = 'MX-UNREACHABLE,CERT-NAMES,CERT-COVERS-ALL,HOST-SOURCE-ROUTE,HOST-ROUTE-FALLS-THROUGH';
    const options = ['--json', '--only', ids, '--save-facts', file];
    const { out, err } = await house.command('check', 'example.com', ...options);
    if (out === '') throw new Error(`check told nothing: ${err}`);
    const report: ReportView = JSON.parse(out);
    const facts: AuditFacts = JSON.parse(await readFile(file, 'utf8'));
    const own = facts.conversations.filter(({ host }) => host !== backup);
    return {
      told: report.findings
        .filter(({ level, subject }) => level !== 'pass' && subject.name !== backup)
        .map(({ level, id, subject }) => `${level} ${id} ${subject.name}`),
      spoken: own
        .map(({ host, egress, inside, tls, error }) =>
          [host, 'by', egress, inside ? 'inside' : 'through the network', tls?.kind ?? error?.kind].join(' '),
        )
        .sort(),
    };
  }

  test('sound: each door is reached by the other uplink, and nothing is said of it', async () => {
    assert.deepEqual(await checked(), {
      told: [],
      spoken: [
        'mx1.example.com by isp2/10.20.2.2 through the network done',
        'mx2.example.com by isp1/10.20.1.2 through the network done',
      ],
    });
  });

  test('a door whose answers leave by the other uplink is told, with the lines that mend it', async () => {
    const rule = `from ${inner[1].source} lookup ${uplinks[1].table}`;
    must(await house.lab.mailHost.ip(`rule del ${rule}`));
    assert.deepEqual(await checked(), {
      told: [
        'error MX-UNREACHABLE mx2.example.com',
        'error HOST-SOURCE-ROUTE isp2/10.20.2.2',
        // What cannot be tried is not told as dead.
        'skip MX-UNREACHABLE mx1.example.com',
      ],
      spoken: [
        'mx1.example.com by isp2/10.20.2.2 through the network timeout',
        'mx2.example.com by isp1/10.20.1.2 through the network timeout',
      ],
    });
    const { out } = await house.command('check', 'example.com', '--json', '--only', 'HOST-SOURCE-ROUTE');
    const report: ReportView = JSON.parse(out);
    const fix = report.findings.flatMap(({ fix: lines }) => lines?.split('\n') ?? []).at(-1) ?? '';
    assert.equal(fix, `ip rule add ${rule}`);
    must(await house.lab.mailHost.ip(fix.replace(/^ip /, '')));
    assert.deepEqual((await checked()).told, []);
  });

  test('a door that shows the certificate of the other is told', async () => {
    const config = await readFile(house.config, 'utf8');
    await house.stopServing('SIGKILL');
    await writeFile(house.config, config.replaceAll('/mx2.', '/mx1.'));
    await house.serve();
    const { told } = await checked();
    assert.ok(told.includes('notice CERT-NAMES mx2.example.com'), told.join('\n'));
    assert.ok(!told.some(line => line.endsWith('mx1.example.com')), told.join('\n'));
  });
});
