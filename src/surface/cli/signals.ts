export type Signal = 'SIGHUP' | 'SIGTERM' | 'SIGINT';
export type Signals = { next(): Promise<Signal>; nextStop(): Promise<void>; close(): void };

/** Signals in order, from the moment on that the process begins to start. Several SIGHUP in a row count as one. */
export function listenForSignals(): Signals {
  const waiting: Signal[] = [];
  let wake: () => void = () => undefined;
  const hear = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGHUP' && signal !== 'SIGTERM' && signal !== 'SIGINT') return;
    if (signal !== 'SIGHUP' || !waiting.includes('SIGHUP')) waiting.push(signal);
    wake();
  };
  const names: readonly Signal[] = ['SIGHUP', 'SIGTERM', 'SIGINT'];
  for (const name of names) process.on(name, hear);
  const next = async (): Promise<Signal> => {
    for (;;) {
      const signal = waiting.shift();
      if (signal !== undefined) return signal;
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
  return {
    next,
    async nextStop() {
      while ((await next()) === 'SIGHUP');
    },
    close() {
      for (const name of names) process.off(name, hear);
    },
  };
}
