import type { Rule } from './rule.ts';
import { backupAcceptsAll } from './rules/backup-accepts-all.ts';
import { backupLoops } from './rules/backup-loops.ts';
import { backupNotSender } from './rules/backup-not-sender.ts';
import { backupRefuses } from './rules/backup-refuses.ts';
import { backupSameSite } from './rules/backup-same-site.ts';
import { backupSendsNoSpf } from './rules/backup-sends-no-spf.ts';
import { backupWeaker } from './rules/backup-weaker.ts';
import { caaIssuer } from './rules/caa-issuer.ts';
import { certChain } from './rules/cert-chain.ts';
import { certCoversAll } from './rules/cert-covers-all.ts';
import { certExpired } from './rules/cert-expired.ts';
import { certExpires } from './rules/cert-expires.ts';
import { certNames } from './rules/cert-names.ts';
import { certSelf } from './rules/cert-self.ts';
import { certUplinksDiffer } from './rules/cert-uplinks-differ.ts';
import { confOpenRelay } from './rules/conf-open-relay.ts';
import { confQueueLife } from './rules/conf-queue-life.ts';
import { daneDenial } from './rules/dane-denial.ts';
import { daneMismatch } from './rules/dane-mismatch.ts';
import { daneNoNext } from './rules/dane-no-next.ts';
import { daneNone } from './rules/dane-none.ts';
import { danePartial } from './rules/dane-partial.ts';
import { daneStale } from './rules/dane-stale.ts';
import { daneUnsigned } from './rules/dane-unsigned.ts';
import { daneUplinksDiffer } from './rules/dane-uplinks-differ.ts';
import { daneUsage } from './rules/dane-usage.ts';
import { dkimKeyMismatch } from './rules/dkim-key-mismatch.ts';
import { dkimKeyMissing } from './rules/dkim-key-missing.ts';
import { dkimRevoked } from './rules/dkim-revoked.ts';
import { dkimTest } from './rules/dkim-test.ts';
import { dkimWeak } from './rules/dkim-weak.ts';
import { dmarcAlignment } from './rules/dmarc-alignment.ts';
import { dmarcMany } from './rules/dmarc-many.ts';
import { dmarcNone } from './rules/dmarc-none.ts';
import { dmarcOldTags } from './rules/dmarc-old-tags.ts';
import { dmarcPNone } from './rules/dmarc-p-none.ts';
import { dmarcRuaForeign } from './rules/dmarc-rua-foreign.ts';
import { dmarcSpfOnly } from './rules/dmarc-spf-only.ts';
import { dmarcSyntax } from './rules/dmarc-syntax.ts';
import { dmarcTest } from './rules/dmarc-test.ts';
import { dnssecAlgorithm } from './rules/dnssec-algorithm.ts';
import { dnssecBogus } from './rules/dnssec-bogus.ts';
import { dnssecExpiring } from './rules/dnssec-expiring.ts';
import { dnssecNone } from './rules/dnssec-none.ts';
import { egressAbsent } from './rules/egress-absent.ts';
import { egressCert } from './rules/egress-cert.ts';
import { egressDnsbl } from './rules/egress-dnsbl.ts';
import { egressEhloCname } from './rules/egress-ehlo-cname.ts';
import { egressEhloForm } from './rules/egress-ehlo-form.ts';
import { egressEhloPtr } from './rules/egress-ehlo-ptr.ts';
import { egressEhloShared } from './rules/egress-ehlo-shared.ts';
import { identityRules } from './rules/egress-identity.ts';
import { egressIpv6Bare } from './rules/egress-ipv6-bare.ts';
import { egressIpv6Temporary } from './rules/egress-ipv6-temporary.ts';
import { egressMtu } from './rules/egress-mtu.ts';
import { egressObserved } from './rules/egress-observed.ts';
import { egressPort25 } from './rules/egress-port25.ts';
import { egressPtrGeneric } from './rules/egress-ptr-generic.ts';
import { egressPtrMany } from './rules/egress-ptr-many.ts';
import { egressRrMissing } from './rules/egress-rr-missing.ts';
import { egressSpf } from './rules/egress-spf.ts';
import { egressSpfHelo } from './rules/egress-spf-helo.ts';
import { egressStandbySpf } from './rules/egress-standby-spf.ts';
import { egressUnequal } from './rules/egress-unequal.ts';
import { egressWrongWay } from './rules/egress-wrong-way.ts';
import { ehloName } from './rules/ehlo-name.ts';
import { ehloRefused } from './rules/ehlo-refused.ts';
import { esmtp8bitmime } from './rules/esmtp-8bitmime.ts';
import { esmtpPipelining } from './rules/esmtp-pipelining.ts';
import { esmtpSize } from './rules/esmtp-size.ts';
import { esmtpSmtputf8 } from './rules/esmtp-smtputf8.ts';
import { greetingForm } from './rules/greeting-form.ts';
import { greetingName } from './rules/greeting-name.ts';
import { greetingNot220 } from './rules/greeting-not-220.ts';
import { greetingSlow } from './rules/greeting-slow.ts';
import { greetingSoftware } from './rules/greeting-software.ts';
import { hostClock } from './rules/host-clock.ts';
import { hostOverride } from './rules/host-override.ts';
import { hostProber } from './rules/host-prober.ts';
import { hostResolver } from './rules/host-resolver.ts';
import { hostResolverNoValidation } from './rules/host-resolver-no-validation.ts';
import { hostRouteFallsThrough } from './rules/host-route-falls-through.ts';
import { hostRpFilter } from './rules/host-rp-filter.ts';
import { hostSourceRoute } from './rules/host-source-route.ts';
import { hostWatchTarget } from './rules/host-watch-target.ts';
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
import { nsDiffer } from './rules/ns-differ.ts';
import { nsLame } from './rules/ns-lame.ts';
import { nsOneNetwork } from './rules/ns-one-network.ts';
import { nsTcp } from './rules/ns-tcp.ts';
import { smtpAuthClear } from './rules/smtp-auth-clear.ts';
import { smtpBareLf } from './rules/smtp-bare-lf.ts';
import { smtpBareLfOut } from './rules/smtp-bare-lf-out.ts';
import { smtpLimits } from './rules/smtp-limits.ts';
import { smtpLiteral } from './rules/smtp-literal.ts';
import { smtpNullSender } from './rules/smtp-null-sender.ts';
import { smtpPipeliningBroken } from './rules/smtp-pipelining-broken.ts';
import { smtpUnknownRcpt } from './rules/smtp-unknown-rcpt.ts';
import { smtpUplinksDiffer } from './rules/smtp-uplinks-differ.ts';
import { spfHardfail } from './rules/spf-hardfail.ts';
import { spfIncludeBroken } from './rules/spf-include-broken.ts';
import { spfLong } from './rules/spf-long.ts';
import { spfLookups } from './rules/spf-lookups.ts';
import { spfMany } from './rules/spf-many.ts';
import { spfMxMany } from './rules/spf-mx-many.ts';
import { spfMxSpread } from './rules/spf-mx-spread.ts';
import { spfNeutral } from './rules/spf-neutral.ts';
import { spfNone } from './rules/spf-none.ts';
import { spfPassAll } from './rules/spf-pass-all.ts';
import { spfPtr } from './rules/spf-ptr.ts';
import { spfStale } from './rules/spf-stale.ts';
import { spfSyntax } from './rules/spf-syntax.ts';
import { spfType99 } from './rules/spf-type99.ts';
import { spfVoid } from './rules/spf-void.ts';
import { starttlsForced } from './rules/starttls-forced.ts';
import { stsId } from './rules/sts-id.ts';
import { stsMany } from './rules/sts-many.ts';
import { stsMaxAge } from './rules/sts-max-age.ts';
import { stsMode } from './rules/sts-mode.ts';
import { stsMx } from './rules/sts-mx.ts';
import { stsNone } from './rules/sts-none.ts';
import { stsPolicy } from './rules/sts-policy.ts';
import { stsRedirect } from './rules/sts-redirect.ts';
import { tlsBroken } from './rules/tls-broken.ts';
import { tlsInjection } from './rules/tls-injection.ts';
import { tlsNone } from './rules/tls-none.ts';
import { tlsOld } from './rules/tls-old.ts';
import { tlsrptMany } from './rules/tlsrpt-many.ts';
import { tlsrptNone } from './rules/tlsrpt-none.ts';

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
  tlsNone,
  tlsBroken,
  tlsOld,
  tlsInjection,
  certNames,
  certCoversAll,
  certExpired,
  certExpires,
  certChain,
  certSelf,
  certUplinksDiffer,
  daneNone,
  daneUnsigned,
  danePartial,
  daneMismatch,
  daneUsage,
  daneStale,
  daneUplinksDiffer,
  daneDenial,
  stsNone,
  stsMany,
  stsPolicy,
  stsRedirect,
  stsMaxAge,
  stsMx,
  stsMode,
  tlsrptNone,
  tlsrptMany,
  greetingForm,
  greetingSlow,
  greetingSoftware,
  ehloRefused,
  ehloName,
  esmtpSize,
  esmtpPipelining,
  esmtp8bitmime,
  esmtpSmtputf8,
  smtpAuthClear,
  smtpLimits,
  smtpUplinksDiffer,
  egressEhloPtr,
  egressEhloCname,
  egressEhloForm,
  egressPtrGeneric,
  egressPtrMany,
  egressEhloShared,
  egressRrMissing,
  egressObserved,
  egressIpv6Temporary,
  egressIpv6Bare,
  egressPort25,
  egressUnequal,
  egressAbsent,
  hostSourceRoute,
  hostRouteFallsThrough,
  hostResolver,
  hostResolverNoValidation,
  hostOverride,
  hostClock,
  confQueueLife,
  nsDiffer,
  nsLame,
  nsTcp,
  nsOneNetwork,
  spfNone,
  spfMany,
  spfSyntax,
  spfLookups,
  spfVoid,
  spfIncludeBroken,
  spfHardfail,
  spfPtr,
  spfPassAll,
  spfNeutral,
  spfMxMany,
  spfMxSpread,
  spfStale,
  spfLong,
  egressSpf,
  egressSpfHelo,
  egressStandbySpf,
  dmarcNone,
  dmarcMany,
  dmarcSyntax,
  dmarcPNone,
  dmarcTest,
  dmarcOldTags,
  dmarcSpfOnly,
  dmarcRuaForeign,
  dmarcAlignment,
  dkimKeyMissing,
  dkimKeyMismatch,
  dkimWeak,
  dkimTest,
  dkimRevoked,
  backupRefuses,
  backupWeaker,
  backupSendsNoSpf,
  backupLoops,
  backupSameSite,
  confOpenRelay,
  dnssecNone,
  dnssecBogus,
  starttlsForced,
  caaIssuer,
  daneNoNext,
  dnssecAlgorithm,
  dnssecExpiring,
  egressCert,
  egressDnsbl,
  egressWrongWay,
  egressMtu,
  hostProber,
  hostRpFilter,
  hostWatchTarget,
  smtpLiteral,
  smtpPipeliningBroken,
  smtpBareLf,
  smtpBareLfOut,
  spfType99,
  stsId,
];
