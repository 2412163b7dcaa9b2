import { doors, type Sender, senders, uplinks } from './addresses.ts';

const [one, two] = uplinks;
const [, , elsewhere] = doors;

/** From which addresses an organisation sends, under which names; its zone follows from that. */
export const layouts = {
  /** One name for both uplinks. */
  a: [
    { address: one.source, name: 'mail.example.com' },
    { address: two.source, name: 'mail.example.com' },
  ],
  /** A name for each uplink. */
  b: senders,
  /** The same, and a second machine elsewhere, which also sends. */
  c: [...senders, { address: elsewhere.address, name: elsewhere.name }],
} as const satisfies Record<string, readonly Sender[]>;
