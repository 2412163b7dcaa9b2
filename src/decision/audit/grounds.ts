/** Why each rule speaks: the clause that is in force, or a large receiver's published rule. */
export const grounds = {
  'EGRESS-NO-PTR':
    'Gmail\'s Email sender guidelines and its reply 550 5.7.25 ("does not have a PTR record"); RFC 1912 section 2.1',
  'EGRESS-FCRDNS':
    'Gmail\'s Email sender guidelines and its reply 550 5.7.25 ("the corresponding forward DNS entry does not match"); RFC 8601 section 2.7.3 (iprev)',
  'EGRESS-EHLO-UNRESOLVED': 'RFC 5321 sections 2.3.5 and 4.1.4',
  'EGRESS-EHLO-ELSEWHERE':
    "receivers' own rules; RFC 5321 section 4.1.4 lets a receiver compare the name with the address, and forbids it to refuse mail because they differ",
} as const satisfies Readonly<Record<string, string>>;
