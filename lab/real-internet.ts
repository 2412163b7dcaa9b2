import { chmod } from 'node:fs/promises';
import { publicResolver, sites } from './addresses.ts';
import type { LabNetwork } from './network.ts';
import { writeEtc } from './servers/isolated.ts';
import { layPost, type MailServer, type Post } from './servers/mail-server.ts';
import { SignedNames, zoneLines } from './servers/names.ts';
import { startStrictExim, startStrictPostfix } from './servers/strict.ts';

const zones = [
  'example.com.',
  '100.51.198.in-addr.arpa.',
  '113.0.203.in-addr.arpa.',
  '2.0.192.in-addr.arpa.',
  ...sites.map(({ domain }) => `${domain}.`),
];

export type Zone = Readonly<Record<string, readonly string[]>>;

/**
 * The Internet of the lab with real servers in it: signed names behind a validating resolver, and a strict receiver at
 * each of the first two sites, a Postfix and an Exim, which judge by what that resolver tells. Failures are thrown.
 */
export class RealInternet {
  readonly receivers: readonly [MailServer, MailServer];
  readonly #names: SignedNames;

  private constructor(names: SignedNames, receivers: readonly [MailServer, MailServer]) {
    this.#names = names;
    this.receivers = receivers;
  }

  /** Starts it all; `directory` is opened to the servers' users. */
  static async start({ internet }: LabNetwork, directory: string, zone: Zone): Promise<RealInternet> {
    await chmod(directory, 0o755);
    const resolver = { namespace: internet, address: publicResolver, from: publicResolver };
    const names = await SignedNames.prepare({ directory, internet, zones, resolvers: [resolver] });
    await names.serve(zoneLines(zone));
    const etc = await writeEtc(directory, publicResolver);
    const lay = (index: 0 | 1): Promise<Post> => {
      const { host, domain, address } = sites[index];
      const place = { namespace: internet, etc, address, name: host, domain, relayTo: '' };
      return layPost(directory, host, 'remote', place);
    };
    const receivers = [await startStrictPostfix(await lay(0)), await startStrictExim(await lay(1))] as const;
    await Promise.all(receivers.map(each => each.greets()));
    return new RealInternet(names, receivers);
  }

  /** From now on DNS tells this, and nothing else. */
  tell(zone: Zone): Promise<void> {
    return this.#names.serve(zoneLines(zone));
  }
}
