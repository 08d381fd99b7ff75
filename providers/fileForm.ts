import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';

/**
 * A form with a training file and its purpose, to be posted. Being a blob it is read from the disk
 * while it is sent, so that memory does not grow with it.
 */
export async function fileForm(path: string, filename: string) {
  const boundary = `semievol-${randomUUID()}`;
  const body = new Blob([
    `--${boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n`,
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\n`,
    'Content-Type: application/octet-stream\r\n\r\n',
    await openAsBlob(path),
    `\r\n--${boundary}--\r\n`,
  ]);
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}
