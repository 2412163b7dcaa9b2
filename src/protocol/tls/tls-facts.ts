/** What a handshake came to. */
export type TlsFacts = {
  /** `TLSv1.3`. */
  readonly protocol: string;
  /** `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  readonly resumed: boolean;
  /** Null: the certificate verifies for the name; else why not. Null on the server's side. */
  readonly unverified: string | null;
  /** The certificates as shown, in DER, the host's own first; only where they were asked for. */
  readonly chain?: readonly Buffer[];
};
