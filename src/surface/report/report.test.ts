import assert from 'node:assert/strict';
import test from 'node:test';
import { layoutB, nodata, values, withConversation, withDns } from '../../../test/audit-facts.ts';
import { catalogue } from '../../decision/audit/catalogue.ts';
import { judge } from '../../decision/audit/judge.ts';
import { articleText } from './article-text.ts';
import { checksReference } from './checks-reference.ts';
import { reportHtml } from './html.ts';
import { reportText } from './text.ts';
import { topologyOf } from './topology.ts';

const noPtr = withDns(layoutB, { '40.113.0.203.in-addr.arpa PTR': nodata });

test('report: the worst subject comes first, and the last line is for a manager', () => {
  const lines = reportText(noPtr, judge(noPtr, catalogue), false).trimEnd().split('\n');
  assert.equal(lines[2], 'Outgoing mail isp2 203.0.113.40');
  assert.match(lines[3] ?? '', /^ {2}error {3}EGRESS-NO-PTR$/);
  assert.equal(lines.at(-1), 'Mail of example.com is lost, refused or unsafe now: 1 fault to mend.');
});

test('report: no colour where none is wanted', () => {
  assert.equal(reportText(noPtr, judge(noPtr, catalogue), false).includes('\u001b'), false);
  assert.ok(reportText(noPtr, judge(noPtr, catalogue), true).includes('\u001b[31merror'));
});

test('report: what a stranger says cannot write into the terminal or the page', () => {
  const evil = withConversation(layoutB, 'mx1.example.com', {
    greeting: { code: 220, status: null, lines: ['<script>alert(1)</script>\u001b[2J ESMTP'], elapsedMs: 1 },
  });
  const report = judge(evil, catalogue);
  assert.equal(reportText(evil, report, false).includes('\u001b'), false);
  assert.doesNotMatch(reportHtml(evil, report), /<script/);
  assert.match(reportHtml(evil, report), /&lt;script&gt;/);
});

test('report: the page needs nothing from elsewhere', () => {
  const page = reportHtml(layoutB, judge(layoutB, catalogue));
  assert.doesNotMatch(page, /(?:src|href)=|@import|url\(/);
  assert.match(page, /<svg [^>]*role="img" aria-label=/);
  assert.match(page, /<html lang="en">/);
});

test('report: the picture leads from the domain to the names, and shows where it is broken', () => {
  const { columns, edges } = topologyOf(noPtr, judge(noPtr, catalogue).findings);
  assert.deepEqual(
    columns.map(({ heading, nodes }) => [heading, nodes.length]),
    [
      ['Domain', 1],
      ['Receives at', 2],
      ['Uplink', 2],
      ['Address', 2],
      ['Says EHLO', 2],
    ],
  );
  const broken = edges.filter(({ level }) => level === 'error');
  assert.deepEqual(broken, [{ from: '203.0.113.40', to: 'mail2.example.com', level: 'error' }]);
});

test('report: a server elsewhere stands for itself in the picture', () => {
  const facts = withDns(layoutB, {
    'example.com MX': values('10 mx.host.example.'),
    'mx.host.example A': values('192.0.2.9'),
  });
  const { edges } = topologyOf(facts, []);
  assert.ok(edges.some(({ from, to }) => from === 'mx.host.example' && to === 'elsewhere'));
});

test('every check has an article of whole sentences', () => {
  for (const rule of catalogue) {
    const { title, meaning, actedOn, ground, fix } = rule.article;
    for (const text of [title, meaning, actedOn, fix])
      assert.match(text, /[.!?)}\]…"]$/, `${rule.id}: ${text}`);
    assert.ok(ground.length > 5, rule.id);
    assert.ok(articleText(rule).startsWith(`${rule.id}: `));
  }
});

test('every check of the catalogue has an ID of its own', () => {
  const ids = catalogue.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

test('every check stands once on the page of all checks', () => {
  const page = checksReference(catalogue);
  for (const { id } of catalogue) assert.equal(page.split(`\n### ${id}\n`).length, 2, id);
});
