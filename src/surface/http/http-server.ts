import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { endpointText } from '../../decision/admission/listener.ts';
import type { Clock, Result, Timer } from '../../runtime/ports.ts';
import type { Page } from './page.ts';

export type HttpAddress = { readonly address: string; readonly port: number };

export type HttpServerParts = {
  readonly clock: Clock;
  /** What stands at this path; null: nothing. */
  readonly page: (path: string) => Promise<Page> | null;
  /** A sentence for the operator, where an address cannot be opened, and when it can again. */
  readonly tell: (level: 'warn' | 'info', message: string) => void;
};

const mostConnections = 64;
const requestWithinMs = 5_000;
const idleMs = 10_000;
const headerBytes = 8_192;
const retryMs = 15_000;

/**
 * Serves pages to be read, over plain HTTP: three paths need no framework. Bounded in connections, header and time;
 * what asks by another method than GET or HEAD is refused unread. Mail never waits for it: an address that cannot be
 * opened is told, and tried again.
 */
export class HttpServer {
  readonly #parts: HttpServerParts;
  #wanted: HttpAddress | null = null;
  #server: Server | null = null;
  #retry: Timer | null = null;
  #failed = false;
  #work: Promise<void> = Promise.resolve();

  constructor(parts: HttpServerParts) {
    this.#parts = parts;
  }

  /** Where it listens; null where it does not. */
  get address(): HttpAddress | null {
    const bound = this.#server?.address();
    return typeof bound === 'object' && bound !== null ? bound : null;
  }

  /** Opens, moves or closes. */
  set(wanted: HttpAddress | null): Promise<void> {
    this.#work = this.#work.then(() => this.#change(wanted));
    return this.#work;
  }

  close(): Promise<void> {
    return this.set(null);
  }

  async #change(wanted: HttpAddress | null): Promise<void> {
    if (sameAddress(wanted, this.#wanted)) return;
    this.#wanted = wanted;
    this.#retry?.cancel();
    this.#failed = false;
    const before = this.#server;
    this.#server = null;
    if (before !== null) await ended(before);
    if (wanted !== null) await this.#open(wanted);
  }

  async #open(wanted: HttpAddress): Promise<void> {
    const { tell, clock } = this.#parts;
    const opened = await listen(wanted, (request, response) => this.#answer(request, response));
    if (opened.ok) {
      this.#server = opened.value;
      if (this.#failed) tell('info', `The address ${endpointText(wanted)} of http is open now.`);
      return;
    }
    if (!this.#failed)
      tell(
        'warn',
        `The address ${endpointText(wanted)} of http cannot be opened (${opened.error}); it is tried again, and mail goes on meanwhile.`,
      );
    this.#failed = true;
    this.#retry = clock.timer(retryMs, () => {
      this.#work = this.#work.then(async () => {
        if (this.#wanted === wanted && this.#server === null) await this.#open(wanted);
      });
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request;
    // Nothing that is sent to us is wanted.
    request.resume();
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      response.setHeader('connection', 'close');
      send(response, { status: 405, type: 'text/plain', body: 'Only GET and HEAD are answered here.\n' });
      return;
    }
    const page = this.#parts.page(url.split('?', 1)[0] ?? '');
    if (page === null) {
      const body = 'There are /metrics, /healthz and /readyz here.\n';
      send(response, { status: 404, type: 'text/plain', body });
      return;
    }
    page.then(
      found => send(response, found),
      (error: unknown) => {
        this.#parts.tell('warn', `A page of http failed by a fault of Postern: ${String(error)}.`);
        send(response, { status: 500, type: 'text/plain', body: 'The log of Postern says more.\n' });
      },
    );
  }
}

function send(response: ServerResponse, { status, type, body }: Page): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

function listen(
  { address, port }: HttpAddress,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Result<Server, string>> {
  // Not imported, as in runtime/net/real-web.ts.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(
    {
      maxHeaderSize: headerBytes,
      headersTimeout: requestWithinMs,
      requestTimeout: requestWithinMs,
      keepAliveTimeout: requestWithinMs,
      connectionsCheckingInterval: requestWithinMs,
    },
    answer,
  );
  server.maxConnections = mostConnections;
  // Who neither asks nor reads loses its place to who does.
  server.setTimeout(idleMs);
  server.on('clientError', (_error, socket) => socket.destroy());
  const { promise, resolve } = Promise.withResolvers<Result<Server, string>>();
  server.once('error', error => resolve({ ok: false, error: error.message }));
  server.on('error', () => undefined);
  server.listen(port, address, () => resolve({ ok: true, value: server }));
  return promise;
}

async function ended(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function sameAddress(one: HttpAddress | null, other: HttpAddress | null): boolean {
  return one?.address === other?.address && one?.port === other?.port;
}
