import type { LabNetwork } from './network.ts';

/**
 * What a plain `connect` from a source address of the mail host shows: `220` with the milliseconds to the greeting,
 * the error's code with the milliseconds to it, or `silent` after `waitMs`.
 */
export async function plainConnect(
  lab: LabNetwork,
  source: string,
  address: string,
  waitMs: number,
): Promise<{ readonly shown: string; readonly afterMs: number }> {
  const script = `
    const begun = performance.now();
    const show = shown => { console.log(shown + ' ' + Math.round(performance.now() - begun)); process.exit(); };
    require('node:net').connect({ host: '${address}', port: 25, localAddress: '${source}' })
      .on('data', chunk => show(String(chunk).slice(0, 3))).on('error', error => show(error.code));
    setTimeout(show, ${waitMs}, 'silent');`;
  const done = await lab.mailHost.run(process.execPath, ['-e', script]);
  if (!done.ok) throw new Error(done.error);
  const [shown = '', afterMs = '0'] = done.value.trim().split(' ');
  return { shown, afterMs: Number(afterMs) };
}
