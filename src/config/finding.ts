import type { ConfigPath } from './yaml-file.ts';

/** A mistake, or a warning, that shows only when entries are seen together. */
export type Finding = {
  readonly level: 'mistake' | 'warning';
  readonly path: ConfigPath;
  readonly message: string;
};
