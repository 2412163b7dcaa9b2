import fc from 'fast-check';

/** Loaded before property tests by `npm run fuzz`: more runs than the usual hundred, from a seed that is known. */
fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED), numRuns: Number(process.env.FUZZ_RUNS) });
