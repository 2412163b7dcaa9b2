import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result, StoreError } from '../ports.ts';
import { storeErrorOf } from './store-error.ts';

/**
 * The path of a database in the `state_dir`. Folder and file are made where they are not there yet, for this user alone:
 * mail is in them.
 */
export async function prepareStateFile(directory: string, name: string): Promise<Result<string, StoreError>> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    return { ok: false, error: storeErrorOf(error, directory) };
  }
  const file = join(directory, name);
  try {
    await (await open(file, 'a', 0o600)).close();
  } catch (error) {
    return { ok: false, error: storeErrorOf(error, file) };
  }
  return { ok: true, value: file };
}
