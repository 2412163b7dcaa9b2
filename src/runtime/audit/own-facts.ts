import type { DomainSetting, RelaySetting } from '../../decision/admission/domain.ts';
import type { ListenerSetting } from '../../decision/admission/listener.ts';
import type { ConfigurationFact, EgressFact, HostFact } from '../../decision/audit/facts.ts';
import type { UplinkSetting } from '../../decision/egress/egress.ts';
import { hostAdvice, presentAddress } from '../../decision/egress/host-advice.ts';
import type { QueueSetting } from '../../decision/queue/settings.ts';
import type { Files, Network } from '../ports.ts';
import { certificateFact } from './certificate-fact.ts';

/** What of the settings the audit looks at. */
export type AuditedSettings = {
  readonly hostname: string;
  readonly uplinks: readonly UplinkSetting[];
  readonly listeners: readonly ListenerSetting[];
  readonly domains: readonly DomainSetting[];
  readonly relay: RelaySetting;
  readonly queue: QueueSetting;
};

const certificateLimitBytes = 1_000_000;

/** The egresses of the configuration as they stand on this host; those that have no address now are left out. */
export function ownEgresses(settings: AuditedSettings, network: Network): EgressFact[] {
  const present = network.addresses();
  return settings.uplinks.flatMap(uplink =>
    uplink.egresses.flatMap(setting => {
      const found = presentAddress(setting, present);
      const address = setting.publicAddress ?? setting.address ?? found?.address ?? null;
      if (address === null) return [];
      return [
        {
          id: setting.id,
          uplink: uplink.name,
          preference: uplink.preference,
          family: setting.family,
          source: found?.address ?? null,
          address,
          ehlo: setting.ehlo,
          smartHost: uplink.smartHost?.host ?? null,
          port25: null,
          observed: null,
          temporary: found?.temporary ?? false,
        },
      ];
    }),
  );
}

export async function configurationFact(settings: AuditedSettings, files: Files): Promise<ConfigurationFact> {
  const uplinkOf = (listener: ListenerSetting): string | null =>
    settings.uplinks.find(({ egresses }) => egresses.some(({ address }) => address === listener.address))
      ?.name ?? null;
  const listeners = await Promise.all(
    settings.listeners.map(async listener => {
      const read =
        listener.tls === null ? null : await files.read(listener.tls.certFile, certificateLimitBytes);
      return {
        name: listener.name,
        role: listener.role,
        address: listener.publicAddress ?? listener.address,
        uplink: uplinkOf(listener),
        certificate: read?.ok === true ? certificateFact(read.value) : null,
      };
    }),
  );
  return {
    hostname: settings.hostname,
    uplinks: settings.uplinks.map(({ name, preference, probe }) => ({
      name,
      preference,
      probes: probe.length,
    })),
    listeners,
    domains: settings.domains.map(({ name, role }) => ({ name, role })),
    relayNetworks: settings.relay.fromNetworks,
    queueExpireMs: settings.queue.expireMs,
  };
}

/** What this host says of each source address: is it here, and how would its packets leave. */
export async function hostFact(settings: AuditedSettings, network: Network): Promise<HostFact> {
  const present = network.addresses();
  const sources = await Promise.all(
    settings.uplinks
      .flatMap(({ egresses }) => egresses)
      .map(async setting => {
        const found = presentAddress(setting, present);
        const address = found?.address ?? setting.address;
        const route = address === null ? null : await network.routeOf(address);
        const { condition, message, commands } = hostAdvice(setting, found, route);
        return { egress: setting.id, address, condition, message, commands };
      }),
  );
  return { sources, resolvers: [], overrides: [], clockOffsetMs: null, strictInterfaces: [], mtus: [] };
}
