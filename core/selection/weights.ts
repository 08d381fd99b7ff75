/**
 * How often each of the selected counts in training, by its place from the surest: in as many equal
 * parts as `heaviest` says, the surest that often, each next part once less, the last once.
 * @param count how many are selected @param heaviest a whole number, 1 or more
 */
export function weightAt(place: number, count: number, heaviest: number): number {
  return heaviest - Math.floor((heaviest * place) / count);
}
