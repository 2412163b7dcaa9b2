import type { Scenario } from './scenario.ts';

/** The states that an uplink changes to from now on, as they come. Mail must flow: its first event shows that we hear. */
export async function statesOf(scenario: Scenario, name: string): Promise<readonly string[]> {
  const states: string[] = [];
  let hears = false;
  scenario.follow(({ kind, uplink, state }) => {
    hears = true;
    if (kind === 'egress' && uplink === name && state) states.push(state);
  });
  await scenario.until('events to be told', () => hears);
  return states;
}
