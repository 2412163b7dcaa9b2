import type { ReceiverCounts } from './receiver.ts';
import type { ReceiverBehaviour } from './receiver-behaviour.ts';
import type { Delivery } from './receiver-session.ts';

/** What a peer process is told, one JSON object a line. `id` comes back with the answer. */
export type PeerRequest = { readonly id: number } & PeerOrder;

export type PeerOrder =
  | {
      readonly do: 'receive';
      readonly addresses: readonly string[];
      readonly port: number;
      readonly name: string;
      /** Judge EHLO names and addresses by these tables; null: all fit. */
      readonly identity: IdentityTables | null;
      readonly behaviour: Partial<ReceiverBehaviour>;
    }
  | {
      readonly do: 'behave';
      /** The receiver at this address. */
      readonly address: string;
      readonly behaviour: Partial<ReceiverBehaviour>;
    }
  | {
      readonly do: 'name_server';
      readonly address: string;
      readonly port: number;
      readonly zone: Readonly<Record<string, readonly string[]>>;
      /** Answers only these networks (CIDR); empty: all. */
      readonly customers: readonly string[];
      readonly delayMs: number;
    }
  | {
      readonly do: 'send';
      readonly target: { readonly address: string; readonly port: number };
      /** Tried in their order where the target cannot be reached, as a sender goes through MX hosts. */
      readonly others?: readonly { readonly address: string; readonly port: number }[];
      /** How long it waits for a connection or a reply; default 10 s. */
      readonly patienceMs?: number;
      readonly source: string | null;
      readonly ehlo: string;
      readonly intervalMs: number;
      readonly mailFrom: string;
      /** Used in turn; `{n}` in one stands for the number of the message. */
      readonly recipients: readonly string[];
      readonly sizeBytes: number;
      /** Begins every Message-ID, so that two senders never share one. */
      readonly label: string;
    }
  | { readonly do: 'stop_sending' }
  | { readonly do: 'counts' };

export type IdentityTables = {
  readonly forward: Readonly<Record<string, readonly string[]>>;
  readonly reverse: Readonly<Record<string, readonly string[]>>;
};

/** What all receivers of a peer have seen together. */
export type PeerCounts = ReceiverCounts & {
  readonly identities: readonly {
    readonly address: string;
    readonly ehlo: string;
    readonly sessions: number;
  }[];
  /** Connections from each address, whether or not a word was said. */
  readonly callers: readonly { readonly address: string; readonly connections: number }[];
};

/** What a peer process tells, one JSON object a line. */
export type PeerNews =
  | { readonly news: 'ready' }
  | { readonly news: 'answer'; readonly id: number; readonly error: string | null; readonly value: PeerValue }
  | { readonly news: 'delivery'; readonly delivery: Delivery }
  | {
      readonly news: 'accepted';
      readonly messageId: string;
      readonly at: number;
      readonly bodyDigest: string;
    }
  | { readonly news: 'trouble'; readonly messageId: string; readonly reason: string };

export type PeerValue = { readonly port: number } | PeerCounts | null;
