import { connect as connectSocket } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import type { Config } from '../config/config.ts';
import { SemiEvolError } from '../core/errors.ts';

/** Temporal cannot be reached; the message gives the address and the remedy. */
export class TemporalUnreachable extends SemiEvolError {
  override readonly name = 'TemporalUnreachable';
  override readonly isOfInput = true;
}

/** Temporal is there, and does not let us in; the message gives what it said and the remedy. */
export class TemporalRefused extends SemiEvolError {
  override readonly name = 'TemporalRefused';
  override readonly isOfInput = true;
}

const CONNECT_MS = 5_000;
/** Codes of gRPC. */
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

/** Where Temporal is, and how it is reached. */
interface Place {
  connection: ClientConnectConfig['connectionOptions'] & { channelArgs: Record<string, number> };
  namespace: string;
}

/** Address, namespace and options, from the profile and TEMPORAL_* variables of Temporal's own CLI. */
export function connectOptions(config: Config): Place {
  const { profile, address, namespace } = config.temporal;
  const { connectionOptions, namespace: fromProfile } = loadClientConnectConfig({ profile });
  return {
    connection: {
      ...connectionOptions,
      ...(address ? { address } : {}),
      // By no proxy, as a worker's connection: else some of the variables would cut off the client.
      channelArgs: { 'grpc.enable_http_proxy': 0 },
    },
    namespace: namespace ?? fromProfile ?? 'default',
  };
}

/**
 * A client of the configured namespace, once that has answered.
 * @throws TemporalUnreachable, TemporalRefused
 */
export async function connectTemporal(config: Config): Promise<Client> {
  const place = connectOptions(config);
  const { namespace } = place;
  const connection = await Connection.connect({
    ...place.connection,
    connectTimeout: CONNECT_MS,
  }).catch(async (error) => {
    throw refusal(error, place) ?? (await unreachable(error, place));
  });
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    await connection.close();
    throw refusal(error, place) ?? error;
  }
  return new Client({ connection, namespace });
}

/** What it means that the server said no; undefined for any other error. */
function refusal(error: unknown, { connection, namespace }: Place): TemporalRefused | undefined {
  const said = statusOf(error);
  if (!said) return undefined;
  const { code, details } = said;
  const where = connection.address ?? 'localhost:7233';
  if (code === UNAUTHENTICATED || code === PERMISSION_DENIED)
    return new TemporalRefused(
      `Temporal at ${where} refuses access to namespace "${namespace}" (${details}): check the API key or the client certificate, by TEMPORAL_API_KEY, TEMPORAL_TLS_CLIENT_CERT_PATH or the profile, and what it may do in this namespace`,
      { cause: error },
    );
  if (code === NOT_FOUND && /^Namespace /i.test(details))
    return new TemporalRefused(
      `Temporal at ${where} has no namespace "${namespace}": correct temporal.namespace, TEMPORAL_NAMESPACE or the profile, or create it with "temporal operator namespace create --namespace ${namespace}"`,
      { cause: error },
    );
  return undefined;
}

/** Code and details of the server's answer, wherever in the chain of causes they are. */
function statusOf(error: unknown): { code: number; details: string } | undefined {
  if (error instanceof NamespaceNotFoundError) return { code: NOT_FOUND, details: error.message };
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'number' && 'details' in at)
      return { code: at.code, details: String(at.details) };
  return undefined;
}

async function unreachable(error: unknown, { connection }: Place): Promise<TemporalUnreachable> {
  const { address = 'localhost:7233', tls } = connection;
  if (!(await isListening(address)))
    return new TemporalUnreachable(
      `no Temporal server answers at ${address}: start one with "semievol dev", or set temporal.address in temporal.config.ts or TEMPORAL_ADDRESS`,
      { cause: error },
    );
  return new TemporalUnreachable(
    `what listens at ${address} does not answer as a Temporal server does ${tls ? 'over TLS: it may speak without (TEMPORAL_TLS=false), or have a certificate that is not trusted here (TEMPORAL_TLS_SERVER_CA_CERT_PATH)' : 'without TLS: it may want TLS (TEMPORAL_TLS=true)'}, or temporal.address or TEMPORAL_ADDRESS name another service`,
    { cause: error },
  );
}

/** Whether anything takes connections at an address, HOST:PORT. */
function isListening(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connectSocket({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 7233),
    timeout: CONNECT_MS,
  });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  socket.once('timeout', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
