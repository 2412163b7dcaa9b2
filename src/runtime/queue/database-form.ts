import type { DatabaseSync } from 'node:sqlite';

/** What a database of ours holds, and how it is marked, so that no other program's is taken for it. */
export type DatabaseForm = {
  readonly applicationId: number;
  readonly version: number;
  /** SQL that makes the tables in an empty database. */
  readonly tables: string;
  readonly what: string;
};

/** Above this, a database is checked only where it is read: a whole check would hold the start for minutes. */
const checkedWholeBytes = 64 * 1024 * 1024;

/**
 * Makes an empty database ours, or takes up one of before. Gives null when it can be used, else what is wrong.
 * Throws what SQLite throws.
 */
export function takeUp(
  database: DatabaseSync,
  { applicationId, version, tables, what }: DatabaseForm,
): { damaged: boolean; detail: string } | null {
  const found = pragma(database, 'application_id');
  if (found === 0 && pragma(database, 'schema_version') === 0) {
    database.exec(
      `BEGIN IMMEDIATE; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}; COMMIT`,
    );
    return null;
  }
  if (found !== applicationId) return { damaged: true, detail: `it is not ${what}` };
  const writtenAs = pragma(database, 'user_version');
  if (writtenAs !== version) {
    return {
      damaged: false,
      detail: `it was written in form ${writtenAs}, and this Postern knows form ${version}: use the Postern that wrote it`,
    };
  }
  if (pragma(database, 'page_count') * pragma(database, 'page_size') > checkedWholeBytes) return null;
  const verdict = String(Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0]);
  return verdict === 'ok'
    ? null
    : {
        damaged: true,
        detail: verdict.replace(/^\*\*\* in database main \*\*\*\n/, '').replaceAll('\n', '; '),
      };
}

/** The value of a PRAGMA that is one number. */
export function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
