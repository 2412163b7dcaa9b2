import type { AuditFacts, ConfigurationFact, HostFact } from '../../src/decision/audit/facts.ts';
import { layoutB, onGateway } from '../audit-facts.ts';
import { isp1, isp2, type MistakeRow, mistakesOf } from './mistake.ts';

const sound = onGateway(layoutB);
const two = `isp2/${isp2}`;

function host(more: Partial<HostFact>): AuditFacts {
  return sound.host === null ? sound : { ...sound, host: { ...sound.host, ...more } };
}

function configured(more: Partial<ConfigurationFact>): AuditFacts {
  return sound.configuration === null
    ? sound
    : { ...sound, configuration: { ...sound.configuration, ...more } };
}

function source2(more: Partial<HostFact['sources'][number]>): AuditFacts {
  const sources = sound.host?.sources ?? [];
  return host({ sources: sources.map((source, place) => (place === 1 ? { ...source, ...more } : source)) });
}

const rows: readonly MistakeRow[] = [
  [
    'a source address has no route of its own',
    sound,
    source2({
      condition: 'no route',
      message: 'Packets from 203.0.113.40 leave by the other uplink.',
      commands: ['ip rule add from 203.0.113.40 lookup 102'],
    }),
    [`error HOST-SOURCE-ROUTE ${two}`],
  ],
  [
    'a source address is not here',
    sound,
    source2({ condition: 'address absent', message: '203.0.113.40 is not on this host.' }),
    [`error EGRESS-ABSENT ${two}`],
  ],
  [
    'a table has no end',
    sound,
    source2({
      message: 'When eth2 goes, packets fall through to the other uplink.',
      commands: ['ip route add unreachable default metric 4278198272 table 102'],
    }),
    [`warning HOST-ROUTE-FALLS-THROUGH ${two}`],
  ],
  [
    'the hosts file says otherwise',
    sound,
    host({ overrides: [{ name: 'mail.example.com', files: '127.0.1.1', dns: isp1 }] }),
    ['error HOST-OVERRIDE mail.example.com'],
  ],
  ['the host filters strictly', sound, host({ strictInterfaces: ['eth1'] }), ['warning HOST-RP-FILTER eth1']],
  [
    'one resolver, on the Internet',
    sound,
    host({ resolvers: [{ address: '192.0.2.53', validates: true }] }),
    ['warning HOST-RESOLVER 192.0.2.53'],
  ],
  [
    'no resolver validates',
    sound,
    host({ resolvers: [{ address: '127.0.0.1', validates: false }] }),
    ['notice HOST-RESOLVER-NO-VALIDATION 127.0.0.1'],
  ],
  ['the clock is wrong', sound, host({ clockOffsetMs: -400_000 }), ['warning HOST-CLOCK host']],
  [
    'large packets do not pass',
    sound,
    host({ mtus: [{ egress: two, interface: 'eth2', link: 1500, path: 1400 }] }),
    [`notice EGRESS-MTU ${two}`],
  ],
  [
    'the health of an uplink hangs on one host',
    sound,
    configured({
      uplinks: [
        { name: 'isp1', preference: 10, probes: 1 },
        { name: 'isp2', preference: 20, probes: 3 },
      ],
    }),
    ['notice HOST-WATCH-TARGET isp1'],
  ],
  [
    'mail is given up after a day',
    sound,
    configured({ queueExpireMs: 86_400_000 }),
    ['warning CONF-QUEUE-LIFE configuration'],
  ],
  [
    'the configuration relays for the world',
    sound,
    configured({ relayNetworks: ['0.0.0.0/0'] }),
    ['error CONF-OPEN-RELAY configuration'],
  ],
];

/** Mistakes of the host and of its configuration. */
export const hostMistakes = mistakesOf(rows);
