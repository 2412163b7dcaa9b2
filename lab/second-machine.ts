import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cable, inOrder, Namespace } from '../src/surface/demo/namespaces.ts';
import { doors, publicResolver } from './addresses.ts';
import { LabGateway } from './gateway.ts';
import { must, type Scenario } from './scenario.ts';

const [, , door] = doors;
const link = { internet: '100.64.3.1', machine: '100.64.3.2' } as const;

/** Where the programs of the second machine hand over what they send. */
export const secondRelay = '127.0.0.1';

/** A machine elsewhere in the Internet with a gateway on it: backup of the first, and it sends under its own name. */
export class SecondMachine {
  readonly namespace: Namespace;
  readonly gateway: LabGateway;

  private constructor(namespace: Namespace, config: string) {
    this.namespace = namespace;
    this.gateway = new LabGateway(namespace, config);
  }

  static async start(scenario: Scenario): Promise<SecondMachine> {
    const directory = join(scenario.directory, 'second');
    await mkdir(directory);
    const config = join(directory, 'postern.yaml');
    await writeFile(config, configuration(directory));
    const machine = new SecondMachine(must(await Namespace.create()), config);
    try {
      await machine.#join(scenario.lab.internet);
      await machine.gateway.serve();
      return machine;
    } catch (error) {
      machine.close();
      throw error;
    }
  }

  close(): void {
    this.namespace.close();
  }

  /** Takes its address from the Internet's own, and leads it to the machine. */
  async #join(internet: Namespace): Promise<void> {
    const { namespace } = this;
    const joined = await inOrder(
      () => cable(internet, 'second', namespace, 'net'),
      () => internet.settings({ 'ipv4/ip_forward': '1' }),
      () =>
        internet.ip(
          `address del ${door.address}/32 dev lo`,
          `address add ${link.internet}/30 dev second`,
          'link set second up',
          `route add ${door.address}/32 dev second`,
        ),
      () =>
        namespace.ip(
          `address add ${door.address}/32 dev net`,
          `address add ${link.machine}/30 dev net`,
          'link set net up',
          `route add default via ${link.internet} dev net src ${door.address}`,
        ),
    );
    must(joined);
  }
}

function configuration(directory: string): string {
  return `hostname: ${door.name}
state_dir: ${directory}/state
uplinks:
  - { name: net, source: [${door.address}] }
listeners:
  - { address: "${door.address}:25", role: mx }
  - { address: "${secondRelay}:25", role: relay }
domains:
  - { name: example.com, role: backup, recipients: callout }
relay:
  from_networks: [127.0.0.0/8]
dns:
  servers: ["${publicResolver}:53"]
`;
}
