import type { ZoneTable } from '../src/surface/demo/zone-table.ts';

/** The zone of RFC 7208 appendix A, with the records that its examples A.2 to A.4 compose. */
export const exampleZone: ZoneTable = {
  'example.com MX': ['10 mail-a.example.com', '20 mail-b.example.com'],
  'example.com A': ['192.0.2.10', '192.0.2.11'],
  'amy.example.com A': ['192.0.2.65'],
  'bob.example.com A': ['192.0.2.66'],
  'mail-a.example.com A': ['192.0.2.129'],
  'mail-b.example.com A': ['192.0.2.130'],
  'example.org MX': ['10 mail-c.example.org'],
  'mail-c.example.org A': ['192.0.2.140'],
  '10.2.0.192.in-addr.arpa PTR': ['example.com'],
  '65.2.0.192.in-addr.arpa PTR': ['amy.example.com'],
  '66.2.0.192.in-addr.arpa PTR': ['bob.example.com'],
  '140.2.0.192.in-addr.arpa PTR': ['mail-c.example.org'],
  '4.0.0.10.in-addr.arpa PTR': ['bob.example.com'],
  'example.com TXT': ['v=spf1 mx -all'],
  'example.net TXT': ['v=spf1 ip4:203.0.113.99 -all'],
  'example.org TXT': ['v=spf1 include:example.com include:example.net -all'],
  'la.example.org TXT': ['v=spf1 redirect=example.org'],
  'lists.example MX': ['10 mail-a.example.com'],
  'lists.example TXT': ['v=spf1 mx include:mobile-users._spf.%{d} include:remote-users._spf.%{d} -all'],
  'mobile-users._spf.lists.example TXT': ['v=spf1 exists:%{l1r+}.%{d}'],
  'remote-users._spf.lists.example TXT': ['v=spf1 exists:%{ir}.%{l1r+}.%{d}'],
  '15.15.168.192.postmaster.remote-users._spf.lists.example A': ['127.0.0.2'],
  'both.example TXT': ['v=spf1 -include:ip4._spf.%{d} -include:ptr._spf.%{d} +all'],
  'ip4._spf.both.example TXT': ['v=spf1 -ip4:192.0.2.0/24 +all'],
  'ptr._spf.both.example TXT': ['v=spf1 -ptr:example.com +all'],
};

/** A sentence, the record of example.com, who sends, and what comes of it: appendix A.1. */
export const simpleExamples: readonly (readonly [string, string, string, string])[] = [
  ['+all', 'v=spf1 +all', '203.0.113.1', 'pass'],
  ['a', 'v=spf1 a -all', '192.0.2.10', 'pass'],
  ['a, from elsewhere', 'v=spf1 a -all', '192.0.2.65', 'fail'],
  ['a of a domain without one', 'v=spf1 a:example.org -all', '192.0.2.10', 'fail'],
  ['mx', 'v=spf1 mx -all', '192.0.2.129', 'pass'],
  ['mx of another', 'v=spf1 mx:example.org -all', '192.0.2.140', 'pass'],
  ['mx of both', 'v=spf1 mx mx:example.org -all', '192.0.2.130', 'pass'],
  ['mx with prefixes', 'v=spf1 mx/30 mx:example.org/30 -all', '192.0.2.131', 'pass'],
  ['ptr', 'v=spf1 ptr -all', '192.0.2.65', 'pass'],
  ['ptr of another', 'v=spf1 ptr -all', '192.0.2.140', 'fail'],
  ['ptr that does not lead back', 'v=spf1 ptr -all', '10.0.0.4', 'fail'],
  ['ip4 with a prefix', 'v=spf1 ip4:192.0.2.128/28 -all', '192.0.2.129', 'pass'],
  ['ip4 with a prefix, from elsewhere', 'v=spf1 ip4:192.0.2.128/28 -all', '192.0.2.65', 'fail'],
];

/** A sentence, whose mail, who sends, and what comes of it. */
export const composedExamples: readonly (readonly [string, string, string, string])[] = [
  ['A.2, an include', 'example.org', '192.0.2.129', 'pass'],
  ['A.2, the second include', 'example.org', '203.0.113.99', 'pass'],
  ['A.2, neither', 'example.org', '192.0.2.65', 'fail'],
  ['A.2, a redirect', 'la.example.org', '192.0.2.129', 'pass'],
  ['A.2, a redirect, from elsewhere', 'la.example.org', '203.0.113.1', 'fail'],
  ['A.3, a user at one address', 'lists.example', '192.168.15.15', 'pass'],
  ['A.3, the same user at another', 'lists.example', '192.168.15.16', 'fail'],
  ['A.4, the network and the name', 'both.example', '192.0.2.65', 'pass'],
  ['A.4, the network without the name', 'both.example', '192.0.2.140', 'fail'],
  ['A.4, neither', 'both.example', '203.0.113.1', 'fail'],
];
