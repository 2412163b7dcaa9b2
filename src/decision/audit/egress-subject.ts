import type { EgressFact, HostFact } from './facts.ts';
import type { FindingSubject } from './finding.ts';
import type { AuditView } from './view.ts';

export function egressSubject({ id, address, uplink, family }: EgressFact): FindingSubject {
  return { kind: 'egress', name: id, address, uplink, family };
}

/** Those whose mail goes straight to the receivers, who then judge their identity. */
export function judgedEgresses(egresses: readonly EgressFact[]): readonly EgressFact[] {
  return egresses.filter(({ smartHost }) => smartHost === null);
}

/** Its uplink is idle while a better one is up; only a configuration tells. */
export function standsBy({ facts }: AuditView, { preference }: EgressFact): boolean {
  return facts.configuration !== null && facts.egresses.some(({ preference: other }) => other < preference);
}

/** The host has no way for packets of this source, or sends them by a wrong one. */
export const isMisrouted = ({ condition }: HostFact['sources'][number]): boolean =>
  condition === 'no route' || condition === 'wrong way';

/** Packets of this egress come to nobody, for a reason that lies in the host and is told of it. */
export function cannotSpeak({ facts }: AuditView, egress: string | null): boolean {
  return facts.host?.sources.some(source => source.egress === egress && isMisrouted(source)) === true;
}

/** The egress that a source of the host's configuration belongs to; by its name alone where the report has none such. */
export function sourceSubject(view: AuditView, source: { readonly egress: string }): FindingSubject {
  const egress = view.facts.egresses.find(({ id }) => id === source.egress);
  return egress === undefined ? { kind: 'egress', name: source.egress } : egressSubject(egress);
}
