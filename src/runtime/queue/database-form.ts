import type { DatabaseSync } from 'node:sqlite';

/** What a database of ours holds, and how it is marked, so that no other program's is taken for it. */
export type DatabaseForm = {
  readonly applicationId: number;
  readonly version: number;
  /** SQL that makes the tables in an empty database. */
  readonly tables: string;
  /** SQL that makes a database of this version one of the next. */
  readonly upgrades?: Readonly<Record<number, string>>;
  readonly what: string;
};

/** Above this, a database is checked only where it is read: a whole check would hold the start for minutes. */
const checkedWholeBytes = 64 * 1024 * 1024;

/**
 * Makes an empty database ours, or takes up one of before, in an older form too. Gives null when it can be used, else what is wrong.
 * Throws what SQLite throws.
 */
export function takeUp(
  database: DatabaseSync,
  form: DatabaseForm,
): { damaged: boolean; detail: string } | null {
  const { applicationId, version, tables, what } = form;
  const found = pragma(database, 'application_id');
  if (found === 0 && pragma(database, 'schema_version') === 0) {
    database.exec(
      `BEGIN IMMEDIATE; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}; COMMIT`,
    );
    return null;
  }
  if (found !== applicationId) return { damaged: true, detail: `it is not ${what}` };
  const writtenAs = pragma(database, 'user_version');
  const upgrades = upgradesFrom(writtenAs, form);
  if (upgrades === null) {
    return {
      damaged: false,
      detail: `it was written in form ${writtenAs}, and this Postern knows form ${version}: use the Postern that wrote it`,
    };
  }
  const whole = pragma(database, 'page_count') * pragma(database, 'page_size') <= checkedWholeBytes;
  const verdict = whole ? checked(database) : 'ok';
  if (verdict !== 'ok') return { damaged: true, detail: verdict };
  if (upgrades !== '') database.exec(`BEGIN IMMEDIATE; ${upgrades} PRAGMA user_version = ${version}; COMMIT`);
  return null;
}

/** SQL that takes a database of an older form to this one; '' where it has it, null where there is no way. */
function upgradesFrom(writtenAs: number, { version, upgrades }: DatabaseForm): string | null {
  if (writtenAs === version) return '';
  const steps = Array.from({ length: version - writtenAs }, (_, step) => upgrades?.[writtenAs + step]);
  return steps.length === 0 || steps.includes(undefined) ? null : steps.join('');
}

function checked(database: DatabaseSync): string {
  const verdict = String(Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0]);
  return verdict.replace(/^\*\*\* in database main \*\*\*\n/, '').replaceAll('\n', '; ');
}

/** The value of a PRAGMA that is one number. */
export function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
