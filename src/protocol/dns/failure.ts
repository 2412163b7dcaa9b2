/** How it came that a question has no answer. */
export type DnsFailure =
  /** Nobody said anything in the time that an answer has: the server, or the network between. */
  | 'timeout'
  /** There was no way to ask: no server, no socket, no connection. */
  | 'unreachable'
  /** SERVFAIL, whatever is behind it (RFC 1035 section 4.1.1). */
  | 'servfail'
  /** SERVFAIL that is for the signatures: unchecked there is an answer (RFC 4035 section 5.5). */
  | 'bogus'
  /** REFUSED, or name servers in place of an answer: this server does not serve us. */
  | 'refused'
  /** Any other RCODE. */
  | 'other_rcode'
  /** An answer without authority, from a server that the zone names (RFC 1912 section 2.8). */
  | 'lame'
  /** More aliases than anybody follows. */
  | 'alias_loop'
  /** We did not ask, or did not wait for the end. */
  | 'given_up';
