import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ensureEnvironment } from '../../engine/environment.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** An S3-compatible server with a bucket, and how it is got at. */
export interface S3 {
  /** `s3://` and the bucket. */
  uri: string;
  storageOptions: Record<string, string>;
  /** With keys that may only read. */
  readOnlyOptions: Record<string, string>;
  /** The same as variables: LanceDB opens a clone by them alone, and else looks for it at AWS. */
  environment: Record<string, string>;
  /** With keys that may only list. */
  listingEnvironment: Record<string, string>;
  /** Writes an object, or takes it away. */
  put(key: string, body: string | Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
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
  const environmentOf = ({ id, secret }: { id: string; secret: string }) => ({
    AWS_ENDPOINT: endpoint,
    AWS_ALLOW_HTTP: 'true',
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
  });
  const { id: accessKeyId, secret: secretAccessKey } = keys.writer;
  const client = new S3Client({
    ...{ endpoint, region, forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey },
  });
  return {
    uri: `s3://${bucket}`,
    storageOptions: optionsOf(keys.writer),
    readOnlyOptions: optionsOf(keys.reader),
    environment: environmentOf(keys.writer),
    listingEnvironment: environmentOf(keys.lister),
    async put(Key, body) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.from(body) }));
    },
    async remove(Key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    },
    async close() {
      client.destroy();
      server.stdin.end();
      await ended;
    },
  };
}
