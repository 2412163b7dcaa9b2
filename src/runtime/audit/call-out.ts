import { isIP } from 'node:net';
import type { EgressFact, HostFact } from '../../decision/audit/facts.ts';
import type { MailServer } from '../../decision/egress/egress.ts';
import type { Clock, Network, PacketSizes } from '../ports.ts';
import { type Knocked, knock } from './knock.ts';
import type { Notebook } from './notebook.ts';

/** What calls to mail hosts tell of an egress and of its way out. */
export type CalledOut = {
  readonly egress: Pick<EgressFact, 'port25' | 'observed' | 'fullPackets'>;
  /** Null where the host cannot tell. */
  readonly mtu: HostFact['mtus'][number] | null;
};

type Call = Knocked & {
  readonly host: string;
  readonly port: number;
  readonly sizes: PacketSizes | null;
};

/**
 * Calls each target that has an address of the egress's family, all at once. Of mail going out only those
 * tell that are called at the port of mail: what a provider blocks is that one.
 */
export async function callOut(
  ports: { readonly network: Network; readonly clock: Clock },
  book: Notebook,
  { id, source, family, ehlo }: Pick<EgressFact, 'id' | 'family' | 'ehlo'> & { readonly source: string },
  { targets, mailPort }: { readonly targets: readonly MailServer[]; readonly mailPort: number },
  signal: AbortSignal,
): Promise<CalledOut> {
  const tries = targets.map(async ({ host: name, port }): Promise<Call | null> => {
    const [address] = isIP(name) === family ? [name] : await book.records(name, family === 4 ? 'A' : 'AAAA');
    if (address === undefined) return null;
    const knocked = await knock(ports, { source, name, address, port, ehlo }, signal);
    const sizes = await ports.network.packetSizes(source, address);
    return { ...knocked, host: `${name} [${address}]`, port, sizes };
  });
  const calls = (await Promise.all(tries)).filter(call => call !== null);
  const hosts = (which: (call: Call) => boolean): string[] => calls.filter(which).map(({ host }) => host);
  const byMailPort = (reached: boolean): string[] =>
    hosts(call => call.port === mailPort && call.reached === reached);
  const port25 = { reached: byMailPort(true), failed: byMailPort(false) };
  return {
    egress: {
      port25: port25.reached.length + port25.failed.length === 0 ? null : port25,
      observed: calls.find(({ observed }) => observed !== null)?.observed ?? null,
      fullPackets: {
        passed: hosts(({ fullPacket }) => fullPacket === 'passed'),
        stalled: hosts(({ fullPacket }) => fullPacket === 'stalled'),
      },
    },
    mtu: mtuOf(id, calls),
  };
}

/** A path that no packet of full size went by is not known, unless a router has told of it before. */
function mtuOf(id: string, calls: readonly Call[]): CalledOut['mtu'] {
  const sizes = calls.flatMap(call => call.sizes ?? []);
  const [first] = sizes;
  if (first === undefined) return null;
  const known = calls.flatMap(({ sizes: seen, fullPacket }) =>
    seen !== null && (fullPacket === 'passed' || seen.path < seen.link) ? [seen.path] : [],
  );
  return {
    egress: id,
    interface: first.interface,
    link: first.link,
    path: known.length === 0 ? null : Math.max(...known),
  };
}
