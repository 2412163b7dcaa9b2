import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { layoutA, layoutB, layoutC, layoutCSending, onGateway } from '../../../test/audit-facts.ts';
import { hostMistakes } from '../../../test/mistakes/host.ts';
import type { Mistake } from '../../../test/mistakes/mistake.ts';
import { receivingMistakes } from '../../../test/mistakes/receiving.ts';
import { securityMistakes } from '../../../test/mistakes/security.ts';
import { sendingMistakes } from '../../../test/mistakes/sending.ts';
import { catalogue } from '../../decision/audit/catalogue.ts';
import type { AuditFacts } from '../../decision/audit/facts.ts';
import { judge } from '../../decision/audit/judge.ts';
import { reportDocument } from './document.ts';
import { reportHtml } from './html.ts';
import { reportText } from './text.ts';

const folder = join(import.meta.dirname, '../../../test/golden');
const mistakes: readonly Mistake[] = [
  ...receivingMistakes,
  ...sendingMistakes,
  ...securityMistakes,
  ...hostMistakes,
];

function planted(name: string): AuditFacts {
  const found = mistakes.find(mistake => mistake.name === name);
  assert.ok(found, `there is no planted mistake "${name}"`);
  return found.facts;
}

// The whole report in each of its forms, byte for byte; UPDATE_GOLDEN=1 writes what it is now, for review.
const reports: Readonly<Record<string, AuditFacts>> = {
  'A-sound': layoutA,
  'A-gateway-sound': onGateway(layoutA),
  'A-no-ptr': planted('one address has no PTR, layout A'),
  'A-shared-name-lacks-address': planted('the shared name lacks an address'),
  'A-spf-lacks-address': planted('SPF lacks an address, layout A'),
  'A-unknown-recipients': planted('unknown recipients are taken'),
  'B-sound': layoutB,
  'B-gateway-sound': onGateway(layoutB),
  'B-no-ptr': planted('one address has no PTR, layout B'),
  'B-ptr-of-a-pool': planted('a PTR looks like that of a pool'),
  'B-mx-unresolved': planted('an MX has no address'),
  'B-ehlo-elsewhere': planted('the EHLO name leads elsewhere'),
  'B-other-key': planted('the key in DNS is another'),
  'B-no-route': planted('a source address has no route of its own'),
  'B-standby-not-in-spf': planted('SPF lacks the uplink that stands by, as the gateway sees it'),
  'B-port-25': planted('the provider blocks port 25'),
  'C-sound': layoutC,
  'C-sending-sound': layoutCSending,
  'C-gateway-sound': onGateway(layoutC),
  'C-backup-refuses': planted('the backup does not take the domain'),
  'C-backup-takes-all': planted('the backup takes everybody'),
  'C-sending-no-spf': planted('SPF lacks the second machine, which sends'),
};

for (const [name, facts] of Object.entries(reports)) {
  const report = judge(facts, catalogue);
  const forms: Readonly<Record<string, string>> = {
    txt: reportText(facts, report, false),
    json: `${JSON.stringify(reportDocument(facts, report, 0), null, 1)}\n`,
    html: reportHtml(facts, report),
  };
  for (const [ending, text] of Object.entries(forms))
    test(`report, golden: ${name}.${ending}`, () => {
      const file = join(folder, `${name}.${ending}`);
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
      assert.equal(text, readFileSync(file, 'utf8'), 'see CONTRIBUTING.md: UPDATE_GOLDEN=1');
    });
}
