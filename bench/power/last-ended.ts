/** What a sync that begins now covers: the last of those before which, it included, all have ended. */
export function lastEnded<Change extends { readonly ended: boolean }>(
  pending: readonly Change[],
): Change | undefined {
  const open = pending.findIndex(({ ended }) => !ended);
  return pending[(open < 0 ? pending.length : open) - 1];
}
