import { isIP } from 'node:net';
import { canonicalAddress } from '../../protocol/dns/address.ts';
import type { Clock, Network } from '../ports.ts';
import { sayOne } from './converse.ts';
import { Dialogue } from './dialogue.ts';

const connectMs = 8_000;
const greetingMs = 10_000;

/** Did the host take our call, and which address of ours did it tell in reply to EHLO (many do; null: it did not)? */
export async function knock(
  { network, clock }: { readonly network: Network; readonly clock: Clock },
  to: { readonly source: string; readonly address: string; readonly port: number; readonly ehlo: string },
  signal: AbortSignal,
): Promise<{ readonly reached: boolean; readonly observed: string | null }> {
  const { source, address, port, ehlo } = to;
  const connected = await network.connect({ source, address, port, timeoutMs: connectMs, signal });
  if (!connected.ok) return { reached: false, observed: null };
  const dialogue = new Dialogue(connected.value, clock);
  const abort = (): void => dialogue.close();
  signal.addEventListener('abort', abort);
  const greeting = await dialogue.listen(greetingMs);
  const offered = greeting.ok && greeting.value.code === 220 ? await sayOne(dialogue, `EHLO ${ehlo}`) : null;
  if (offered?.ok === true) await dialogue.say(['QUIT'], 1_000);
  signal.removeEventListener('abort', abort);
  dialogue.close();
  return { reached: true, observed: offered?.ok === true ? addressIn(offered.value.lines[0] ?? '') : null };
}

/** `mx.remote.example at your service, [198.51.100.30]`. */
function addressIn(line: string): string | null {
  for (const [, text = ''] of line.matchAll(/\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]/g))
    if (isIP(text) !== 0) return canonicalAddress(text);
  return null;
}
