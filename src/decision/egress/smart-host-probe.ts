import type { UplinkSetting } from './egress.ts';

/**
 * The uplinks as they are probed: one whose mail goes through a smart host stands and falls with that, so where the
 * operator names nothing to probe, it is the smart host. It may be probed at any rate, for we are its customer.
 */
export function withSmartHostProbes(uplinks: readonly UplinkSetting[]): readonly UplinkSetting[] {
  return uplinks.map(uplink => {
    const { smartHost, probe } = uplink;
    if (smartHost === null || probe.length > 0) return uplink;
    return { ...uplink, probe: [{ host: smartHost.host, port: smartHost.port }] };
  });
}
