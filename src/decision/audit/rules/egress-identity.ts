import { egressEhloElsewhere } from '../egress-ehlo-elsewhere.ts';
import { egressEhloUnresolved } from '../egress-ehlo-unresolved.ts';
import { egressFcrdns } from '../egress-fcrdns.ts';
import type { IdentityFinding } from '../egress-finding.ts';
import { egressNoPtr } from '../egress-no-ptr.ts';
import type { EgressFact } from '../facts.ts';
import { grounds } from '../grounds.ts';
import type { IdentityFacts } from '../identity-facts.ts';
import type { Article, Judgement, Rule } from '../rule.ts';
import type { AuditView } from '../view.ts';
import { egressEhloForm } from './egress-ehlo-form.ts';
import { egressRrMissing } from './egress-rr-missing.ts';

/** The rules by which the gateway tests its own egresses, for every egress of the report. */
export const identityRules: readonly Rule[] = [
  ruleOf('EGRESS-NO-PTR', egressNoPtr, {
    title: 'The address that mail leaves from has no name.',
    meaning:
      'Receivers ask DNS who the address is (its PTR). An address without a name looks like a home connection or a hijacked machine.',
    actedOn:
      'Gmail refuses the mail (550 5.7.25), Yahoo and many others refuse it or put it into the junk folder.',
    fix: 'The provider who owns the address sets the PTR: ask for your EHLO name.',
    others:
      'Two well-known testing sites look at the PTR of the MX address instead, which says nothing of outgoing mail.',
  }),
  ruleOf('EGRESS-FCRDNS', egressFcrdns, {
    title: 'The name of the sending address does not lead back to it.',
    meaning:
      'Anybody can name an address as he likes; only a name that leads back to the address proves anything.',
    actedOn: 'Gmail refuses the mail (550 5.7.25); many others count it against you.',
    fix: 'Let the name of the PTR have an address record for the address, or have the PTR changed to a name that has.',
    others: null,
  }),
  ruleOf('EGRESS-EHLO-UNRESOLVED', egressEhloUnresolved, {
    title: 'The name that your server gives does not exist.',
    meaning: 'In EHLO a sender says who it is. A name that no address belongs to is a lie or a mistake.',
    actedOn: 'Many receivers refuse such a session (450 or 550 at HELO).',
    fix: 'Give the EHLO name an address record for the sending address.',
    others: null,
  }),
  ruleOf('EGRESS-EHLO-ELSEWHERE', egressEhloElsewhere, {
    title: 'The name that your server gives leads to another address.',
    meaning: 'The EHLO name exists, but the address that mail leaves from is not among its addresses.',
    actedOn: 'Some receivers count it against you; the standard forbids to refuse mail for it.',
    fix: 'Add the sending address to the EHLO name, or say another name from this address.',
    others: 'Testing sites call this "banner mismatch" too; here they have a point, for it is about sending.',
  }),
];

function ruleOf(
  id: keyof typeof grounds,
  judgeOne: (facts: IdentityFacts) => IdentityFinding,
  article: Omit<Article, 'ground'>,
): Rule {
  return {
    id,
    article: { ...article, ground: grounds[id] },
    judge: view =>
      view.facts.egresses.map(egress => {
        const judgement = asJudgement(judgeOne(view.identityOf(egress)));
        const teller =
          judgement.level === 'pass' || judgement.level === 'skip' ? null : tellerOf(id, egress, view);
        if (teller === null) return judgement;
        const { subject } = judgement;
        return { level: 'skip', subject, message: `${teller} tells what is wrong with ${egress.ehlo}.` };
      }),
  };
}

function asJudgement({ id: _id, fix, ...told }: IdentityFinding): Judgement {
  return fix === null ? told : { ...told, fix };
}

/** The check that says the same more exactly, if one does. */
function tellerOf(id: string, egress: EgressFact, view: AuditView): string | null {
  const faulty = (rule: Rule): boolean =>
    rule.judge(view).some(({ level, subject }) => level === 'error' && subject.name === egress.id);
  if (id === 'EGRESS-EHLO-ELSEWHERE' && faulty(egressRrMissing)) return egressRrMissing.id;
  return id.startsWith('EGRESS-EHLO-') && faulty(egressEhloForm) ? egressEhloForm.id : null;
}
