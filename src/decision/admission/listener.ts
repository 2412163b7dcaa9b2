/** One address that we listen on, as configured. */
export type ListenerSetting = {
  readonly address: string;
  readonly port: number;
  /** `mx`: from the world, for our domains, never a relay. `relay`: from our networks, to the world. */
  readonly role: 'mx' | 'relay';
  /** In the greeting and the EHLO reply. */
  readonly name: string;
  /** Behind NAT, what the world calls. */
  readonly publicAddress: string | null;
  readonly bareNewline: 'refuse' | 'clean';
  readonly allowPublic: boolean;
  /** Offered by STARTTLS; null: not offered. Paths of PEM files. */
  readonly tls: CertificateFiles | null;
};

/** A certificate chain, our own certificate first, and its key. */
export type CertificateFiles = { readonly certFile: string; readonly keyFile: string };

/** The bounds on clients of all listeners. */
export type ClientLimits = {
  readonly messageSizeBytes: number;
  readonly recipients: number;
  /** At one time, over all listeners. */
  readonly connections: number;
  /** At one time from one client address (IPv6: /64); not for `relay.from_networks`. */
  readonly perClient: number;
};

/** `198.51.100.30:25`, `[2001:db8:1::30]:25`: how people write it, and how we do in logs, traces and the queue. */
export function endpointText({ address, port }: Pick<ListenerSetting, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
