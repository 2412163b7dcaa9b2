import type { ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Result } from '../../runtime/ports.ts';
import type { Namespace } from './namespaces.ts';
import type { PeerNews, PeerOrder, PeerValue } from './peer-protocol.ts';

const program = fileURLToPath(new URL(`./peer${extname(import.meta.url)}`, import.meta.url));

/** A peer process of ours, seen from the side that orders it about. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Result<PeerValue, string>) => void>();
  readonly #hear: (news: PeerNews) => void;
  #orders = 0;
  #complaint = '';
  #ready: (ready: boolean) => void = () => {};

  private constructor(child: ChildProcess, hear: (news: PeerNews) => void) {
    this.#child = child;
    this.#hear = hear;
    if (child.stdout) createInterface({ input: child.stdout }).on('line', line => this.#line(line));
    child.stderr?.on('data', chunk => {
      this.#complaint = (this.#complaint + String(chunk)).slice(-2000);
    });
    child.stdin?.on('error', () => {});
    child.once('error', error => this.#gone(error.message));
    child.once('exit', () => this.#gone('it ended'));
  }

  /** Starts one in `namespace`; all but answers is told to `hear`. */
  static async start(
    namespace: Namespace,
    hear: (news: PeerNews) => void,
  ): Promise<Result<PeerProcess, string>> {
    const child = namespace.spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'pipe'] });
    const peer = new PeerProcess(child, hear);
    const ready = await new Promise<boolean>(resolve => {
      peer.#ready = resolve;
    });
    return ready
      ? { ok: true, value: peer }
      : { ok: false, error: `A peer did not start: ${peer.#complaint}` };
  }

  order(order: PeerOrder): Promise<Result<PeerValue, string>> {
    this.#orders += 1;
    const id = this.#orders;
    return new Promise(resolve => {
      if (this.#child.exitCode !== null) return resolve({ ok: false, error: 'The peer has ended.' });
      this.#waiting.set(id, resolve);
      this.#child.stdin?.write(`${JSON.stringify({ ...order, id })}\n`);
    });
  }

  /** Ends it; it needs no time for that. */
  close(): void {
    this.#child.stdin?.end();
    this.#child.kill('SIGKILL');
  }

  #line(line: string): void {
    const news: PeerNews = JSON.parse(line);
    if (news.news === 'ready') return this.#ready(true);
    if (news.news !== 'answer') return this.#hear(news);
    const resolve = this.#waiting.get(news.id);
    this.#waiting.delete(news.id);
    resolve?.(news.error === null ? { ok: true, value: news.value } : { ok: false, error: news.error });
  }

  #gone(why: string): void {
    this.#ready(false);
    const error = `A peer process is gone: ${why}. ${this.#complaint}`;
    for (const resolve of this.#waiting.values()) resolve({ ok: false, error });
    this.#waiting.clear();
  }
}
