/** The address of the sink's host number `at`, from 0 on: 250 to a /24 below 127.1.0.0/16. */
export function sinkAddress(at: number): string {
  return `127.1.${Math.floor(at / 250)}.${(at % 250) + 1}`;
}
