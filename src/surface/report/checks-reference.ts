import type { Rule } from '../../decision/audit/rule.ts';

const head = `# Checks

What \`postern check\` looks at: what each finding means, who acts on it, its ground, what to do, and what other testers say.
\`postern check --explain ID\` prints the same. The levels:

| level | meaning |
| --- | --- |
| \`error\` | mail is lost, refused or unsafe now |
| \`warning\` | some receivers act on it, or help in need is only apparent |
| \`notice\` | worth doing |
| \`info\` | explained, so that nobody worries |
| \`pass\` | sound |
| \`skip\` | not judged, with the reason; where something that a verdict needs was not answered, the verdict is \`unknown\` |

A check's level depends on what else is so: a name that is missing in a certificate is a notice, and an error under an enforced
policy. Where two checks would tell one thing twice, only the one speaks that says it more exactly.

This page is generated from the catalogue.
`;

/** Which checks stand together, by the beginnings of their IDs; the first that fits holds. */
const groups: readonly (readonly [heading: string, beginnings: readonly string[]])[] = [
  ['Where mail comes in', ['MX-']],
  ['The backup', ['BACKUP-']],
  ['How mail goes out, for every uplink and address', ['EGRESS-']],
  ['What mail servers say', ['GREETING-', 'EHLO-', 'ESMTP-', 'SMTP-']],
  ['SPF', ['SPF-']],
  ['DKIM and DMARC', ['DKIM-', 'DMARC-']],
  ['TLS and certificates', ['TLS-', 'STARTTLS-', 'CERT-', 'CAA-']],
  ['DANE and DNSSEC', ['DANE-', 'DNSSEC-']],
  ['MTA-STS and TLS reports', ['STS-', 'TLSRPT-']],
  ['Name servers', ['NS-']],
  ['The host and its configuration', ['HOST-', 'CONF-']],
];

/** The reference page of all checks. */
export function checksReference(rules: readonly Rule[]): string {
  const sections = groups.map(([heading, beginnings]) => {
    const own = rules.filter(({ id }) => beginnings.some(beginning => id.startsWith(beginning)));
    return `\n## ${heading}\n${own.map(article).join('')}`;
  });
  return `${head}${sections.join('')}`;
}

function article({ id, article: { title, meaning, actedOn, ground, fix, others } }: Rule): string {
  const rows = [
    ['Who acts on it', actedOn],
    ['Ground', ground],
    ['What to do', fix],
    ...(others === null ? [] : [['What other testers say', others]]),
  ].map(([label, text]) => `- **${label}:** ${text}`);
  return `\n### ${id}\n\n${title} ${meaning}\n\n${rows.join('\n')}\n`;
}
