import { reverseName } from '../../records/reverse-name.ts';
import { judgedEgresses } from '../egress-subject.ts';
import type { Judgement, Rule } from '../rule.ts';
import type { AuditView } from '../view.ts';

/** No uplink is judged worse than another, explained by their differences. */
export const egressUnequal: Rule = {
  id: 'EGRESS-UNEQUAL',
  article: {
    title: 'One of the connections is worse than the other.',
    meaning: 'On the day that it stands in, mail is refused that the other would have carried.',
    actedOn: 'Receivers, on that day.',
    ground: 'the case of a host with two uplinks',
    fix: 'Mend what differs; the findings name it.',
    others: null,
  },
  judge(view) {
    const { egresses } = view.facts;
    const [first] = egresses;
    const uplinks = [...new Set(egresses.map(({ uplink }) => uplink))];
    if (first === undefined || uplinks.length < 2) return [];
    const weak = judgedWeaknesses(view);
    const worse = uplinks.filter(uplink => (weak.get(uplink) ?? []).length > 0);
    if (worse.length === 0 || worse.length === uplinks.length) return [];
    return worse.map(
      (uplink): Judgement => ({
        level: 'warning',
        subject: { kind: 'egress', name: uplink, uplink },
        message: `${uplink} is worse off than ${uplinks.filter(each => each !== uplink).join(' and ')}: ${(weak.get(uplink) ?? []).join('; ')}.`,
      }),
    );
  },
};

/** How an uplink differs from a sound one, by uplink. */
function judgedWeaknesses(view: AuditView): Map<string, string[]> {
  const weak = new Map<string, string[]>();
  for (const egress of judgedEgresses(view.facts.egresses)) {
    const { name } = reverseName(egress.address);
    const ptr = view.dns(name, 'PTR');
    const said = weak.get(egress.uplink) ?? [];
    if (ptr.kind === 'nodata' || ptr.kind === 'nxdomain') said.push(`no PTR for ${egress.address}`);
    if (ptr.kind === 'records' && ptr.values.every(each => leadsElsewhere(view, each, egress.address)))
      said.push(`the PTR of ${egress.address} does not lead back`);
    if (!view.isUnsure(egress.ehlo) && !view.addresses(egress.ehlo).includes(egress.address))
      said.push(`its EHLO name does not lead to ${egress.address}`);
    weak.set(egress.uplink, said);
  }
  return weak;
}

const leadsElsewhere = (view: AuditView, name: string, address: string): boolean =>
  view.dns(name, address.includes(':') ? 'AAAA' : 'A').kind !== 'temperror' &&
  !view.addresses(name).includes(address);
