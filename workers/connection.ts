import { NativeConnection } from '@temporalio/worker';
import { connectOptions, connectTemporal } from '../client/temporal.ts';
import type { Config } from '../config/config.ts';

/**
 * The connection a worker uses, and its namespace, once they are known to be of use. Asked by a
 * client first: what the worker's own connection fails with has no codes.
 * @throws TemporalUnreachable, TemporalRefused
 */
export async function connectWorker(
  config: Config,
): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connection, namespace } = connectOptions(config);
  await (await connectTemporal(config)).connection.close();
  return { connection: await NativeConnection.connect(connection), namespace };
}
