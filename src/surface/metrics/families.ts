/**
 * Metrics in the text format of Prometheus (version 0.0.4): a family has a name, and one series for each combination of
 * its labels. Small and our own, because counting must cost the gateway no more than a look into a map, and nothing
 * here can grow without bound.
 */
export type Family = {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** All series, as lines. */
  lines(): readonly string[];
};

/** Series of one family; what comes beyond is counted under `other`. */
const mostSeries = 500;

type Spec = { readonly name: string; readonly help: string; readonly labels: readonly string[] };

/** Up to three labels, found without making a key of them. */
class SeriesMap<Cell> {
  readonly #make: () => Cell;
  readonly #tree = new Map<string, Map<string, Map<string, Cell>>>();
  #size = 0;

  constructor(make: () => Cell) {
    this.#make = make;
  }

  at(one: string, two: string, three: string): Cell {
    const found = this.#tree.get(one)?.get(two)?.get(three);
    if (found !== undefined) return found;
    if (this.#size >= mostSeries && one !== 'other') return this.at('other', 'other', 'other');
    this.#size += 1;
    const cell = this.#make();
    let second = this.#tree.get(one);
    if (second === undefined) this.#tree.set(one, (second = new Map()));
    let third = second.get(two);
    if (third === undefined) second.set(two, (third = new Map()));
    third.set(three, cell);
    return cell;
  }

  *all(): Generator<[labels: readonly string[], cell: Cell]> {
    for (const [one, second] of this.#tree)
      for (const [two, third] of second) for (const [three, cell] of third) yield [[one, two, three], cell];
  }
}

/** What only grows. */
export class Counter implements Family {
  readonly type = 'counter';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly #series = new SeriesMap(() => ({ value: 0 }));

  constructor({ name, help, labels }: Spec) {
    this.name = name;
    this.help = help;
    this.labels = labels;
  }

  add(one = '', two = '', three = ''): void {
    this.#series.at(one, two, three).value += 1;
  }

  lines(): string[] {
    return [...this.#series.all()].map(
      ([values, cell]) => `${this.name}${labelText(this.labels, values)} ${cell.value}`,
    );
  }
}

/** How often a duration was at most so long, in seconds. */
export class Histogram implements Family {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly #bounds: readonly number[];
  readonly #series: SeriesMap<{ counts: Float64Array; sum: number }>;

  constructor({ name, help, labels, bounds }: Spec & { readonly bounds: readonly number[] }) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.#bounds = bounds;
    this.#series = new SeriesMap(() => ({ counts: new Float64Array(bounds.length + 1), sum: 0 }));
  }

  observe(seconds: number, one = '', two = ''): void {
    const cell = this.#series.at(one, two, '');
    let place = 0;
    while (place < this.#bounds.length && seconds > (this.#bounds[place] ?? 0)) place += 1;
    cell.counts[place] = (cell.counts[place] ?? 0) + 1;
    cell.sum += seconds;
  }

  lines(): string[] {
    return [...this.#series.all()].flatMap(([values, { counts, sum }]) => {
      let upTo = 0;
      const buckets = [...this.#bounds.map(String), '+Inf'].map((bound, place) => {
        upTo += counts[place] ?? 0;
        return `${this.name}_bucket${labelText([...this.labels, 'le'], [...values.slice(0, this.labels.length), bound])} ${upTo}`;
      });
      const labels = labelText(this.labels, values);
      return [...buckets, `${this.name}_sum${labels} ${sum}`, `${this.name}_count${labels} ${upTo}`];
    });
  }
}

/** What is looked up when it is asked for. */
export class Gauge implements Family {
  readonly type: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly #read: () => readonly (readonly [value: number, ...labels: string[]])[];

  constructor({
    name,
    help,
    labels,
    read,
    type = 'gauge',
  }: Spec & {
    readonly read: () => readonly (readonly [value: number, ...labels: string[]])[];
    readonly type?: 'gauge' | 'counter';
  }) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.type = type;
    this.#read = read;
  }

  lines(): string[] {
    return this.#read()
      .slice(0, mostSeries)
      .map(([value, ...values]) => `${this.name}${labelText(this.labels, values)} ${value}`);
  }
}

/** The page that Prometheus reads. */
export function expose(families: readonly Family[]): string {
  const lines = families.flatMap(family => [
    `# HELP ${family.name} ${family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${family.name} ${family.type}`,
    ...family.lines(),
  ]);
  return `${lines.join('\n')}\n`;
}

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return '';
  return `{${names.map((name, place) => `${name}="${escaped(values[place] ?? '')}"`).join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
