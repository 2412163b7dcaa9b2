import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryFiles } from '../../../test/fakes.ts';
import { SimClock } from '../../../test/simulation/sim-clock.ts';
import { RecipientFile } from './recipient-file.ts';

const path = '/etc/postern/recipients';

class Desk {
  readonly clock = new SimClock();
  readonly files = new MemoryFiles();
  readonly told: (string | null)[] = [];
  readonly file = new RecipientFile(path, {
    files: this.files,
    clock: this.clock,
    tell: trouble => this.told.push(trouble),
  });

  async write(text: string | null): Promise<void> {
    this.files.write(path, text);
    await this.clock.run(10);
  }

  known(...names: string[]): string {
    return names.map(name => this.file.answer(`${name}@example.com`)).join(' ');
  }
}

function story(sentence: string, play: (desk: Desk) => Promise<void>): void {
  test(`recipients file: ${sentence}`, async () => {
    const desk = new Desk();
    try {
      await play(desk);
    } finally {
      desk.file.close();
    }
  });
}

const lines = (...names: string[]): string => names.map(name => `${name}@example.com\n`).join('');

story('without one, nothing is known, and the operator hears of it', async desk => {
  await desk.write(null);
  assert.equal(desk.known('a'), 'unsure');
  assert.match(desk.told.at(-1) ?? '', /There is no file .* when_unknown holds/);
});

story('one that only grows is used at once', async desk => {
  await desk.write(lines('a'));
  assert.equal(desk.known('a', 'b'), 'known unknown');
  await desk.write(lines('a', 'b'));
  assert.equal(desk.known('a', 'b'), 'known known');
});

story('one that loses a recipient is used when it has stood for ten seconds', async desk => {
  await desk.write(lines('a', 'b', 'c'));
  await desk.write(lines('a', 'b'));
  assert.equal(desk.known('c'), 'known');
  await desk.clock.run(10_100);
  assert.equal(desk.known('c'), 'unknown');
});

story('one that is written slowly is never used half', async desk => {
  await desk.write(lines('a', 'b', 'c', 'd', 'e', 'f'));
  const whole = lines('a', 'b', 'c', 'd', 'e', 'g');
  for (let end = 10; end < whole.length; end += 10) {
    await desk.write(whole.slice(0, end));
    await desk.clock.run(9_000);
    assert.equal(desk.known('a', 'e', 'f'), 'known known known');
  }
  await desk.write(whole);
  await desk.clock.run(10_100);
  assert.equal(desk.known('a', 'e', 'f', 'g'), 'known known unknown known');
});

story('one that shrinks by more than half and stays so is believed after half a minute', async desk => {
  await desk.write(lines('a', 'b', 'c'));
  await desk.write(lines('a'));
  await desk.clock.run(29_000);
  assert.equal(desk.known('c'), 'known');
  await desk.clock.run(1_100);
  assert.equal(desk.known('c'), 'unknown');
});

story(
  'empty, gone or binary, it leaves the last good list in use, and its return ends the trouble',
  async desk => {
    await desk.write(lines('a'));
    for (const bad of ['', '# nobody\n', null, '\u0000\u0001\u0002\n']) {
      await desk.write(bad);
      await desk.clock.run(60_000);
      assert.equal(desk.known('a'), 'known');
      assert.match(desk.told.at(-1) ?? '', /last good list, of 1 recipients/);
    }
    await desk.write(lines('a'));
    assert.equal(desk.told.at(-1), null);
  },
);

story('a line that is no address is told, and the others are used', async desk => {
  await desk.write(`${lines('a')}two words\n`);
  assert.equal(desk.known('a'), 'known');
  assert.match(desk.told.at(-1) ?? '', /1 lines of .* line 2/);
});

story('a list of a hundred thousand is read in portions', async desk => {
  await desk.write(lines(...Array.from({ length: 100_000 }, (_, n) => `user${n}`)));
  await desk.clock.run(1_000);
  assert.equal(desk.known('user99999', 'user100000'), 'known unknown');
});
