import type { Family } from './families.ts';

const head = `# Metrics and health

With \`http: { address: "127.0.0.1:8025" }\` in \`postern.yaml\` the gateway answers GET on three paths. They show no address
of a client, no domain and no secret; all the same, leave the address on loopback or in a network of your own.

| path | answers |
| --- | --- |
| \`/metrics\` | the metrics below, in the text format of Prometheus |
| \`/healthz\` | 200 while the process lives and its queue answers, else 503: a reason to start it anew. A full disk is none |
| \`/readyz\` | 200 while mail is taken: a listener is open and the queue can be written. Else, and while it stops, 503. That no uplink is up is no reason: mail is taken and kept. \`{ "ready", "reasons": [], "listeners", "uplinks_up" }\` |

\`contrib/prometheus/postern.rules.yml\` has alerts, \`contrib/grafana/postern.json\` a dashboard.

This page is generated from the program.

## Metrics

| name | type | labels | what it counts or shows |
| --- | --- | --- | --- |
`;

/** The reference page of all metrics. */
export function metricsReference(families: readonly Family[]): string {
  const rows = families.map(({ name, type, labels, help }) => {
    const told = labels.map(label => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${told} | ${help} |\n`;
  });
  return head + rows.join('');
}
