import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inside, uplinks } from '../../lab/addresses.ts';
import { LabGateway } from '../../lab/gateway.ts';
import type { Post, RunningSystem } from './system.ts';
import { numbersIn, resolver } from './world.ts';

/** The real `postern serve`, with its defaults. */
export async function startPosternSystem({ network, directory }: Post): Promise<RunningSystem> {
  const config = join(directory, 'postern.yaml');
  await writeFile(config, configuration(directory));
  const gateway = new LabGateway(network.mailHost, config);
  await gateway.serve();
  const doubted = new Set<string>();
  gateway.follow(({ event, recipient }) => {
    if (event === 'in_doubt') for (const number of numbersIn(recipient ?? '')) doubted.add(number);
  });
  return {
    ended: () => gateway.ended,
    queue: async () => {
      const { code, out, err } = await gateway.command('queue', 'list', '--json');
      if (code === 0) return out;
      throw new Error(`postern queue list: ${err}`);
    },
    doubted: async () => doubted,
    tail: async () => gateway.tail(),
  };
}

function configuration(directory: string): string {
  const ways = uplinks.map(
    ({ name, ehlo, source }, index) =>
      `  - { name: ${name}, ehlo: ${ehlo}, source: [${source}], preference: ${10 * (index + 1)} }`,
  );
  return `hostname: mail.example.com
state_dir: ${join(directory, 'state')}
uplinks:
${ways.join('\n')}
listeners:
  - { address: "${inside.mailHost}:25", role: relay, name: mail.example.com }
domains:
  - { name: example.com, deliver_to: ["${inside.store}:25"] }
relay:
  from_networks: [10.20.0.0/24]
dns:
  servers: ["${resolver}:53"]
`;
}
