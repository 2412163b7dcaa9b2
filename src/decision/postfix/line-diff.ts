const mostLines = 2_000;

/** What differs between two texts, each line with `-` or `+` before it; beyond 2,000 lines only that they differ. */
export function lineDiff(before: string, after: string): readonly string[] {
  const one = before.split('\n');
  const other = after.split('\n');
  if (one.length > mostLines || other.length > mostLines)
    return before === after ? [] : ['(the files are too long to be compared line by line)'];
  const width = other.length + 1;
  // The longest run of lines that both have, from each pair of places on.
  const common = new Uint16Array((one.length + 1) * width);
  for (let row = one.length - 1; row >= 0; row -= 1)
    for (let column = other.length - 1; column >= 0; column -= 1)
      common[row * width + column] =
        one[row] === other[column]
          ? at(common, (row + 1) * width + column + 1) + 1
          : Math.max(at(common, (row + 1) * width + column), at(common, row * width + column + 1));
  const lines: string[] = [];
  let row = 0;
  let column = 0;
  while (row < one.length || column < other.length) {
    if (row < one.length && column < other.length && one[row] === other[column]) {
      row += 1;
      column += 1;
    } else if (
      column >= other.length ||
      (row < one.length && at(common, (row + 1) * width + column) >= at(common, row * width + column + 1))
    ) {
      lines.push(`-${one[row]}`);
      row += 1;
    } else {
      lines.push(`+${other[column]}`);
      column += 1;
    }
  }
  return lines;
}

function at(numbers: Uint16Array, place: number): number {
  return numbers[place] ?? 0;
}
