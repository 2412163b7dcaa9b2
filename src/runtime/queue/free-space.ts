import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** What an ordinary user may still write on the disk that holds `file`. */
export function freeBytesBeside(file: string): number {
  const { bavail, bsize } = statfsSync(dirname(file));
  return bavail * bsize;
}
