import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { realClock } from '../../src/runtime/real-clock.ts';
import { GatewayMetrics } from '../../src/surface/metrics/gateway-metrics.ts';

const contrib = join(import.meta.dirname, '../../contrib');
const text = (file: string): string => readFileSync(join(contrib, file), 'utf8');

const metrics = new GatewayMetrics({
  clock: realClock,
  version: '0.0.0',
  processFacts: () => ({ residentBytes: 0, cpuSeconds: 0 }),
});
/** All names that a page of metrics may have, without the labels. */
const known = new Set(
  metrics.families.flatMap(({ name }) =>
    name.endsWith('_seconds') ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

function namesIn(expression: string): string[] {
  return [...expression.matchAll(/\b(?:postern|process)_\w+/g)].map(([name]) => name);
}

test('every metric that an alert names exists, and every alert says what is wrong and what to do', () => {
  const {
    groups,
  }: { groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[] } = parse(
    text('prometheus/postern.rules.yml'),
  );
  const rules = groups.flatMap(group => group.rules);
  assert.ok(rules.length > 10);
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  for (const { alert, expr, annotations } of rules) {
    for (const name of namesIn(expr)) assert.ok(known.has(name), `${alert} names ${name}`);
    assert.match(annotations.summary ?? '', /\.$|\}\}\.?$/, alert);
    assert.match(annotations.description ?? '', /\.$/, alert);
  }
});

test('every metric that the dashboard shows exists', () => {
  const {
    panels,
    templating,
  }: {
    panels: { id: number; title: string; targets: { expr: string }[] }[];
    templating: { list: { query: string | { query: string } }[] };
  } = JSON.parse(text('grafana/postern.json'));
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const queries = templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query));
  const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const names = [...shown, ...queries].flatMap(namesIn);
  assert.ok(names.length > 15);
  for (const name of names) assert.ok(known.has(name), name);
});

test('the check of names can fail', () => {
  assert.deepEqual(namesIn('rate(postern_nonsense_total{a="b"}[5m]) > process_x'), [
    'postern_nonsense_total',
    'process_x',
  ]);
  assert.ok(!known.has('postern_nonsense_total'));
});

test('the unit knows the ways to tell, to reload and to end that the program has', () => {
  const unit = text('systemd/postern.service');
  for (const line of [
    'Type=notify',
    'NotifyAccess=all',
    'ExecReload=/bin/kill -HUP $MAINPID',
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'StateDirectory=postern',
    'ProtectSystem=strict',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  ])
    assert.ok(unit.split('\n').includes(line), line);
});
