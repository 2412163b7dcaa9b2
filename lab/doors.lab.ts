import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { doors, uplinks } from './addresses.ts';
import { line, speak } from './client.ts';
import { must, Scenario } from './scenario.ts';

const [one, two] = uplinks;
const caller = '192.0.2.25';

/** Counts what leaves the mail host, by link and source address. */
const counters = `table ip doors {
${uplinks.flatMap(({ name }) => uplinks.map((_, n) => `counter ${name}_from_${n + 1} {}`)).join('\n')}
chain out {
type filter hook postrouting priority 0; policy accept
${uplinks
  .flatMap(({ name }) =>
    uplinks.map(
      ({ source }, n) =>
        `oifname "${name}" ip saddr ${source} tcp sport 25 counter name ${name}_from_${n + 1}`,
    ),
  )
  .join('\n')}
}
}
`;

async function packets(scenario: Scenario, counter: string): Promise<number> {
  const listed = must(await scenario.lab.mailHost.run('nft', ['list', 'counter', 'ip', 'doors', counter]));
  return Number(/packets (\d+)/.exec(listed)?.[1] ?? Number.NaN);
}

/** A conversation with STARTTLS by a door; the greeting, and what was said last. */
async function converse(scenario: Scenario, address: string, serverName: string): Promise<readonly string[]> {
  return speak(scenario.lab.internet, {
    address,
    port: 25,
    source: caller,
    steps: [
      line('EHLO mx.remote.example'),
      line('STARTTLS'),
      { tls: { serverName } },
      line('EHLO mx.remote.example'),
      line('MAIL FROM:<someone@remote.example>'),
      line('RCPT TO:<us@example.com>'),
      line('QUIT'),
    ],
  });
}

suite('both doors in', () => {
  test('each door has its own greeting and certificate, and the answer leaves by the way the question came', async t => {
    const scenario = await Scenario.start({ doors: true });
    try {
      must(await scenario.lab.mailHost.nft(counters));
      for (const [index, uplink] of uplinks.entries()) {
        const door = doors[index];
        assert.ok(door);
        const replies = await converse(scenario, uplink.source, door.name);
        assert.match(replies[0] ?? '', new RegExp(`^220 ${door.name} `));
        assert.match(replies[1] ?? '', new RegExp(`^250-${door.name} `));
        assert.match(replies[3] ?? '', new RegExp(`^TLSv1\\.3 DNS:${door.name}$`));
        assert.match(replies[6] ?? '', /^250 /, 'RCPT');
      }
      const counted = await Promise.all(
        ['isp1_from_1', 'isp1_from_2', 'isp2_from_1', 'isp2_from_2'].map(name => packets(scenario, name)),
      );
      t.diagnostic(
        `packets of our answers, [by isp1 from 1, by isp1 from 2, by isp2 from 1, by isp2 from 2]: ${counted.join(', ')}`,
      );
      const [right1, wrong1, wrong2, right2] = counted;
      assert.ok((right1 ?? 0) >= 8 && (right2 ?? 0) >= 8, counted.join(' '));
      assert.deepEqual([wrong1, wrong2], [0, 0]);
    } finally {
      await scenario.close();
    }
  });

  test('without policy routing the second door is shut: its answers leave by the first uplink and vanish', async () => {
    const scenario = await Scenario.start({ doors: true, policyRouting: false });
    try {
      must(await scenario.lab.mailHost.nft(counters));
      const talk = converse(scenario, two.source, doors[1].name);
      await scenario.until(
        'an answer to leave by the wrong uplink',
        async () => (await packets(scenario, `${one.name}_from_2`)) > 0,
      );
      assert.equal(await packets(scenario, `${two.name}_from_2`), 0);
      assert.match(scenario.log.join('\n'), new RegExp(`ip rule add from ${two.source}`));
      scenario.lab.internet.close();
      await talk.catch(() => {});
    } finally {
      await scenario.close();
    }
  });
});
