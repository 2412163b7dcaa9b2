import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Result, Web } from '../ports.ts';

/** Calls over HTTP from this machine. Redirects are not followed. */
export function realWeb(): Web {
  return { post, get };
}

function post({
  url,
  contentType,
  headers,
  body,
  timeoutMs,
  source,
  signal,
}: Parameters<Web['post']>[0]): Promise<Result<number, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<number, string>>();
  const bytes = Buffer.from(body);
  const { host, protocol } = new URL(url);
  if (signal?.aborted) return Promise.resolve({ ok: false, error: stopped(host) });
  const begin = protocol === 'https:' ? requestHttps : requestHttp;
  const call = begin(url, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': contentType,
      'content-length': bytes.length,
      'user-agent': 'Postern',
    },
    agent: false,
    // A name with addresses of both families: only those that this source can reach.
    ...(source === null ? {} : { localAddress: source, family: isIP(source) }),
  });
  const end = (result: Result<number, string>): void => {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', abort);
    call.destroy();
    resolve(result);
  };
  const abort = (): void => end({ ok: false, error: stopped(host) });
  const deadline = setTimeout(
    () => end({ ok: false, error: `${host} did not answer in ${timeoutMs} ms.` }),
    timeoutMs,
  );
  signal?.addEventListener('abort', abort, { once: true });
  call.on('response', ({ statusCode }) => end({ ok: true, value: statusCode ?? 0 }));
  call.on('error', error => end({ ok: false, error: `${host} could not be called: ${wordsOf(error)}.` }));
  call.end(bytes);
  return promise;
}

function get({
  url,
  address,
  limitBytes,
  timeoutMs,
  signal,
}: Parameters<Web['get']>[0]): ReturnType<Web['get']> {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Web['get']>>>();
  const { host, hostname, protocol } = new URL(url);
  if (signal?.aborted) return Promise.resolve({ ok: false, error: stopped(host) });
  const begin = protocol === 'https:' ? requestHttps : requestHttp;
  const call = begin(url, {
    host: address,
    headers: { host, 'user-agent': 'Postern' },
    agent: false,
    ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
  });
  const end = (result: Awaited<ReturnType<Web['get']>>): void => {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', abort);
    call.destroy();
    resolve(result);
  };
  const abort = (): void => end({ ok: false, error: stopped(host) });
  const deadline = setTimeout(
    () => end({ ok: false, error: `${host} did not answer in ${timeoutMs} ms.` }),
    timeoutMs,
  );
  signal?.addEventListener('abort', abort, { once: true });
  call.on('error', error => end({ ok: false, error: `${host} could not be called: ${wordsOf(error)}.` }));
  call.on('response', response => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limitBytes) return end({ ok: false, error: `${host} sent more than ${limitBytes} bytes.` });
      chunks.push(chunk);
    });
    response.on('end', () =>
      end({
        ok: true,
        value: { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') },
      }),
    );
    response.on('error', error => end({ ok: false, error: `${host} broke off: ${wordsOf(error)}.` }));
  });
  call.end();
  return promise;
}

function stopped(host: string): string {
  return `The call to ${host} was given up, because Postern stops.`;
}

/** Where several addresses failed, Node gives an error without words that holds the others. */
function wordsOf(error: Error): string {
  if (error.message !== '') return error.message;
  return error instanceof AggregateError ? error.errors.map(each => String(each)).join('; ') : error.name;
}
