import type { EgressFact } from '../facts.ts';
import type { FindingSubject } from '../finding.ts';

export function egressSubject({ id, address, uplink, family }: EgressFact): FindingSubject {
  return { kind: 'egress', name: id, address, uplink, family };
}

/** Those whose mail goes straight to the receivers, who then judge their identity. */
export function judgedEgresses(egresses: readonly EgressFact[]): readonly EgressFact[] {
  return egresses.filter(({ smartHost }) => smartHost === null);
}
