import type { DomainSetting, RelaySetting } from '../decision/admission/domain.ts';
import type { ClientLimits, ListenerSetting } from '../decision/admission/listener.ts';
import type { DrillSetting, UplinkSetting } from '../decision/egress/egress.ts';
import type { DnsServerSetting } from '../decision/next-hop/dns-server.ts';
import type { RouteSetting } from '../decision/next-hop/route-setting.ts';
import type { NotifySetting } from '../decision/notice/notify-setting.ts';
import type { DeliverySetting, QueueSetting } from '../decision/queue/settings.ts';

/** The whole of `postern.yaml` in our types: immutable, swapped as one reference on SIGHUP. */
export type Settings = {
  readonly hostname: string;
  readonly stateDir: string;
  readonly uplinks: readonly UplinkSetting[];
  readonly listeners: readonly ListenerSetting[];
  readonly domains: readonly DomainSetting[];
  readonly relay: RelaySetting;
  /** Empty: the system's resolvers. */
  readonly dnsServers: readonly DnsServerSetting[];
  readonly delivery: DeliverySetting;
  readonly queue: QueueSetting;
  readonly limits: ClientLimits;
  /** In their order: the first that fits holds. */
  readonly routes: readonly RouteSetting[];
  readonly notify: readonly NotifySetting[];
  readonly drill: DrillSetting | null;
  /** Metrics and health, over HTTP; null: not served. */
  readonly http: { readonly address: string; readonly port: number } | null;
  readonly log: {
    readonly level: 'error' | 'warn' | 'info' | 'debug';
    readonly format: 'json' | 'text' | 'auto';
    /** Appended to, and opened anew on SIGHUP; null: standard output. */
    readonly file: string | null;
  };
};
