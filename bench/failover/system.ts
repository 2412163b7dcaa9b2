import type { LabNetwork } from '../../lab/network.ts';

export const systemNames = ['postern', 'watched', 'opensmtpd', 'usual'] as const;
export type SystemName = (typeof systemNames)[number];

/** Where a system runs: the mail host of this network, with its files below `directory`. */
export type Post = { readonly network: LabNetwork; readonly directory: string };

/** When the script of the usual remedy looks for the first time, and how often, in seconds. */
export type ScriptTimes = { readonly firstS: number; readonly everyS: number };

/** A system at work, which takes mail at the mail host's inner address. It ends with the network. */
export type RunningSystem = {
  readonly ended: () => boolean;
  /** A listing of its queue that names every recipient in it. */
  readonly queue: () => Promise<string>;
  /** The numbers of the messages whose final dot had left without an answer, as the system itself tells; null: it does not. */
  readonly doubted: () => Promise<ReadonlySet<string> | null>;
  /** The end of what it wrote, for whoever must explain a failure. */
  readonly tail: () => Promise<string>;
};
