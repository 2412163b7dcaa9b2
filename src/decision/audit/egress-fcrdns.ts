import { egressFinding, evidence, type IdentityFinding, type Judgeable, seen } from './egress-finding.ts';
import { addressType, type IdentityFacts } from './identity-facts.ts';

const id = 'EGRESS-FCRDNS';

/** A name that the PTR gives resolves back to the address: forward-confirmed reverse DNS. */
export function egressFcrdns(facts: IdentityFacts): IdentityFinding {
  const judged = seen(facts);
  if (typeof judged === 'string') return egressFinding(id, facts, { level: 'skip', message: judged });
  const { address, asked } = judged;
  if (asked.ptr.kind !== 'records') {
    const unanswered = asked.ptr.kind === 'temperror' ? { unanswered: true as const } : {};
    return egressFinding(id, facts, {
      level: 'skip',
      message: `No PTR of ${address} is known, so there is no name to look up.`,
      ...unanswered,
    });
  }
  const type = addressType(facts.family);
  const shown = asked.forward.map(({ name, addresses }) => evidence(name, type, addresses));
  const back = asked.forward.find(
    ({ addresses }) => addresses.kind === 'records' && addresses.values.includes(address),
  );
  if (back !== undefined)
    return egressFinding(id, facts, {
      level: 'pass',
      message: `The PTR's name ${back.name} resolves back to ${address}.`,
      evidence: shown,
    });
  const silent = asked.forward.find(({ addresses }) => addresses.kind === 'temperror');
  if (silent !== undefined)
    return egressFinding(id, facts, {
      level: 'skip',
      message: `Nobody could say whether ${silent.name} resolves to ${address}.`,
      evidence: shown,
      unanswered: true,
    });
  return failed(facts, judged, shown);
}

function failed(
  facts: IdentityFacts,
  { address, ehlo, asked }: Judgeable,
  shown: IdentityFinding['evidence'],
): IdentityFinding {
  const names = asked.forward.map(({ name }) => name);
  const name = names[0] ?? ehlo;
  // The provider's own name cannot be mended by us: the PTR itself is to be changed.
  const own = names.includes(ehlo);
  return egressFinding(id, facts, {
    level: 'error',
    message: own
      ? `The PTR of ${address} gives ${names.join(', ')}, which does not resolve back to ${address}: Gmail and others refuse its mail.`
      : `The PTR of ${address} gives ${names.join(', ')}, which does not resolve back to ${address}: Gmail and others refuse its mail. Ask the provider of ${facts.uplink} to set the PTR to ${ehlo}, and let ${ehlo} resolve to ${address}.`,
    evidence: shown,
    fix: own
      ? `${name}. IN ${addressType(facts.family)} ${address}`
      : `${asked.reverseName}. IN PTR ${ehlo}.\n${ehlo}. IN ${addressType(facts.family)} ${address}`,
  });
}
