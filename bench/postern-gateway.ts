import { type PosternPlace, startPostern as start } from '../lab/loopback/gateway.ts';
import type { RelayGateway } from './relay-gateway.ts';

/** Postern at its defaults, logs and trace among them. */
export async function startPostern(place: PosternPlace): Promise<RelayGateway> {
  return { name: 'Postern', ...(await start(place)) };
}
