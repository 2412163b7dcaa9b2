import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The statements of one database, each prepared once. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  of(source: string): StatementSync {
    let statement = this.#prepared.get(source);
    if (statement === undefined) {
      statement = this.#database.prepare(source);
      statement.setAllowUnknownNamedParameters(true);
      this.#prepared.set(source, statement);
    }
    return statement;
  }
}
