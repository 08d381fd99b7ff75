import type { TokenCounter } from '../../core/forecast/tokens.ts';
import { estimating } from './estimate.ts';
import { cachedFolder, fromFolder } from './folder.ts';
import { fromEncoding, openaiEncoding } from './openai.ts';

/**
 * How tokens are counted for a model: by the tokenizer in its folder, which is given or lies in the
 * cache of Hugging Face, by OpenAI's encodings for OpenAI's names, else by an estimate that says so.
 * @param model as the endpoint knows it @param folder that has its `tokenizer.json`
 * @throws TokenizerError where the folder has none that can be read
 */
export async function tokenCounter(model: string, folder?: string): Promise<TokenCounter> {
  const place = folder ?? cachedFolder(model);
  if (place !== undefined) return fromFolder(place);
  const encoding = openaiEncoding(model);
  return encoding ? fromEncoding(encoding) : estimating();
}
