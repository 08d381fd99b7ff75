import type { OpenAI } from 'openai';
import type { JobScript } from './jobs.ts';
import { textOf } from './model.ts';
import type { JobRequest } from './requests.ts';

/** What the provider is to answer; what is left out, or undefined, it makes up by itself. */
export interface Answers {
  /**
   * Of chat requests: one for all, a list that is used up in order of arrival, or a function.
   * Probes are not among them: those are always answered.
   */
  chat?: ChatAnswer | ChatAnswer[] | ((question: ChatQuestion) => ChatAnswer | undefined);
  /** The vector of a text. All must be of one length. */
  embedding?(text: string): number[] | undefined;
  /** What becomes of fine-tuning jobs. Default: they succeed. */
  jobs?: JobScript | ((job: JobRequest['body']) => JobScript | undefined);
}

/** A chat request, as one that answers it sees it. */
export interface ChatQuestion {
  /** Text of the last message: the question, with its options or candidate answers. */
  text: string;
  model: string;
  /** How often the very same request has come, this time included. */
  attempt: number;
  body: OpenAI.ChatCompletionCreateParamsNonStreaming;
}

/** An answer: its text alone, more of it, a refusal, an error, or one for each of `n` samples. */
export type ChatAnswer = ChatSample | AnswerError | { samples: ChatSample[] };

/** One sample of an answer. */
export type ChatSample =
  | string
  | {
      text: string;
      /** Mean entropy in nats, as of each of its tokens; null: no log-probabilities. Default 0.1. */
      entropy?: number | null;
      /** Default `stop`, or `length` where the request's limit cuts it. */
      finishReason?: OpenAI.ChatCompletion.Choice['finish_reason'];
    }
  | { refusal: string };

/** An error in place of an answer. */
export interface AnswerError {
  /** 400 to 599. */
  status: number;
  /** The wire's code, such as `content_filter`. */
  code?: string;
  message?: string;
  headers?: Record<string, string>;
}

/** The answers that are given now. */
export class AnswerBook {
  #answers: Answers = {};
  #used = 0;

  constructor(answers: Answers = {}) {
    this.set(answers);
  }

  /** From now on these; a list begins at its first. */
  set(answers: Answers): void {
    this.#answers = answers;
    this.#used = 0;
  }

  chat(body: ChatQuestion['body'], attempt: number): ChatAnswer | undefined {
    const { chat } = this.#answers;
    if (Array.isArray(chat)) return chat[this.#used++];
    if (typeof chat !== 'function') return chat;
    return chat({ text: textOf(body.messages.at(-1)), model: body.model, attempt, body });
  }

  embedding(text: string): number[] | undefined {
    return this.#answers.embedding?.(text);
  }

  job(body: JobRequest['body']): JobScript {
    const { jobs } = this.#answers;
    return (typeof jobs === 'function' ? jobs(body) : jobs) ?? 'succeeds';
  }
}
