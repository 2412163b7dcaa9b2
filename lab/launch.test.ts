import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decideLaunch, type Host } from './launch.ts';

const ordinary: Host = {
  user: 'alice',
  root: false,
  missing: [],
  hindrance: null,
  mapper: true,
  range: true,
};

const refusals: readonly (readonly [string, Partial<Host>, RegExp])[] = [
  [
    'a missing nft is asked for by its package, whoever calls',
    { root: true, missing: ['nft'] },
    /^The lab needs nft: install with "sudo apt-get install nftables"\.$/,
  ],
  [
    'two programs of one package name it once',
    { missing: ['unshare', 'nsenter'], hindrance: 'spawnSync unshare ENOENT' },
    /needs unshare, nsenter: install with "sudo apt-get install util-linux"\.$/,
  ],
  [
    'root in a container that may not make namespaces is told so, not sent for uidmap',
    {
      root: true,
      hindrance: 'unshare: unshare failed: Operation not permitted\n',
      mapper: false,
      range: false,
    },
    /^Root may not make namespaces here \(unshare: unshare failed: Operation not permitted\):/,
  ],
  [
    'without newuidmap the package uidmap is asked for',
    { hindrance: 'unshare: failed to execute newuidmap', mapper: false, range: false },
    /install them with "sudo apt-get install uidmap"/,
  ],
  [
    'a user without a range is told how to get one',
    { hindrance: 'unshare: failed to find a range', range: false },
    /"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 alice"/,
  ],
  [
    'where all is here and the kernel says no, its words are told',
    { hindrance: 'unshare: unshare failed:\n  No space left on device' },
    /^alice may make no user namespaces here \(unshare: unshare failed: No space left on device\): .*max_user_namespaces/,
  ],
];

suite('how the lab is run', () => {
  test('root runs it directly', () => {
    assert.deepEqual(decideLaunch({ ...ordinary, root: true }), { how: 'directly' });
  });

  test('an ordinary user runs it in a user namespace, wherever his range comes from', () => {
    assert.deepEqual(decideLaunch({ ...ordinary, range: false }), { how: 'in a user namespace' });
  });

  for (const [sentence, host, reason] of refusals) {
    test(sentence, () => {
      const launch = decideLaunch({ ...ordinary, ...host });
      assert.ok(launch.how === 'refused', launch.how);
      assert.match(launch.reason, reason);
      assert.equal(launch.reason.split('\n').length, 1);
    });
  }
});
