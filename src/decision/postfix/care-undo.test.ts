import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debianMaster, postfixFacts } from '../../../test/postfix-facts.ts';
import { mergeWritten, planUndo, type WrittenSetting, withoutChoice } from './care-undo.ts';
import type { PostfixEdit } from './postfix-edit.ts';

const limit: WrittenSetting = { file: 'main.cf', name: 'limit', was: '1', written: '2' };
const choice: WrittenSetting = {
  file: 'main.cf',
  name: 'default_transport',
  was: null,
  written: 'postern-isp1',
};
const ours = 'postern-isp1 unix - - y - - smtp';
const service: WrittenSetting = { file: 'master.cf', name: 'postern-isp1/unix', was: null, written: ours };
const door: WrittenSetting = {
  file: 'master.cf',
  name: 'smtp/inet',
  was: null,
  written: 'smtp inet n - y - - smtpd -v',
};

const rows: readonly (readonly [string, Readonly<Record<string, string>>, string, WrittenSetting, string])[] =
  [
    ['as we wrote it: back', { limit: '2' }, '', limit, 'limit = 1'],
    ['as it was before: nothing to do', { limit: '1' }, '', limit, ''],
    ['changed since: kept', { limit: '3' }, '', limit, 'kept limit'],
    ['taken out since: kept so', {}, '', limit, 'kept limit'],
    [
      'another transport of ours is the default: back',
      { default_transport: 'postern-isp2' },
      '',
      choice,
      'default_transport = gone',
    ],
    ['a default of the operator: kept', { default_transport: 'smtp' }, '', choice, 'kept default_transport'],
    [
      'a service of our name, whatever it says: gone',
      {},
      `${ours} -v\n`,
      service,
      'postern-isp1/unix = gone',
    ],
    ['a service that others changed: kept', {}, '', door, 'kept smtp/inet'],
  ];

for (const [sentence, main, master, written, wanted] of rows)
  test(`undo: ${sentence}`, () => {
    const facts = postfixFacts(main, `${debianMaster}${master}`);
    const { putBack, kept } = planUndo(facts, [written]);
    const told = [
      ...putBack.map(({ name, value }) => `${name} = ${value ?? 'gone'}`),
      ...kept.map(({ name }) => `kept ${name}`),
    ];
    assert.equal(told.join(), wanted);
  });

test('a service of our name of which nothing was recorded goes too', () => {
  const { putBack } = planUndo(
    postfixFacts({}, `${debianMaster}${ours}\npostern-in inet n - y - - smtpd\n`),
    [],
  );
  assert.deepEqual(putBack, [{ file: 'master.cf', name: 'postern-isp1/unix', value: null }]);
});

test('of several times the first was is kept, and the last that was written', () => {
  const edit: PostfixEdit = { ...limit, value: '4', was: '2', before: [], after: [], reason: 'so' };
  assert.deepEqual(mergeWritten([limit, choice], [edit]), [{ ...limit, written: '4' }, choice]);
});

test('two texts that differ in which of our transports is chosen are one; in anything else they are two', () => {
  const text = (transport: string): string => `a = b\ndefault_transport = ${transport}\n`;
  assert.equal(withoutChoice(text('postern-isp1')), withoutChoice(text('postern-isp2')));
  assert.notEqual(withoutChoice(text('smtp')), withoutChoice(text('postern-isp2')));
  assert.notEqual(withoutChoice(text('smtp')), withoutChoice(text('relay')));
});
