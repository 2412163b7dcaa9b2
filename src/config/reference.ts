import { type KeySection, keySections } from './key-sections.ts';
import { laterKeys } from './later-keys.ts';

const head = `# Configuration

Every key of \`postern.yaml\`. The file is YAML 1.2; durations are written \`30s\`, \`5m\`, \`4h\`, \`5d\`, \`2w\`, sizes \`50MB\`.
\`postern config check\` tells every mistake of a file at once, each with its line and column. For editors there is
\`postern.schema.json\`: put \`# yaml-language-server: $schema=postern.schema.json\` at the top of the file.

This page is generated from the schema.
`;

/** The reference page of all keys. */
export function configurationReference(): string {
  const later = [...laterKeys].map(key => `\`${key}\``).join(', ');
  const tail = `## Keys of later versions\n\nRefused until they do something: ${later}; and \`role: submission\`, \`store: postgres://…\`.\n`;
  return [head, ...keySections().map(table), tail].join('\n');
}

function table({ path, keys }: KeySection): string {
  const rows = keys.map(
    ({ key, kind, standing, does }) => `| \`${key}\` | ${kind} | ${standing} | ${does} |`,
  );
  const title = path === '' ? '## The file' : `## ${path}`;
  return `${title}\n\n| key | value | default | what it does |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}
