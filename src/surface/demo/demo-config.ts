import { type DemoWorld, names } from './world.ts';

/** What of a world the configuration tells. */
export type DemoPlaces = Pick<DemoWorld, 'sources' | 'nameServer' | 'smtpPort' | 'listen'>;

/** The configuration, as an operator would write it. */
export function demoConfig(world: DemoPlaces, stateDir: string): string {
  return `# The demo's configuration: two uplinks, each with its own source address and EHLO name.
hostname: ${names.isp1}
state_dir: ${JSON.stringify(stateDir)}

uplinks:
  - name: isp1
    ehlo: ${names.isp1}
    source: [${world.sources.isp1}]
    preference: 10
  - name: isp2
    ehlo: ${names.isp2}
    source: [${world.sources.isp2}]
    preference: 20

listeners:
  - { address: "${world.listen.address}:${world.listen.port}", role: relay, name: ${names.isp1} }

relay:
  from_networks: [127.0.0.0/8]

dns:
  servers: ["${world.nameServer}"]

delivery:
  port: ${world.smtpPort}

health: { interval: 2s, suspect_interval: 500ms, timeout: 2s, prove: 4s }   # a demo has no time for ten seconds of proof
`;
}
