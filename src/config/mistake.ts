/** One thing in the configuration that is wrong, or, as a warning, worth a look. Lines and columns count from 1. */
export type ConfigMistake = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong and what to write instead, as a sentence. */
  readonly message: string;
};

/** `FILE:LINE:COLUMN: what is wrong; what to write instead.` */
export function mistakeText({ file, line, column, message }: ConfigMistake): string {
  return `${file}:${line}:${column}: ${message}`;
}
