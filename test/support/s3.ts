import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureEnvironment } from '../../engine/environment.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** An S3-compatible server with a bucket, and how LanceDB gets at it. */
export interface S3 {
  /** `s3://` and the bucket. */
  uri: string;
  storageOptions: Record<string, string>;
  /** With keys that may only read. */
  readOnlyOptions: Record<string, string>;
  /** The same as variables: LanceDB opens a clone by them alone, and else looks for it at AWS. */
  environment: Record<string, string>;
  close(): Promise<void>;
}

/**
 * Starts moto's S3 in memory, on a port of its own; it checks signatures and conditional writes.
 * The first call installs it, in about 10 s. The server ends with this process.
 */
export async function startS3(): Promise<S3> {
  const python = await ensureEnvironment({
    folder: here('../../.semievol/test-python'),
    requirements: here('s3/requirements.txt'),
  });
  const server = spawn(python, [here('s3/server.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  const [line] = await Promise.race([once(createInterface(server.stdout), 'line'), ended]);
  const { port, bucket, keys } = JSON.parse(line);
  const region = 'us-east-1';
  const endpoint = `http://127.0.0.1:${port}`;
  const optionsOf = ({ id, secret }: { id: string; secret: string }) => ({
    aws_endpoint: endpoint,
    aws_region: region,
    allow_http: 'true',
    aws_access_key_id: id,
    aws_secret_access_key: secret,
  });
  return {
    uri: `s3://${bucket}`,
    storageOptions: optionsOf(keys.writer),
    readOnlyOptions: optionsOf(keys.reader),
    environment: {
      AWS_ENDPOINT: endpoint,
      AWS_ALLOW_HTTP: 'true',
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: keys.writer.id,
      AWS_SECRET_ACCESS_KEY: keys.writer.secret,
    },
    async close() {
      server.stdin.end();
      await ended;
    },
  };
}
