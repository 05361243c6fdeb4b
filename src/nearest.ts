// Which of some names a mistyped one was meant for. The names are a server's: long ones, and those beyond the first 200,
// are not measured.

const LONGEST = 64;
const MOST = 200;
// How far a name that holds the other one counts as at most: `pass` is likely `password`.
const CONTAINED = 2.5;

/** The names, those nearest to the wanted one first, else by alphabet. */
export function nearestFirst(names: readonly string[], wanted: string): string[] {
  const ranks = new Map(names.map((name, index) => [name, index < MOST ? rankOf(name, wanted) : Infinity]));
  const rank = (name: string) => ranks.get(name) ?? Infinity;
  return [...names].sort((a, b) => compare(rank(a), rank(b)) || compare(a, b));
}

/** The name that was likely meant: at most two slips away, or a third of its letters; undefined where there is none. */
export function likelyMeant(names: readonly string[], wanted: string): string | undefined {
  const [nearest] = nearestFirst(names, wanted);
  if (nearest === undefined) return undefined;
  const longer = Math.max(nearest.length, wanted.length);
  const away = distanceBetween(nearest, wanted);
  // Of two short names, two letters are all there is.
  return away <= Math.max(2, longer / 3) && away < longer / 2 ? nearest : undefined;
}

function rankOf(name: string, wanted: string): number {
  const away = distanceBetween(name, wanted);
  if (away === Infinity || name === '' || wanted === '') return away;
  const [a, b] = [name.toLowerCase(), wanted.toLowerCase()];
  return a.includes(b) || b.includes(a) ? Math.min(away, CONTAINED) : away;
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * How many slips make one name of the other, upper and lower case being the same: a letter too many, one too few, a
 * wrong one, or two that changed places (Damerau and Levenshtein, optimal string alignment). Infinity for long names.
 */
export function distanceBetween(one: string, other: string): number {
  if (one.length > LONGEST || other.length > LONGEST) return Infinity;
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(above, j) + 1,
        at(row, j - 1) + 1,
        at(above, j - 1) + (isSame ? 0 : 1),
        isSwapped ? at(before, j - 2) + 1 : Infinity,
      );
    }
    before = above;
    above = row;
  }
  return at(above, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
