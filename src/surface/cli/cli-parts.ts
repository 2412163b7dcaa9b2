import type { Settings } from '../../config/settings.ts';
import type { EventStream } from '../../runtime/events.ts';
import type { GatewayControl } from '../../runtime/gateway-control.ts';
import type { Clock, Files, Network, Processes, Programs, Random, Result, Web } from '../../runtime/ports.ts';
import type { Output } from './output.ts';

/** The gateway that `serve` runs. */
export type ServedGateway = {
  readonly control: GatewayControl;
  /** The error names what could not be taken into use; the rest holds. */
  reload(settings: Settings): Promise<Result<void, string>>;
  /** Finishes or hands back what is in flight, and closes queue and trace. */
  stop(): Promise<void>;
  /** Settles when the gateway can keep nothing any more, with a sentence; then it must end. */
  readonly lost: Promise<string>;
};

/** What the commands are built on; `main.ts` makes it. */
export type CliParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly web: Web;
  /** Help, and usage errors, as commander words them. */
  readonly writeHelp: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly output: Output;
  readonly network: () => Network;
  readonly processes: Processes;
  readonly programs: Programs;
  /** Standard output is systemd's journal. */
  readonly journal: boolean;
  /** Where systemd wants to be told how we stand; null: nobody asks. */
  readonly notifySocket: string | null;
  readonly startGateway: (settings: Settings, events: EventStream) => Promise<Result<ServedGateway, string>>;
  readonly runDemo: (options: { readonly json: boolean; readonly realCable: boolean }) => Promise<number>;
};

export const defaultConfigFile = '/etc/postern/postern.yaml';
