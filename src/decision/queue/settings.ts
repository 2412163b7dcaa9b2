/** How long mail is kept and when a wait is told, in ms. */
export type QueueSetting = {
  readonly expireMs: number;
  /** A sender is told that its message still waits, once, after so long; null: never. */
  readonly delayNoticeMs: number | null;
};

/** How delivery behaves. */
export type DeliverySetting = {
  /** The port of the world's mail hosts: 25, or another for tests on unprivileged ports. */
  readonly port: number;
  /** The final dot went out and no answer came: how long before it is sent again. */
  readonly doubtWaitMs: number;
};
