import type { SpfCover } from '../../decision/records/compare.ts';
import { evaluateSpf, type SpfAnswer, type SpfEvaluation } from '../../protocol/spf/evaluate.ts';
import type { Resolver } from '../dns/resolver.ts';
import { askLive } from './ask-live.ts';

/** Addresses that nobody has on the Internet (RFC 1112 section 4, RFC 6666): who lets these pass lets all pass. */
const nobodys = ['240.0.0.1', '100::1'];
/** Rounds of questions; more is a loop, or over the limit of look-ups in any case. */
const roundLimit = 20;

/**
 * Does the SPF of a domain let mail pass from each of these addresses, and not from all the world? The record may say so
 * in any words: `mx`, an include, a network.
 */
export async function spfCover(
  resolver: Pick<Resolver, 'resolve'>,
  domain: string,
  addresses: readonly string[],
): Promise<SpfCover> {
  const answers = new Map<string, SpfAnswer>();
  for (const address of addresses) {
    const { result, reason } = await evaluate(resolver, answers, domain, address);
    if (result === 'temperror')
      return { kind: 'unknown', reason: reason ?? `SPF of ${domain} has no answer.` };
    if (result !== 'pass')
      return { kind: 'no', reason: `Mail from ${address} does not pass by it (${result}).` };
  }
  for (const address of nobodys) {
    const { result, matched } = await evaluate(resolver, answers, domain, address);
    if (result === 'pass')
      return { kind: 'no', reason: `By its term ${matched?.term} anybody may send as you.` };
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
