import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { uplinks } from '../lab/addresses.ts';
import { PostfixHouse, type Ran } from './postfix-house.ts';

const [one] = uplinks;

suite('a Postfix that cannot be cared for now is left as it is, and that is said', {
  timeout: 900_000,
}, () => {
  let house: PostfixHouse;
  let original: readonly [string, string];
  before(async () => {
    house = await PostfixHouse.build();
    original = await house.files();
  });
  after(() => house.close());

  const postern = (): string => house.command('plan')[0] ?? '';
  const own = (): readonly string[] => ['--config', join(house.directory, 'postern.yaml')];
  /** `postern postfix` on another configuration folder; null: on none that is named. */
  const on = (folder: string | null, verb: string, ...args: readonly string[]): Promise<Ran> => {
    const where = folder === null ? [] : ['--postfix-config', folder];
    return house.run([postern(), 'postfix', verb, ...own(), ...where, ...args]);
  };
  const refused = ({ code, err }: Ran, wanted: number, sentence: RegExp): void => {
    assert.equal(code, wanted, err);
    assert.match(err, sentence);
  };
  const untouched = async (): Promise<void> => assert.deepEqual(await house.files(), original);
  const textsIn = async (folder: string): Promise<readonly string[]> =>
    Promise.all(['main.cf', 'master.cf'].map(file => readFile(join(folder, file), 'utf8')));

  test('no Postfix on this host', async () => {
    const empty = join(house.directory, 'empty');
    await mkdir(empty);
    await house.run(['mount', '--bind', empty, '/usr/sbin']);
    try {
      for (const verb of ['plan', 'watch'])
        refused(await house.postern(verb), 2, /There is no Postfix on this host \(postconf is not found\)/);
      refused(await house.postern('apply', '--yes'), 2, /There is no Postfix on this host/);
    } finally {
      await house.run(['umount', '/usr/sbin']);
    }
    await untouched();
  });

  test('a Postfix that is too old, though it has transports of ours', async () => {
    assert.equal((await house.postern('apply', '--yes')).code, 0);
    const applied = await house.files();
    const old = `${house.directory}/real-postconf "$@" | sed 's/^mail_version = .*/mail_version = 3.3.22/'`;
    await house.inPlaceOf('postconf', old, async () => {
      const plan = await house.postern('plan');
      assert.equal(plan.code, 1);
      assert.match(plan.out, /cannot be applied: This Postfix is 3\.3\.22; Postern cares for 3\.5 and newer/);
      assert.equal((await house.postern('apply', '--yes')).code, 2);
      refused(await house.postern('watch'), 2, /This Postfix is 3\.3\.22/);
    });
    assert.deepEqual(await house.files(), applied);
    assert.equal((await house.postern('apply', '--undo', '--yes')).code, 0);
    await untouched();
  });

  test('a configuration that is not there, is none, or may not be read', async () => {
    const place = (name: string): string => join(house.directory, name);
    await house.run(['cp', '-a', house.config, place('closed')]);
    await house.run(['chmod', '600', `${place('closed')}/main.cf`]);
    await mkdir(join(place('folders'), 'main.cf'), { recursive: true });
    await mkdir(place('garbled'));
    await writeFile(join(place('garbled'), 'main.cf'), 'compatibility_level = 3.6\n');
    await writeFile(join(place('garbled'), 'master.cf'), 'this is no service\n');
    for (const [folder, sentence] of [
      ['nowhere', /nowhere/],
      ['folders', /folders/],
      ['garbled', /garbled\/master\.cf|this is no service/],
    ] as const) {
      refused(await on(place(folder), 'plan'), 2, sentence);
      refused(await on(place(folder), 'apply', '--yes'), 2, sentence);
      refused(await on(place(folder), 'watch'), 2, sentence);
    }
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const asNobody = (verb: string, ...args: readonly string[]): Promise<Ran> =>
      house.run([
        ...nobody,
        postern(),
        'postfix',
        verb,
        ...own(),
        '--postfix-config',
        place('closed'),
        ...args,
      ]);
    refused(await asNobody('plan'), 2, /closed\/main\.cf: Permission denied/);
    refused(await asNobody('apply', '--yes'), 2, /closed cannot be written \(EACCES\); run this as root/);
    refused(await asNobody('watch'), 2, /closed cannot be written \(EACCES\); run this as root/);
  });

  for (const [moment, words, edit] of [
    ['while the plan is made', '-x', 'echo "soft_bounce = no" >> main.cf'],
    ['before master.cf is written', '-Me', 'echo "mine unix - - n - - smtp" >> master.cf'],
    ['before main.cf is written, as an editor does', '-e', 'sed -i "s/^# the end/# by a hand/" main.cf'],
  ] as const)
    test(`a hand writes ${moment}: what it wrote stays, and nothing of ours`, async () => {
      const once = `case "$*" in "-c ${house.config} ${words} "*) [ -e ${house.directory}/${words} ] || (cd ${house.config}; ${edit}; touch ${house.directory}/${words});; esac`;
      await house.inPlaceOf('postconf', `${once}\n${house.real('postconf')}`, async () => {
        refused(await house.postern('apply', '--yes'), 3, /changed by somebody else meanwhile/);
      });
      const [main, master] = await house.files();
      await writeFile(join(house.config, 'main.cf'), original[0]);
      await writeFile(join(house.config, 'master.cf'), original[1]);
      assert.notDeepEqual([main, master], original, 'the hand has written');
      assert.doesNotMatch(main + master, /postern-isp/);
      // A service that is put back by postconf has its columns aligned.
      const tidy = (text: string): string =>
        text
          .replace(/^soft_bounce.*\n|^mine .*\n/m, '')
          .replace('# by a hand', '# the end')
          .replace(/ +/g, ' ');
      assert.deepEqual([tidy(main), tidy(master)], original);
    });

  test('a hand writes while ours is taken back: that stays, and is shown', async () => {
    assert.equal((await house.postern('apply', '--yes')).code, 0);
    const once = `case "$*" in "-c ${house.config} -M") echo "soft_bounce = no" >> ${house.config}/main.cf;; esac`;
    await house.inPlaceOf('postconf', `${once}\n${house.real('postconf')}`, async () => {
      const undo = await house.postern('apply', '--undo', '--yes', '--json');
      assert.equal(undo.code, 0, undo.err);
      const { how, difference } = JSON.parse(undo.out);
      assert.equal(how, 'settings');
      assert.deepEqual(difference, { 'main.cf': ['+soft_bounce = no'] });
    });
    await house.run(['postconf', '-c', house.config, '-X', 'soft_bounce']);
    await untouched();
  });

  test('a disk that fills up between the two files: all is put back, without room', async () => {
    const small = join(house.directory, 'small');
    await mkdir(small);
    await house.run(['mount', '-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', small]);
    await house.run(['cp', '-a', `${house.config}/.`, small]);
    await house.run(['rm', '-rf', `${small}/postern`]);
    const fill = `dd if=/dev/zero of=${small}/fill bs=1k 2>/dev/null`;
    const script = `case "$*" in "-c ${small} -e "*) ${fill};; esac\n${house.real('postconf')}`;
    await house.inPlaceOf('postconf', script, async () => {
      refused(await on(small, 'apply', '--yes'), 3, /Nothing is changed: what was written is taken back/);
    });
    const texts = await house.run([
      'sh',
      '-c',
      `cat ${small}/main.cf ${small}/master.cf; ls ${small}/postern`,
    ]);
    assert.equal(texts.out.replace(/edit\.lock\n$/, ''), original.join(''));
    await house.run(['rm', `${small}/fill`]);
    assert.equal((await on(small, 'apply', '--yes')).code, 0, 'with room again it is done');
    await house.run(['umount', small]);
  });

  test('of several instances the named one is cared for, and the other not touched', async () => {
    // postmulti asks no other folder than /etc/postfix.
    await mkdir(join(house.directory, 'etc', 'postfix'));
    await house.run([
      'mount',
      '-t',
      'overlay',
      'overlay',
      '-o',
      `lowerdir=${house.directory}/etc:/etc`,
      '/etc',
    ]);
    await house.run(['mount', '--bind', house.config, '/etc/postfix']);
    const second = join(house.directory, 'postfix-out');
    const postmulti = (...words: readonly string[]): Promise<Ran> => house.run(['postmulti', ...words]);
    for (const file of ['main.cf', 'master.cf'])
      await house.run(['cp', `/usr/share/postfix/${file}.dist`, `${house.config}/${file}.proto`]);
    const begun = await postmulti('-e', 'init');
    assert.equal(begun.code, 0, `${begun.err}${await house.log()}`);
    const made = await postmulti(
      '-I',
      'postfix-out',
      '-e',
      'create',
      `config_directory=${second}`,
      `queue_directory=${house.directory}/queue-out`,
      `data_directory=${house.directory}/data-out`,
    );
    assert.equal(made.code, 0, `${made.err}${await house.log()}`);
    const enabled = await postmulti('-i', 'postfix-out', '-e', 'enable');
    assert.equal(enabled.code, 0, `${enabled.err}${await house.log()}`);
    const shared = [
      'mydestination=',
      'inet_protocols=ipv4',
      'mynetworks=127.0.0.0/8',
      'authorized_submit_users=root',
    ];
    const logged = [`maillog_file=${house.directory}/log-out`, `maillog_file_prefixes=${house.directory}`];
    await house.run(['postconf', '-c', second, '-e', 'myhostname=mail.example.com', ...shared, ...logged]);
    const postlog = 'postlog/unix-dgram=postlog unix-dgram n - n - 1 postlogd';
    await house.run(['postconf', '-c', second, '-Me', postlog]);
    await house.run(['postconf', '-c', second, '-F', '*/*/chroot=n']);
    const before = [await house.files(), await textsIn(second)];

    const several =
      /several instances of Postfix \(\/etc\/postfix and .*postfix-out\); name .*--postfix-config/;
    refused(await on(null, 'plan'), 2, several);
    refused(await on(null, 'apply', '--yes'), 2, several);
    refused(await on(null, 'watch'), 2, several);
    assert.deepEqual([await house.files(), await textsIn(second)], before);

    const started = await house.run(['postfix', '-c', second, 'start']);
    assert.equal(
      started.code,
      0,
      started.err + (await readFile(join(house.directory, 'log-out'), 'utf8').catch(() => '')),
    );
    const reloads = (log: string): number => log.split('reload').length;
    const atFirst = reloads(await house.log());
    const apply = await on(second, 'apply', '--yes');
    assert.equal(apply.code, 0, apply.err + apply.out);
    assert.match(apply.out, new RegExp(`^Postfix 3\\.7\\.\\d+ in ${second}`));
    assert.deepEqual(await house.files(), before[0]);
    assert.equal(reloads(await house.log()), atFirst, 'the other was not reloaded');
    const [, master] = await textsIn(second);
    assert.match(master ?? '', /syslog_name=postfix-out\/postern-isp1/);
    const id = await house.send('someone@remote.example', second);
    assert.equal(await house.arrived(id), `${one.source} as ${one.ehlo}`);
    assert.match(await readFile(join(house.directory, 'log-out'), 'utf8'), /postfix-out\/postern-isp1\/smtp/);

    assert.equal((await on(house.config, 'apply', '--yes')).code, 0, 'the first is cared for beside it');
    assert.equal((await on(house.config, 'apply', '--undo', '--yes')).code, 0);
    assert.equal((await on(second, 'apply', '--undo', '--yes')).code, 0);
    assert.deepEqual([await house.files(), await textsIn(second)], before);
  });
});
