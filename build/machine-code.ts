// Finds instructions in a base, for the files that change some of them.

/**
 * Where some bytes stand in a base, if it is one place alone.
 * @param isIt looks at what stands around them, and is given where they end
 */
export function onlyPlace(
  base: Buffer,
  what: Buffer,
  isIt: (end: number) => boolean = () => true,
): number | undefined {
  const places = [];
  for (let at = base.indexOf(what); at >= 0; at = base.indexOf(what, at + 1)) {
    if (isIt(at + what.length)) places.push(at);
  }
  return places.length === 1 ? places[0] : undefined;
}
