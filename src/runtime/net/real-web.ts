import type { IncomingMessage, RequestOptions } from 'node:http';
import { isIP } from 'node:net';
import type { Result, Web } from '../ports.ts';

/** Calls over HTTP from this machine. Redirects are not followed. */
export function realWeb(): Web {
  return { post, get };
}

/** As `node:http` takes them, with header fields by their names. */
type CallOptions = Omit<RequestOptions, 'headers'> & {
  readonly headers: Readonly<Record<string, string | number>>;
};
type Bounds = { readonly url: string; readonly timeoutMs: number; readonly signal?: AbortSignal };
type Fetched = { readonly status: number; readonly body: string };

function post(request: Parameters<Web['post']>[0]): Promise<Result<number, string>> {
  const { contentType, headers, body, source } = request;
  const bytes = Buffer.from(body);
  const options: CallOptions = {
    method: 'POST',
    headers: { ...headers, 'content-type': contentType, 'content-length': bytes.length },
    // A name with addresses of both families: only those that this source can reach.
    ...(source === null ? {} : { localAddress: source, family: isIP(source) }),
  };
  return call(request, options, bytes, ({ statusCode }, end) => end({ ok: true, value: statusCode ?? 0 }));
}

function get(request: Parameters<Web['get']>[0]): Promise<Result<Fetched, string>> {
  const { url, address, limitBytes } = request;
  const { host, hostname } = new URL(url);
  const named = isIP(hostname) === 0 ? { servername: hostname } : {};
  // The hostname of the URL would hold before host.
  const options = { hostname: address, headers: { host }, ...named };
  return call<Fetched>(request, options, null, (response, end) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limitBytes) end({ ok: false, error: `${host} sent more than ${limitBytes} bytes.` });
      else chunks.push(chunk);
    });
    response.on('end', () =>
      end({
        ok: true,
        value: { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') },
      }),
    );
    response.on('error', error => end({ ok: false, error: `${host} broke off: ${wordsOf(error)}.` }));
  });
}

/** One call on a connection of its own, within its bounds; `hear` ends it with what it makes of the response. */
function call<Value>(
  { url, timeoutMs, signal }: Bounds,
  options: CallOptions,
  body: Buffer | null,
  hear: (response: IncomingMessage, end: (result: Result<Value, string>) => void) => void,
): Promise<Result<Value, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<Value, string>>();
  const { host, protocol } = new URL(url);
  const stopped: Result<Value, string> = {
    ok: false,
    error: `The call to ${host} was given up, because Postern stops.`,
  };
  if (signal?.aborted) return Promise.resolve(stopped);
  // Imported, node:http brings a browser's way to fetch with it, 13 MiB of it; and most gateways never call.
  const { request: begin } = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
  const headers = { ...options.headers, 'user-agent': 'Postern' };
  const request = begin(url, { ...options, headers, agent: false });
  const end = (result: Result<Value, string>): void => {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', abort);
    request.destroy();
    resolve(result);
  };
  const abort = (): void => end(stopped);
  const deadline = setTimeout(
    () => end({ ok: false, error: `${host} did not answer in ${timeoutMs} ms.` }),
    timeoutMs,
  );
  signal?.addEventListener('abort', abort, { once: true });
  request.on('response', response => hear(response, end));
  request.on('error', error => end({ ok: false, error: `${host} could not be called: ${wordsOf(error)}.` }));
  request.end(body);
  return promise;
}

/** Where several addresses failed, Node gives an error without words that holds the others. */
function wordsOf(error: Error): string {
  if (error.message !== '') return error.message;
  return error instanceof AggregateError ? error.errors.map(each => String(each)).join('; ') : error.name;
}
