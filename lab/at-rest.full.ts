import { suite, test } from 'node:test';
import { survivesAtRest } from './at-rest.ts';
import { cuts } from './cuts.ts';

for (const kept of ['kept', 'closed'] as const) {
  suite(`each cut at rest, sessions ${kept}: the first message leaves by the other uplink at once`, {
    concurrency: 4,
  }, () => {
    for (const cut of cuts) test(cut.name, t => survivesAtRest(t, cut, kept));
  });
}
