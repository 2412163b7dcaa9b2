import type { Rule } from './rule.ts';
import { backupAcceptsAll } from './rules/backup-accepts-all.ts';
import { backupNotSender } from './rules/backup-not-sender.ts';
import { identityRules } from './rules/egress-identity.ts';
import { greetingName } from './rules/greeting-name.ts';
import { greetingNot220 } from './rules/greeting-not-220.ts';
import { mxCname } from './rules/mx-cname.ts';
import { mxEqual } from './rules/mx-equal.ts';
import { mxExtra } from './rules/mx-extra.ts';
import { mxIsAddress } from './rules/mx-is-address.ts';
import { mxNone } from './rules/mx-none.ts';
import { mxNull } from './rules/mx-null.ts';
import { mxNullMixed } from './rules/mx-null-mixed.ts';
import { mxOneHost } from './rules/mx-one-host.ts';
import { mxOneUplink } from './rules/mx-one-uplink.ts';
import { mxOpenRelay } from './rules/mx-open-relay.ts';
import { mxOrder } from './rules/mx-order.ts';
import { mxPostmaster } from './rules/mx-postmaster.ts';
import { mxPrivate } from './rules/mx-private.ts';
import { mxRefusesDomain } from './rules/mx-refuses-domain.ts';
import { mxSelfMissing } from './rules/mx-self-missing.ts';
import { mxTtl } from './rules/mx-ttl.ts';
import { mxUnreachable } from './rules/mx-unreachable.ts';
import { mxUnresolved } from './rules/mx-unresolved.ts';
import { smtpNullSender } from './rules/smtp-null-sender.ts';
import { smtpUnknownRcpt } from './rules/smtp-unknown-rcpt.ts';

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
  mxOneUplink,
  mxOrder,
  mxEqual,
  mxOneHost,
  mxPostmaster,
  mxRefusesDomain,
  mxOpenRelay,
  mxSelfMissing,
  mxExtra,
  mxTtl,
  backupAcceptsAll,
  backupNotSender,
  ...identityRules,
  greetingName,
  greetingNot220,
  smtpNullSender,
  smtpUnknownRcpt,
];
