import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inside, publicResolver, sites, uplinks, zoneOf } from '../lab/addresses.ts';
import { LabGateway } from '../lab/gateway.ts';
import { LabNetwork } from '../lab/network.ts';
import { must } from '../lab/scenario.ts';
import { startExim } from '../lab/servers/exim.ts';
import { writeEtc } from '../lab/servers/isolated.ts';
import { type Letter, layPost, type MailServer, type Post } from '../lab/servers/mail-server.ts';
import { startOpenSmtpd } from '../lab/servers/opensmtpd.ts';
import { startPostfix } from '../lab/servers/postfix.ts';
import type { Namespace } from '../src/surface/demo/namespaces.ts';
import { PeerProcess } from '../src/surface/demo/peer-process.ts';

const certificates = join(import.meta.dirname, '..', 'test', 'certificates');

/** The smart host, an Exim in the Internet. */
export const smartHost = {
  domain: 'isp2.example',
  host: 'smtp.isp2.example',
  address: '198.18.9.25',
  user: 'mail@example.com',
  password: 'correct horse',
} as const;

/** Mail servers inside, which send to the world through the gateway's relay listener; the store takes our own mail. */
const insiders = { postfix: '10.20.0.31', exim: '10.20.0.32', openSmtpd: '10.20.0.33' } as const;

export type Kind = keyof typeof insiders;
export const kinds: readonly Kind[] = ['postfix', 'exim', 'openSmtpd'];

const starters = {
  postfix: (post: Post) => startPostfix(post),
  exim: (post: Post) => startExim(post),
  openSmtpd: startOpenSmtpd,
};

/** A mail store that knows its mailboxes and lets the gateway tell it who its client was. */
const storeLines = `mydestination = example.com
local_recipient_maps = inline:{ { someone = yes } { us = yes } { postmaster = yes } }
local_transport = virtual
smtpd_authorized_xclient_hosts = ${inside.mailHost}`;

/** Lines added to the configuration. */
type More = { readonly lines?: string };

/**
 * The reference network with the real gateway between real mail servers: a Postfix, an Exim and an OpenSMTPD inside,
 * the same three in the Internet (one for each of `sites`), a Postfix as the mail store of example.com, and an Exim as
 * a smart host that wants a login. Failures are thrown: the test fails.
 */
export class Town {
  readonly directory: string;
  readonly network: LabNetwork;
  readonly gateway: LabGateway;
  readonly #servers = new Map<string, MailServer>();
  #names: PeerProcess | null = null;

  private constructor(directory: string, network: LabNetwork) {
    this.directory = directory;
    this.network = network;
    this.gateway = new LabGateway(network.mailHost, join(directory, 'postern.yaml'), {
      NODE_EXTRA_CA_CERTS: join(directory, 'certificates', 'ca.pem'),
    });
  }

  static async build(more: More = {}): Promise<Town> {
    const network = must(await LabNetwork.build({ sites: [...sites, smartHost] }));
    const town = new Town(await mkdtemp(join(tmpdir(), 'postern-interop-')), network);
    try {
      await town.#populate(more);
      return town;
    } catch (error) {
      await town.close();
      throw error;
    }
  }

  /** The one inside, which sends to the world through the gateway. */
  inside(kind: Kind): MailServer {
    return this.#server(`inside-${kind}`);
  }

  /** The one in the Internet, which keeps the mail of its site and sends ours to our first door. */
  outside(kind: Kind): MailServer {
    return this.#server(`outside-${kind}`);
  }

  get store(): MailServer {
    return this.#server('store');
  }

  get smartHost(): MailServer {
    return this.#server('smart-host');
  }

  servers(): readonly MailServer[] {
    return [...this.#servers.values()];
  }

  /** Runs a program in a namespace with something on its standard input; gives what it wrote and its exit code. */
  run(
    namespace: Namespace,
    command: string,
    args: readonly string[],
    input: string | Buffer = '',
  ): Promise<{ readonly code: number; readonly out: string }> {
    const [file, all] = namespace.entering(command, args);
    return new Promise(resolve => {
      const child = execFile(file, all, { timeout: 60_000, maxBuffer: 64_000_000 }, (error, out, err) => {
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : 99,
          out: out + err,
        });
      });
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  }

  /** Waits until it holds; the logs of all are in the failure. A mail server that ends is one. */
  async until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> {
    const end = performance.now() + limitMs;
    while (!(await holds())) {
      const gone = this.gateway.ended ? 'the gateway' : this.servers().find(each => each.ended)?.post.name;
      if (gone !== undefined)
        throw new Error(`${gone} ended while we waited for ${what}\n${await this.#logs()}`);
      if (performance.now() > end) throw new Error(`waited in vain for ${what}\n${await this.#logs()}`);
      await sleep(100);
    }
  }

  async #logs(): Promise<string> {
    const logs = await Promise.all(
      this.servers().map(
        async each => `== ${each.kind} ${each.post.name}\n${(await each.log()).slice(-4_000)}`,
      ),
    );
    return `== the gateway\n${this.gateway.tail()}\n${logs.join('\n')}`;
  }

  async close(): Promise<void> {
    await this.gateway.stop('SIGKILL');
    this.#names?.close();
    this.network.destroy();
    await sleep(100);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #server(label: string): MailServer {
    const server = this.#servers.get(label);
    if (server === undefined) throw new Error(`no mail server is called ${label}`);
    return server;
  }

  async #populate(more: More): Promise<void> {
    const { directory, network } = this;
    await chmod(directory, 0o755);
    await cp(certificates, join(directory, 'certificates'), { recursive: true });
    await writeFile(this.gateway.config, configuration(directory, more));
    await writeFile(join(directory, 'smart-host-password'), `${smartHost.password}\n`, { mode: 0o600 });
    await this.#nameServer();
    const addresses = Object.values(insiders).map(each => `address add ${each}/${inside.prefix} dev in0`);
    must(await network.inside.ip(...addresses));
    const etc = await writeEtc(directory, publicResolver);
    for (const [index, kind] of kinds.entries()) {
      const start = starters[kind];
      const site = sites[index];
      if (site === undefined) throw new Error('there is a site for each kind of mail server');
      this.#servers.set(
        `inside-${kind}`,
        await start(
          await layPost(directory, `inside-${kind}`, 'mail', {
            etc,
            namespace: network.inside,
            address: insiders[kind],
            name: `${kind.toLowerCase()}.example.com`,
            domain: `${kind.toLowerCase()}.example.com`,
            relayTo: inside.mailHost,
          }),
        ),
      );
      this.#servers.set(
        `outside-${kind}`,
        await start(
          await layPost(directory, `outside-${kind}`, 'remote', {
            etc,
            namespace: network.internet,
            address: site.address,
            name: site.host,
            domain: site.domain,
            relayTo: uplinks[0].source,
          }),
        ),
      );
    }
    const store = await layPost(directory, 'store', 'mail', {
      etc,
      namespace: network.inside,
      address: inside.store,
      name: 'store.example.com',
      domain: 'example.com',
      relayTo: inside.mailHost,
    });
    this.#servers.set('store', await startPostfix(store, { main: storeLines }));
    const smart = await layPost(directory, 'smart-host', 'smart-host', {
      etc,
      namespace: network.internet,
      address: smartHost.address,
      name: smartHost.host,
      domain: '*',
      relayTo: '127.0.0.1',
    });
    this.#servers.set('smart-host', await startExim(smart, { login: smartHost }));
    await this.gateway.serve();
    for (const each of this.servers()) await each.greets();
  }

  async #nameServer(): Promise<void> {
    this.#names = must(await PeerProcess.start(this.network.internet, () => {}));
    must(
      await this.#names.order({
        do: 'name_server',
        address: publicResolver,
        port: 53,
        zone: zoneOf([...sites, smartHost]),
        customers: [],
        delayMs: 0,
      }),
    );
  }
}

function configuration(directory: string, more: More): string {
  const tls = (pem: string): string =>
    `tls: { cert: ${directory}/certificates/${pem}.pem, key: ${directory}/certificates/${pem}.key }`;
  const [one, two] = uplinks;
  return `hostname: mail.example.com
state_dir: ${directory}/state
uplinks:
  - { name: ${one.name}, ehlo: ${one.ehlo}, source: [${one.source}], preference: 10 }
  - { name: ${two.name}, ehlo: ${two.ehlo}, source: [${two.source}], preference: 20 }
listeners:
  - { address: "${inside.mailHost}:25", role: relay, ${tls('mail')} }
  - { address: "${one.source}:25", role: mx, name: mx1.example.com, ${tls('mx1')} }
  - { address: "${two.source}:25", role: mx, name: mx2.example.com, ${tls('mx2')} }
domains:
  - name: example.com
    deliver_to: [{ address: "${inside.store}:25", xclient: true }]
    recipients: callout
  - name: exim.example.com
    deliver_to: ["${insiders.exim}:25"]
    recipients: callout
relay:
  from_networks: [10.20.0.0/24]
dns:
  servers: ["${publicResolver}:53"]
limits:
  message_size: 20MB
${more.lines ?? ''}
`;
}

/** Waits for letters at a mail server, by name, and looks that their bodies are what they were. */
export async function assertArrived(
  town: Town,
  server: MailServer,
  letters: readonly (readonly [name: string, body: string])[],
): Promise<ReadonlyMap<string, Letter>> {
  let arrived = await server.letters();
  const missing = (): readonly string[] => letters.map(([name]) => name).filter(name => !arrived.has(name));
  await town.until(`letters at ${server.kind} ${server.post.name}`, async () => {
    arrived = await server.letters();
    return missing().length === 0;
  });
  for (const [name, body] of letters) assert.equal(arrived.get(name)?.body.toString('utf8'), body, name);
  return arrived;
}
