import type { ConversationFact } from './facts.ts';
import type { AuditView } from './view.ts';

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

/** The backups: machines elsewhere, or where nothing tells what is ours, every host behind the best ones. */
export function backupHosts(view: AuditView): readonly string[] {
  const { egresses, configuration } = view.facts;
  if (egresses.length > 0 || configuration !== null) return elsewhereHosts(view);
  const best = view.mx[0]?.preference;
  return view.mx
    .filter(({ preference, exchange }) => preference !== best && exchange !== '')
    .map(({ exchange }) => exchange);
}

/** The primary refuses a mailbox that nobody has. */
export function primaryRefusesUnknown(view: AuditView): boolean {
  const backups = backupHosts(view);
  return view.mailHosts.some(
    host =>
      !backups.includes(host) &&
      view.conversationsWith(host).some(({ unknownRecipient }) => (unknownRecipient?.code ?? 0) >= 500),
  );
}

/** A backup offers no TLS, while a primary speaks it. */
export function isWeakerBackup(view: AuditView, { host, ehlo, tls }: ConversationFact): boolean {
  const elsewhere = elsewhereHosts(view);
  return (
    elsewhere.includes(host) &&
    ehlo !== null &&
    ehlo.code < 300 &&
    tls === null &&
    view.facts.conversations.some(each => !elsewhere.includes(each.host) && each.tls?.kind === 'done')
  );
}
