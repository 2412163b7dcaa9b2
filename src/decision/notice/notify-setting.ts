/** One way to tell the operator of a change. */
export type NotifySetting =
  | { readonly kind: 'mail'; readonly address: string }
  /** Run with `POSTERN_EVENT`, `_UPLINK`, `_STATE`, `_PREVIOUS`, `_REASON` and `_SINCE`; no shell. */
  | { readonly kind: 'command'; readonly path: string }
  | { readonly kind: 'webhook'; readonly url: string };
