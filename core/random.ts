/**
 * Numbers of 0 to below 1, the same ones for a seed: C. Doty-Humphrey's generator sfc32 (PractRand).
 * @param seed a whole number of up to 53 bits
 */
export function randomFrom(seed: number): () => number {
  let [a, b, c, counter] = [0, seed | 0, Math.floor(seed / 2 ** 32) | 0, 1];
  const draw = () => {
    const number = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + number) | 0;
    return (number >>> 0) / 2 ** 32;
  };
  for (let skipped = 0; skipped < 16; skipped++) draw(); // its first numbers tell the seed
  return draw;
}
