import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { entryLines, entryText, optionsOf, parseMaster, withOptions } from './master-entry.ts';

const printed = `smtp       inet  n       -       y       -       -       smtpd
submission inet  n       -       y       -       -       smtpd -o syslog_name=postfix/submission -o { smtpd_banner = $myhostname ESMTP hello } -v
# a comment
broken line
[2001:db8:1::30]:25 inet n - y - - smtpd
maildrop   unix  -       n       n       -       -       pipe flags=DRXhu user=vmail argv=/usr/bin/maildrop -d \${recipient}
`;

test('services are read as postconf prints them; what is no service is left out', () => {
  const entries = parseMaster(printed);
  assert.deepEqual(
    entries.map(({ name, type, program }) => `${name}/${type} ${program}`),
    ['smtp/inet smtpd', 'submission/inet smtpd', '[2001:db8:1::30]:25/inet smtpd', 'maildrop/unix pipe'],
  );
  const [, submission] = entries;
  assert.ok(submission);
  assert.deepEqual(
    [...optionsOf(submission)],
    [
      ['syslog_name', 'postfix/submission'],
      ['smtpd_banner', '$myhostname ESMTP hello'],
    ],
  );
  assert.deepEqual(entryLines(submission), [
    'submission inet n - y - - smtpd',
    '    -o syslog_name=postfix/submission',
    '    -o { smtpd_banner = $myhostname ESMTP hello }',
    '    -v',
  ]);
});

test('a setting takes the place of an earlier one of its name, and all else stays', () => {
  const [, submission] = parseMaster(printed);
  assert.ok(submission);
  const next = withOptions(submission, new Map([['smtpd_banner', 'one two']]));
  assert.equal(
    entryText(next),
    'submission inet n - y - - smtpd -o syslog_name=postfix/submission -v -o { smtpd_banner = one two }',
  );
});

test('what is written is read again as it was, and no text throws', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9$_./:-]{1,12}$/);
  fc.assert(
    fc.property(fc.dictionary(word, fc.array(word, { maxLength: 3 })), settings => {
      const wanted = new Map(Object.entries(settings).map(([name, values]) => [name, values.join(' ')]));
      const [entry] = parseMaster('x unix - - n - - smtp');
      assert.ok(entry);
      const [again] = parseMaster(entryText(withOptions(entry, wanted)));
      assert.ok(again);
      assert.deepEqual(optionsOf(again), wanted);
    }),
  );
  fc.assert(fc.property(fc.string(), text => void parseMaster(text).map(entryLines)));
});
