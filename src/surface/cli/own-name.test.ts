import assert from 'node:assert/strict';
import test from 'node:test';
import { qualifiedName } from './own-name.ts';

const rows: readonly (readonly [string, string | null])[] = [
  ['mail.example.com', 'mail.example.com'],
  ['Mail.Example.COM', 'mail.example.com'],
  ['mail', null],
  ['localhost', null],
  ['localhost.localdomain', null],
  ['', null],
];
for (const [text, expected] of rows)
  test(`own name: ${text === '' ? 'none' : text} is ${expected === null ? 'nothing to say in EHLO' : 'a name for EHLO'}`, () =>
    assert.equal(qualifiedName(text), expected));
