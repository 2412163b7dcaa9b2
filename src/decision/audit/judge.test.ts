import assert from 'node:assert/strict';
import test from 'node:test';
import {
  layoutA,
  layoutB,
  layoutC,
  layoutCSending,
  nodata,
  onGateway,
  silence,
  values,
  withDns,
} from '../../../test/audit-facts.ts';
import { catalogue } from './catalogue.ts';
import type { AuditFacts } from './facts.ts';
import { judge } from './judge.ts';
import type { Judgement, Rule } from './rule.ts';

const faults = (facts: AuditFacts): string[] =>
  judge(facts, catalogue)
    .findings.filter(({ level }) => level === 'error' || level === 'warning')
    .map(({ level, id, subject }) => `${level} ${id} ${subject.name ?? ''}`);

const layouts: [string, AuditFacts][] = [
  ['one shared name', layoutA],
  ['names of their own', layoutB],
  ['a backup that never sends', layoutC],
  ['a backup that sends', layoutCSending],
  ['one shared name, on the gateway', onGateway(layoutA)],
  ['names of their own, on the gateway', onGateway(layoutB)],
  ['a backup that never sends, on the gateway', onGateway(layoutC)],
  ['a backup that sends, on the gateway', onGateway(layoutCSending)],
];
for (const [sentence, facts] of layouts) {
  test(`audit: the sound layout with ${sentence} has no fault`, () => {
    assert.deepEqual(faults(facts), []);
    assert.equal(judge(facts, catalogue).verdict, 'pass');
  });
  test(`audit: with ${sentence} the banner is explained, and no fault`, () => {
    const banner = judge(facts, catalogue).findings.filter(({ id }) => id === 'GREETING-NAME');
    assert.deepEqual(
      banner.map(({ level }) => level),
      ['info'],
    );
  });
}

const planted: [string, AuditFacts, string[]][] = [
  [
    'no PTR',
    withDns(layoutB, { '30.100.51.198.in-addr.arpa PTR': nodata }),
    ['error EGRESS-NO-PTR isp1/198.51.100.30', 'warning EGRESS-UNEQUAL isp1'],
  ],
  [
    'a PTR that leads nowhere back',
    withDns(layoutB, {
      '30.100.51.198.in-addr.arpa PTR': values('dsl-30.isp1.example'),
      'dsl-30.isp1.example A': values('192.0.2.7'),
    }),
    [
      'error EGRESS-FCRDNS isp1/198.51.100.30',
      'warning EGRESS-PTR-GENERIC isp1/198.51.100.30',
      'warning EGRESS-UNEQUAL isp1',
    ],
  ],
  [
    'an MX without an address',
    withDns(layoutB, { 'mx2.example.com A': nodata }),
    ['error MX-UNRESOLVED mx2.example.com', 'warning MX-ONE-UPLINK example.com'],
  ],
];
for (const [sentence, facts, expected] of planted)
  test(`audit: one planted mistake, ${sentence}`, () => assert.deepEqual(faults(facts), expected));

test('audit: what nobody answered makes the verdict unknown, unless an error stands', () => {
  const unsure = withDns(layoutB, { '30.100.51.198.in-addr.arpa PTR': silence });
  assert.equal(judge(unsure, catalogue).verdict, 'unknown');
  assert.equal(judge(withDns(unsure, { 'mx2.example.com A': nodata }), catalogue).verdict, 'error');
});

const article = { title: '', meaning: '', actedOn: '', ground: 'a clause', fix: '', others: null };
const mended: Judgement = {
  level: 'error',
  subject: { kind: 'domain' },
  message: 'wrong',
  fix: 'a record',
  change: { 'example.com MX': values('10 mx9.example.com.') },
};
const watches = (id: string, judgement: Judgement | null, after: Judgement | null): Rule => ({
  id,
  article,
  judge: view => {
    const now = view.records('example.com', 'MX').includes('10 mx9.example.com.') ? after : judgement;
    return now === null ? [] : [now];
  },
});
const hostMends: Judgement = {
  level: 'notice',
  subject: { kind: 'host' },
  message: 'narrow',
  fix: 'a command',
};
for (const [sentence, after, fix] of [
  ['a fix whose effect on the host mends is printed', [], 'a command'],
  ['one whose effect does not mend is not', ['eth1'], null],
] as const)
  test(`audit: ${sentence}`, () => {
    const { host } = onGateway(layoutB);
    assert.ok(host);
    const strict = { ...host, strictInterfaces: ['eth1'] };
    const rule: Rule = {
      id: 'A',
      article,
      judge: ({ facts }) =>
        facts.host?.strictInterfaces.length === 0
          ? []
          : [{ ...hostMends, hostAfter: { ...host, strictInterfaces: after } }],
    };
    const [found] = judge({ ...layoutB, host: strict }, [rule]).findings;
    assert.equal(found?.fix, fix);
  });

const notice: Judgement = { ...mended, level: 'notice' };
const fixes: [string, readonly Rule[], string | null][] = [
  ['a fix that mends is printed', [watches('A', mended, null)], 'a record'],
  ['one that does not is not', [watches('A', mended, mended)], null],
  ['one that brings another fault is not', [watches('A', mended, null), watches('B', null, mended)], null],
  [
    'a fault that was there before is no new one',
    [watches('A', mended, null), watches('B', mended, mended)],
    'a record',
  ],
  [
    'where an error goes a notice may come',
    [watches('A', mended, null), watches('B', null, notice)],
    'a record',
  ],
  ['where a notice goes none may', [watches('A', notice, null), watches('B', null, notice)], null],
];
for (const [sentence, rules, fix] of fixes)
  test(`audit: ${sentence}`, () => {
    const found = judge(layoutB, rules).findings.find(({ id }) => id === 'A');
    assert.equal(found?.fix, fix);
    assert.equal(found?.reference, 'a clause');
  });
