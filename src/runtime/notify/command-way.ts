import { plainLine } from '../../decision/notice/notice-text.ts';
import { rfc3339 } from '../../protocol/message/rfc3339.ts';
import type { Processes } from '../ports.ts';
import type { NoticeWay } from './notice-way.ts';

const timeoutMs = 30_000;

/** Tells by running a program, with what happened in its environment. Ended with code 0, it has told. */
export function commandWay(path: string, processes: Processes): NoticeWay {
  return {
    name: `command ${path}`,
    mostTries: 3,
    tell({ condition }, signal) {
      const { kind, subject, uplink, state, previous, reason, since } = condition;
      const environment = {
        POSTERN_EVENT: kind,
        POSTERN_SUBJECT: plainLine(subject),
        POSTERN_UPLINK: plainLine(uplink ?? ''),
        POSTERN_STATE: plainLine(state),
        POSTERN_PREVIOUS: plainLine(previous),
        POSTERN_REASON: plainLine(reason),
        POSTERN_SINCE: rfc3339(since),
      };
      return processes.run({ path, environment, timeoutMs, signal });
    },
  };
}
