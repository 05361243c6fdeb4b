// Finds bytes in a base, instructions above all, for the files that change some of them.

/** Every place where some bytes stand. */
export function placesOf(base: Buffer, what: Buffer): number[] {
  const places: number[] = [];
  for (let at = base.indexOf(what); at >= 0; at = base.indexOf(what, at + 1)) places.push(at);
  return places;
}

/**
 * Where some bytes stand in a base, if it is one place alone.
 * @param isIt looks at what stands around them, and is given where they end
 */
export function onlyPlace(
  base: Buffer,
  what: Buffer,
  isIt: (end: number) => boolean = () => true,
): number | undefined {
  const places = placesOf(base, what).filter((at) => isIt(at + what.length));
  return places.length === 1 ? places[0] : undefined;
}
