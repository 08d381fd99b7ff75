import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { Config } from './config.ts';

/** Temporal cannot be reached; the message gives the address and the remedy. */
export class TemporalUnreachable extends Error {
  override name = 'TemporalUnreachable';
}

/** Address, namespace and options, from the profile and TEMPORAL_* variables of Temporal's own CLI. */
function connectOptions(config: Config) {
  const { profile, address, namespace } = config.temporal;
  const { connectionOptions, namespace: fromProfile } = loadClientConnectConfig({ profile });
  return {
    connection: { ...connectionOptions, ...(address ? { address } : {}) },
    namespace: namespace ?? fromProfile ?? 'default',
  };
}

async function connecting<T>(address: string | undefined, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (error) {
    throw new TemporalUnreachable(
      `no Temporal server answers at ${address ?? 'localhost:7233'}: start one with "semievol dev", or set temporal.address in temporal.config.ts or TEMPORAL_ADDRESS`,
      { cause: error },
    );
  }
}

/** @throws TemporalUnreachable */
export async function connectClient(config: Config): Promise<Client> {
  const { connection, namespace } = connectOptions(config);
  return new Client({
    connection: await connecting(connection.address, () =>
      Connection.connect({ ...connection, connectTimeout: '5s' }),
    ),
    namespace,
  });
}

/** The connection a worker uses, and its namespace. @throws TemporalUnreachable */
export async function connectWorker(
  config: Config,
): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connection, namespace } = connectOptions(config);
  return {
    connection: await connecting(connection.address, () => NativeConnection.connect(connection)),
    namespace,
  };
}
