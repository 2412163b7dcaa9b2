/** What the launcher sees of the machine and of who calls it. */
export type Host = {
  /** Whoever calls, by the name that /etc/subuid has for him, or else his number. */
  readonly user: string;
  readonly root: boolean;
  /** Programs that the lab needs and that are not here. */
  readonly missing: readonly string[];
  /** What hindered namespaces when one of each kind was made, in the words of `unshare`; null: nothing did. */
  readonly hindrance: string | null;
  /** `newuidmap` and `newgidmap` are here. */
  readonly mapper: boolean;
  /** /etc/subuid and /etc/subgid give the caller a range. */
  readonly range: boolean;
};

/** How the lab is run: as it is, in a user namespace of its own, or not at all, for this reason. */
export type Launch =
  | { readonly how: 'directly' }
  | { readonly how: 'in a user namespace' }
  | { readonly how: 'refused'; readonly reason: string };

/** The programs of the lab, and the Debian packages that they are in. */
export const programs: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  perl: 'perl',
};

/** The options of `unshare` with which root, and with which anyone else, makes the lab's namespaces. */
export const namespaceOptions = {
  root: ['--net', '--mount'],
  user: ['--user', '--map-auto', '--map-root-user', '--net', '--mount'],
} as const;

/** Decides how the lab is run; a refusal is one sentence that says what to do. */
export function decideLaunch(host: Host): Launch {
  if (host.missing.length > 0) return refused(missingPrograms(host.missing));
  if (host.hindrance === null) return { how: host.root ? 'directly' : 'in a user namespace' };
  const said = host.hindrance.trim().replaceAll(/\s+/g, ' ');
  if (host.root)
    return refused(
      `Root may not make namespaces here (${said}): run the lab where it may, in a container with --privileged.`,
    );
  if (!host.mapper)
    return refused(
      'The lab runs as an ordinary user with the help of newuidmap and newgidmap: install them with "sudo apt-get install uidmap", or run the lab as root.',
    );
  if (!host.range)
    return refused(
      `The lab needs a range of user and group numbers for ${host.user}: give one with "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${host.user}", or run the lab as root.`,
    );
  return refused(
    `${host.user} may make no user namespaces here (${said}): allow them, see "sysctl user.max_user_namespaces", or run the lab as root.`,
  );
}

function missingPrograms(missing: readonly string[]): string {
  const packages = [...new Set(missing.map(program => programs[program] ?? program))];
  return `The lab needs ${missing.join(', ')}: install with "sudo apt-get install ${packages.join(' ')}".`;
}

function refused(reason: string): Launch {
  return { how: 'refused', reason };
}
