import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { doors, publicResolver } from './addresses.ts';
import { line, speak } from './client.ts';
import { blackHole, unblock } from './cuts.ts';
import { LabGateway } from './gateway.ts';
import { must, Scenario } from './scenario.ts';
import { doubled } from './sound.ts';

const [mx1, mx2, backupDoor] = doors;
const strangers = ['192.0.2.25', '198.18.7.25'] as const;

/** One way for the primary to be away. */
type Away = {
  readonly name: string;
  readonly cut: (scenario: Scenario) => Promise<void>;
  readonly mend: (scenario: Scenario) => Promise<void>;
};

const ways: readonly Away[] = [
  {
    name: 'both of its uplinks are cut',
    cut: async ({ lab }) => {
      for (const index of [0, 1] as const) must(await blackHole(lab, index));
    },
    mend: async ({ lab }) => {
      for (const index of [0, 1] as const) must(await unblock(lab, index));
    },
  },
  {
    name: 'it is killed',
    cut: async scenario => void (await scenario.stopServing('SIGKILL')),
    mend: scenario => scenario.serve(),
  },
];

/** A second gateway elsewhere in the Internet, backup of the first. */
async function startBackup(scenario: Scenario): Promise<LabGateway> {
  const directory = join(scenario.directory, 'backup');
  await mkdir(directory);
  const config = join(directory, 'postern.yaml');
  await writeFile(
    config,
    `hostname: ${backupDoor.name}
state_dir: ${directory}/state
uplinks:
  - { name: far, source: [${backupDoor.address}] }
listeners:
  - { address: "${backupDoor.address}:25", role: mx }
domains:
  - { name: example.com, role: backup, recipients: callout }
dns:
  servers: ["${publicResolver}:53"]
delivery: { doubt_wait: 5s }
`,
  );
  const gateway = new LabGateway(scenario.lab.internet, config);
  await gateway.serve();
  return gateway;
}

/** What the backup tells a stranger about a recipient. */
async function asked(scenario: Scenario, forwardPath: string): Promise<string> {
  const steps = [
    line('EHLO mx.remote.example'),
    line('MAIL FROM:<someone@remote.example>'),
    line(`RCPT TO:<${forwardPath}>`),
    line('QUIT'),
  ];
  const talk = { address: backupDoor.address, port: 25, source: strangers[0], steps };
  return (await speak(scenario.lab.internet, talk))[3] ?? '';
}

/**
 * All accepted mail arrived, and none twice but what was in doubt: taken without its sender being told so, or sent on
 * without an answer to its dot, which the log of its gateway tells.
 */
function assertOnce(t: TestContext, scenario: Scenario, backup: LabGateway): void {
  assert.deepEqual(scenario.tally.reckon(null).lost, [], 'accepted and never arrived');
  const twice = doubled(scenario).size;
  const logs = [...scenario.gateway.log, ...backup.log];
  const doubts = logs.filter(entry => entry.includes('"event":"in_doubt"')).length;
  t.diagnostic(`${twice} came twice, the logs tell of ${doubts} doubts`);
  assert.ok(twice <= doubts, `${twice} came twice, and the logs tell of ${doubts} doubts`);
}

async function survives(t: TestContext, way: Away): Promise<void> {
  const scenario = await Scenario.start({
    doors: true,
    proveS: 2,
    domain: `    recipients: { file: recipients }\n`,
    files: { recipients: 'us@example.com\n' },
  });
  let backup: LabGateway | null = null;
  try {
    backup = await startBackup(scenario);
    assert.match(await asked(scenario, 'us@example.com'), /^250 /);
    assert.match(await asked(scenario, 'nobody@example.com'), /^550 5\.1\.1 /);
    await scenario.sendToUs('in-order', strangers[0], [mx1.address, mx2.address, backupDoor.address], 100);
    await scenario.sendToUs('to-backup', strangers[1], [backupDoor.address], 100);
    await scenario.until('mail by both doors', () => scenario.deliveries.length >= 40);

    await way.cut(scenario);
    const taken = (label: string): number =>
      [...scenario.digests.keys()].filter(id => id.startsWith(`<${label}.`)).length;
    const before = { inOrder: taken('in-order'), toBackup: taken('to-backup') };
    await scenario.until(
      'the backup to keep mail of those who come to it last, and of those who come to no other',
      () => taken('in-order') >= before.inOrder + 50 && taken('to-backup') >= before.toBackup + 100,
    );
    assert.match(
      await asked(scenario, 'us@example.com'),
      /^250 /,
      'what was learnt holds while the primary is away',
    );
    const kept = scenario.tally.missing();

    await way.mend(scenario);
    const mendedAt = performance.now();
    await scenario.until('the first to be handed over', () => {
      const missing = new Set(scenario.tally.missing());
      return kept.some(id => !missing.has(id));
    });
    const first = performance.now() - mendedAt;
    await scenario.until('all that was kept to arrive', () => scenario.tally.missing().length < 20, 90_000);
    t.diagnostic(
      `${kept.length} were kept; the first came ${(first / 1000).toFixed(1)} s after the return, all within ${((performance.now() - mendedAt) / 1000).toFixed(1)} s`,
    );
    await scenario.stopSending();
    await scenario.drained(90_000, [scenario.gateway, backup]);
    assertOnce(t, scenario, backup);
    assert.equal(await backup.stop(), 0, 'the backup ends in order');
  } finally {
    await backup?.stop('SIGKILL');
    await scenario.close();
  }
}

suite('a primary and its backup: what was accepted arrives, once', { concurrency: 2 }, () => {
  for (const way of ways) test(`the primary is away because ${way.name}`, t => survives(t, way));
});
