import { type Endpoint, parseAddress, parseEndpoint, parseNetwork } from './address.ts';
import type { Parsed } from './parsed.ts';
import type { ConfigPath } from './yaml-file.ts';

/** A value with its place in the file. */
export type Placed<Value> = { readonly value: Value; readonly path: ConfigPath };

/**
 * As much of the file as can be read, though other parts of it may be wrong: what is checked across entries is checked
 * on this, so that every mistake is told in one go.
 */
export type Survey = {
  readonly stateDir: string | null;
  readonly uplinks: readonly SurveyedUplink[];
  readonly listeners: readonly SurveyedListener[];
  readonly domains: readonly SurveyedDomain[];
  readonly smartHosts: readonly SurveyedSmartHost[];
  readonly routes: readonly SurveyedRoute[];
  /** The keys of each entry. */
  readonly notify: readonly Placed<readonly string[]>[];
  readonly http: Placed<Endpoint> | null;
  readonly fromNetworks: readonly Placed<string>[];
  readonly dnsServers: readonly { readonly uplink: Placed<string> | null; readonly address: string | null }[];
  readonly trustAd: Placed<boolean> | null;
  readonly recipientLimit: Placed<number> | null;
};

export type SurveyedDomain = {
  readonly path: ConfigPath;
  readonly name: Placed<string>;
  readonly role: string | null;
  readonly hasDeliverTo: boolean;
  readonly deliverTo: readonly Placed<Endpoint>[];
};

export type SurveyedSmartHost = {
  readonly path: ConfigPath;
  readonly tls: string | null;
  readonly user: Placed<string> | null;
  readonly passwordFile: Placed<string> | null;
};

export type SurveyedRoute = {
  readonly path: ConfigPath;
  readonly hasPattern: boolean;
  readonly hasWay: boolean;
  readonly uplinks: readonly Placed<string>[];
};

export type SurveyedUplink = {
  readonly name: Placed<string> | null;
  readonly sources: readonly SurveyedSource[];
};

export type SurveyedSource = {
  readonly path: ConfigPath;
  readonly address: Placed<string> | null;
  readonly interface: Placed<string> | null;
  readonly family: Placed<number> | null;
  readonly publicAddress: Placed<string> | null;
};

export type SurveyedListener = {
  readonly path: ConfigPath;
  readonly endpoint: Placed<Endpoint> | null;
  readonly role: string | null;
  readonly publicAddress: Placed<string> | null;
  readonly bareNewline: Placed<string> | null;
  readonly allowPublic: Placed<boolean> | null;
};

export function surveyConfig(raw: unknown): Survey {
  const at = (path: ConfigPath): Placed<unknown> => ({ value: valueAt(raw, path), path });
  const relay = at(['relay', 'from_networks']);
  return {
    stateDir: textOf(at(['state_dir']))?.value ?? null,
    uplinks: items(at(['uplinks'])).map(uplink => ({
      name: textOf(field(uplink, 'name')),
      sources: items(field(uplink, 'source')).map(surveySource),
    })),
    listeners: items(at(['listeners'])).map(surveyListener),
    domains: items(at(['domains'])).flatMap(domain => {
      const name = textOf(field(domain, 'name'));
      if (name === null) return [];
      const deliverTo = field(domain, 'deliver_to');
      return [
        {
          path: domain.path,
          name: { ...name, value: name.value.toLowerCase() },
          role: textOf(field(domain, 'role'))?.value ?? null,
          hasDeliverTo: deliverTo.value !== undefined,
          deliverTo: items(deliverTo).flatMap(
            entry =>
              readOne(typeof entry.value === 'string' ? entry : field(entry, 'address'), value =>
                parseEndpoint(value, 25),
              ) ?? [],
          ),
        },
      ];
    }),
    smartHosts: [...items(at(['uplinks'])), ...items(at(['routes']))].flatMap(owner =>
      surveySmartHost(field(owner, 'smart_host')),
    ),
    routes: items(at(['routes'])).map(surveyRoute),
    notify: items(at(['notify'])).map(({ value, path }) => ({
      value: typeof value === 'object' && value !== null ? Object.keys(value) : [],
      path,
    })),
    http: readOne(at(['http', 'address']), value => parseEndpoint(value, null)),
    fromNetworks: readAll(items(relay), parseNetwork),
    dnsServers: items(at(['dns', 'servers'])).map(server => ({
      uplink: textOf(field(server, 'uplink')),
      address:
        readOne(typeof server.value === 'string' ? server : field(server, 'address'), value =>
          parseEndpoint(value, 53),
        )?.value.address ?? null,
    })),
    trustAd: booleanOf(at(['dns', 'trust_ad'])),
    recipientLimit: numberOf(at(['limits', 'recipients'])),
  };
}

function surveySource(entry: Placed<unknown>): SurveyedSource {
  const short = readOne(entry, parseAddress);
  return {
    path: entry.path,
    address: short ?? readOne(field(entry, 'address'), parseAddress),
    interface: textOf(field(entry, 'interface')),
    family: numberOf(field(entry, 'family')),
    publicAddress: readOne(field(entry, 'public'), parseAddress),
  };
}

function surveySmartHost(entry: Placed<unknown>): SurveyedSmartHost[] {
  if (typeof entry.value !== 'object' || entry.value === null) return [];
  return [
    {
      path: entry.path,
      tls: textOf(field(entry, 'tls'))?.value ?? null,
      user: textOf(field(entry, 'user')),
      passwordFile: textOf(field(entry, 'password_file')),
    },
  ];
}

function surveyRoute(entry: Placed<unknown>): SurveyedRoute {
  const has = (key: string): boolean => field(entry, key).value !== undefined;
  return {
    path: entry.path,
    hasPattern: has('to') || has('from'),
    hasWay: has('uplinks') || has('smart_host'),
    uplinks: items(field(entry, 'uplinks')).flatMap(name => textOf(name) ?? []),
  };
}

function surveyListener(entry: Placed<unknown>): SurveyedListener {
  return {
    path: entry.path,
    endpoint: readOne(field(entry, 'address'), value => parseEndpoint(value, 25)),
    role: textOf(field(entry, 'role'))?.value ?? null,
    publicAddress: readOne(field(entry, 'public'), parseAddress),
    bareNewline: textOf(field(entry, 'bare_newline')),
    allowPublic: booleanOf(field(entry, 'allow_public')),
  };
}

function valueAt(raw: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined,
    raw,
  );
}

function field(parent: Placed<unknown>, key: string): Placed<unknown> {
  return { value: valueAt(parent.value, [key]), path: [...parent.path, key] };
}

function items({ value, path }: Placed<unknown>): Placed<unknown>[] {
  return Array.isArray(value)
    ? value.map((item: unknown, index) => ({ value: item, path: [...path, index] }))
    : [];
}

function readOne<Value>(
  { value, path }: Placed<unknown>,
  parse: (text: string) => Parsed<Value>,
): Placed<Value> | null {
  const result = typeof value === 'string' ? parse(value) : null;
  return result?.ok ? { value: result.value, path } : null;
}

function readAll<Value>(
  placed: readonly Placed<unknown>[],
  parse: (text: string) => Parsed<Value>,
): Placed<Value>[] {
  return placed.flatMap(item => readOne(item, parse) ?? []);
}

function textOf({ value, path }: Placed<unknown>): Placed<string> | null {
  return typeof value === 'string' ? { value, path } : null;
}

function numberOf({ value, path }: Placed<unknown>): Placed<number> | null {
  return typeof value === 'number' ? { value, path } : null;
}

function booleanOf({ value, path }: Placed<unknown>): Placed<boolean> | null {
  return typeof value === 'boolean' ? { value, path } : null;
}
