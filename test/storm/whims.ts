import { plainBehaviour, type ReceiverBehaviour } from '../../src/surface/demo/receiver-behaviour.ts';
import { testCertificate } from '../certificates.ts';
import { remoteDomains } from '../simulation/reference-network.ts';

/** What our smart hosts want to be shown. */
export const login = { user: 'postern', password: 'secret' } as const;

const tls = { ...testCertificate('remote'), whim: 'none' } as const;

/** What nobody in the world takes mail for. */
const nobody = Object.fromEntries(
  remoteDomains.map(({ name }) => [`nobody@${name}`, '550 5.1.1 No such user here']),
);

const offers: readonly Partial<ReceiverBehaviour>[] = [
  {},
  { chunking: true },
  { startTls: tls, dsn: true },
  { startTls: tls, chunking: true },
];

/** How a receiver of the world is by itself: without whims, and not quite as the next one. */
export function usualReceiver(place: number): ReceiverBehaviour {
  return { ...plainBehaviour, ...offers[place % offers.length], refuse: nobody };
}

export const usualSmartHost: ReceiverBehaviour = { ...plainBehaviour, startTls: tls, login, refuse: nobody };

/** Slow, mute, and lying: what it offers is not so. */
export const receiverWhims: readonly Partial<ReceiverBehaviour>[] = [
  { greetingDelayMs: 6_000 },
  { greetingDelayMs: 50_000 },
  { greeting: '421 4.3.2 Come later' },
  { replyDelayMs: 3_000 },
  { dropAt: 'connect' },
  { dropAt: 'ehlo' },
  { dropAt: 'mail' },
  { dropAt: 'rcpt' },
  { dropAt: 'data' },
  { dropAt: 'dot' },
  { muteAt: 'connect' },
  { muteAt: 'ehlo' },
  { muteAt: 'mail' },
  { muteAt: 'rcpt' },
  { muteAt: 'data' },
  { muteAt: 'dot' },
  { dotDelayMs: 120_000 },
  { dotDelayMs: 700_000 },
  { greylistTries: 1 },
  { greylistTries: 3 },
  { messagesPerSession: 1 },
  { startTls: { ...tls, whim: 'refused' } },
  { startTls: { ...tls, whim: 'junk' } },
  { startTls: { ...tls, whim: 'hang' } },
  { startTls: { ...tls, whim: 'injected' } },
  { startTls: { ...tls, whim: 'left' } },
];

/** Ways in which a smart host is of no use, of which no message may bounce. */
export const smartHostWhims: readonly Partial<ReceiverBehaviour>[] = [
  ...receiverWhims,
  { startTls: null },
  { greeting: '554 5.7.1 Your account is closed' },
  { login: { user: 'postern', password: 'another' } },
  { login: null },
  {
    refuse: Object.fromEntries(
      remoteDomains.map(({ name }) => [`@${name}`, '554 5.7.1 Relay access denied']),
    ),
  },
];
