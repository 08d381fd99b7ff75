/** An object in a bucket of S3, or of storage that is spoken to as S3 is; or what keys begin with. */
export interface S3Place {
  bucket: string;
  /** As it is: nothing in it is escaped. */
  key: string;
}

/** `s3://BUCKET/KEY` taken apart; undefined where that is not what is given. */
export function s3Place(given: string): S3Place | undefined {
  const parts = /^s3:\/\/([a-z0-9][\w.-]*)(?:\/(.*))?$/is.exec(given);
  return parts ? { bucket: parts[1]!, key: parts[2] ?? '' } : undefined;
}

/** The other way round, as messages and histories have it. */
export const s3Url = ({ bucket, key }: S3Place): string => `s3://${bucket}/${key}`;
