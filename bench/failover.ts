/**
 * What a cut of the preferred uplink costs, measured in the lab. The proof sets Postern beside the usual remedy, a
 * watched Postfix and OpenSMTPD: the same loads, the same cuts, the same receivers.
 *
 *   npm run bench:failover                       all cuts of 330 s, two loads, four systems; goes on where it stopped
 *   npm run bench:failover -- --short            cuts of 30 s, of which nothing is kept in docs/
 *   npm run bench:failover -- --cuts black-hole,port-25-reset --systems postern,opensmtpd --loads 20 --again
 *   npm run bench:failover -- --render           page and chart anew from the results that are there
 *   npm run bench:failover -- near|far|large|calm [--cuts …] [--json]     Postern alone, tried harder
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cuts } from '../lab/cuts.ts';
import { writePage } from './failover/page.ts';
import { runProof } from './failover/proof.ts';
import { readResults } from './failover/results.ts';
import { settings } from './failover/settings.ts';
import { systemNames } from './failover/system.ts';
import { textTable } from './failover/table.ts';
import { docs, renderPage } from './page.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cuts: { type: 'string', default: cuts.map(({ name }) => name).join(',') },
    systems: { type: 'string', default: systemNames.join(',') },
    loads: { type: 'string', default: '1,20' },
    'at-once': { type: 'string', default: '8' },
    short: { type: 'boolean', default: false },
    'cut-seconds': { type: 'string' },
    results: { type: 'string' },
    again: { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '90' },
    json: { type: 'boolean', default: false },
  },
});

/** The words of a comma-separated list; one that is unknown ends the program. */
function chosen<Word extends string>(what: string, text: string, known: readonly Word[]): Word[] {
  const words = text.split(',');
  const unknown = words.find(word => !known.some(each => each === word));
  if (unknown !== undefined) {
    console.error(`There is no ${what} "${unknown}"; there are ${known.join(', ')}.`);
    process.exit(2);
  }
  return known.filter(word => words.includes(word));
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  console.error(`--${option} takes a number above 0, not "${text}".`);
  process.exit(2);
}

const cutNames = chosen(
  'cut',
  options.cuts,
  cuts.map(({ name }) => name),
);

async function prove(): Promise<void> {
  const cutS = positive('cut-seconds', options['cut-seconds'] ?? (options.short ? '30' : '330'));
  const kept = join(docs, 'failover.jsonl');
  const file = options.results ?? (cutS === 330 ? kept : join(tmpdir(), 'postern-failover.jsonl'));
  if (!options.render) {
    const failed = await runProof({
      cuts: cutNames,
      systems: chosen('system', options.systems, systemNames),
      loads: options.loads.split(',').map(load => positive('loads', load)),
      cutS,
      atOnce: positive('at-once', options['at-once']),
      file,
      again: options.again,
      say: line => console.error(line),
    });
    if (failed > 0) process.exitCode = 1;
  }
  const results = await readResults(file);
  console.log(
    options.json
      ? results.map(result => JSON.stringify(result)).join('\n')
      : textTable(
          results,
          cuts.map(({ name }) => name),
        ),
  );
  if (file !== kept) return;
  await writePage(docs, results);
  await renderPage();
}

if (positionals.length === 0) await prove();
else
  for (const name of chosen('setting', positionals.join(','), Object.keys(settings)))
    await settings[name]?.({
      cuts: new Set(cutNames),
      calmS: positive('seconds', options.seconds),
      json: options.json,
    });
