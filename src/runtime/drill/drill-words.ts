import type { DrillReport, EgressTest } from '../gateway-control.ts';

type Seen = Pick<
  DrillReport,
  | 'uplink'
  | 'usual'
  | 'ranMs'
  | 'stopped'
  | 'sent'
  | 'deferred'
  | 'refused'
  | 'connectMs'
  | 'usualConnectMs'
  | 'tests'
>;

/** The verdict of a drill that came to no harm, with its reason in whole sentences. */
export function soundVerdict(seen: Seen): Pick<DrillReport, 'verdict' | 'reason'> {
  const { uplink, usual, sent, ranMs, connectMs, usualConnectMs } = seen;
  if (sent === 0) return { verdict: 'no_mail', reason: `${noMail(seen)} ${session(seen)}` };
  const others = [counted(seen.deferred, 'deferred'), counted(seen.refused, 'refused')].filter(
    each => each !== '',
  );
  const beside = others.length === 0 ? '' : ` (${others.join(', ')})`;
  const took =
    connectMs.p50 === null
      ? ''
      : ` A connect took ${ms(connectMs.p50)} at the median, by ${usual} ${usualConnectMs.p50 === null ? 'nothing was measured' : ms(usualConnectMs.p50)}.`;
  return {
    verdict: 'carries',
    reason: `${uplink} carried ${sent} ${sent === 1 ? 'recipient' : 'recipients'} in ${seconds(ranMs)}${beside}.${took}`,
  };
}

/** The verdict of one that did, or would have. */
export function harmVerdict(uplink: string, reason: string): Pick<DrillReport, 'verdict' | 'reason'> {
  return { verdict: 'harm', reason: `${uplink} does not carry mail as it should: ${sentence(reason)}` };
}

/** Why the tests before the drill speak against it; null: they do not. `usual`: the same through the other uplink. */
export function harmOfTests(tests: readonly EgressTest[], usual: readonly EgressTest[]): string | null {
  const unreachable = tests.filter(test => stepOf(test, 'connect')?.ok === false && test.host !== null);
  const reached = usual.some(test => stepOf(test, 'connect')?.ok === true);
  const [first] = unreachable;
  if (first !== undefined && unreachable.length === tests.length && reached)
    return `${first.host ?? 'a host'} cannot be reached from ${first.source ?? first.egress}: ${stepOf(first, 'connect')?.text ?? ''}`;
  const refusing = tests.map(test =>
    test.steps.find(({ ok, text }) => !ok && /\(EGRESS-[A-Z-]+\)$/.test(text)),
  );
  const [identity] = refusing;
  return identity !== undefined && refusing.every(step => step !== undefined) ? identity.text : null;
}

function noMail({ uplink, deferred, refused, ranMs }: Seen): string {
  if (deferred + refused === 0) return `No mail came for ${uplink} in ${seconds(ranMs)}.`;
  return `No message was delivered by ${uplink} in ${seconds(ranMs)} (${deferred} deferred, ${refused} refused).`;
}

function session({ uplink, tests }: Seen): string {
  const failed = tests.flatMap(test => test.steps.filter(step => !step.ok).map(step => ({ test, step })))[0];
  if (failed !== undefined)
    return `A session by it stopped at ${failed.step.step}: ${sentence(failed.step.text)}`;
  const hosts = [...new Set(tests.flatMap(({ host }) => host ?? []))].join(', ');
  return hosts === ''
    ? `No host is known that ${uplink} could try.`
    : `A session by it with ${hosts} went well.`;
}

const stepOf = (test: EgressTest, name: string): EgressTest['steps'][number] | undefined =>
  test.steps.find(({ step }) => step === name);

const counted = (count: number, what: string): string => (count === 0 ? '' : `${count} ${what}`);
const seconds = (each: number): string => `${Math.round(each / 1_000)} s`;
const ms = (each: number): string => `${Math.round(each)} ms`;
const sentence = (text: string): string => (/[.!?)]$/.test(text) ? text : `${text}.`);
