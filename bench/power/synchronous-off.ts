/** Loaded into a gateway before its own code (`node --import`): its databases run with `synchronous=OFF`. */
import { DatabaseSync } from 'node:sqlite';

const safely = DatabaseSync.prototype;
const { exec } = Object.getOwnPropertyDescriptors(safely);
safely.exec = function unsafely(sql: string): void {
  exec.value?.call(this, sql.replace(/synchronous = \w+/i, 'synchronous = OFF'));
};
