import type { ListenerSetting } from '../../decision/admission/listener.ts';
import type { UplinkSetting } from '../../decision/egress/egress.ts';
import { presentAddress } from '../../decision/egress/host-advice.ts';
import { type CarePlan, planCare } from '../../decision/postfix/care-plan.ts';
import type { PostfixFacts } from '../../decision/postfix/postfix-facts.ts';
import type { Network, Result } from '../ports.ts';
import type { PostfixHost } from './postfix-host.ts';

/** What postern.yaml wants of Postfix. */
export type CareSettings = {
  readonly uplinks: readonly UplinkSetting[];
  readonly listeners: readonly ListenerSetting[];
};

export type MadePlan = { readonly facts: PostfixFacts; readonly plan: CarePlan };

/**
 * Looks at Postfix and at the host's addresses, and plans. `isNamed`: the operator said which configuration is meant; where
 * not, and one Postfix of several would have to be guessed, the error asks.
 */
export async function makePlan(
  host: PostfixHost,
  settings: CareSettings,
  network: Network,
  isNamed: boolean,
): Promise<Result<MadePlan, string>> {
  const read = await host.facts();
  if (!read.ok) return read;
  const facts = read.value;
  const others = (facts.main.get('multi_instance_directories') ?? '').trim();
  if (!isNamed && others !== '')
    return {
      ok: false,
      error: `This host has several instances of Postfix (${facts.configDirectory} and ${others}); name the one that is meant with --postfix-config.`,
    };
  const present = network.addresses();
  const plan = planCare(facts, {
    ...settings,
    addressOf: egress => presentAddress(egress, present)?.address ?? null,
  });
  return { ok: true, value: { facts, plan } };
}
