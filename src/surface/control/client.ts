import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { LineReader } from './line-reader.ts';
import {
  answerLineBytes,
  type ControlOutcome,
  type ControlRequest,
  hasStopped,
  isStream,
} from './protocol.ts';

/**
 * Asks the running gateway. `hear` gets each piece of the answer as it comes, one after the other: the next waits until
 * it is done. A gateway that is not there, or goes away in between, is outcome 3 with a sentence; one that stops in
 * order is the end of a stream, and outcome 0.
 */
export function askGateway<Data>(
  path: string,
  request: ControlRequest,
  hear: (data: Data) => void | Promise<void>,
): Promise<ControlOutcome> {
  return new Promise(resolve => {
    const socket = connect(path);
    const reader = new LineReader(answerLineBytes);
    let outcome: ControlOutcome | null = null;
    let hearing: Promise<void> = Promise.resolve();
    let trouble: string | null = null;
    let called = false;
    socket.on('error', error => {
      if (!called) trouble = notReached(path, error);
    });
    socket.once('connect', () => {
      called = true;
      socket.write(`${JSON.stringify(request)}\n`);
    });
    socket.on('data', chunk => {
      socket.pause();
      const lines = reader.push(chunk);
      if (lines === null) {
        trouble = `The gateway's answer has a line that is too long (${path}).`;
        socket.destroy();
        return;
      }
      hearing = hearAll(lines)
        .then(() => {
          socket.resume();
        })
        .catch((error: unknown) => {
          trouble = `The answer could not be shown: ${String(error)}.`;
          outcome = null;
          socket.destroy();
        });
    });
    socket.once('close', () => {
      const unanswered = (): ControlOutcome =>
        trouble === null ? hungUp(path, request) : { code: 3, error: trouble };
      hearing.then(
        () => resolve(outcome ?? unanswered()),
        () => resolve(unanswered()),
      );
    });

    async function hearAll(lines: readonly string[]): Promise<void> {
      for (const text of lines) {
        const answer: { data: Data; done?: ControlOutcome['code']; error?: string } = JSON.parse(text);
        if (answer.done === undefined) await hear(answer.data);
        else outcome = { code: answer.done, error: answer.error ?? null };
      }
    }
  });
}

/** Who stops in order takes the socket away first, whatever of his last words is lost; who is killed leaves it. */
function hungUp(path: string, request: ControlRequest): ControlOutcome {
  if (existsSync(path))
    return { code: 3, error: `The gateway ended before it had answered (${path}); look into its log.` };
  return isStream(request)
    ? hasStopped
    : { code: 3, error: 'The gateway has stopped, and had not answered.' };
}

function notReached(path: string, error: Error): string {
  const code = 'code' in error ? String(error.code) : error.message;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return `The gateway is not running, or not with this state_dir (${path}); start it with "postern serve --config FILE".`;
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return `This user may not ask the gateway (${path}); run the command as the user that Postern runs as.`;
  }
  return `The gateway cannot be reached (${path}: ${code}).`;
}
