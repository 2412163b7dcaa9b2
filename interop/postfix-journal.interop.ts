import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { uplinks } from '../lab/addresses.ts';
import { blackHole } from '../lab/cuts.ts';
import { must } from '../lab/scenario.ts';
import { PostfixHouse } from './postfix-house.ts';
import { Watch } from './postfix-watcher.ts';

const [, two] = uplinks;

/**
 * A journal of its own, as systemd would run it: devices of its own, so that /dev/log is not the machine's, and no
 * kernel's messages.
 */
const journald = `
set -e
mkdir -p /run/systemd/journal /run/log/journal /run/dev
mount -t tmpfs tmpfs /run/dev
for device in null zero full random urandom tty; do
  : > /run/dev/$device
  mount --bind /dev/$device /run/dev/$device
done
ln -s /run/systemd/journal/dev-log /run/dev/log
mount --rbind /run/dev /dev
setsid /lib/systemd/systemd-journald > /dev/null 2>&1 &
`;

suite('a real Postfix that logs into a real journal is watched', { timeout: 400_000 }, () => {
  let house: PostfixHouse;
  let watch: Watch | null = null;
  before(async () => {
    house = await PostfixHouse.build();
    const file = join(house.directory, 'postern.yaml');
    // Deliveries alone shall tell of the uplinks.
    const text = await readFile(file, 'utf8');
    const silent = text
      .replaceAll(/, probe: \[.*?\] \}/g, ' }')
      .replace(/^health:.*$/m, 'health: { interval: 300s, suspect_interval: 1s, prove: 3s }');
    await writeFile(file, silent);
    const started = await house.run(['sh', '-c', journald]);
    assert.equal(started.code, 0, started.err);
    await house.until('the journal', async () => (await journal()).includes('Journal started'));
    await house.run(['postconf', '-c', house.config, '-X', 'maillog_file']);
    const apply = await house.postern('apply', '--yes');
    assert.equal(apply.code, 0, apply.err);
    watch = await Watch.start(house);
  });
  after(async () => {
    if (process.env.SHOW_WATCH === '1') console.log(watch?.lines.join('\n'));
    await watch?.stop();
    await house.close();
  });

  const journal = async (): Promise<string> => (await house.run(['journalctl', '-q', '-o', 'short'])).out;

  test('deliveries that fail are heard there, and what was deferred leaves by the other uplink', async () => {
    const first = await house.send('someone@remote.example');
    await house.arrived(first);
    await house.arrived(await house.send('someone@other.example'));
    assert.match(await journal(), / postfix\/postern-isp1\/smtp\[\d+\]: .* status=sent /);
    must(await blackHole(house.network, 0));
    const ids: string[] = [];
    for (const domain of ['remote', 'other', 'remote', 'other'])
      ids.push(await house.send(`someone@${domain}.example`));
    for (const id of ids) assert.equal(await house.arrived(id), `${two.source} as ${two.ehlo}`);
    for (const id of ids) assert.equal(house.copies(id), 1);
    await house.until(
      'the switch to be told',
      () => watch?.said(/default_transport is postern-isp2 now/) ?? false,
    );
    await house.until('the rest to be told', () => watch?.said(/given another try at once/) ?? false);
  });
});
