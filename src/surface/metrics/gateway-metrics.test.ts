import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeGateway, traced } from '../../../test/surface/fake-gateway.ts';
import { samplesOf } from '../../../test/surface/metric-samples.ts';
import type { Condition } from '../../decision/notice/condition.ts';
import type { GatewayEvent, Rejected } from '../../runtime/events.ts';
import { realClock } from '../../runtime/real-clock.ts';
import { Counter, expose, Gauge, Histogram } from './families.ts';
import { GatewayMetrics } from './gateway-metrics.ts';

const at = traced.at;

function metricsOf(gateway = new FakeGateway()): { metrics: GatewayMetrics; gateway: FakeGateway } {
  gateway.queue.outages = () => Promise.resolve({ ok: true, value: [] });
  const metrics = new GatewayMetrics({
    clock: { ...realClock, now: () => at + 90_000 },
    version: '1.2.3',
    processFacts: () => ({ residentBytes: 100_000_000, cpuSeconds: 1.5 }),
  });
  metrics.follow(gateway.events);
  metrics.watch(gateway);
  return { metrics, gateway };
}

const connect = (egressId: string, connectMs: number | null, error: 'refused' | null): GatewayEvent => ({
  kind: 'connect',
  egressId,
  site: 'a.stranger.example',
  connectMs,
  error,
  hedge: false,
  probe: false,
});
const rejected = (what: Rejected, reason: string): GatewayEvent => ({
  kind: 'rejected',
  what,
  at,
  listener: '198.51.100.30:25',
  client: '192.0.2.9',
  reason,
});
const condition = (state: string): GatewayEvent => {
  const facts: Condition = {
    kind: 'uplink',
    subject: 'isp1',
    uplink: 'isp1',
    state,
    previous: 'up',
    since: at,
    reason: 'Nobody answers.',
  };
  return { kind: 'condition', at, condition: facts };
};
const delivered: GatewayEvent = {
  kind: 'message',
  sizeBytes: null,
  trace: { ...traced, event: 'delivered', elapsedMs: 300 },
};

const counted: [string, GatewayEvent[], Record<string, number>][] = [
  [
    'deliveries, by uplink, with their time',
    [delivered, delivered],
    {
      'postern_recipients_total{event="delivered",uplink="isp1"}': 2,
      'postern_delivery_seconds_bucket{uplink="isp1",le="0.25"}': 0,
      'postern_delivery_seconds_bucket{uplink="isp1",le="0.5"}': 2,
      'postern_delivery_seconds_bucket{uplink="isp1",le="+Inf"}': 2,
      'postern_delivery_seconds_sum{uplink="isp1"}': 0.6,
      'postern_delivery_seconds_count{uplink="isp1"}': 2,
    },
  ],
  [
    'connections, by source and by how they ended',
    [
      connect('isp1/198.51.100.30', 20, null),
      connect('isp1/198.51.100.30', null, 'refused'),
      connect('local', 1, null),
    ],
    {
      'postern_connects_total{uplink="isp1",source="198.51.100.30",result="ok"}': 1,
      'postern_connects_total{uplink="isp1",source="198.51.100.30",result="refused"}': 1,
      'postern_connects_total{uplink="local",source="",result="ok"}': 1,
      'postern_connect_seconds_bucket{uplink="isp1",source="198.51.100.30",le="0.01"}': 0,
      'postern_connect_seconds_bucket{uplink="isp1",source="198.51.100.30",le="0.025"}': 1,
      'postern_connect_seconds_count{uplink="isp1",source="198.51.100.30"}': 1,
    },
  ],
  [
    'refusals, in three kinds',
    [
      rejected('client', 'too many clients at a time'),
      rejected('recipient', 'mail from <a@b.example> for <c@example.com>: 550 5.1.1 No such user'),
      rejected('message', 'a message from <a@b.example>: bare line feed'),
    ],
    {
      'postern_rejected_total{listener="198.51.100.30:25",what="client"}': 1,
      'postern_rejected_total{listener="198.51.100.30:25",what="recipient"}': 1,
      'postern_rejected_total{listener="198.51.100.30:25",what="message"}': 1,
    },
  ],
  [
    'handshakes, by protocol',
    [
      {
        kind: 'tls',
        at,
        side: 'client',
        with: 'a.stranger.example',
        facts: null,
        error: 'no common cipher',
      },
    ],
    { 'postern_tls_handshakes_total{side="client",result="failed"}': 1 },
  ],
  [
    'warnings',
    [
      { kind: 'warning', at, subject: 'dns', message: 'No resolver answers.' },
      { kind: 'warning', at, subject: 'recipients remote.example', message: 'The list cannot be read.' },
    ],
    { 'postern_warnings_total{subject="dns"}': 1, 'postern_warnings_total{subject="recipients"}': 1 },
  ],
  ['a trouble that lasts', [condition('down')], { 'postern_conditions{kind="uplink"}': 1 }],
  [
    'a trouble that is over',
    [condition('down'), condition('drained'), condition('up')],
    { 'postern_conditions{kind="uplink"}': 0 },
  ],
];
for (const [sentence, events, expected] of counted) {
  test(`counted: ${sentence}`, async () => {
    const { metrics, gateway } = metricsOf();
    for (const event of events) gateway.events.emit(event);
    const page = await metrics.page();
    const samples = samplesOf(page);
    for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
    assert.doesNotMatch(page, /stranger|remote\.example|192\.0\.2\.9/);
  });
}

test('what stands is looked up when it is asked', async () => {
  const { metrics, gateway } = metricsOf();
  gateway.queue.outages = () => Promise.resolve({ ok: true, value: [{ from: at, to: null }] });
  const samples = samplesOf(await metrics.page());
  const egress = 'uplink="isp1",source="198.51.100.30"';
  const expected: Record<string, number> = {
    'postern_info{version="1.2.3"}': 1,
    postern_outage_seconds: 90,
    postern_queue_oldest_seconds: 90,
    postern_queue_writable: 1,
    postern_queue_free_bytes: 5_000_000_000,
    'postern_queue_recipients{state="held"}': 4,
    [`postern_egress_up{${egress}}`]: 1,
    [`postern_egress_state{${egress},state="up"}`]: 1,
    [`postern_egress_state{${egress},state="down"}`]: 0,
    [`postern_egress_fit{${egress},fit="unknown"}`]: 1,
    process_cpu_seconds_total: 1.5,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
});

test('labels that never end are counted together', () => {
  const counter = new Counter({ name: 'things_total', help: 'Things.', labels: ['name'] });
  for (let number = 0; number < 10_000; number++) counter.add(`name${number}`);
  const samples = samplesOf(expose([counter]));
  assert.equal(samples.size, 501);
  assert.equal(samples.get('things_total{name="other"}'), 9_500);
});

test('a label may hold anything, and the page stays whole', () => {
  const odd = 'a "quoted" \\ name\nwith a line';
  const families = [
    new Gauge({ name: 'one', help: 'A help with \\ and\na line.', labels: ['name'], read: () => [[1, odd]] }),
    new Histogram({ name: 'two_seconds', help: 'Empty.', labels: [], bounds: [1] }),
  ];
  const page = expose(families);
  assert.equal(page.split('\n').length, 6);
  assert.deepEqual([...samplesOf(page).values()], [1]);
});
