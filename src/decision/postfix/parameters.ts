/** A version of Postfix: major and minor; patch levels bring no parameters. */
export type PostfixVersion = { readonly major: number; readonly minor: number };

/** The oldest that is cared for, and the newest that this table was made from. */
export const oldestVersion: PostfixVersion = { major: 3, minor: 5 };
const newestVersion: PostfixVersion = { major: 3, minor: 11 };

type Parameter = {
  readonly since: PostfixVersion;
  /** What a version without it cannot do; null where every version that is cared for has it. */
  readonly without: string | null;
};

/** The parameters that our transports and the watch use (postconf(5)), by the version that brought them. */
export const parameters = {
  syslog_name: { since: { major: 2, minor: 0 }, without: null },
  smtp_bind_address: { since: { major: 2, minor: 0 }, without: null },
  smtp_bind_address6: { since: { major: 2, minor: 2 }, without: null },
  smtp_bind_address_enforce: {
    since: { major: 3, minor: 7 },
    without:
      'smtp_bind_address_enforce came with Postfix 3.7: where an address is not on the host, this Postfix sends from another one, under the wrong name, and only says so in its log.',
  },
  smtp_connect_timeout: { since: { major: 2, minor: 0 }, without: null },
  smtp_connection_cache_on_demand: { since: { major: 2, minor: 2 }, without: null },
  smtp_helo_name: { since: { major: 2, minor: 0 }, without: null },
  inet_protocols: { since: { major: 2, minor: 2 }, without: null },
  default_transport: { since: { major: 2, minor: 0 }, without: null },
  maillog_file: { since: { major: 3, minor: 4 }, without: null },
} as const satisfies Readonly<Record<string, Parameter>>;

export type ParameterName = keyof typeof parameters;

/** `3.7.11`, `3.12-20260901`: null where it is no version. */
export function parseVersion(text: string): PostfixVersion | null {
  const match = /^(?<major>\d{1,3})\.(?<minor>\d{1,3})(?:[.-]|$)/.exec(text.trim());
  if (match?.groups === undefined) return null;
  return { major: Number(match.groups.major), minor: Number(match.groups.minor) };
}

export function isAtLeast(version: PostfixVersion, other: PostfixVersion): boolean {
  return version.major > other.major || (version.major === other.major && version.minor >= other.minor);
}

export function hasParameter(version: PostfixVersion, name: ParameterName): boolean {
  return isAtLeast(version, parameters[name].since);
}

/** What this version lacks of what we use, in sentences. */
export function lacksOf(version: PostfixVersion): readonly string[] {
  const lacks = Object.values<Parameter>(parameters).flatMap(({ since, without }) =>
    without === null || isAtLeast(version, since) ? [] : [without],
  );
  const { major, minor } = newestVersion;
  if (isAtLeast(version, { major, minor: minor + 1 }))
    lacks.push(
      `This Postfix is newer than ${major}.${minor}, the newest that Postern knows: what it has changed since was not looked at.`,
    );
  return lacks;
}
