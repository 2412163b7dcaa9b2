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
  readonly domains: readonly {
    readonly name: Placed<string>;
    readonly deliverTo: readonly Placed<Endpoint>[];
  }[];
  readonly fromNetworks: readonly Placed<string>[];
  readonly dnsServers: readonly { readonly uplink: Placed<string> | null; readonly address: string | null }[];
  readonly trustAd: Placed<boolean> | null;
  readonly recipientLimit: Placed<number> | null;
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
      return [
        {
          name: { ...name, value: name.value.toLowerCase() },
          deliverTo: readAll(items(field(domain, 'deliver_to')), value => parseEndpoint(value, 25)),
        },
      ];
    }),
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
