import { once } from 'node:events';
import { chmod, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { GatewayControl } from '../../runtime/gateway-control.ts';
import { jsonOf } from '../../runtime/json-of.ts';
import type { Clock, Result } from '../../runtime/ports.ts';
import { runCommand } from './commands.ts';
import { LineReader } from './line-reader.ts';
import {
  type ControlOutcome,
  controlRequest,
  hasStopped,
  isStream,
  requestLineBytes,
  socketPathBytes,
} from './protocol.ts';

const mostClients = 32;
const requestWithinMs = 10_000;
/** What an asker who reads slowly may leave unread of a stream. */
const streamBacklogBytes = 4_000_000;

/** What an answer under way may take to end, when the gateway stops. */
const partingMs = 500;

/** `close` ends streams in order: whoever follows one is told that the gateway has stopped. */
export type ControlSocket = { close(): Promise<void> };

/**
 * Opens the Unix socket by which the commands reach this gateway, for its own user alone (mode 0600). What a dead
 * process left behind is replaced; a living one's is not.
 */
export async function startControlSocket(
  path: string,
  gateway: GatewayControl,
  clock: Clock,
): Promise<Result<ControlSocket, string>> {
  const free = await freeSocketPath(path);
  if (!free.ok) return free;
  const clients = new Set<Socket>();
  const stopping = new AbortController();
  const server = createServer(socket => {
    clients.add(socket);
    socket.once('close', () => clients.delete(socket));
    serveClient(socket, gateway, clock, stopping.signal);
  });
  server.maxConnections = mostClients;
  const opened = await listen(server, path);
  if (!opened.ok) return opened;
  return {
    ok: true,
    value: {
      async close() {
        const closed = once(server, 'close');
        server.close();
        stopping.abort();
        const late = clock.timer(partingMs, () => {
          for (const client of clients) client.destroy();
        });
        await closed;
        late.cancel();
      },
    },
  };
}

/** Is the path usable, and nobody living behind it? Removes what a dead process left. */
export async function freeSocketPath(path: string): Promise<Result<void, string>> {
  const bytes = Buffer.byteLength(path);
  if (bytes > socketPathBytes) {
    return {
      ok: false,
      error: `The control socket ${path} would have a path of ${bytes} bytes, and the system takes ${socketPathBytes} at most; choose a shorter state_dir.`,
    };
  }
  const answer = await knock(path);
  if (answer === 'nothing') return { ok: true, value: undefined };
  if (answer === 'alive') {
    return {
      ok: false,
      error: `Another gateway runs with this state_dir (${path} answers); stop it first, or choose another state_dir.`,
    };
  }
  if (answer !== 'dead') {
    return {
      ok: false,
      error: `The control socket ${path} cannot be reached (${answer.code}); state_dir must be a folder that this user may use.`,
    };
  }
  try {
    await unlink(path);
    return { ok: true, value: undefined };
  } catch (error) {
    return {
      ok: false,
      error: `What stands at ${path} cannot be removed (${codeOf(error)}); remove it by hand.`,
    };
  }
}

/** EAGAIN: somebody listens, and has no place for one more at the moment. */
const behind: Readonly<Record<string, 'nothing' | 'alive' | 'dead'>> = {
  ENOENT: 'nothing',
  ECONNREFUSED: 'dead',
  ENOTSOCK: 'dead',
  EAGAIN: 'alive',
};

/** Who is behind the path; a code where the path itself cannot be used. */
function knock(path: string): Promise<'nothing' | 'alive' | 'dead' | { readonly code: string }> {
  return new Promise(resolve => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('alive');
    });
    socket.once('error', error => {
      const code = codeOf(error);
      resolve(behind[code] ?? { code });
    });
  });
}

/** Binds with no right for others from the first moment: the mask is set only while `listen` binds. */
async function listen(server: Server, path: string): Promise<Result<void, string>> {
  const failed = new Promise<Error>(resolve => server.once('error', resolve));
  const listening = once(server, 'listening');
  const mask = process.umask(0o177);
  server.listen(path);
  process.umask(mask);
  const error = await Promise.race([failed, listening.then(() => null)]).catch((reason: unknown) => reason);
  if (error !== null) {
    return {
      ok: false,
      error: `The control socket ${path} cannot be opened (${codeOf(error)}); state_dir must be a folder that this user may write.`,
    };
  }
  await chmod(path, 0o600);
  return { ok: true, value: undefined };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** One request a connection. */
function serveClient(socket: Socket, gateway: GatewayControl, clock: Clock, stopping: AbortSignal): void {
  const reader = new LineReader(requestLineBytes);
  const ended = new AbortController();
  const tooLate = clock.timer(requestWithinMs, () => socket.destroy());
  const finish = (outcome: ControlOutcome): void => {
    socket.end(line({ done: outcome.code, ...(outcome.error === null ? {} : { error: outcome.error }) }));
  };
  // Who has asked nothing yet gets no answer.
  let stop = (): void => void socket.destroy();
  const hearStop = (): void => stop();
  stopping.addEventListener('abort', hearStop);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    stopping.removeEventListener('abort', hearStop);
    tooLate.cancel();
    ended.abort();
  });
  const take = (chunk: Buffer): void => {
    const lines = reader.push(chunk);
    if (lines?.length === 0) return;
    socket.off('data', take);
    socket.resume();
    tooLate.cancel();
    const request = controlRequest.safeParse(jsonOf(lines?.[0] ?? ''));
    if (!request.success) {
      finish({
        code: 2,
        error: 'The gateway does not know this request; command and gateway must be of one version.',
      });
      return;
    }
    const asker = {
      send: (value: unknown) => sendAll(socket, value),
      offer: (value: unknown) => offerTo(socket, value),
      ended: ended.signal,
    };
    const streams = isStream(request.data);
    stop = streams ? () => ended.abort() : () => undefined;
    const tell = (outcome: ControlOutcome): void =>
      finish(streams && stopping.aborted && outcome.code === 0 ? hasStopped : outcome);
    runCommand(request.data, gateway, clock, asker).then(tell, (error: unknown) => {
      gateway.events.emit({
        kind: 'warning',
        at: clock.now(),
        subject: 'control',
        message: `A command failed by a fault of Postern: ${String(error)}; please report it.`,
      });
      finish({
        code: 3,
        error: 'The gateway failed at this command by a fault of its own; its log says more.',
      });
    });
  };
  socket.on('data', take);
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Resolves when there is room for more, or when nobody is there any more. */
async function sendAll(socket: Socket, value: unknown): Promise<void> {
  if (socket.destroyed || socket.write(line({ data: value }))) return;
  await new Promise<void>(resolve => {
    const go = (): void => {
      socket.off('drain', go);
      socket.off('close', go);
      resolve();
    };
    socket.on('drain', go);
    socket.on('close', go);
  });
}

function offerTo(socket: Socket, value: unknown): boolean {
  if (socket.writableLength > streamBacklogBytes) return false;
  socket.write(line({ data: value }));
  return true;
}
