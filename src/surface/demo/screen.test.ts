import assert from 'node:assert/strict';
import test from 'node:test';
import { Screen, type TablePicture, tableLines } from './screen.ts';

const picture: TablePicture = {
  elapsedMs: 4200,
  cable: 'out',
  accepted: 84,
  delivered: 83,
  rows: [
    {
      uplink: 'isp1',
      source: '198.51.100.30',
      ehlo: 'mail.example.com',
      state: 'down',
      messages: 60,
      lastEvent: '4.1 s: down, two sites in two networks do not answer through it',
    },
  ],
};

test('screen: the table tells uplink, source, name, state, messages and the last event', () => {
  const [, head, titles, row] = tableLines(picture, 200, false);
  assert.equal(head, " 4.2 s   accepted 84   delivered 83   isp1's cable is out");
  assert.match(titles ?? '', /^UPLINK +SOURCE +EHLO NAME +STATE +MESSAGES +LAST EVENT$/);
  assert.match(row ?? '', /^isp1 +198\.51\.100\.30 +mail\.example\.com +down +60 +4\.1 s: down, two sites/);
});

test('screen: no line is wider than the terminal', () => {
  for (const width of [40, 80])
    for (const line of tableLines(picture, width, false)) assert.ok(line.length < width);
});

test('screen: colour is only where it is wanted', () => {
  assert.ok(tableLines(picture, 200, true).some(line => line.includes('\x1b[31mdown')));
  assert.ok(!tableLines(picture, 200, false).some(line => line.includes('\x1b')));
});

test('screen: without a terminal there are lines and no table', () => {
  let written = '';
  const screen = new Screen({
    write: text => {
      written += text;
    },
    columns: null,
    colour: false,
  });
  screen.draw(picture);
  screen.say('hello');
  assert.equal(written, 'hello\n');
});

test('screen: a table is erased before a line that stays, and drawn again below it', () => {
  let written = '';
  const screen = new Screen({
    write: text => {
      written += text;
    },
    columns: 80,
    colour: false,
  });
  screen.draw(picture);
  screen.say('hello');
  assert.ok(written.endsWith('\x1b[4A\x1b[0Jhello\n'));
});
