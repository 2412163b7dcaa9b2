/**
 * What a program does to the folder under trial; paths are relative to that folder, '' is the folder itself.
 * `create` makes a file only where there is none. A `say` is no matter of the disk: words to the network.
 */
export type DiskAct =
  | { readonly kind: 'create'; readonly path: string; readonly folder: boolean }
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'say'; readonly text: string };

/**
 * An act begins, and ends; others may lie between. What has begun may be on the disk, and a sync covers just what ended
 * before it began. `at`: ms since 1970.
 */
export type Step = { readonly edge: 'begin' | 'end'; readonly act: DiskAct; readonly at: number };
