/**
 * `npm run crash`: is what was acknowledged kept? `-- --kills 100`: through SIGKILL (`crash-kills.ts`).
 * `-- --power --cuts 1000`: through a loss of power (`power/power-trial.ts`). Exit 1: a message was lost.
 */
import { parseArgs } from 'node:util';
import { killTrial } from './crash-kills.ts';
import { powerTrial } from './power/power-trial.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    keep: { type: 'boolean', default: false },
    kills: { type: 'string', default: '20' },
    senders: { type: 'string', default: '10' },
    power: { type: 'boolean', default: false },
    cuts: { type: 'string', default: '1000' },
    cut: { type: 'string' },
    load: { type: 'string', default: '6' },
    recording: { type: 'string' },
    unsafe: { type: 'boolean', default: false },
  },
});

const { power, keep, unsafe } = values;
const seed = Number(values.seed);
process.exitCode = power
  ? await powerTrial({
      seed,
      cuts: Number(values.cuts),
      onlyCut: values.cut === undefined ? null : Number(values.cut),
      loadMs: Number(values.load) * 1_000,
      recording: values.recording ?? null,
      unsafe,
      keep,
    })
  : await killTrial({ seed, kills: Number(values.kills), senders: Number(values.senders), keep });
