import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Result, Web } from '../ports.ts';

/** Calls over HTTP from this machine. Redirects are not followed. */
export function realWeb(): Web {
  return { post };
}

function post({
  url,
  contentType,
  body,
  timeoutMs,
  source,
}: Parameters<Web['post']>[0]): Promise<Result<number, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<number, string>>();
  const bytes = Buffer.from(body);
  const { host, protocol } = new URL(url);
  const begin = protocol === 'https:' ? requestHttps : requestHttp;
  const call = begin(url, {
    method: 'POST',
    headers: { 'content-type': contentType, 'content-length': bytes.length, 'user-agent': 'Postern' },
    agent: false,
    ...(source === null ? {} : { localAddress: source }),
  });
  const end = (result: Result<number, string>): void => {
    clearTimeout(deadline);
    call.destroy();
    resolve(result);
  };
  const deadline = setTimeout(
    () => end({ ok: false, error: `${host} did not answer in ${timeoutMs} ms.` }),
    timeoutMs,
  );
  call.on('response', ({ statusCode }) => end({ ok: true, value: statusCode ?? 0 }));
  call.on('error', error => end({ ok: false, error: `${host} could not be called: ${error.message}.` }));
  call.end(bytes);
  return promise;
}
