import type { Envelope } from './client.ts';

/** One letter from us, named `name`, as a mail user hands it over. */
export function letterTo(domain: string, name: string): Envelope {
  const lines = [
    'From: user@example.com',
    `To: someone@${domain}`,
    `Subject: ${name}`,
    'Date: Tue, 24 Nov 2026 12:00:00 +0000',
    `Message-ID: <${name}@example.com>`,
    `X-Letter: ${name}`,
    '',
    'Good day.',
    '',
  ];
  return { from: 'user@example.com', to: [`someone@${domain}`], content: lines.join('\r\n') };
}
