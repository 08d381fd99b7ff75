/**
 * Whether an answer stands for a request that was given up, by its `finishReason`: refused with a
 * status, or answered with nothing that can be read, time and again, while others were answered.
 */
export function isGivenUp(finishReason: string): boolean {
  return /^(refused:\d+|unreadable|unreachable)$/.test(finishReason);
}
