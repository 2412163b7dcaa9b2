import { readFileSync } from 'node:fs';
import type { Settings } from './config/settings.ts';
import type { EventStream } from './runtime/events.ts';
import { realNetwork } from './runtime/net/real-network.ts';
import { realWeb } from './runtime/net/real-web.ts';
import type { Result, StoreError } from './runtime/ports.ts';
import { realClock, realRandom } from './runtime/real-clock.ts';
import { realFiles } from './runtime/real-files.ts';
import { keepHeapInBounds } from './runtime/real-heap.ts';
import { realProcesses } from './runtime/real-processes.ts';
import { realPrograms } from './runtime/real-programs.ts';
import type { ServedGateway } from './surface/cli/cli-parts.ts';
import { outputTo } from './surface/cli/output.ts';
import { runCommandLine } from './surface/cli/program.ts';
import { isJournal } from './surface/log-destination.ts';

/*
 * The composition root: the one file that builds everything. Below it, a part gets what it needs as an argument.
 */

/**
 * Opens queue and trace and starts the gateway on them; what was opened is closed again where a later step fails.
 * Their code is loaded here and not above, because the short commands need none of it.
 */
async function startGateway(settings: Settings, events: EventStream): Promise<Result<ServedGateway, string>> {
  keepHeapInBounds();
  const [{ Gateway }, { openSqliteStore }, { openTraceStore }] = await Promise.all([
    import('./runtime/gateway.ts'),
    import('./runtime/queue/sqlite-store.ts'),
    import('./runtime/queue/trace-store.ts'),
  ]);
  const clock = realClock;
  const lost = Promise.withResolvers<string>();
  const directory = settings.stateDir;
  const store = await openSqliteStore({
    directory,
    onLost: (error: StoreError) => lost.resolve(error.message),
  });
  if (!store.ok) return { ok: false, error: store.error.message };
  const warn = (message: string): void =>
    events.emit({ kind: 'warning', at: clock.now(), subject: 'trace', message });
  const trace = await openTraceStore({ directory, clock, onTrouble: warn });
  if (!trace.ok) {
    await store.value.close();
    return { ok: false, error: trace.error.message };
  }
  const closeStores = async (): Promise<void> => {
    await trace.value.close();
    await store.value.close();
  };
  const ports = {
    clock,
    random: realRandom,
    network: realNetwork(),
    store: store.value,
    trace: trace.value,
    files: realFiles(),
    processes: realProcesses(),
    web: realWeb(),
  };
  const gateway = await Gateway.start(ports, settings, events);
  if (!gateway.ok) {
    await closeStores();
    return gateway;
  }
  return {
    ok: true,
    value: {
      control: gateway.value,
      lost: lost.promise,
      reload: changed => gateway.value.reload(changed),
      async stop() {
        await gateway.value.stop();
        await closeStores();
      },
    },
  };
}

async function runDemo(options: { readonly json: boolean; readonly realCable: boolean }): Promise<number> {
  const demo = await import('./surface/demo/demo.ts');
  return demo.runDemo(options);
}

const { version }: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);
// A reader that has seen enough (`postern queue list | head`) ends the command in order.
process.stdout.on('error', () => process.exit(0));

process.exitCode = await runCommandLine(
  process.argv.slice(2),
  {
    clock: realClock,
    random: realRandom,
    files: realFiles(),
    web: realWeb(),
    writeHelp: text => void process.stdout.write(text),
    writeError: text => void process.stderr.write(text),
    output: outputTo(process.stdout, process.stderr, process.env),
    network: realNetwork,
    processes: realProcesses(),
    programs: realPrograms(),
    journal: isJournal(1, process.env.JOURNAL_STREAM),
    notifySocket: process.env.NOTIFY_SOCKET ?? null,
    startGateway,
    runDemo,
  },
  version,
);
// What is left open may not keep a command that has ended.
realClock.timer(1000, () => process.exit());
