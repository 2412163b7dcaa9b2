/** One end of a conversation. */
export type Endpoint = { readonly address: string; readonly port: number };

/** A TCP segment. Data begins at 0; SYN takes no number, FIN takes the one after the last byte. */
export type Segment = {
  readonly syn: boolean;
  readonly ack: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly window: number;
  readonly payload: Buffer;
};

/** What travels between two hosts. */
export type Packet = { readonly from: Endpoint; readonly to: Endpoint } & (
  | { readonly protocol: 'tcp'; readonly segment: Segment }
  | { readonly protocol: 'udp'; readonly payload: Buffer }
);

/** Headers counted, as a link's bandwidth sees it. */
export function packetBytes(packet: Packet): number {
  return 40 + (packet.protocol === 'tcp' ? packet.segment.payload.length : packet.payload.length);
}

/** One short line for the event log: who said how much of what to whom. */
export function packetText(packet: Packet): string {
  const { from, to } = packet;
  const way = `${from.address}:${from.port}>${to.address}:${to.port}`;
  if (packet.protocol === 'udp') return `${way} udp ${packet.payload.length}`;
  const { syn, ack, fin, rst, sequence, acknowledged, payload } = packet.segment;
  return `${way} ${syn ? 'S' : ''}${ack ? 'A' : ''}${fin ? 'F' : ''}${rst ? 'R' : ''} ${sequence}+${payload.length} ${acknowledged}`;
}
