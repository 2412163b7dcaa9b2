import type { Result } from '../src/runtime/ports.ts';
import { inOrder, type Namespace } from '../src/surface/demo/namespaces.ts';
import { ipv6, uplinks } from './addresses.ts';

type Done = Result<void, string>;

/** What of the network has IPv6 laid on. */
type Ground = {
  readonly mailHost: Namespace;
  readonly internet: Namespace;
  readonly providers: readonly [{ readonly namespace: Namespace }, ...unknown[]];
};

/** Before there are links: addresses shall be of use at once, with no search for others who have them (RFC 4862 section 5.4). */
export function readyForIpv6({ mailHost, internet, providers }: Ground): Promise<Done> {
  const router = providers[0].namespace;
  return inOrder(
    ...[mailHost, internet, router].map(each => () => each.settings({ 'ipv6/conf/default/accept_dad': '0' })),
    () => router.settings({ 'ipv6/conf/all/forwarding': '1' }),
  );
}

/** Lays the IPv6 of uplink 1, or puts it back: the kernel takes these addresses away whenever a link is down. */
export function layIpv6({ mailHost, internet, providers }: Ground, link: string): Promise<Done> {
  const { source, gateway, network, core } = ipv6;
  const { table } = uplinks[0];
  return inOrder(
    () =>
      providers[0].namespace.ip(
        `address replace ${gateway}/64 dev cust`,
        `address replace ${core.provider}/64 dev core`,
        `route replace default via ${core.internet}`,
      ),
    () =>
      internet.ip(
        `address replace ${core.internet}/64 dev core1`,
        `route replace ${network} via ${core.provider}`,
      ),
    () =>
      mailHost.ip(
        `address replace ${source}/64 dev ${link}`,
        `route replace default via ${gateway} dev ${link}`,
        `route replace default via ${gateway} dev ${link} table ${table}`,
        `route replace unreachable ::/0 metric 4278198272 table ${table}`,
      ),
  );
}
