import type { AuditView } from '../view.ts';

/** MX hosts that stand behind the best ones and are machines elsewhere: backups. */
export function elsewhereHosts(view: AuditView): readonly string[] {
  const { egresses, configuration } = view.facts;
  const best = view.mx[0]?.preference;
  const ours = new Set([
    ...egresses.map(({ address }) => address),
    ...(configuration?.listeners ?? []).map(({ address }) => address),
  ]);
  if (ours.size === 0) return [];
  return view.mx
    .filter(({ preference, exchange }) => preference !== best && exchange !== '')
    .map(({ exchange }) => exchange)
    .filter(host => {
      const addresses = view.addresses(host);
      return addresses.length > 0 && addresses.every(address => !ours.has(address));
    });
}
