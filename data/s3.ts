import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type S3Place, s3Url } from '../core/s3.ts';
import { DataUnavailable } from './errors.ts';
import { bounded, broken, LIMITS, Patience } from './patience.ts';

/** An object that a listing names. */
export interface S3Object {
  key: string;
  /** What changes with its contents. */
  mark: string;
}

/**
 * The bytes of an object: of one version of it, whatever is written there meanwhile.
 * @throws DataUnavailable for what will not pass, and Error for what may
 */
export async function* bytesOfObject(
  place: S3Place,
  signal?: AbortSignal,
  limits = LIMITS,
): AsyncGenerator<Uint8Array> {
  const { client, GetObjectCommand } = await connect();
  const name = s3Url(place);
  const patience = new Patience(name, limits.stallMs, signal);
  try {
    const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.key });
    const sent = client.send(command, { abortSignal: patience.signal });
    const { Body } = await patience.during(sent).catch((error) => {
      patience.signal.throwIfAborted();
      throw explained(error, place);
    });
    // Streams of Node are iterable, of both kinds; the type is that of every platform.
    yield* bounded(Body as AsyncIterable<Uint8Array>, name, patience, limits.maxBytes);
  } finally {
    client.destroy();
  }
}

/**
 * The objects directly below a prefix that ends in a slash, in the order of their keys; undefined where
 * there is nothing below it.
 * @throws as {@link bytesOfObject}
 */
export async function listObjects(place: S3Place): Promise<S3Object[] | undefined> {
  const { client, paginateListObjectsV2 } = await connect();
  const patience = new Patience(s3Url(place), LIMITS.stallMs);
  const listing = paginateListObjectsV2(
    { client },
    {
      ...{ Bucket: place.bucket, Prefix: place.key, Delimiter: '/' },
      EncodingType: 'url', // not every character of a key may be in XML
    },
    { abortSignal: patience.signal },
  );
  const found: S3Object[] = [];
  let isEmpty = true;
  try {
    for (;;) {
      const { done, value } = await patience.during(listing.next());
      if (done) break;
      if (value.KeyCount) isEmpty = false;
      for (const { Key, ETag, Size } of value.Contents ?? [])
        found.push({ key: decodeURIComponent(Key!.replaceAll('+', ' ')), mark: `${Size}-${ETag}` });
    }
  } catch (error) {
    patience.signal.throwIfAborted();
    throw explained(error as S3ServiceException, place);
  } finally {
    client.destroy();
  }
  return isEmpty ? undefined : found;
}

/**
 * A client by the environment alone, as a store in a bucket is reached: AWS's own chain of keys, and for
 * storage elsewhere its endpoint, whose buckets are folders of its address.
 */
async function connect() {
  const [{ S3Client, GetObjectCommand, paginateListObjectsV2 }, { FetchHttpHandler }] =
    await Promise.all([import('@aws-sdk/client-s3'), import('@smithy/fetch-http-handler')]);
  const { env } = process;
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? env.AWS_ENDPOINT;
  const client: S3Client = new S3Client({
    region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1',
    followRegionRedirects: true,
    requestHandler: new FetchHttpHandler(), // by the proxies and certificates that all else goes by
    ...(endpoint && { endpoint, forcePathStyle: true }),
  });
  return { client, GetObjectCommand, paginateListObjectsV2 };
}

/** What the errors of object storage mean, by their codes. */
const MEANING: Record<string, (place: S3Place) => string> = {
  NoSuchKey: () => 'the bucket has no such object. Check the key',
  NoSuchBucket: ({ bucket }) =>
    `there is no bucket ${bucket}. Check its name, and AWS_REGION and AWS_ENDPOINT_URL in the environment of the worker`,
  InvalidObjectState: () => 'the object is archived. Restore it first',
  CredentialsProviderError: () =>
    'there are no keys for it. Give them by the environment of the worker (AWS_ACCESS_KEY_ID, AWS_PROFILE, …)',
};
const DENIED =
  'access is denied. Check the keys in the environment of the worker, and their rights to list the bucket (s3:ListBucket) and to read its objects (s3:GetObject)';

/** The same as an error of the data, unless it may pass. */
function explained(error: S3ServiceException, place: S3Place): Error {
  const name = s3Url(place);
  const status = error.$metadata?.httpStatusCode; // no answer has none
  if (error.name in MEANING) return new DataUnavailable(`${name}: ${MEANING[error.name]!(place)}`);
  if (status === 401 || status === 403) return new DataUnavailable(`${name}: ${DENIED}`);
  if (status !== undefined && status >= 400 && status < 500 && status !== 429)
    return new DataUnavailable(`${name}: the storage answered ${status}, ${error.message}`);
  return broken(name, error);
}
