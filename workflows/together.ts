import { CancellationScope } from '@temporalio/workflow';

/**
 * The results of work that goes on at the same time. Where one fails the others are cancelled and
 * their end is awaited: of a round that has failed nothing goes on, and it can be started again.
 */
export function together<T extends unknown[]>(
  begin: () => { [Index in keyof T]: Promise<T[Index]> },
): Promise<T> {
  return CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const work = begin();
    try {
      return (await Promise.all(work)) as T;
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(work);
      throw error;
    }
  });
}
