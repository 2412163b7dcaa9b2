import type { Judgement, Rule } from '../rule.ts';
import { isStsRecord } from './sts-none.ts';

/** The MTA-STS policy that is announced can be had. */
export const stsPolicy: Rule = {
  id: 'STS-POLICY',
  article: {
    title: 'A policy is announced, but cannot be read.',
    meaning:
      'Senders that never read the policy deliver as if there were none; those that have read it before go on with the old one until it ends.',
    actedOn: 'Senders that honour MTA-STS.',
    ground: 'RFC 8461 sections 3.2 and 3.3',
    fix: 'Serve the policy by HTTPS, with a certificate of the name mta-sts.DOMAIN.',
    others: null,
  },
  judge(view) {
    const { domain, policy } = view.facts;
    if (!view.records(`_mta-sts.${domain}`, 'TXT').some(isStsRecord) || policy === null) return [];
    const subject = { kind: 'domain', name: domain } as const;
    const url = `https://mta-sts.${domain}/.well-known/mta-sts.txt`;
    const faulty = (message: string, answer: string): Judgement[] => [
      {
        level: 'error',
        subject,
        message,
        evidence: [{ asked: url, answer }],
        fix: `Serve the policy at ${url}; "postern records" prints it.`,
      },
    ];
    if (policy.kind === 'failed')
      return faulty(`The MTA-STS policy of ${domain} is announced, but cannot be had.`, policy.reason);
    if (policy.redirected) return [];
    const wrong = faultOfPolicy(policy.text);
    if (wrong !== null)
      return faulty(`The MTA-STS policy of ${domain} cannot be read: ${wrong}.`, policy.text.slice(0, 200));
    return [
      {
        level: 'pass',
        subject,
        message: `The MTA-STS policy of ${domain} can be had and read.`,
        evidence: [{ asked: url, answer: policy.text.slice(0, 200) }],
      },
    ];
  },
};

/** The values of a key of the policy, in their order (RFC 8461 section 3.2). */
export function policyValues(text: string, key: string): string[] {
  return text.split(/\r?\n/).flatMap(line => {
    const [name = '', ...rest] = line.split(':');
    return name.trim() === key ? [rest.join(':').trim()] : [];
  });
}

function faultOfPolicy(text: string): string | null {
  if (policyValues(text, 'version')[0] !== 'STSv1') return 'it does not say "version: STSv1"';
  const mode = policyValues(text, 'mode')[0];
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') return 'it has no mode that is known';
  if (!/^\d{1,10}$/.test(policyValues(text, 'max_age')[0] ?? '')) return 'it has no max_age in seconds';
  return mode !== 'none' && policyValues(text, 'mx').length === 0 ? 'it names no mx' : null;
}
