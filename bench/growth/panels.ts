/** Along what the load grows, one thing at a time, and where all else stands meanwhile. */
export const panels = {
  senders: { standard: 20, values: [1, 5, 20, 100, 500] },
  queue: { standard: 0, values: [0, 1_000, 10_000, 100_000, 1_000_000] },
  destinations: { standard: 1, values: [1, 10, 100, 1_000, 10_000] },
} as const satisfies Readonly<Record<string, Panel>>;

type Panel = { readonly standard: number; readonly values: readonly number[] };

export type PanelName = keyof typeof panels;
export const panelNames = ['senders', 'queue', 'destinations'] as const satisfies readonly PanelName[];
