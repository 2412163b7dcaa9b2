import assert from 'node:assert/strict';

const sample =
  /^(?<series>(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})?) (?<value>[+-]?(?:\d[\d.e+-]*|Inf|NaN))$/;
const comment = /^# (?:HELP|TYPE) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) .+$/;

/** Reads a page of metrics as strictly as its format is written: each series once, after its HELP and TYPE. */
export function samplesOf(page: string): Map<string, number> {
  assert.ok(page.endsWith('\n'));
  const samples = new Map<string, number>();
  const announced = new Map<string, number>();
  for (const line of page.slice(0, -1).split('\n')) {
    const told = comment.exec(line)?.groups?.name;
    if (told !== undefined) {
      announced.set(told, (announced.get(told) ?? 0) + 1);
      continue;
    }
    const { series = '', name = '', value } = sample.exec(line)?.groups ?? {};
    assert.notEqual(series, '', `no sample: ${line}`);
    assert.ok(!samples.has(series), `twice: ${series}`);
    const family = announced.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, '');
    assert.equal(announced.get(family), 2, `HELP and TYPE come before ${name}`);
    samples.set(series, value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value));
  }
  return samples;
}
