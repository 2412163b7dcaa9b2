import assert from 'node:assert/strict';
import test from 'node:test';
import { type Finding, followAliases, type Said } from './follow.ts';
import type { DnsRecord } from './record.ts';

const address = (name: string, text: string, ttlS = 300): DnsRecord => ({
  name,
  ttlS,
  data: { type: 'A', address: text },
});
const alias = (name: string, target: string, ttlS = 300): DnsRecord => ({
  name,
  ttlS,
  data: { type: 'CNAME', target },
});
const soa = (ttlS: number, minimumS: number): DnsRecord => ({
  name: 'example',
  ttlS,
  data: { type: 'SOA', minimumS },
});

function said(
  answers: readonly DnsRecord[],
  authorities: readonly DnsRecord[] = [],
  rcode = 'noerror',
): Said {
  return { rcode, answers, authorities };
}

function shown(finding: Finding): string {
  const data = finding.kind === 'records' ? ` ${finding.data.length}` : '';
  return `${finding.kind}${data} ${finding.name} ${finding.ttlS}`;
}

const rows: [string, Said, string][] = [
  ['the records of the name', said([address('a.example', '192.0.2.1')]), 'records 1 a.example 300'],
  [
    'the least TTL of the set counts',
    said([address('a.example', '192.0.2.1', 60), address('a.example', '192.0.2.2', 30)]),
    'records 2 a.example 30',
  ],
  [
    'an alias is followed, with the least TTL on the way',
    said([alias('a.example', 'b.example', 20), address('b.example', '192.0.2.1')]),
    'records 1 b.example 20',
  ],
  [
    'order does not matter',
    said([
      address('c.example', '192.0.2.1'),
      alias('b.example', 'c.example'),
      alias('a.example', 'b.example'),
    ]),
    'records 1 c.example 300',
  ],
  [
    'records of a name that nobody asked for are not believed',
    said([address('other.example', '192.0.2.1')], [soa(60, 60)]),
    'nodata a.example 60',
  ],
  ['no data for as long as the zone says', said([], [soa(600, 120)]), 'nodata a.example 120'],
  ['no data, and no authority: a minute', said([]), 'nodata a.example 60'],
  ['no such name', said([], [soa(30, 900)], 'nxdomain'), 'nxdomain a.example 30'],
  ['an answer that ends at an alias', said([alias('a.example', 'b.example', 20)]), 'alias b.example 20'],
  [
    'an alias to a name without data',
    said([alias('a.example', 'b.example', 20)], [soa(60, 60)]),
    'nodata b.example 20',
  ],
  [
    'an alias to a name that does not exist',
    said([alias('a.example', 'b.example', 900)], [soa(60, 60)], 'nxdomain'),
    'nxdomain b.example 60',
  ],
  ['an alias of itself', said([alias('a.example', 'a.example')]), 'nodata a.example 300'],
  [
    'an alias into the reverse tree of a small network',
    said([alias('a.example', '30.0/25.100.51.198.in-addr.arpa', 20)]),
    'alias 30.0/25.100.51.198.in-addr.arpa 20',
  ],
  ['an alias to what is no name', said([alias('a.example', 'not a name')]), 'nodata a.example 300'],
];
for (const [sentence, response, expected] of rows) {
  test(`dns answer: ${sentence}`, () =>
    assert.equal(shown(followAliases('a.example', 'A', response)), expected));
}
