/** The part of dns-packet 5 that the codec uses; the package has no types of its own. What it decodes is `unknown` until looked at. */
declare module 'dns-packet' {
  export type PacketQuestion = { name: string; type: string; class?: string };
  export type PacketRecord = {
    name: string;
    type: string;
    class?: string;
    ttl?: number;
    data?: unknown;
    flags?: number;
    udpPayloadSize?: number;
    extendedRcode?: number;
  };
  export type Packet = {
    id: number;
    type: 'query' | 'response';
    flags: number;
    rcode?: string;
    flag_aa?: boolean;
    flag_tc?: boolean;
    flag_rd?: boolean;
    flag_ra?: boolean;
    flag_ad?: boolean;
    flag_cd?: boolean;
    questions: PacketQuestion[];
    answers: PacketRecord[];
    authorities: PacketRecord[];
    additionals: PacketRecord[];
  };
  export function encode(packet: Partial<Packet>): Buffer;
  /** Throws on much of what the network may send. */
  export function decode(buffer: Buffer): Packet;
  export const AUTHORITATIVE_ANSWER: number;
  export const TRUNCATED_RESPONSE: number;
  export const RECURSION_DESIRED: number;
  export const RECURSION_AVAILABLE: number;
  export const AUTHENTIC_DATA: number;
  export const CHECKING_DISABLED: number;
  export const DNSSEC_OK: number;
}
