import type { PanelName } from './panels.ts';
import type { Point } from './reckoning.ts';

/** Why a panel is not flat, as profiles of its processor time and counts of its connections showed. */
const reasons: readonly {
  readonly name: PanelName;
  readonly applies: (at: number) => boolean;
  readonly text: string;
}[] = [
  {
    name: 'senders',
    applies: at => at < 20,
    text: 'A sender waits for its 250 before it sends its next message, and a 250 waits for a commit that is synced. Few senders put few messages into each commit: the work for it and the wait for the disk fall on them alone, where those of 20 share them, and nothing else is under way meanwhile.',
  },
  {
    name: 'destinations',
    applies: at => at >= 1_000,
    text: 'At most 500 connections are open at a time. From 1,000 destinations on, a message seldom finds a session that is open to its own: it asks DNS twice when the destination is new, connects, greets, and an idle session is closed for it. That is what a message costs more; none of it is waiting.',
  },
];

/** The reasons for those points that are not flat; a point without one is told as such. */
export function reasonsFor(name: PanelName, points: readonly Point[]): string[] {
  const uneven = points.filter(({ isFlat }) => !isFlat);
  const own = reasons.filter(reason => reason.name === name);
  const told = own.filter(({ applies }) => uneven.some(({ at }) => applies(at))).map(({ text }) => text);
  const untold = uneven.filter(({ at }) => !own.some(({ applies }) => applies(at)));
  return [...told, ...untold.map(({ at }) => `At ${at.toLocaleString('en')} the reason is not known yet.`)];
}
