import { endpointText } from '../decision/admission/listener.ts';
import { type Endpoint, scopeOf } from './address.ts';
import { pathText, shown } from './explain-issue.ts';
import type { Finding } from './finding.ts';
import { nearWord } from './near-word.ts';
import { openRelayFindings } from './open-relay.ts';
import type { Placed, Survey, SurveyedListener } from './survey.ts';
import type { ConfigPath } from './yaml-file.ts';

/** Everything that no single value shows: doubles, contradictions, references to nothing, open relays. */
export function crossChecks(survey: Survey): Finding[] {
  return [
    ...doubledNames(survey),
    ...doubledSources(survey),
    ...sourceShapes(survey),
    ...listenerFindings(survey),
    ...domainFindings(survey),
    ...dnsFindings(survey),
    ...routeFindings(survey),
    ...smartHostFindings(survey),
    ...noticeFindings(survey),
    ...openRelayFindings(survey),
    ...emptinessWarnings(survey),
    ...limitWarnings(survey),
  ];
}

function mistake(path: ConfigPath, message: string): Finding {
  return { level: 'mistake', path, message: `${pathText(path)}: ${message}` };
}

function warning(path: ConfigPath, message: string): Finding {
  return { level: 'warning', path, message: `${pathText(path)}: ${message}` };
}

/** Every later entry whose key an earlier one has. */
function doubled<Value>(
  placed: readonly Placed<Value>[],
  key: (value: Value) => string,
): { again: Placed<Value>; first: Placed<Value> }[] {
  const seen = new Map<string, Placed<Value>>();
  return placed.flatMap(again => {
    const first = seen.get(key(again.value));
    if (first) return [{ again, first }];
    seen.set(key(again.value), again);
    return [];
  });
}

function doubledNames(survey: Survey): Finding[] {
  const names = survey.uplinks.flatMap(uplink => uplink.name ?? []);
  return doubled(names, name => name.toLowerCase()).map(({ again, first }) =>
    mistake(
      again.path,
      `${shown(again.value)} is the name of ${pathText(first.path.slice(0, -1))} already; give each uplink its own.`,
    ),
  );
}

function doubledSources(survey: Survey): Finding[] {
  const sources = survey.uplinks.flatMap(uplink => uplink.sources);
  const addresses = doubled(
    sources.flatMap(source => source.address ?? []),
    address => address,
  );
  const interfaces = doubled(
    sources.flatMap(source =>
      source.interface
        ? { value: `${source.interface.value}, IPv${source.family?.value ?? 4}`, path: source.interface.path }
        : [],
    ),
    name => name,
  );
  return [...addresses, ...interfaces].map(({ again, first }) =>
    mistake(
      again.path,
      first.path[1] === again.path[1]
        ? `${again.value} stands twice in this uplink; write it once.`
        : `${again.value} is claimed by ${pathText(first.path.slice(0, 2))} already; a source address belongs to one uplink.`,
    ),
  );
}

function sourceShapes(survey: Survey): Finding[] {
  return survey.uplinks
    .flatMap(uplink => uplink.sources)
    .flatMap(source => {
      const { address, publicAddress, family } = source;
      const found: Finding[] = [];
      if (address && source.interface) {
        found.push(
          mistake(
            source.interface.path,
            'this entry has an address already; write address or interface, not both.',
          ),
        );
      }
      if (address && family)
        found.push(
          mistake(family.path, 'an address has its family in itself; write family with interface only.'),
        );
      const own = address ? familyOf(address.value) : source.interface ? (family?.value ?? 4) : null;
      if (publicAddress && own !== null && familyOf(publicAddress.value) !== own) {
        found.push(
          mistake(
            publicAddress.path,
            `${publicAddress.value} is not of the family of its source; write an IPv${own} address.`,
          ),
        );
      }
      return found;
    });
}

function listenerFindings(survey: Survey): Finding[] {
  const endpoints = survey.listeners.flatMap(listener => listener.endpoint ?? []);
  const found = doubled(endpoints, endpointText).map(({ again, first }) =>
    mistake(
      again.path,
      `${endpointText(again.value)} is taken by ${pathText(first.path.slice(0, -1))} already; give each listener its own address or port.`,
    ),
  );
  for (const { role, bareNewline, allowPublic, endpoint, publicAddress } of survey.listeners) {
    if (role === 'mx' && bareNewline?.value === 'clean') {
      found.push(
        mistake(
          bareNewline.path,
          '"clean" is for relay listeners, where old printers send; from the world a bare CR or LF is always refused, so write refuse.',
        ),
      );
    }
    if (role === 'mx' && allowPublic?.value === true) {
      found.push(
        warning(allowPublic.path, 'an mx listener never relays, so this has no effect; take it out.'),
      );
    }
    if (endpoint && publicAddress && familyOf(endpoint.value.address) !== familyOf(publicAddress.value)) {
      found.push(
        mistake(
          publicAddress.path,
          `${publicAddress.value} is not of the family of the listener's address; write an IPv${familyOf(endpoint.value.address)} address.`,
        ),
      );
    }
  }
  return found;
}

function domainFindings(survey: Survey): Finding[] {
  const names = survey.domains.map(domain => domain.name);
  const found = doubled(names, name => name).map(({ again, first }) =>
    mistake(
      again.path,
      `${shown(again.value)} is ${pathText(first.path.slice(0, -1))} already; write each domain once.`,
    ),
  );
  for (const { path, name, role, hasDeliverTo, deliverTo } of survey.domains) {
    if (!hasDeliverTo && role !== 'backup')
      found.push(
        mistake(
          path,
          `deliver_to is missing, and ${shown(name.value)} is a primary domain; write where its mail store is, as in deliver_to: ["10.20.0.10:25"].`,
        ),
      );
    for (const { value, path } of deliverTo) {
      const own = survey.listeners.find(listener => isOurDoor(value, listener, survey));
      if (own)
        found.push(
          mistake(
            path,
            `${endpointText(value)} is ${pathText(own.path)} of Postern itself, and mail would go in a circle; write where the mail store listens.`,
          ),
        );
    }
  }
  return found;
}

/**
 * Is this listener called there: at its own address or its public one, or, where it takes every address of the host, at
 * loopback or an address that the file names as this host's?
 */
function isOurDoor(
  to: Endpoint,
  { endpoint, publicAddress }: SurveyedListener,
  { uplinks, listeners }: Survey,
): boolean {
  if (endpoint === null || endpoint.value.port !== to.port) return false;
  const { address } = endpoint.value;
  if (to.address === address || to.address === publicAddress?.value) return true;
  if (address !== '::' && (address !== '0.0.0.0' || familyOf(to.address) === 6)) return false;
  return (
    scopeOf(to.address) === 'loopback' ||
    listeners.some(other => other.endpoint?.value.address === to.address) ||
    uplinks.some(({ sources }) => sources.some(source => source.address?.value === to.address))
  );
}

/** The name of an uplink that is none. */
function unknownUplink(uplink: Placed<string>, survey: Survey): Finding[] {
  const names = survey.uplinks.flatMap(({ name }) => name?.value ?? []);
  if (names.includes(uplink.value)) return [];
  const near = nearWord(uplink.value, names);
  const known = names.length === 0 ? 'name the uplinks first' : `write one of: ${names.join(', ')}`;
  const instead = near === null ? known : `did you mean ${near}?`;
  return [
    mistake(uplink.path, `there is no uplink ${shown(uplink.value)}; ${instead}`.replace(/(?<!\?)$/, '.')),
  ];
}

function routeFindings(survey: Survey): Finding[] {
  return survey.routes.flatMap(({ path, hasPattern, hasWay, uplinks }) => [
    ...(hasPattern
      ? []
      : [mistake(path, 'this route has neither to nor from; write which mail it is for, as in to: "*".')]),
    ...(hasWay
      ? []
      : [
          mistake(
            path,
            'this route has neither uplinks nor smart_host, so it changes nothing; write one of them.',
          ),
        ]),
    ...uplinks.flatMap(uplink => unknownUplink(uplink, survey)),
  ]);
}

function smartHostFindings(survey: Survey): Finding[] {
  return survey.smartHosts.flatMap(({ path, tls, user, passwordFile }) => {
    if (user === null && passwordFile === null) return [];
    if (user === null)
      return [mistake(path, 'there is a password_file and no user; write the name to log in with.')];
    if (passwordFile === null)
      return [mistake(path, 'there is a user and no password_file; write the file that holds the password.')];
    if (tls === null || tls === 'verify') return [];
    return [
      mistake(
        user.path,
        'a password is told under verified TLS only; write tls: verify, or take user and password_file out.',
      ),
    ];
  });
}

function noticeFindings(survey: Survey): Finding[] {
  const ways = survey.notify.flatMap(({ value, path }) =>
    value.length === 1
      ? []
      : [mistake(path, 'write exactly one of mail, command and webhook in each entry of notify.')],
  );
  const { http } = survey;
  if (http === null || !['0.0.0.0', '::'].includes(http.value.address)) {
    if (http === null || scopeOf(http.value.address) !== 'public') return ways;
  }
  return [
    ...ways,
    warning(
      http.path,
      'the world can reach this, and metrics tell much of your mail; listen on a private address or on loopback.',
    ),
  ];
}

function dnsFindings(survey: Survey): Finding[] {
  const found = survey.dnsServers.flatMap(({ uplink }) =>
    uplink === null ? [] : unknownUplink(uplink, survey),
  );
  if (survey.trustAd?.value === true && survey.dnsServers.length === 0) {
    found.push(
      warning(
        survey.trustAd.path,
        'this speaks of dns.servers, and there are none; name the resolvers that may be believed.',
      ),
    );
  }
  if (survey.trustAd?.value === true) {
    const far = survey.dnsServers.find(({ address }) => address !== null && scopeOf(address) === 'public');
    if (far)
      found.push(
        warning(
          survey.trustAd.path,
          `the resolver ${far.address} is on the Internet, where anybody on the way can set the AD bit; trust a resolver on this host or in your own network.`,
        ),
      );
  }
  return found;
}

function emptinessWarnings(survey: Survey): Finding[] {
  if (survey.listeners.length === 0) {
    return [
      {
        level: 'warning',
        path: [],
        message: 'listeners is missing, so nothing can hand mail to Postern; write at least one listener.',
      },
    ];
  }
  return survey.listeners.flatMap(({ role, path }) => {
    if (role === 'mx' && survey.domains.length === 0)
      return [
        warning(path, 'there are no domains, so this mx listener refuses every recipient; write domains.'),
      ];
    if (role === 'relay' && survey.fromNetworks.length === 0)
      return [
        warning(
          path,
          'relay.from_networks is empty, so this relay listener serves nobody; write your networks, as in [10.20.0.0/24].',
        ),
      ];
    return [];
  });
}

function limitWarnings({ recipientLimit }: Survey): Finding[] {
  if (recipientLimit === null || recipientLimit.value >= 100) return [];
  return [
    warning(
      recipientLimit.path,
      'RFC 5321 section 4.5.3.1.8 asks for at least 100 recipients; senders may have to send again.',
    ),
  ];
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
