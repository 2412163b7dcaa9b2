import type { TraceEvent } from '../../src/runtime/events.ts';
import type { Delivery } from '../../src/surface/demo/receiver-session.ts';
import type { Plan } from './plan.ts';

/** A message that its client saw acknowledged, at `at` by the wall and at `monotonicAt` by the clock that never jumps. */
export type Acknowledged = {
  readonly messageId: string;
  readonly reversePath: string;
  readonly recipients: readonly string[];
  readonly bodyDigest: string;
  readonly at: number;
  readonly monotonicAt: number;
};

/** A recipient that the gateway worked on as it ended; the trace had so many events then. */
export type Severed = { readonly id: string; readonly recipient: string; readonly traced: number };

/** What the gateway had to do, and how much of that was its clients' doing. */
export type Work = {
  /** What happened to it or was done by it: events, timers, answers, writes. */
  readonly steps: number;
  /** How often a client called. */
  readonly calls: number;
  /** Of the steps, those in which something of what a client said was heard. */
  readonly heard: number;
};

/** The work of two lives, or of more. */
export const together = (one: Work, other: Work): Work => ({
  steps: one.steps + other.steps,
  calls: one.calls + other.calls,
  heard: one.heard + other.heard,
});

/** All that one simulated run leaves behind. */
export type Outcome = {
  readonly plan: Plan;
  readonly acknowledged: readonly Acknowledged[];
  readonly deliveries: readonly Delivery[];
  readonly trace: readonly TraceEvent[];
  readonly severed: readonly Severed[];
  /** Reverse-paths of what is still in the queue. */
  readonly queued: ReadonlySet<string>;
  /** Names that go with source addresses. */
  readonly identities: ReadonlyMap<string, string>;
  /** Each EHLO name that was given from each address, by probes and tests too: `address name`. */
  readonly given: ReadonlySet<string>;
  /** Reverse-paths of messages that a receiver refused for good, and not for the sake of a stand-in. */
  readonly refusedForGood: ReadonlySet<string>;
  /** What was seen to be wrong as it happened. */
  readonly complaints: readonly string[];
  /** When nothing was wrong any more and every egress could be used (monotonic ms). */
  readonly calmAt: number;
  /** TCP sockets of the mail host's kernel, at most, and when all is over. */
  readonly mostSockets: number;
  readonly leftSockets: number;
  /** Timers that the stopped gateway still has. */
  readonly leftTimers: number;
  /** Of all lives. */
  readonly work: Work;
  readonly lives: number;
  /** The hash of every packet and its fate. */
  readonly fingerprint: string;
  readonly simulatedMs: number;
};
