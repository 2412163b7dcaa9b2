/** One service of master.cf (master(5)), as `postconf -M` prints it. */
export type MasterEntry = {
  readonly name: string;
  readonly type: string;
  /** private, unpriv, chroot, wakeup, maxproc; `-` is the default. */
  readonly columns: readonly string[];
  readonly program: string;
  /** The words after the program, one for each; `{ … }` is one word. */
  readonly words: readonly string[];
};

/** Reads what `postconf -M` prints; a line that is no service is left out. */
export function parseMaster(text: string): readonly MasterEntry[] {
  return text.split('\n').flatMap(line => {
    const [name, type, ...rest] = wordsOf(line);
    const program = rest[5];
    if (name === undefined || type === undefined || program === undefined || name.startsWith('#')) return [];
    return [{ name, type, columns: rest.slice(0, 5), program, words: rest.slice(6) }];
  });
}

/** `name/type`, as postconf addresses a service. */
export function serviceKey({ name, type }: MasterEntry): string {
  return `${name}/${type}`;
}

/** The settings that the service has of its own (`-o name=value`); the last one of a name holds. */
export function optionsOf({ words }: MasterEntry): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const part of partsOf(words)) if (part.option !== null) options.set(part.option[0], part.option[1]);
  return options;
}

/** The entry with these settings in place of its own of the same names; what else it has stays, in its place. */
export function withOptions(entry: MasterEntry, wanted: ReadonlyMap<string, string>): MasterEntry {
  const kept = partsOf(entry.words).filter(({ option }) => option === null || !wanted.has(option[0]));
  const added = [...wanted].flatMap(([name, value]) => ['-o', optionWord(name, value)]);
  return { ...entry, words: [...kept.flatMap(({ words }) => words), ...added] };
}

/** The entry without settings of these names. */
export function withoutOptions(entry: MasterEntry, names: ReadonlySet<string>): MasterEntry {
  const kept = partsOf(entry.words).filter(({ option }) => option === null || !names.has(option[0]));
  return { ...entry, words: kept.flatMap(({ words }) => words) };
}

/** The entry on one line, as `postconf -Me` takes it. */
export function entryText({ name, type, columns, program, words }: MasterEntry): string {
  return [name, type, ...columns, program, ...words].join(' ');
}

/** The entry as it stands in master.cf, a line for each setting. */
export function entryLines({ name, type, columns, program, words }: MasterEntry): readonly string[] {
  return [
    [name, type, ...columns, program].join(' '),
    ...partsOf(words).map(part => `    ${part.words.join(' ')}`),
  ];
}

type Part = { readonly words: readonly string[]; readonly option: readonly [string, string] | null };

/** The words in pairs where they are `-o` and its setting. */
function partsOf(words: readonly string[]): readonly Part[] {
  const parts: Part[] = [];
  for (let place = 0; place < words.length; place += 1) {
    const word = words[place] ?? '';
    const next = words[place + 1];
    if (word === '-o' && next !== undefined) {
      parts.push({ words: [word, next], option: settingOf(next) });
      place += 1;
    } else parts.push({ words: [word], option: null });
  }
  return parts;
}

/** `name=value` or `{ name = value }`; null where it is neither. */
function settingOf(word: string): readonly [string, string] | null {
  const bare = word.startsWith('{') && word.endsWith('}') ? word.slice(1, -1) : word;
  const equals = bare.indexOf('=');
  if (equals < 1) return null;
  return [bare.slice(0, equals).trim(), bare.slice(equals + 1).trim()];
}

function optionWord(name: string, value: string): string {
  return /[\s{}]/.test(value) ? `{ ${name} = ${value} }` : `${name}=${value}`;
}

/** Words by white space; a word that begins with `{` goes to the `}` that closes it. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let depth = 0;
  for (const character of line) {
    if (depth === 0 && /\s/.test(character)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    if (character === '{' && (word === '' || depth > 0)) depth += 1;
    if (character === '}' && depth > 0) depth -= 1;
    word += character;
  }
  if (word !== '') words.push(word);
  return words;
}
