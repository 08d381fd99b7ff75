import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { finalFailure } from '../../../core/failures.ts';
import { UnreadableAnswer } from '../../errors.ts';
import { putFile } from '../../plainFetch.ts';
import { isRefused } from '../../said.ts';
import type { TrainerEndpoint, TrainingFile } from '../../trainer.ts';
import { answerOf } from '../../wire.ts';
import { type Account, idFor, status, troubleIn } from './wire.ts';

const FILE = 'train.jsonl';

const stored = z.looseObject({
  /** `UPLOADING` until it has been checked, then `READY`. */
  state: z.string().nullish(),
  status,
});
const addresses = z.looseObject({ filenameToSignedUrls: z.record(z.string(), z.string()) });

/**
 * Makes a dataset of a training file, under an id that is of the name alone, and waits until it has
 * been checked. One whose upload broke off is uploaded again.
 * @returns its id
 * @throws ApplicationFailure, non-retryable, where Fireworks finds fault with its rows
 */
export async function uploadDataset(
  endpoint: TrainerEndpoint,
  account: Account,
  file: TrainingFile,
  name: string,
  signal?: AbortSignal,
): Promise<string> {
  const { client, once } = account;
  const id = idFor(name.replace(/\.jsonl$/, ''));
  const at = `datasets/${id}`;
  const known = await account.find(at, stored, signal);
  if (known?.state === 'READY') return id;
  if (!known) await created();
  await send();
  for (;;) {
    const seen = await account.find(at, stored, signal);
    if (seen?.state === 'READY') return id;
    const fault = troubleIn(seen?.status);
    if (fault)
      throw finalFailure(
        'BadRequest',
        `endpoint "${endpoint.name}" cannot use the training file: ${fault}`,
      );
    await sleep(1000 * endpoint.config.pollSeconds, undefined, { signal });
  }

  async function created(): Promise<void> {
    const body = { datasetId: id, dataset: { format: 'CHAT', userUploaded: {} } };
    try {
      await answerOf(once.post(account.at('datasets'), { body, signal }), () => undefined);
    } catch (error) {
      if (!isRefused(error, 409)) throw error; // somebody else was quicker
    }
  }

  async function send(): Promise<void> {
    const size = String(file.bytes);
    const body = { filenameToSize: { [FILE]: size } };
    const asked = client.post(account.at(`${at}:getUploadEndpoint`), { body, signal });
    const { filenameToSignedUrls } = await answerOf(asked, (answer) => addresses.parse(answer));
    const address = filenameToSignedUrls[FILE];
    if (!address) throw new UnreadableAnswer('it does not say where to send the file');
    // Both are signed for with the address.
    const headers = {
      'content-type': 'application/octet-stream',
      'x-goog-content-length-range': `${size},${size}`,
    };
    await putFile(address, file.path, headers, signal);
    const validate = client.post(account.at(`${at}:validateUpload`), { body: {}, signal });
    await answerOf(validate, () => undefined);
  }
}
