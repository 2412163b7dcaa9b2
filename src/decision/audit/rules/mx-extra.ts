import type { Judgement, Rule } from '../rule.ts';
import { type AuditView, evidenceOf } from '../view.ts';

/** Every MX leads to a host that the configuration knows. */
export const mxExtra: Rule = {
  id: 'MX-EXTRA',
  article: {
    title: 'Some mail is led to a server that this gateway knows nothing of.',
    meaning:
      'An MX leads to none of the listeners of the configuration. If it is an old server, mail that goes there is lost; if it is a backup of somebody else, it must know your recipients and policies.',
    actedOn: 'Every sender that the order of the MX set leads there.',
    ground: 'RFC 5321 section 5.1',
    fix: 'Take the record away, or make sure that the server takes mail for the domain and hands it over.',
    others: null,
  },
  judge(view) {
    const { configuration, domain } = view.facts;
    const own = configuration?.domains.find(({ name }) => name === domain);
    // A backup's configuration does not know the primary.
    if (configuration === null || own?.role !== 'primary') return [];
    const doors = configuration.listeners.filter(({ role }) => role === 'mx');
    if (doors.length === 0) return [];
    const isOwn = (exchange: string): boolean =>
      doors.some(({ address, name }) => view.addresses(exchange).includes(address) || name === exchange);
    const best = view.mx.find(({ exchange }) => isOwn(exchange))?.preference;
    return view.mx.flatMap(({ exchange, preference }): Judgement[] => {
      const addresses = view.addresses(exchange);
      // Where no MX leads here at all, that is told.
      if (exchange === '' || addresses.length === 0 || best === undefined || isOwn(exchange)) return [];
      const answer = preference > best ? answerOf(view, exchange) : 'none';
      if (answer === 'taken')
        return [
          {
            level: 'pass',
            subject: { kind: 'mx', name: exchange },
            message: `${exchange} stands behind this gateway and takes mail for ${domain}: a backup.`,
          },
        ];
      // That is told of the backup itself.
      if (answer === 'refused') return [];
      return [
        {
          level: 'warning',
          subject: { kind: 'mx', name: exchange },
          message: `The MX ${exchange} leads to ${addresses.join(', ')}, which is no listener of this gateway.`,
          evidence: [evidenceOf(view, exchange, 'A')],
          fix: `Take the record "${domain}. IN MX ${preference} ${exchange}." away, unless that server is your backup.`,
        },
      ];
    });
  },
};

/** What the server said to mail for the domain. */
function answerOf(view: AuditView, host: string): 'taken' | 'refused' | 'none' {
  const codes = view.conversationsWith(host).flatMap(({ postmaster }) => postmaster?.code ?? []);
  if (codes.some(code => code < 300)) return 'taken';
  return codes.some(code => code >= 500) ? 'refused' : 'none';
}
