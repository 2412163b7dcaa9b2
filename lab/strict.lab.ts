import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { sites, uplinks, zoneOf } from './addresses.ts';
import { line, speak } from './client.ts';
import type { Zone } from './real-internet.ts';
import { Scenario } from './scenario.ts';
import type { MailServer } from './servers/mail-server.ts';

const [, two] = uplinks;
const right = zoneOf(sites.slice(0, 2));
const reverse = '40.113.0.203.in-addr.arpa PTR';

/** Mail by uplink 2 that leaves under a wrong name, and what each receiver says to that. */
type Wrong = {
  readonly name: string;
  readonly zone?: Zone;
  readonly ehlo?: string;
  readonly postfix: RegExp;
  readonly exim: RegExp;
};

const wrongs: readonly Wrong[] = [
  {
    name: 'an EHLO name that nobody has',
    ehlo: 'mailhost.example.com',
    postfix: /^550 5\.7\.1 .*Helo command rejected: Host not found/,
    exim: /^550 mailhost\.example\.com does not lead to 203\.0\.113\.40$/,
  },
  {
    name: 'the EHLO name of the other uplink',
    ehlo: uplinks[0].ehlo,
    postfix: /^550 5\.7\.23 .*SPF fail/,
    exim: /^550 mail\.example\.com does not lead to 203\.0\.113\.40$/,
  },
  {
    name: 'an address without PTR',
    zone: { ...right, [reverse]: [] },
    postfix: /^550 5\.7\.25 .*cannot find your hostname/,
    exim: /^550 203\.0\.113\.40 has no name that leads back to it$/,
  },
  {
    name: 'a PTR whose name does not lead back',
    zone: { ...right, [reverse]: [uplinks[0].ehlo] },
    postfix: /^550 5\.7\.25 .*cannot find your hostname/,
    exim: /^550 203\.0\.113\.40 has no name that leads back to it$/,
  },
  {
    name: 'an address that SPF leaves out',
    zone: { ...right, 'example.com TXT': [`v=spf1 +ip4:${uplinks[0].source}/32 -all`] },
    postfix: /^550 5\.7\.23 .*SPF fail/,
    exim: /^550 SPF of example\.com excludes 203\.0\.113\.40$/,
  },
];

suite('strict receivers refuse mail under a wrong name', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await Scenario.start({ real: true });
  });
  after(() => scenario?.close());

  /** What a receiver says to RCPT by uplink 2, from `user@example.com`. */
  const asked = async ({ post }: MailServer, ehlo: string): Promise<string> => {
    const steps = [
      line(`EHLO ${ehlo}`),
      line('MAIL FROM:<user@example.com>'),
      line(`RCPT TO:<someone@${post.domain}>`),
      line('QUIT'),
    ];
    const talk = { address: post.address, port: 25, source: two.source, steps };
    return (await speak(scenario.lab.mailHost, talk))[3] ?? '';
  };

  const bothAsked = (ehlo: string): Promise<string[]> =>
    Promise.all(scenario.real.receivers.map(receiver => asked(receiver, ehlo)));

  test('under the right name the same words are taken', async () => {
    for (const reply of await bothAsked(two.ehlo)) assert.match(reply, /^250 /);
  });

  for (const wrong of wrongs) {
    test(wrong.name, async () => {
      await scenario.real.tell(wrong.zone ?? right);
      const [postfix = '', exim = ''] = await bothAsked(wrong.ehlo ?? two.ehlo);
      assert.match(postfix, wrong.postfix);
      assert.match(exim, wrong.exim);
    });
  }
});
