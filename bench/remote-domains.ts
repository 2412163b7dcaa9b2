/** Of a load that goes out by DNS: domain number `at`, from 0 on. */
export function remoteDomain(at: number): string {
  return `d${at}.remote.example`;
}

/** The one address of the mail host of domain number `at`: 250 to a /24 below 127.1.0.0/16. */
export function sinkAddress(at: number): string {
  return `127.1.${Math.floor(at / 250)}.${(at % 250) + 1}`;
}
