import { randomInt } from 'node:crypto';
import type { OpenAI } from 'openai';
import { builtIn } from '../core/registry.ts';
import type { RunSpec } from '../core/spec.ts';
import { someQuestions } from './data.ts';
import { TOKENS } from './estimate.ts';

/** Questions asked at once: a second's work or a few. */
const QUESTIONS = 32;
/** An engine may have kept what it made of the questions of another time. */
const DRAWS = 2 ** 31;

/**
 * How many tokens a second the machine does, of prompts that were not read before and of answers, as
 * measured with questions of the demo.
 * @throws APIError, the signal's reason
 */
export async function measureSpeed(
  client: OpenAI,
  spec: RunSpec,
  signal: AbortSignal,
): Promise<number> {
  const task = builtIn.task(spec.task);
  const ask = async (question: string): Promise<number> => {
    const { usage } = await client.chat.completions.create(
      {
        model: spec.model.name,
        messages: task.prompt({ id: question, question }, []),
        temperature: 0,
        max_tokens: TOKENS.answer,
        logprobs: true,
      },
      { signal },
    );
    if (!usage) return 0;
    const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
    return usage.prompt_tokens - cached + usage.completion_tokens;
  };
  const [first, ...others] = await someQuestions(QUESTIONS + 1, randomInt(DRAWS));
  // With the first the model is loaded, and what questions have in common is read.
  await ask(first!);
  const began = performance.now();
  const tokens = await Promise.all(others.map(ask));
  return (1_000 * tokens.reduce((sum, some) => sum + some, 0)) / (performance.now() - began);
}
