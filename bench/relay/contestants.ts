import { startExim } from '../exim-gateway.ts';
import { startHaraka } from '../haraka-gateway.ts';
import { startOpenSmtpd } from '../opensmtpd-gateway.ts';
import { startPostern } from '../postern-gateway.ts';
import { startPostfix } from '../postfix-gateway.ts';
import type { RelayGateway } from '../relay-gateway.ts';

/** Where a gateway works, listens and delivers; with TLS it offers STARTTLS and takes it. */
export type Post = {
  readonly directory: string;
  readonly port: number;
  readonly sinkPort: number;
  readonly tls: boolean;
};

/** A gateway that takes part, as it ships, tuned as one would, with its own durability. */
export type Contestant = {
  readonly start: (post: Post) => Promise<RelayGateway>;
  /** Of a load's messages: the slower ones relay fewer, so that a round ends in time. */
  readonly share: number;
  /** How long it is left alone between the warm-up and the load. */
  readonly restMs?: number;
};

export const contestantNames = ['postfix', 'postern', 'opensmtpd', 'exim', 'haraka'] as const;
export type ContestantName = (typeof contestantNames)[number];

export const contestants: Readonly<Record<ContestantName, Contestant>> = {
  postern: { start: post => startPostern(post), share: 1 },
  postfix: {
    start: ({ directory, port, sinkPort, tls }) => startPostfix(directory, port, sinkPort, tls),
    share: 1,
  },
  opensmtpd: {
    start: ({ directory, port, sinkPort }) => startOpenSmtpd(directory, port, sinkPort),
    share: 1 / 2,
    // It looks for a way to its next hop once in ten seconds, and closes its sessions when the warm-up is over.
    restMs: 10_500,
  },
  exim: { start: ({ directory, port, sinkPort }) => startExim(directory, port, sinkPort), share: 1 / 8 },
  haraka: { start: ({ directory, port, sinkPort }) => startHaraka(directory, port, sinkPort), share: 1 / 2 },
};

/** Those of a comma-separated list; throws for one that there is not. */
export function chosenContestants(list: string): readonly ContestantName[] {
  return list.split(',').map(text => {
    const name = contestantNames.find(each => each === text);
    if (name === undefined)
      throw new Error(`--only takes some of ${contestantNames.join(', ')}, not "${text}".`);
    return name;
  });
}

/** What people call them. */
export const titles: Readonly<Record<ContestantName, string>> = {
  postern: 'Postern',
  postfix: 'Postfix',
  opensmtpd: 'OpenSMTPD',
  exim: 'Exim',
  haraka: 'Haraka',
};

/** What stands behind the 250 of each as it ships, and so behind its syncs. */
export const durability: Readonly<Record<ContestantName, string>> = {
  postern:
    'answers after the commit of a SQLite transaction is synced; messages that arrive together share a commit',
  postfix: 'answers after the queue file of each message is synced',
  opensmtpd: 'answers when the message is in files of its queue, which it leaves to the kernel: no sync',
  exim: 'answers after the files of each message (body, envelope) are synced; syncs what it notes of the delivery as well',
  haraka: 'answers after the file of its outbound queue is synced',
};
