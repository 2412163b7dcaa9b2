import type { GatewaySettings } from '../decision/gateway-settings.ts';

/** The whole of `postern.yaml` in our types: immutable, swapped as one reference on SIGHUP. */
export type Settings = GatewaySettings & {
  readonly stateDir: string;
  /** Metrics and health, over HTTP; null: not served. */
  readonly http: { readonly address: string; readonly port: number } | null;
  readonly log: {
    readonly level: 'error' | 'warn' | 'info' | 'debug';
    readonly format: 'json' | 'text' | 'auto';
    /** Appended to, and opened anew on SIGHUP; null: standard output. */
    readonly file: string | null;
  };
};
