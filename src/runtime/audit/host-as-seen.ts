import {
  type AuditFacts,
  type ConfigurationFact,
  type EgressFact,
  type HostFact,
  questionKey,
} from '../../decision/audit/facts.ts';
import { clockOffset } from './clock-offset.ts';
import { overridesIn } from './own-facts.ts';

/** With what only shows beside what DNS and others said: names that the host's files override, its
 * clock, and how large packets may be. */
export function hostAsSeen(
  {
    host,
    hostsFile,
    configuration,
    egresses,
  }: {
    readonly host: HostFact | null;
    readonly hostsFile: string | null;
    readonly configuration: ConfigurationFact | null;
    readonly egresses: readonly EgressFact[];
  },
  {
    dns,
    conversations,
    mtus,
  }: Pick<AuditFacts, 'dns' | 'conversations'> & { readonly mtus: HostFact['mtus'] },
): HostFact | null {
  if (host === null) return null;
  const names = [
    ...(configuration === null
      ? []
      : [configuration.hostname, ...configuration.listeners.map(({ name }) => name)]),
    ...egresses.map(({ ehlo }) => ehlo),
  ];
  const addressesOf = (name: string): readonly string[] =>
    ['A', 'AAAA'].flatMap(type => {
      const fact = dns[questionKey(name, type)];
      return fact?.kind === 'records' ? fact.values : [];
    });
  return {
    ...host,
    overrides: hostsFile === null ? [] : overridesIn(hostsFile, names, addressesOf),
    clockOffsetMs: clockOffset(conversations),
    mtus,
  };
}
