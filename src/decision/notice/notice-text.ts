import type { Condition, ConditionKind } from './condition.ts';
import { isTrouble, type Notice } from './telling-plan.ts';

/** A notice in words: one line, and the whole. */
export type NoticeText = {
  /** At most 160 characters, without line breaks. */
  readonly headline: string;
  /** Sentences, a paragraph each. */
  readonly paragraphs: readonly string[];
};

const headlineLimit = 160;
/** A reason may quote a receiver, who may say much. */
const reasonLimit = 2_000;

/** What a person reads of it. `hostname` says which gateway speaks. */
export function noticeText({ condition, ended }: Notice, hostname: string): NoticeText {
  const what = headline(condition);
  const lasted = ended === null ? '' : ` after ${timeText(condition.since - ended.since)}`;
  const reason = plainLine(condition.reason).slice(0, reasonLimit);
  const line = `${what}${lasted}${reason === '' ? '' : `: ${reason}`}`;
  return {
    headline: line.length <= headlineLimit ? line : `${line.slice(0, headlineLimit - 3).trimEnd()}...`,
    paragraphs: [
      `${what}${lasted}.`,
      ...(reason === '' ? [] : [reason]),
      ...(ended === null ? [] : [`Before, since then: ${headline(ended)}: ${plainLine(ended.reason)}`]),
      isTrouble(condition) && condition.kind !== 'test'
        ? `You are told once more when this is over. ${whereToLook[condition.kind]}`
        : whereToLook[condition.kind],
      `This is Postern on ${hostname}.`,
    ].filter(paragraph => paragraph !== ''),
  };
}

/** Text from outside made fit for one line of ASCII: `?` stands for what else it had. */
export function plainLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[^ -~]/g, '?');
}

const whereToLook: Readonly<Record<ConditionKind, string>> = {
  uplink: '"postern uplinks" shows all uplinks as they are now.',
  all_uplinks: 'Mail is taken and kept meanwhile. "postern uplinks" shows all uplinks as they are now.',
  identity: '"postern uplinks test NAME" looks at an identity now.',
  queue: '"postern queue list" shows what waits and why.',
  certificate: '',
  recipients: '',
  primary: 'Its mail is taken and kept meanwhile.',
  disk: '',
  trace: '',
  drill: '"postern uplinks drill NAME" repeats it.',
  test: '',
};

function headline(condition: Condition): string {
  const { kind, state } = condition;
  const subject = plainLine(condition.subject);
  const bad = isTrouble(condition);
  switch (kind) {
    case 'uplink':
    case 'identity':
      return `${subject} is ${plainLine(state)}`;
    case 'all_uplinks':
      return bad ? 'No uplink can be used' : 'An uplink can be used again';
    case 'queue':
      return bad ? 'Mail waits for long' : 'No mail waits for long any more';
    case 'certificate':
      return bad ? `The certificate of ${subject} needs care` : `The certificate of ${subject} is in order`;
    case 'recipients':
      return bad
        ? `The recipients of ${subject} cannot be told for sure`
        : `The recipients of ${subject} are known again`;
    case 'primary':
      return bad ? `The primary of ${subject} is away` : `The primary of ${subject} is back`;
    case 'disk':
      return bad ? "The queue's disk needs care" : "The queue's disk is in order";
    case 'trace':
      return bad ? 'The trace was damaged' : 'The trace was begun anew';
    case 'drill':
      return bad ? `The drill of ${subject} failed` : `The drill of ${subject} went well`;
    case 'test':
      return 'This is a test of Postern';
  }
}

const units: readonly (readonly [ms: number, one: string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
];

/** A time as people say it: `2 hours`. */
export function timeText(ms: number): string {
  for (const [unitMs, one] of units) {
    const count = Math.floor(ms / unitMs);
    if (count >= 2 || (count === 1 && unitMs <= 60_000)) return `${count} ${one}${count === 1 ? '' : 's'}`;
  }
  return 'less than a second';
}
