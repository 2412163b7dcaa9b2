import { median, ratios } from '../median.ts';
import { cpuMs } from '../process-tree.ts';
import { type Contestant, type ContestantName, contestants } from './contestants.ts';
import { type Costs, measureCosts } from './costs.ts';
import { type Load, partOf } from './load.ts';
import { type Running, whileRelaying } from './running.ts';

export type Figures = {
  readonly messagesPerS: number;
  /** Until the last message was acknowledged to its sender. */
  readonly acceptedPerS: number;
  readonly cpuMsPerMessage: number;
};

export type Of<Value> = Readonly<Partial<Record<ContestantName, Value>>>;

/** Gateways that relayed the same load in turn, round by round. */
export type Comparison = {
  readonly load: Load;
  readonly rounds: readonly Of<Figures>[];
  readonly costs: Of<Costs>;
};

export type ComparisonPlan = {
  readonly names: readonly ContestantName[];
  readonly load: Load;
  readonly rounds: number;
  /** Memory and syncs too. */
  readonly withCosts: boolean;
  readonly say: (line: string) => void;
};

/** Each round starts each gateway afresh; costs are taken in a round of their own. */
export async function compare(plan: ComparisonPlan): Promise<Comparison> {
  const { names, load, rounds, withCosts, say } = plan;
  const all: Of<Figures>[] = [];
  for (let round = 1; round <= rounds; round++) {
    const figures: Partial<Record<ContestantName, Figures>> = {};
    // Who goes first changes, so that neither always finds the machine warm.
    for (const name of round % 2 === 1 ? names : names.toReversed()) {
      figures[name] = await measure(contestants[name], load);
      say(`round ${round}: ${name} ${figures[name].messagesPerS.toFixed(0)} messages/s`);
    }
    all.push(figures);
  }
  const costs: Partial<Record<ContestantName, Costs>> = {};
  if (withCosts)
    for (const name of names) {
      costs[name] = await measureCosts(contestants[name], partOf(load, contestants[name].share));
      say(`costs: ${name}`);
    }
  return { load, rounds: all, costs };
}

/** One start of one gateway under one load. */
export async function measure(contestant: Contestant, load: Load): Promise<Figures> {
  const part = partOf(load, contestant.share);
  const relayed = async ({ gateway, relay }: Running): Promise<Figures> => {
    const cpuBefore = cpuMs(gateway.pid);
    const { acceptedMs, ms } = await relay(part);
    return {
      messagesPerS: (1_000 * part.messages) / ms,
      acceptedPerS: (1_000 * part.messages) / acceptedMs,
      cpuMsPerMessage: (cpuMs(gateway.pid) - cpuBefore) / part.messages,
    };
  };
  return whileRelaying(contestant, load, relayed);
}

/** The median of the rounds. */
export function middle(
  { rounds }: Pick<Comparison, 'rounds'>,
  name: ContestantName,
  figure: keyof Figures,
): number {
  return median(rounds.flatMap(round => round[name]?.[figure] ?? []));
}

/** How many times as much Postern relayed as another, in each round that both had. */
export function ratiosTo(name: ContestantName, { rounds }: Pick<Comparison, 'rounds'>): number[] {
  return ratios(rounds.map(({ postern, [name]: other }) => [postern?.messagesPerS, other?.messagesPerS]));
}
