import type { SpfCover } from '../../decision/records/compare.ts';
import { evaluateSpf, type SpfAnswer, type SpfEvaluation } from '../../protocol/spf/evaluate.ts';
import type { Resolver } from '../dns/resolver.ts';
import { askLive } from './ask-live.ts';

/** Rounds of questions; more is a loop, or over the limit of look-ups in any case. */
const roundLimit = 20;

/**
 * Does the SPF of a domain let mail pass from each of these addresses, by more than `+all`? The record may say so in any
 * words: `mx`, an include, a network.
 */
export async function spfCover(
  resolver: Pick<Resolver, 'resolve'>,
  domain: string,
  addresses: readonly string[],
): Promise<SpfCover> {
  const answers = new Map<string, SpfAnswer>();
  for (const address of addresses) {
    const { result, matched, reason } = await evaluate(resolver, answers, domain, address);
    if (result === 'temperror')
      return { kind: 'unknown', reason: reason ?? `SPF of ${domain} has no answer.` };
    if (result !== 'pass')
      return { kind: 'no', reason: `Mail from ${address} does not pass by it (${result}).` };
    if (/^\+?all$/i.test(matched?.term ?? ''))
      return { kind: 'no', reason: 'By its +all anybody may send as you.' };
  }
  return { kind: 'yes' };
}

async function evaluate(
  resolver: Pick<Resolver, 'resolve'>,
  answers: Map<string, SpfAnswer>,
  domain: string,
  address: string,
): Promise<SpfEvaluation> {
  const check = { domain, address, sender: `postmaster@${domain}`, helo: domain };
  for (let round = 0; ; round++) {
    const evaluation = evaluateSpf(
      check,
      ({ name, type }) => answers.get(`${name} ${type}`) ?? { kind: 'unasked' },
    );
    if (evaluation.unasked.length === 0 || round === roundLimit) return evaluation;
    await Promise.all(
      evaluation.unasked.map(async ({ name, type }) => {
        const answer = await askLive(resolver, name, type);
        answers.set(`${name} ${type}`, asSpf(answer));
      }),
    );
  }
}

function asSpf(answer: Awaited<ReturnType<typeof askLive>>): SpfAnswer {
  switch (answer.kind) {
    case 'records':
      return { kind: 'records', values: answer.data };
    case 'none':
      return answer;
    case 'unknown':
      return { kind: 'temperror', reason: answer.reason };
    default:
      return answer satisfies never;
  }
}
