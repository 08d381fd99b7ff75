/** A build of the workflows that fails: not the run, but every task of it. */
export async function evolve(): Promise<never> {
  throw new TypeError('this build is \u001b[31mbroken');
}
