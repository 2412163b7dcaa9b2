import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { inOrder } from '../src/surface/demo/namespaces.ts';
import { type Sender, senders, uplinks } from './addresses.ts';
import { type LabNetwork, type Line, plainLines } from './network.ts';
import { must, Scenario } from './scenario.ts';
import { assertSound } from './sound.ts';

const [one, two] = uplinks;
const dialled: Line = { ...plainLines[0], link: 'ppp0', pointToPoint: true };
/** What the provider gives at the second call, and the name that it leads to. */
const second: Sender = { address: '198.51.100.77', name: one.ehlo };
const nameless = '198.51.100.99';

/** The hook of pppd, from the operator's page. */
const page = await readFile(join(import.meta.dirname, '..', 'docs', 'operator', 'policy-routing.md'), 'utf8');
const hook = /```sh\n(#!\/bin\/sh\n[^`]*)```/.exec(page)?.[1] ?? 'false';

type Done = Awaited<ReturnType<LabNetwork['plug']>>;

/** What pppd does when it has an address. */
async function callHook({ mailHost }: LabNetwork, address: string): Promise<Done> {
  const facts = [`PPP_IFACE=${dialled.link}`, `PPP_LOCAL=${address}`, `PPP_REMOTE=${dialled.gateway}`];
  const done = await mailHost.run('env', [...facts, 'sh', '-ec', hook]);
  return done.ok ? { ok: true, value: undefined } : done;
}

function dial(lab: LabNetwork, address: string): Promise<Done> {
  return inOrder(
    () => lab.plug(0, address),
    () => callHook(lab, address),
  );
}

/** The host as it was booted: uplink 2 by lines of its own, uplink 1 by the hook. */
function boot(lab: LabNetwork): Promise<Done> {
  return inOrder(
    () =>
      lab.mailHost.ip(
        `rule add from ${two.source} lookup ${two.table}`,
        `route add default via ${two.gateway} dev ${two.name} table ${two.table}`,
        `route add unreachable default metric 4278198272 table ${two.table}`,
      ),
    () => callHook(lab, one.source),
  );
}

/** The address of uplink 1 and its fitness, as the gateway tells them. */
async function identity(scenario: Scenario): Promise<string> {
  const egress = (await scenario.uplinks())?.[0]?.egresses[0];
  return `${egress?.source} ${egress?.fit}`;
}

suite('an address that comes and goes', () => {
  test('the interface vanishes and comes back with another address: it is taken, tested, and used if names lead to it', async () => {
    const scenario = await Scenario.start({
      proveS: 2,
      policyRouting: false,
      lines: [dialled, plainLines[1]],
      prepare: boot,
      senders: [...senders, second],
      sources: [`{ interface: ${dialled.link} }`, two.source],
    });
    const { lab } = scenario;
    const mailFrom = async (address: string): Promise<void> => {
      const since = Date.now();
      await scenario.until(`mail from ${address}`, () => (scenario.bySource(since).get(address) ?? 0) >= 40);
    };
    try {
      await scenario.send(50);
      await mailFrom(one.source);

      must(await lab.unplug(0));
      await mailFrom(two.source);
      must(await dial(lab, second.address));
      await mailFrom(second.address);
      assert.equal(await identity(scenario), `${second.address} fit`);

      must(await lab.unplug(0));
      must(await dial(lab, nameless));
      await scenario.until(
        'uplink 1 to be proven',
        async () => (await scenario.uplinkState(one.name)) === 'up',
      );
      assert.equal(await identity(scenario), `${nameless} unfit`);
      await mailFrom(two.source);
      await scenario.stopSending();
      await scenario.drained();
      await assertSound(scenario);
    } finally {
      await scenario.close();
    }
  });
});
