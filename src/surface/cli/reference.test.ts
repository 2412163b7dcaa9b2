import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { cliStand } from '../../../test/surface/cli-stand.ts';
import { configJsonSchema } from '../../config/json-schema.ts';
import { configurationReference } from '../../config/reference.ts';
import { catalogue } from '../../decision/audit/catalogue.ts';
import { EventStream } from '../../runtime/events.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { metricsReference } from '../metrics/metrics-reference.ts';
import { checksReference } from '../report/checks-reference.ts';
import { commandsReference } from './commands-reference.ts';
import { completionScript } from './completion.ts';
import { commandsPage, configurationPage } from './man-page.ts';
import { buildProgram } from './program.ts';
import { countEvents } from './served-pages.ts';

const root = join(import.meta.dirname, '../../..');

const program = buildProgram(cliStand().parts, '0.0.0', () => undefined);
const metrics = countEvents(new EventStream(), realClock, '0.0.0');
const generated: [string, string][] = [
  ['postern.schema.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
  ['docs/reference/configuration.md', configurationReference()],
  ['docs/reference/commands.md', commandsReference(program)],
  ['docs/reference/checks.md', checksReference(catalogue)],
  ['docs/reference/metrics.md', metricsReference(metrics.families)],
  ['contrib/man/postern.8', commandsPage(program)],
  ['contrib/man/postern.yaml.5', configurationPage()],
  ['contrib/completion/postern.bash', completionScript(program, 'bash')],
  ['contrib/completion/_postern', completionScript(program, 'zsh')],
  ['contrib/completion/postern.fish', completionScript(program, 'fish')],
];

for (const [file, content] of generated) {
  test(`${file} says what the program says`, () => {
    const path = join(root, file);
    if (process.env.UPDATE_REFERENCE === '1') writeFileSync(path, content);
    assert.equal(
      readFileSync(path, 'utf8'),
      content,
      `${file} is out of date; UPDATE_REFERENCE=1 npm test writes it anew`,
    );
  });
}
