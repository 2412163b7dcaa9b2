/** Bodies that mail servers and gateways have been known to damage; their lines end with LF here. */
export const bodies: Readonly<Record<string, string>> = {
  plain: 'Good day,\n\nand good night.\n',
  dots: '.\n..\n...and so on\n.leading\n\n.\n',
  'long line': `${'x'.repeat(990)}\nshort\n`,
  blank: '\n\n\n',
  spaces: ' \n\t\ntrailing \t\n--\n\n',
  large: `${'All work and no play makes a long letter. '.repeat(20)}\n`.repeat(2_500),
};

/** The header and body of a letter, its lines ended by CRLF. */
export function letter(name: string, body: string, header: readonly string[] = []): string {
  const lines = [
    'From: sender@example.com',
    'To: recipient@remote.example',
    `Subject: ${name}`,
    'Date: Tue, 24 Nov 2026 12:00:00 +0000',
    `Message-ID: <${name.replaceAll(/[^a-z0-9]+/gi, '-')}@example.com>`,
    `X-Letter: ${name}`,
    ...header,
    '',
    body,
  ];
  return lines.join('\n').replaceAll('\n', '\r\n');
}
