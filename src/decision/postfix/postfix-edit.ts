import { entryLines, entryText, type MasterEntry, serviceKey } from './master-entry.ts';
import type { PostfixFacts } from './postfix-facts.ts';

/** One line that is to stand in the file. */
export type PlannedLine = {
  readonly text: string;
  /** Null where it is as it was, or speaks for itself. */
  readonly reason: string | null;
  readonly id: string | null;
};

/** One change of one service or parameter. */
export type PostfixEdit = {
  readonly file: 'master.cf' | 'main.cf';
  /** `name/type` of a service, or the name of a parameter. */
  readonly name: string;
  /** As postconf takes it; null: it is taken out. */
  readonly value: string | null;
  /** As it is now, in the same form; null: it is not set. */
  readonly was: string | null;
  readonly before: readonly string[];
  readonly after: readonly PlannedLine[];
  /** Why it is changed at all. */
  readonly reason: string;
};

/** A service in place of what is there. */
export function serviceEdit(
  present: MasterEntry | null,
  next: MasterEntry,
  options: readonly {
    readonly name: string;
    readonly value: string;
    readonly reason: string;
    readonly id: string | null;
  }[],
  reason: string,
): PostfixEdit {
  const before = present === null ? [] : entryLines(present);
  const after = entryLines(next).map((text): PlannedLine => {
    const option = options.find(({ name, value }) => text.trim() === `-o ${name}=${value}`);
    const isNew = !before.includes(text);
    return { text, reason: isNew ? (option?.reason ?? null) : null, id: isNew ? (option?.id ?? null) : null };
  });
  return {
    file: 'master.cf',
    name: serviceKey(next),
    value: entryText(next),
    was: present === null ? null : entryText(present),
    before,
    after,
    reason,
  };
}

/** A parameter with a value of its own in main.cf. */
export function parameterEdit(
  { explicit }: PostfixFacts,
  name: string,
  value: string,
  reason: string,
  id: string | null,
): PostfixEdit {
  const was = explicit.get(name) ?? null;
  return {
    file: 'main.cf',
    name,
    value,
    was,
    before: was === null ? [] : [`${name} = ${was}`],
    after: [{ text: `${name} = ${value}`, reason, id }],
    reason,
  };
}
