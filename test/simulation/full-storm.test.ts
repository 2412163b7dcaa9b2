import assert from 'node:assert/strict';
import test from 'node:test';
import { type FullOutcome, runFullStorm, smartHostAddresses } from './full-storm.ts';
import { faultsOf } from './gateway-history.ts';

const hour = 3_600_000;

const outcomes = new Map<number, Promise<FullOutcome>>();
const outcomeOf = (seed: number): Promise<FullOutcome> => {
  const known = outcomes.get(seed) ?? runFullStorm(seed, hour);
  outcomes.set(seed, known);
  return known;
};
const seeds = [1, 4, 25];

for (const seed of seeds) {
  test(`full storm, seed ${seed}: nothing lost, nothing doubled without a doubt, no foreign name, every reason told`, async () => {
    const { history, identities, given } = await outcomeOf(seed);
    assert.ok(history.acknowledged.length > 300, `${history.acknowledged.length} messages were taken`);
    assert.deepEqual(faultsOf(history, identities), []);
    const ours = new Set([...identities].map(([address, ehlo]) => `${address} ${ehlo}`));
    assert.deepEqual(
      [...given].filter(each => !ours.has(each)),
      [],
    );
  });

  test(`full storm, seed ${seed}: once all is healed, all leaves, and no socket stays`, async () => {
    const { history, sockets } = await outcomeOf(seed);
    assert.deepEqual([...history.queued], []);
    assert.equal(sockets, 0);
  });

  test(`full storm, seed ${seed}: nothing bounces but what its receiver does not know`, async () => {
    const { history } = await outcomeOf(seed);
    const bounced = history.trace.filter(({ event }) => event === 'bounced' || event === 'expired');
    assert.deepEqual(
      bounced.filter(({ recipient }) => !recipient?.startsWith('nobody@')),
      [],
    );
  });

  test(`full storm, seed ${seed}: a smart host is spoken with under TLS and by a login only, or not at all`, async () => {
    const { history } = await outcomeOf(seed);
    const there = history.deliveries.filter(({ to }) => to in smartHostAddresses);
    assert.ok(there.length > 10, `${there.length} by smart hosts`);
    assert.deepEqual(
      there.filter(({ tls }) => tls === null),
      [],
    );
  });
}

test('full storm: every way out carried mail, and every trouble was made', async () => {
  const runs = await Promise.all(seeds.map(outcomeOf));
  const ways = new Set(runs.flatMap(({ history }) => history.trace.map(({ uplink }) => uplink)));
  for (const uplink of ['isp1', 'isp2', 'isp3']) assert.ok(ways.has(uplink), uplink);
  const made = new Set(runs.flatMap(({ troubles }) => [...troubles.keys()]));
  for (const kind of ['cut', 'all cut', 'loss', 'receiver', 'smart host', 'password', 'names', 'reload'])
    assert.ok(made.has(kind), kind);
  for (const kind of ['drain', 'drill', 'kill', 'restart']) assert.ok(made.has(kind), kind);
});
