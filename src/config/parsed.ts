/**
 * A piece of the operator's text in our type, or what is wrong with it.
 * `why` is the rest of a sentence that begins with the text itself: `is no duration; write for example 30s`.
 */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly why: string };

export function parsed<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

export function unparsed(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why };
}
