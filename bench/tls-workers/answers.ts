/** Each question of 1 KiB has this answer. */
export const questionBytes = 1_024;
export const answer = Buffer.from('250 2.0.0 Taken.\r\n');

/** Counts what was asked, and gives how many answers are now due. */
export class Questions {
  #bytes = 0;

  heard(bytes: number): number {
    this.#bytes += bytes;
    const due = Math.floor(this.#bytes / questionBytes);
    this.#bytes %= questionBytes;
    return due;
  }
}
