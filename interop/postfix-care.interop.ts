import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { uplinks } from '../lab/addresses.ts';
import { PostfixHouse } from './postfix-house.ts';

const [one] = uplinks;

suite('a real Postfix is cared for', { timeout: 300_000 }, () => {
  let house: PostfixHouse;
  let original: readonly [string, string];
  before(async () => {
    house = await PostfixHouse.build();
    original = await house.files();
  });
  after(() => house.close());

  test('the plan shows what is needed and why, and changes nothing', async () => {
    const plan = await house.postern('plan', '--json');
    assert.equal(plan.code, 1, plan.err);
    const { edits, postfix } = JSON.parse(plan.out);
    assert.match(postfix.version, /^3\.7\./);
    assert.deepEqual(
      edits.map(({ file, name }: { file: string; name: string }) => `${file} ${name}`),
      [
        'master.cf postern-isp1/unix',
        'master.cf postern-isp2/unix',
        'master.cf 198.51.100.30:25/inet',
        'main.cf postern-isp1_destination_concurrency_limit',
        'main.cf postern-isp2_destination_concurrency_limit',
        'main.cf default_transport',
      ],
    );
    assert.match((await house.postern('plan')).out, /\+default_transport = postern-isp1/);
    assert.deepEqual(await house.files(), original);
  });

  test('nobody can be asked, so nothing is done without --yes', async () => {
    const apply = await house.postern('apply');
    assert.equal(apply.code, 2);
    assert.match(apply.err, /--yes/);
    assert.deepEqual(await house.files(), original);
  });

  test('it asks at a terminal, and does nothing without a yes', async () => {
    const atTerminal = ['script', '-qec', house.command('apply').join(' '), '/dev/null'];
    for (const answer of ['n', '']) {
      const asked = await house.run(atTerminal, `${answer}\n`);
      assert.match(asked.out, /Make these changes\? \[y\/N\]/);
      assert.match(asked.out, /Nothing is changed\./);
      assert.equal(asked.code, 1);
    }
    assert.deepEqual(await house.files(), original);
    const agreed = await house.run(atTerminal, 'y\n');
    assert.equal(agreed.code, 0, agreed.out);
    assert.equal((await house.postern('plan')).code, 0);
    assert.equal((await house.postern('apply', '--undo', '--yes')).code, 0);
    assert.deepEqual(await house.files(), original);
  });

  test('applied, mail leaves by the preferred uplink under its name; applied again, nothing changes', async () => {
    const apply = await house.postern('apply', '--yes');
    assert.equal(apply.code, 0, apply.err);
    const files = await house.files();
    const id = await house.send('someone@remote.example');
    assert.equal(await house.arrived(id), `${one.source} as ${one.ehlo}`);
    const again = await house.postern('apply', '--yes', '--json');
    assert.equal(JSON.parse(again.out).changed, false, again.err);
    assert.equal((await house.postern('plan')).code, 0);
    assert.deepEqual(await house.files(), files);
  });

  test('undone, the files are as they were, byte for byte, though the watch had chosen another uplink', async () => {
    await house.run(['postconf', '-c', house.config, '-e', 'default_transport=postern-isp2']);
    const undo = await house.postern('apply', '--undo', '--yes', '--json');
    assert.equal(JSON.parse(undo.out).how, 'files', undo.err);
    assert.deepEqual(await house.files(), original);
    const again = await house.postern('apply', '--undo', '--yes', '--json');
    assert.equal(JSON.parse(again.out).how, 'nothing');
  });

  test('what others wrote meanwhile stays, and is shown', async () => {
    assert.equal((await house.postern('apply', '--yes')).code, 0);
    await appendFile(join(house.config, 'main.cf'), 'message_size_limit = 20000000\n');
    const undo = await house.postern('apply', '--undo', '--yes', '--json');
    const { how, difference } = JSON.parse(undo.out);
    assert.equal(how, 'settings', undo.err);
    assert.deepEqual(difference, { 'main.cf': ['+message_size_limit = 20000000'] });
    await house.run(['postconf', '-c', house.config, '-X', 'message_size_limit']);
    assert.deepEqual(await house.files(), original);
  });

  test('where Postfix does not take it, all is as it was', async () => {
    await house.inPlaceOf(
      'postfix',
      `case "$*" in *reload*) echo "no reload today" >&2; exit 1;; esac\n${house.real('postfix')}`,
      async () => {
        const apply = await house.postern('apply', '--yes');
        assert.equal(apply.code, 3);
        assert.match(apply.err, /no reload today/);
      },
    );
    assert.deepEqual(await house.files(), original);
  });

  test('where the second file cannot be written, the first is put back', async () => {
    await house.inPlaceOf(
      'postconf',
      `case "$*" in "-c ${house.config} -e "*) echo "no room" >&2; exit 1;; esac\n${house.real('postconf')}`,
      async () => {
        const apply = await house.postern('apply', '--yes');
        assert.equal(apply.code, 3);
        assert.match(apply.err, /no room.*Nothing is changed/);
      },
    );
    assert.deepEqual(await house.files(), original);
  });

  test('somebody who edits at the same time is not overwritten', async () => {
    await house.inPlaceOf(
      'postconf',
      `case "$*" in "-c ${house.config} -Me "*) echo "soft_bounce = no" >> ${house.config}/main.cf;; esac\n${house.real('postconf')}`,
      async () => {
        const apply = await house.postern('apply', '--yes');
        assert.equal(apply.code, 3);
      },
    );
    const [main, master] = await house.files();
    assert.equal(main, `${original[0]}soft_bounce = no\n`);
    assert.equal(master, original[1]);
    await house.run(['postconf', '-c', house.config, '-X', 'soft_bounce']);
    assert.deepEqual(await house.files(), original);
  });

  test('killed between the two files it leaves a sound Postfix, and another run goes on', async () => {
    await house.inPlaceOf(
      'postconf',
      `case "$*" in "-c ${house.config} -e "*) kill -9 $PPID; exit 1;; esac\n${house.real('postconf')}`,
      async () => {
        await house.postern('apply', '--yes');
      },
    );
    const [main, master] = await house.files();
    assert.equal(main, original[0]);
    assert.match(master, /postern-isp2/);
    assert.equal((await house.run(['postfix', '-c', house.config, 'check'])).code, 0);
    assert.equal((await house.run(['postfix', '-c', house.config, 'reload'])).code, 0);
    await house.arrived(await house.send('someone@other.example'));
    const apply = await house.postern('apply', '--yes');
    assert.equal(apply.code, 0, apply.err);
    assert.equal((await house.postern('plan')).code, 0);
    assert.equal((await house.postern('apply', '--undo', '--yes')).code, 0);
    assert.deepEqual(await house.files(), original);
  });

  test('on a disk that is full, or soon is, all of it is done or nothing', async () => {
    const small = join(house.directory, 'small');
    await house.run(['mkdir', small]);
    await house.run(['mount', '-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', small]);
    let done = 0;
    for (const freeKb of [0, 8, 16, 24, 32, 64]) {
      await house.run(['sh', '-c', `rm -rf ${small}/* && cp -a ${house.config}/. ${small}/`]);
      const fill = `dd if=/dev/zero of=${small}/fill bs=1k 2>/dev/null; truncate -s -${freeKb}k ${small}/fill`;
      await house.run(['sh', '-c', fill]);
      const where = ['--config', join(house.directory, 'postern.yaml'), '--postfix-config', small];
      const postern = house.command('apply')[0] ?? '';
      const apply = await house.run([postern, 'postfix', 'apply', ...where, '--yes']);
      const files = await house.run(['sh', '-c', `cat ${small}/main.cf; echo ==; cat ${small}/master.cf`]);
      if (apply.code === 0) {
        done += 1;
        const plan = await house.run([postern, 'postfix', 'plan', ...where]);
        assert.equal(plan.code, 0, `${freeKb} KiB: ${plan.out}`);
      } else {
        assert.equal(files.out, `${original[0]}==\n${original[1]}`, `${freeKb} KiB: ${apply.err}`);
        assert.ok(apply.err.length > 20, apply.err);
      }
    }
    assert.ok(done > 0 && done < 6, `${done} of 6 were done`);
  });
});
