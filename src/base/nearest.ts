/** How many letters of two words are others, too many, missing, or have changed places with their neighbour. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row += 1) {
    const [before = [], above = []] = [rows[row - 2], rows[row - 1]];
    const own = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const other = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      own.push(
        Math.min(
          (above[column] ?? 0) + 1,
          (own[column - 1] ?? 0) + 1,
          (above[column - 1] ?? 0) + other,
          swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    rows.push(own);
  }
  return rows[a.length]?.[b.length] ?? 0;
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
