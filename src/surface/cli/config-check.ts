import type { Command } from 'commander';
import { type ConfigMistake, mistakeText } from '../../config/mistake.ts';
import { readSettings } from '../../config/read-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { endpointText } from '../../decision/admission/listener.ts';
import { type HostAdvice, hostAdvice, presentAddress } from '../../decision/egress/host-advice.ts';
import type { Network } from '../../runtime/ports.ts';
import { type CliParts, defaultConfigFile } from './cli-parts.ts';
import { addCommand, optionsOf, withConfig, withJson } from './command.ts';
import { type FileFinding, lookAtFiles } from './files-check.ts';
import { jsonLine, type Output } from './output.ts';

type EgressFinding = { readonly egress: string } & HostAdvice;
type ListenerFinding = { readonly listener: string; readonly present: boolean };

/** What is worth a look, of each kind. */
type Found = {
  readonly warnings: readonly ConfigMistake[];
  readonly egresses: readonly EgressFinding[];
  readonly listeners: readonly ListenerFinding[];
  readonly files: readonly FileFinding[];
};

/** `postern config check`. */
export function addConfig(program: Command, parts: CliParts, end: (code: number) => void): void {
  const config = addCommand(program, 'config', 'check the configuration', ['postern config check']);
  const check = addCommand(
    config,
    'check',
    'read the file as serve would, and look at the host: are the addresses here, is there a route for each, do certificates fit',
    ['postern config check', 'postern config check --config ./postern.yaml'],
  );
  withJson(withConfig(check), 'one JSON document').action(async (_options, command: Command) => {
    const { config: file = defaultConfigFile, json = false } = optionsOf(command);
    end(await checkConfig(file, json, parts));
  });
}

/** 0: sound, perhaps with warnings. 1: an address or a certificate is here and cannot be used. 2: the file is unusable. */
async function checkConfig(file: string, json: boolean, parts: CliParts): Promise<number> {
  const { output, network } = parts;
  const read = await readSettings(file);
  if (!read.ok) {
    for (const mistake of read.error) output.error(mistakeText(mistake));
    if (json)
      await output.write(
        jsonLine({
          file,
          verdict: 'error',
          mistakes: read.error.map(placed),
          warnings: [],
          egresses: [],
          listeners: [],
          files: [],
        }),
      );
    return 2;
  }
  const { settings, warnings } = read.value;
  const host = network();
  const egresses = await lookAtEgresses(settings, host);
  const listeners = lookAtListeners(settings, host);
  const files = await lookAtFiles(settings, parts);
  const faulty =
    egresses.some(({ condition }) => condition === 'no route') ||
    files.some(({ level }) => level === 'error');
  const quiet =
    warnings.length === 0 &&
    files.length === 0 &&
    egresses.every(({ message }) => message === '') &&
    listeners.every(({ present }) => present);
  if (json) {
    const verdict = faulty ? 'error' : quiet ? 'pass' : 'warning';
    await output.write(
      jsonLine({ file, verdict, mistakes: [], warnings: warnings.map(placed), egresses, listeners, files }),
    );
  } else {
    await tell(file, settings, { warnings, egresses, listeners, files }, output);
  }
  return faulty ? 1 : 0;
}

function placed({ line, column, message }: ConfigMistake): Omit<ConfigMistake, 'file'> {
  return { line, column, message };
}

async function lookAtEgresses(settings: Settings, host: Network): Promise<EgressFinding[]> {
  const addresses = host.addresses();
  const found: EgressFinding[] = [];
  for (const setting of settings.uplinks.flatMap(uplink => uplink.egresses)) {
    const present = presentAddress(setting, addresses);
    const source = present?.address ?? setting.address;
    const route = source === null ? null : await host.routeOf(source);
    found.push({ egress: setting.id, ...hostAdvice(setting, present, route) });
  }
  return found;
}

function lookAtListeners(settings: Settings, host: Network): ListenerFinding[] {
  const here = new Set(host.addresses().map(({ address }) => address));
  return settings.listeners.map(({ address, port }) => ({
    listener: endpointText({ address, port }),
    present: here.has(address) || address === '0.0.0.0' || address === '::' || address.startsWith('127.'),
  }));
}

async function tell(file: string, settings: Settings, found: Found, output: Output): Promise<void> {
  const { warnings, egresses, listeners, files } = found;
  const lines: string[] = [];
  for (const warning of warnings) lines.push(`warning: ${mistakeText(warning)}`);
  for (const { egress, condition, message, commands } of egresses) {
    if (message !== '')
      lines.push(`${condition === 'no route' ? 'error' : 'warning'}: ${egress}: ${message}`);
    if (commands.length > 0) lines.push('  Run as root:', ...commands.map(line => `    ${line}`));
  }
  for (const { listener, present } of listeners) {
    if (!present)
      lines.push(
        `warning: listener ${listener}: its address is not on this host now; serve takes it when it appears.`,
      );
  }
  for (const { level, message } of files) lines.push(`${level}: ${message}`);
  const counts = [
    counted(settings.uplinks.length, 'uplink'),
    counted(egresses.length, 'source address', 'source addresses'),
    counted(settings.listeners.length, 'listener'),
    counted(settings.domains.length, 'domain'),
  ].join(', ');
  lines.push(`${file} can be used: ${counts}.`);
  await output.write(`${lines.join('\n')}\n`);
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
