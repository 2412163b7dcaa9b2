import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Answer, decodeQuery, decodeResponse, encodeAnswer, encodeQuery } from './message.ts';
import type { DnsRecord, RecordData } from './record.ts';
import { StreamReader, streamFrame } from './stream.ts';

const good: Answer = {
  rcode: 'noerror',
  truncated: false,
  authenticated: false,
  answers: [],
  authorities: [],
};
const question = { id: 7, question: { name: 'example.com', type: 'MX' } };

test('dns codec: a query asks recursively, with EDNS, the DO and the AD flag', () => {
  const query = encodeQuery(4711, 'example.com', 'MX');
  assert.deepEqual(decodeQuery(query), {
    id: 4711,
    question: { name: 'example.com', type: 'MX' },
    payloadBytes: 1232,
    wantsAuthentic: true,
    unchecked: false,
  });
  assert.equal(query.readUInt16BE(2), 0x0120, 'RD and AD');
});

const data: RecordData[] = [
  { type: 'A', address: '198.51.100.30' },
  { type: 'AAAA', address: '2001:db8::30' },
  { type: 'AAAA', address: '2001:0:0:1::30' },
  { type: 'MX', preference: 10, exchange: 'mx1.example.com' },
  { type: 'MX', preference: 0, exchange: '' },
  { type: 'CNAME', target: 'mail.example.com' },
  { type: 'NS', target: 'ns.example.com' },
  { type: 'PTR', target: 'mail.example.com' },
  { type: 'TXT', text: 'v=spf1 mx -all' },
  { type: 'TXT', text: `long ${'x'.repeat(700)}` },
  { type: 'TXT', text: '' },
  { type: 'TLSA', usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 9) },
  { type: 'SOA', minimumS: 300 },
];
for (const each of data) {
  test(`dns codec: ${each.type} comes back as it was sent (${JSON.stringify(each).slice(0, 60)})`, () => {
    const record: DnsRecord = { name: 'example.com', ttlS: 300, data: each };
    const response = decodeResponse(encodeAnswer(question, { ...good, answers: [record] }));
    assert.deepEqual(response?.answers, [record]);
    assert.deepEqual(response?.question, question.question);
  });
}

const codes: [Answer['rcode'], string][] = [
  ['noerror', 'noerror'],
  ['nxdomain', 'nxdomain'],
  ['servfail', 'servfail'],
  ['refused', 'refused'],
  ['formerr', 'failure'],
];
for (const [sent, read] of codes) {
  test(`dns codec: the code ${sent} is read as ${read}`, () => {
    assert.equal(decodeResponse(encodeAnswer(question, { ...good, rcode: sent }))?.rcode, read);
  });
}

test('dns codec: flags of the answer are told', () => {
  const response = decodeResponse(encodeAnswer(question, { ...good, truncated: true, authenticated: true }));
  assert.deepEqual(
    [response?.truncated, response?.authenticated, response?.authoritative],
    [true, true, true],
  );
});

test('dns codec: a query is no response, a response no query', () => {
  assert.equal(decodeResponse(encodeQuery(1, 'example.com', 'A')), null);
  assert.equal(decodeQuery(encodeAnswer(question, good)), null);
});

test('dns codec: a negative TTL counts as zero', () => {
  const record: DnsRecord = {
    name: 'example.com',
    ttlS: 0xffffffff,
    data: { type: 'A', address: '192.0.2.1' },
  };
  assert.equal(decodeResponse(encodeAnswer(question, { ...good, answers: [record] }))?.answers[0]?.ttlS, 0);
});

test('dns codec: random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), bytes => {
      decodeResponse(Buffer.from(bytes));
      decodeQuery(Buffer.from(bytes));
    }),
  );
});

test('dns codec: a good answer with broken bytes or cut short never throws', () => {
  const sound = encodeAnswer(question, {
    ...good,
    answers: data.map(each => ({ name: 'example.com', ttlS: 60, data: each })),
  });
  const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), fc.nat(sound.length), (changes, length) => {
      const broken = Buffer.from(sound);
      for (const [place, value] of changes) broken[place] = value;
      decodeResponse(broken);
      decodeResponse(broken.subarray(0, length));
    }),
  );
});

test('dns stream: messages come out whole however the stream is cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 30 }), (sent, step) => {
      const stream = Buffer.concat(sent.flatMap(each => streamFrame(Buffer.from(each))));
      const reader = new StreamReader();
      const read: Buffer[] = [];
      for (let start = 0; start < stream.length; start += step)
        read.push(...reader.push(stream.subarray(start, start + step)));
      assert.deepEqual(
        read.map(each => [...each]),
        sent.map(each => [...each]),
      );
    }),
  );
});
