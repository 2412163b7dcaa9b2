import { judgeDkimKeys } from '../dkim-view.ts';
import type { Rule } from '../rule.ts';

/** The key in DNS is the one that signs. */
export const dkimKeyMismatch: Rule = {
  id: 'DKIM-KEY-MISMATCH',
  article: {
    title: 'DNS holds another key than the one that signs.',
    meaning: 'Receivers verify each signature with the key in DNS, and every one fails.',
    actedOn: 'Receivers that ask DKIM and DMARC: signed mail is worse off than unsigned mail.',
    ground: 'RFC 6376 section 3.6.1',
    fix: 'Publish the key that signs, or let the signer use the one that is published.',
    others: null,
  },
  judge(view) {
    const { domain, asked } = view.facts;
    return judgeDkimKeys(view, ({ selector, name, tags }) => {
      const own = asked.dkimKeys?.[selector];
      const shown = tags.get('p')?.replace(/\s/g, '') ?? '';
      // That it is not there, or revoked, is told.
      if (own === undefined || shown === '') return null;
      if (shown === own.data)
        return { level: 'pass', message: `The DKIM key ${selector} is the one that signs.` };
      return {
        level: 'error',
        message: `The DKIM key ${selector} of ${domain} is not the one that signs, so every signature fails.`,
        fix: `${name}. IN TXT "v=DKIM1; k=${own.type}; p=${own.data}"`,
      };
    });
  },
};
