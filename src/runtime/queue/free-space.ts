import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Bytes that an ordinary user may still write on the disk that holds `file`; no bound where the disk does not tell. */
export function freeBytesBeside(file: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
