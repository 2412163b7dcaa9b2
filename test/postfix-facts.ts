import assert from 'node:assert/strict';
import type { EgressSetting, UplinkSetting } from '../src/decision/egress/egress.ts';
import { parseMaster } from '../src/decision/postfix/master-entry.ts';
import { parseVersion } from '../src/decision/postfix/parameters.ts';
import type { PostfixFacts } from '../src/decision/postfix/postfix-facts.ts';

/** A setting of Debian's, as far as a plan looks at it. */
const debian: Readonly<Record<string, string>> = {
  default_transport: 'smtp',
  inet_interfaces: 'all',
  inet_protocols: 'all',
  myhostname: 'mail.example.com',
  smtp_helo_name: 'mail.example.com',
  smtpd_banner: 'mail.example.com ESMTP Postfix',
};

export const debianMaster = `smtp inet n - y - - smtpd
flush unix n - y 1000? 0 flush
smtp unix - - y - - smtp
relay unix - - y - - smtp -o syslog_name=postfix/relay
uucp unix - n n - - pipe argv=uux
`;

export function postfixFacts(
  main: Readonly<Record<string, string>> = {},
  master = debianMaster,
  versionText = '3.7.11',
): PostfixFacts {
  const version = parseVersion(versionText);
  assert.ok(version);
  const all = new Map(Object.entries({ ...debian, ...main }));
  return {
    configDirectory: '/etc/postfix',
    version,
    versionText,
    main: all,
    explicit: new Map(Object.entries(main)),
    expanded: all,
    master: parseMaster(master),
  };
}

export function egress(uplink: string, address: string, ehlo: string): EgressSetting {
  return {
    id: `${uplink}/${address}`,
    uplink,
    ehlo,
    family: address.includes(':') ? 6 : 4,
    address,
    interface: null,
    publicAddress: null,
  };
}

export function uplink(name: string, preference: number, egresses: readonly EgressSetting[]): UplinkSetting {
  return {
    name,
    preference,
    weight: 1,
    egresses,
    dns: [],
    probe: [],
    health: { intervalMs: 10_000, suspectIntervalMs: 1_000, timeoutMs: 4_000, proveMs: 10_000 },
    maxRatePerS: null,
    maxConnections: null,
    warmShare: 0,
    whenUnfit: 'last',
    smartHost: null,
  };
}
