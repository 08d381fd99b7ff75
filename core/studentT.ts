/**
 * The value within which, on both sides of 0, a variable of Student's t distribution lies with
 * probability `confidence`: by bisection of the exact distribution (Abramowitz and Stegun, 26.7.3
 * and 26.7.4).
 * @param degrees of freedom, a whole number of at least 1
 * @param confidence above 0 and below 1
 */
export function tBound(degrees: number, confidence: number): number {
  if (!Number.isInteger(degrees) || degrees < 1)
    throw new RangeError(`${degrees} are no degrees of freedom.`);
  // The angle whose tangent is t over the root of the degrees: a bounded thing to bisect.
  let [low, high] = [0, Math.PI / 2];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (within(middle, degrees) < confidence) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) * Math.tan((low + high) / 2);
}

/** The probability of an absolute value of at most that of the angle. */
function within(angle: number, degrees: number): number {
  const cosine = Math.cos(angle);
  const isOdd = degrees % 2 === 1;
  if (degrees === 1) return (2 * angle) / Math.PI;
  let term = isOdd ? cosine : 1;
  let sum = term;
  for (let power = isOdd ? 3 : 2; power < degrees; power += 2) {
    term *= ((power - 1) / power) * cosine ** 2;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
