import type { Verdict } from '../verdict.ts';
import type { TrialResult } from './results.ts';
import { duration } from './table.ts';

const gatewayMs = { most: 500, aim: 250, alike: 100 };
const watchedP99Ms = 10_000;

/** What was asked for, and whether the results that are there show it. */
export function judge(results: readonly TrialResult[]): Verdict[] {
  const of = (system: TrialResult['system']): TrialResult[] =>
    results.filter(result => result.system === system);
  const [gateway, watched] = [of('postern'), of('watched')];
  const slowest = Math.max(0, ...gateway.map(({ addedMs }) => addedMs?.max ?? 0));
  const pairs = gateway.flatMap(ours => {
    const theirs = results.find(
      other => other.system === 'opensmtpd' && other.cut === ours.cut && other.perS === ours.perS,
    );
    return theirs === undefined ? [] : [{ ours, theirs }];
  });
  const behind = pairs.filter(({ ours, theirs }) => !isAhead(ours, theirs));
  const slowestWatched = Math.max(0, ...watched.map(({ addedMs }) => addedMs?.p99 ?? 0));
  const unsafe = [...gateway, ...watched].filter(({ lost, duplicates }) => lost + duplicates > 0);
  return [
    {
      asked: `Postern: added delay of ${gatewayMs.most} ms at most, ${gatewayMs.aim} ms the aim`,
      measured: `${duration(slowest)} at most, over ${gateway.length} trials`,
      isMet: gateway.length > 0 && slowest <= gatewayMs.most,
    },
    {
      asked: `Postern ahead of OpenSMTPD for every cut: a lower maximum, or both under ${gatewayMs.alike} ms`,
      measured: `in ${pairs.length - behind.length} of ${pairs.length} pairs of trials${listed(behind.map(({ ours }) => ours))}`,
      isMet: pairs.length > 0 && behind.length === 0,
    },
    {
      asked: `Postfix watched by Postern: p99 under ${watchedP99Ms / 1_000} s for every cut`,
      measured: `${duration(slowestWatched)} at most, over ${watched.length} trials`,
      isMet: watched.length > 0 && slowestWatched < watchedP99Ms,
    },
    {
      asked: 'Postern and the watched Postfix: nothing lost, nothing twice',
      measured:
        unsafe.length === 0
          ? `nothing in ${gateway.length + watched.length} trials`
          : `not so in ${unsafe.length} trials${listed(unsafe)}`,
      isMet: gateway.length + watched.length > 0 && unsafe.length === 0,
    },
  ];
}

function isAhead(ours: TrialResult, theirs: TrialResult): boolean {
  const [mine, other] = [ours.addedMs?.max ?? 0, theirs.addedMs?.max ?? 0];
  return mine < other || (mine < gatewayMs.alike && other < gatewayMs.alike);
}

function listed(results: readonly TrialResult[]): string {
  const names = results.map(({ cut, perS, system }) => `${system} at ${cut} and ${perS} a second`);
  return names.length === 0 ? '' : ` (not: ${names.join('; ')})`;
}
