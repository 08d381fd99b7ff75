import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';

/**
 * A form with a file and what it is for, to be posted. Being a blob it is read from the disk while
 * it is sent, so that memory does not grow with it.
 * @param fields the other fields, which stand before the file
 */
export async function fileForm(path: string, filename: string, fields: Record<string, string>) {
  const boundary = `semievol-${randomUUID()}`;
  const body = new Blob([
    ...Object.entries(fields).map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    ),
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\n`,
    'Content-Type: application/octet-stream\r\n\r\n',
    await openAsBlob(path),
    `\r\n--${boundary}--\r\n`,
  ]);
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}
