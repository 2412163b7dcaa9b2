import { listenerText } from '../decision/admission/listener.ts';
import { scopeOf } from './address.ts';
import { pathText, shown } from './explain-issue.ts';
import type { Finding } from './finding.ts';
import { nearWord } from './near-word.ts';
import { openRelayFindings } from './open-relay.ts';
import type { Placed, Survey } from './survey.ts';
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
  const found = doubled(endpoints, listenerText).map(({ again, first }) =>
    mistake(
      again.path,
      `${listenerText(again.value)} is taken by ${pathText(first.path.slice(0, -1))} already; give each listener its own address or port.`,
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
  for (const { deliverTo } of survey.domains) {
    for (const { value, path } of deliverTo) {
      const own = survey.listeners.find(
        listener =>
          listener.endpoint !== null && listenerText(listener.endpoint.value) === listenerText(value),
      );
      if (own)
        found.push(
          mistake(
            path,
            `${listenerText(value)} is ${pathText(own.path)} of Postern itself, and mail would go in a circle; write where the mail store listens.`,
          ),
        );
    }
  }
  return found;
}

function dnsFindings(survey: Survey): Finding[] {
  const names = survey.uplinks.flatMap(uplink => uplink.name?.value ?? []);
  const found = survey.dnsServers.flatMap(({ uplink }) => {
    if (uplink === null || names.includes(uplink.value)) return [];
    const near = nearWord(uplink.value, names);
    const known = names.length === 0 ? 'name the uplinks first' : `write one of: ${names.join(', ')}`;
    const instead = near === null ? known : `did you mean ${near}?`;
    return [
      mistake(uplink.path, `there is no uplink ${shown(uplink.value)}; ${instead}`.replace(/(?<!\?)$/, '.')),
    ];
  });
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
