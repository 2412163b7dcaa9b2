import fc from 'fast-check';

/** One change to an input: what a careless or hostile sender might do to it. */
type Change =
  | { readonly kind: 'cut'; readonly at: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'set'; readonly at: number; readonly byte: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Buffer };

/** Inputs stay smaller than this, so that a thousand runs take a second. */
const mostBytes = 20_000;

/**
 * Inputs near to those of the corpus: one of them, or two joined, changed a few times by cuts, repetitions, bytes and the
 * words of the language. `fast-check` shrinks them to the least change that still fails.
 */
export function mutated(corpus: readonly Buffer[], words: readonly string[]): fc.Arbitrary<Buffer> {
  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const word = fc.constantFrom(...words).map(text => Buffer.from(text, 'latin1'));
  const junk = fc.uint8Array({ maxLength: 12 }).map(bytes => Buffer.from(bytes));
  const change: fc.Arbitrary<Change> = fc.oneof(
    fc.record({ kind: fc.constant('cut' as const), at: place, length: fc.nat(40) }),
    fc.record({ kind: fc.constant('repeat' as const), at: place, length: fc.nat(40), times: fc.nat(60) }),
    fc.record({ kind: fc.constant('set' as const), at: place, byte: fc.nat(255) }),
    fc.record({ kind: fc.constant('insert' as const), at: place, bytes: fc.oneof(word, word, junk) }),
  );
  const known = fc.constantFrom(...corpus);
  const start = fc.oneof(
    { weight: 6, arbitrary: known },
    { weight: 2, arbitrary: fc.tuple(known, known).map(pair => Buffer.concat(pair)) },
    { weight: 2, arbitrary: fc.array(word, { maxLength: 30 }).map(pieces => Buffer.concat(pieces)) },
  );
  return fc
    .tuple(start, fc.array(change, { maxLength: 8 }))
    .map(([bytes, changes]) => changes.reduce(changed, bytes).subarray(0, mostBytes));
}

function changed(bytes: Buffer, change: Change): Buffer {
  const at = Math.floor(change.at * (bytes.length + 1));
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (change.kind) {
    case 'cut':
      return Buffer.concat([before, after.subarray(change.length)]);
    case 'repeat': {
      const piece = after.subarray(0, change.length);
      return Buffer.concat([before, ...Array.from({ length: change.times }, () => piece), after]);
    }
    case 'set':
      return Buffer.concat([before, Buffer.from([change.byte]), after.subarray(1)]);
    case 'insert':
      return Buffer.concat([before, change.bytes, after]);
    default:
      return change satisfies never;
  }
}
