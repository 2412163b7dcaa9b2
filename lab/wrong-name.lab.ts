import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inside, uplinks } from './addresses.ts';
import { submit } from './client.ts';
import { letterTo } from './letters.ts';
import { Scenario } from './scenario.ts';
import { useOnly } from './strict.ts';

const [one, two] = uplinks;

suite('a gateway that gives one uplink the name of the other', () => {
  test('is refused by both strict receivers where it is told to use the uplink all the same', async () => {
    const scenario = await Scenario.start({
      real: true,
      sources: [one.source, `{ address: ${two.source}, ehlo: ${one.ehlo} }`],
      uplinkLines: ['', '\n    when_unfit: use'],
    });
    try {
      await useOnly(scenario, 1);
      const { receivers } = scenario.real;
      const letters = receivers.map(({ post }) => letterTo(post.domain, 'misnamed'));
      await submit(scenario.lab.inside, { address: inside.mailHost, source: inside.user }, letters);
      for (const { kind, post } of receivers) {
        const refused = async () =>
          (await scenario.gateway.trace(`someone@${post.domain}`)).find(({ reply }) =>
            reply?.startsWith('550 '),
          );
        await scenario.until(`the refusal by ${kind}`, async () => (await refused()) !== undefined);
        assert.equal((await refused())?.source, two.source);
      }
      for (const receiver of receivers) assert.equal((await receiver.letters()).size, 0, receiver.kind);
    } finally {
      await scenario.close();
    }
  });
});
