import { chmod, cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace } from '../../src/surface/demo/namespaces.ts';
import type { IsolatedServer } from './isolated.ts';

const certificates = join(import.meta.dirname, '..', '..', 'test', 'certificates');

/** Where a mail server runs and what it is there for. */
export type Post = {
  readonly namespace: Namespace;
  /** Its configuration, queue and mail. */
  readonly directory: string;
  readonly etc: string;
  readonly address: string;
  readonly name: string;
  /** Whose mail it keeps. */
  readonly domain: string;
  /** Where all other mail goes, by SMTP; nowhere when empty. */
  readonly relayTo: string;
  readonly certificate: { readonly cert: string; readonly key: string };
};

/** Lays the folder of a mail server below `parent`, with one of the tests' certificates in it. */
export async function layPost(
  parent: string,
  label: string,
  pem: string,
  place: Omit<Post, 'directory' | 'certificate'>,
): Promise<Post> {
  const directory = join(parent, label);
  await mkdir(directory);
  await chmod(directory, 0o755);
  const certificate = { cert: join(directory, 'cert.pem'), key: join(directory, 'cert.key') };
  await cp(join(certificates, `${pem}.pem`), certificate.cert);
  await cp(join(certificates, `${pem}.key`), certificate.key);
  await chmod(certificate.cert, 0o644);
  await chmod(certificate.key, 0o600);
  return { ...place, directory, certificate };
}

export type Letter = { readonly header: string; readonly body: Buffer };

/** One Postfix, Exim or OpenSMTPD at work. */
export class MailServer {
  readonly kind: string;
  readonly post: Post;
  readonly #process: IsolatedServer;
  readonly #logFile: string | null;

  constructor(kind: string, post: Post, process: IsolatedServer, logFile: string | null = null) {
    this.kind = kind;
    this.post = post;
    this.#process = process;
    this.#logFile = logFile;
  }

  get ended(): boolean {
    return this.#process.ended;
  }

  /** Waits until it greets. */
  async greets(): Promise<void> {
    const { namespace, address, name } = this.post;
    const greet = `require('node:net').connect(25, '${address}').on('data', () => process.exit(0)).on('error', () => process.exit(1))`;
    const end = performance.now() + 30_000;
    while (!(await namespace.run(process.execPath, ['-e', greet])).ok) {
      if (this.ended || performance.now() > end)
        throw new Error(`${name} does not greet\n${await this.log()}`);
      await sleep(50);
    }
  }

  async log(): Promise<string> {
    const kept = this.#logFile === null ? '' : await readFile(this.#logFile, 'utf8').catch(() => '');
    return `${this.#process.log.join('\n')}\n${kept}`;
  }

  /** The mail that it keeps, by the value of the X-Letter field, or else by its file's name. */
  async letters(): Promise<ReadonlyMap<string, Letter>> {
    const found = new Map<string, Letter>();
    const folder = join(this.post.directory, 'mail', 'new');
    for (const file of await readdir(folder).catch(() => [])) {
      const bytes = await readFile(join(folder, file));
      const end = bytes.indexOf('\n\n');
      const header = bytes
        .subarray(0, end)
        .toString('utf8')
        .replace(/\n[ \t]+/g, ' ');
      const name = /^X-Letter: (.*)$/m.exec(header)?.[1] ?? file;
      found.set(name, { header, body: bytes.subarray(end + 2) });
    }
    return found;
  }
}
