import type { EgressSnapshot } from '../../decision/egress/health-state.ts';
import type { Condition, ConditionKind } from '../../decision/notice/condition.ts';
import type { NotifySetting } from '../../decision/notice/notify-setting.ts';
import type { Notice } from '../../decision/notice/telling-plan.ts';
import type { MessageIds } from '../../decision/queue/message-id.ts';
import type { EventStream, GatewayEvent } from '../events.ts';
import type { NotifyTest } from '../gateway-control.ts';
import type { Clock, Processes, QueueStore, Timer, Web } from '../ports.ts';
import { commandWay } from './command-way.ts';
import { mailWay } from './mail-way.ts';
import type { NoticeWay } from './notice-way.ts';
import { readTold, type ToldByWay, toldText } from './told-text.ts';
import { WayTeller } from './way-teller.ts';
import { webhookWay } from './webhook-way.ts';

export type NotifierParts = {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly store: Pick<QueueStore, 'append' | 'remember' | 'recall'>;
  readonly ids: MessageIds;
  readonly processes: Processes;
  readonly web: Pick<Web, 'post'>;
  readonly snapshot: () => EgressSnapshot;
  readonly hostname: () => string;
  /** Something in the store is due. */
  readonly wake: () => void;
};

const toldKey = 'notify_told';
/**
 * What a life before had told, and nothing was heard of for so long, is over: each test of a trouble ran meanwhile. A
 * drill's verdict holds until the next drill.
 */
const presumedOver: readonly { readonly afterMs: number; readonly kinds: ReadonlySet<ConditionKind> }[] = [
  {
    afterMs: 15 * 60_000,
    kinds: new Set(['uplink', 'all_uplinks', 'identity', 'queue', 'certificate', 'primary', 'disk', 'trace']),
  },
  // Whether a store takes everybody shows when it is asked, and it is asked when mail comes.
  { afterMs: 24 * 60 * 60_000, kinds: new Set(['recipients']) },
];

/**
 * Tells the operator of conditions, by each way of `notify`: in order for each way, and no way waits for another. What
 * was told outlives a restart, so that nothing is repeated and no end forgotten. A new way hears of what comes.
 */
export class Notifier {
  readonly #parts: NotifierParts;
  readonly #tellers = new Map<string, WayTeller>();
  /** Of ways that were configured when it was told. */
  #told: ToldByWay = new Map();
  #unsubscribe: (() => void) | null = null;
  #presuming: readonly Timer[] = [];
  #saving: Promise<void> | null = null;
  #changed = false;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  async start(settings: readonly NotifySetting[]): Promise<void> {
    const { store, events, clock } = this.#parts;
    const recalled = await store.recall(toldKey);
    this.#told = readTold(recalled.ok ? recalled.value : null);
    this.reload(settings);
    this.#unsubscribe = events.subscribe(event => {
      if (event.kind === 'condition') this.#hear(event.condition);
      else if (event.kind === 'egress' && event.state === 'up') this.#isUp(event);
    });
    if (this.#told.size === 0) return;
    this.#presuming = presumedOver.map(({ afterMs, kinds }) =>
      clock.timer(afterMs, () => {
        for (const teller of this.#tellers.values()) teller.presumeOver(kinds, clock.now());
      }),
    );
  }

  /** A way that stays keeps what it was at. */
  reload(settings: readonly NotifySetting[]): void {
    const { clock, events } = this.#parts;
    const wanted = new Map(settings.map(setting => [wayKey(setting), setting]));
    for (const [key, teller] of this.#tellers) {
      if (wanted.has(key)) continue;
      teller.close();
      this.#tellers.delete(key);
    }
    for (const [key, setting] of wanted) {
      if (this.#tellers.has(key)) continue;
      const changed = (): void => this.#save();
      const teller = new WayTeller(this.#way(setting), this.#told.get(key) ?? [], { clock, events, changed });
      this.#tellers.set(key, teller);
    }
  }

  /** All ways at once; one line for each, in the order of the configuration. */
  test(): Promise<readonly NotifyTest[]> {
    const { clock, hostname } = this.#parts;
    const notice: Notice = {
      ended: null,
      condition: {
        kind: 'test',
        subject: '',
        uplink: null,
        state: 'test',
        previous: '',
        since: clock.now(),
        reason: `Somebody ran "postern notify test" on ${hostname()}; nothing is wrong.`,
      },
    };
    return Promise.all([...this.#tellers.values()].map(teller => teller.test(notice)));
  }

  /** Nothing more is told; what was told is written down. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    for (const timer of this.#presuming) timer.cancel();
    for (const teller of this.#tellers.values()) teller.close();
    await this.#saving;
  }

  #hear(condition: Condition): void {
    for (const teller of this.#tellers.values()) teller.hear(condition);
  }

  /** An uplink that comes up after a start is no news, unless a life before had told that it was down. */
  #isUp({ at, uplink, reason }: Extract<GatewayEvent, { kind: 'egress' }>): void {
    const over = { state: 'up', previous: 'down', since: at, reason };
    for (const teller of this.#tellers.values()) {
      teller.hearOfCarried({ kind: 'all_uplinks', subject: '', uplink: null, ...over });
      teller.hearOfCarried({ kind: 'uplink', subject: uplink, uplink, ...over });
    }
  }

  #way(setting: NotifySetting): NoticeWay {
    switch (setting.kind) {
      case 'mail':
        return mailWay(setting.address, this.#parts);
      case 'command':
        return commandWay(setting.path, this.#parts.processes);
      case 'webhook':
        return webhookWay(setting.url, this.#parts);
    }
  }

  /** One write at a time; what changes meanwhile is in the next. */
  #save(): void {
    this.#changed = true;
    this.#saving ??= this.#saveAll().finally(() => {
      this.#saving = null;
    });
  }

  async #saveAll(): Promise<void> {
    while (this.#changed) {
      this.#changed = false;
      this.#told = new Map([...this.#tellers].map(([key, teller]) => [key, teller.plan.told]));
      await this.#parts.store.remember(toldKey, toldText(this.#told));
    }
  }
}

function wayKey(setting: NotifySetting): string {
  return JSON.stringify(setting);
}
