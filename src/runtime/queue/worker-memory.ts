/**
 * The young generation of a thread that owns a database: one of its usual size fills up with batches long committed, and
 * two of them are 5 MiB of the gateway's.
 */
export const workerMemory = { maxYoungGenerationSizeMb: 3 } as const;
