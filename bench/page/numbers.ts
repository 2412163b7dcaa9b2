/** `4 KiB`, `1 MiB`. */
export function sizeText(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes / 1_024} KiB` : `${bytes / 2 ** 20} MiB`;
}

/** ms as a person reads them: two digits where they are few. */
export function msText(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')} ms`;
}
