import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const program = '/usr/bin/chromium';
const golden = join(import.meta.dirname, '..', 'test', 'golden');
const pages = ['A-sound', 'B-no-ptr', 'B-gateway-sound', 'C-backup-refuses', 'C-sound'];

type Seen = { readonly page: Page; readonly requests: string[]; readonly complaints: string[] };

suite('the report as a page, in Chromium', () => {
  let browser: Browser;
  before(async () => {
    assert.ok(existsSync(program), 'Chromium is missing: run interop/install, as root, on Debian 12.');
    // Its own sandbox does not work for root; the page is our own.
    browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
  });
  after(() => browser.close());

  async function open(name: string, colorScheme: 'light' | 'dark'): Promise<Seen> {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1_000, height: 800 } });
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', request => requests.push(request.url()));
    page.on('console', message => complaints.push(message.text()));
    page.on('pageerror', error => complaints.push(error.message));
    await page.goto(pathToFileURL(join(golden, `${name}.html`)).href);
    return { page, requests, complaints };
  }

  for (const name of pages) {
    for (const scheme of ['light', 'dark'] as const)
      test(`${name}, ${scheme}: nothing is fetched, nothing complains, and all text can be read`, async () => {
        const { page, requests, complaints } = await open(name, scheme);
        await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');
        assert.deepEqual(complaints, []);
        assert.deepEqual(requests, [page.url()]);
        assert.deepEqual(await page.evaluate(faintTexts), []);
        await page.close();
      });

    test(`${name}: the keyboard reaches picture, folded sections and matrix in order, and unfolds`, async () => {
      const { page } = await open(name, 'light');
      const reached: string[] = [];
      for (let step = 0; step < 4; step++) {
        await page.keyboard.press('Tab');
        reached.push(String(await page.evaluate(focused)));
        if (reached.at(-1) === 'SUMMARY') await page.keyboard.press('Enter');
      }
      assert.deepEqual(reached, ['Picture', 'SUMMARY', 'SUMMARY', 'What if one of these fails?']);
      assert.equal(await page.evaluate('document.querySelectorAll("details:not([open])").length'), 0);
      await page.close();
    });
  }

  test('it prints to one PDF of a few pages', async () => {
    const { page } = await open('C-backup-refuses', 'dark');
    const printed = await page.pdf({ format: 'A4', printBackground: true });
    assert.equal(printed.subarray(0, 5).toString('latin1'), '%PDF-');
    const sheets = printed.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0;
    assert.ok(sheets >= 1 && sheets <= 5, `${sheets} pages`);
    await page.close();
  });

  test('on a telephone only the picture and the matrix are wider than the screen, and scroll by themselves', async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    await page.goto(pathToFileURL(join(golden, 'C-backup-refuses.html')).href);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= 390'), true);
    await page.close();
  });
});

const focused = 'document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.tagName';

/** Runs in the page: every text whose contrast with what is behind it is under 4.5 to 1 (WCAG 2.2, 1.4.3). */
const faintTexts = `(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map(value => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const isClear = colour => colour === 'none' || channels(colour)[3] === 0;
  const behind = element => {
    const box = element.closest('g')?.querySelector('rect');
    if (box) return getComputedStyle(box).fill;
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!isClear(backgroundColor)) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === '' || element.tagName === 'title') continue;
    const style = getComputedStyle(element);
    const [one, other] = [element.tagName === 'text' ? style.fill : style.color, behind(element)].map(colour =>
      luminance(channels(colour)),
    );
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(contrast.toFixed(2) + ' ' + node.data.trim().slice(0, 60));
  }
  return faint;
})()`;
