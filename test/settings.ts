import type { DomainSetting } from '../src/decision/admission/domain.ts';
import type { UplinkSetting } from '../src/decision/egress/egress.ts';

/** A domain as the defaults make it, with its mail store at one address. */
export function primaryDomain(name: string, address: string, port = 25): DomainSetting {
  return {
    name,
    role: 'primary',
    deliverTo: [{ address, port, xclient: false }],
    recipients: { kind: 'any' },
    whenUnknown: 'defer',
    expireMs: null,
  };
}

/** What an uplink has by default beside its name, addresses and health. */
export const plainUplink = {
  maxRatePerS: null,
  maxConnections: null,
  warmShare: 0,
  whenUnfit: 'last',
  smartHost: null,
} as const satisfies Partial<UplinkSetting>;
