/** The cost of the last of two beginnings, from the rows of shorter ones. */
function cell(a: string, b: string, row: number, column: number, rows: readonly (readonly number[])[]): number {
  const at = (r: number, c: number): number => rows[r]?.[c] ?? Infinity;
  const isSame = a[row - 1] === b[column - 1];
  const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
  return Math.min(
    at(row - 1, column) + 1,
    at(row, column - 1) + 1,
    at(row - 1, column - 1) + (isSame ? 0 : 1),
    isSwapped ? at(row - 2, column - 2) + 1 : Infinity,
  );
}

/** How many letters of two words are others, too many, missing, or have changed places with their neighbour. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row += 1) {
    const own = [row];
    rows.push(own);
    for (let column = 1; column <= b.length; column += 1) own.push(cell(a, b, row, column, rows));
  }
  return rows[a.length]?.[b.length] ?? Infinity;
}

/**
 * The word that was probably meant by one that is misspelt: at most a third of its letters are wrong, and one of short
 * ones; undefined if none is so near.
 */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  let most = Math.max(1, Math.floor(word.length / 3));
  let found: string | undefined;
  for (const each of words) {
    if (Math.abs(each.length - word.length) > most) continue;
    const wrong = distance(word, each);
    if (wrong > most || (wrong === most && found !== undefined)) continue;
    [most, found] = [wrong, each];
  }
  return found;
}
