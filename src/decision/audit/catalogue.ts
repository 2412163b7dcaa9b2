import type { Rule } from './rule.ts';
import { identityRules } from './rules/egress-identity.ts';
import { greetingName } from './rules/greeting-name.ts';
import { greetingNot220 } from './rules/greeting-not-220.ts';
import { mxCname } from './rules/mx-cname.ts';
import { mxIsAddress } from './rules/mx-is-address.ts';
import { mxNone } from './rules/mx-none.ts';
import { mxNull } from './rules/mx-null.ts';
import { mxNullMixed } from './rules/mx-null-mixed.ts';
import { mxPrivate } from './rules/mx-private.ts';
import { mxUnreachable } from './rules/mx-unreachable.ts';
import { mxUnresolved } from './rules/mx-unresolved.ts';

/** Every check, in the order of the catalogue. */
export const catalogue: readonly Rule[] = [
  mxNone,
  mxNull,
  mxNullMixed,
  mxCname,
  mxIsAddress,
  mxUnresolved,
  mxPrivate,
  mxUnreachable,
  ...identityRules,
  greetingName,
  greetingNot220,
];
