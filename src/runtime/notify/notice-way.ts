import type { Notice } from '../../decision/notice/telling-plan.ts';
import type { Result } from '../ports.ts';

/** One way to tell the operator. */
export type NoticeWay = {
  /** For people and logs: no secret is in it. */
  readonly name: string;
  /** How often one notice is tried. */
  readonly mostTries: number;
  /** Resolves within its own time limit. The error is a whole sentence. */
  tell(notice: Notice, signal: AbortSignal): Promise<Result<void, string>>;
};
