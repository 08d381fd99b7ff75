/** A part of a text: the characters from `from` (inclusive) to `to` (exclusive). */
export interface Span {
  from: number;
  to: number;
}

// What the models of different houses put around a thought; one may have been cut off in a tag. gpt-oss
// writes channels, of which "final" holds the answer, and of which nothing is left but words where a
// server drops its tags.
const TAG = String.raw`(?:\w{1,20}:)?(?:think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratchpad)`;
const MARKS = {
  open: String.raw`<${TAG}\b[^<>]*(?:>|$)|\[THINK\]|◁think▷|<\|START_THINKING\|>|<\|begin_of_thought\|>|<\|inner_prefix\|>|<\|channel>thought`,
  close: String.raw`</${TAG}\b[^<>]*(?:>|$)|\[/THINK\]|◁/think▷|<\|END_THINKING\|>|<\|end_of_thought\|>|<\|inner_suffix\|>|<channel\|>`,
  final: String.raw`<\|channel\|>final\b[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>|assistantfinal`,
  channel: String.raw`<\|channel\|>`,
  end: String.raw`<\|(?:end|return|call)\|>`,
};
const MARK = new RegExp(
  Object.entries(MARKS)
    .map(([name, pattern]) => `(?<${name}>${pattern})`)
    .join('|'),
  'gi',
);

/** What the first mark of a thought in a text is; undefined where there is none. */
export function firstMark(text: string): keyof typeof MARKS | undefined {
  const groups = text.matchAll(MARK).next().value?.groups ?? {};
  return (Object.keys(MARKS) as (keyof typeof MARKS)[]).find((name) => groups[name]);
}

/**
 * Where in what a model said its answer stands, without the white space around it: what is said
 * last, outside of thoughts. Before a closing tag without an opening one all is thought; a thought
 * that never closes leaves no answer: an empty span.
 */
export function answerSpan(text: string): Span {
  let spoken: Span[] = [];
  let isThinking = false;
  /** Where the model began to speak; null where it does not. */
  let from: number | null = 0;
  // Most texts have none, and to look costs a fraction of going through them.
  const marks = text.search(MARK) < 0 ? [] : text.matchAll(MARK);
  for (const { 0: mark, index, groups } of marks) {
    const { open, close, final, channel } = groups!;
    if (from !== null) spoken.push({ from, to: index });
    if (final || channel || (close && !isThinking)) spoken = [];
    isThinking = Boolean(open || channel);
    from = close || final ? index + mark.length : null;
  }
  if (from !== null) spoken.push({ from, to: text.length });
  const last = spoken.findLast((span) => text.slice(span.from, span.to).trim() !== '');
  if (isThinking || !last) return { from: text.length, to: text.length };
  const said = text.slice(last.from, last.to);
  return {
    from: last.to - said.trimStart().length,
    to: last.from + said.trimEnd().length,
  };
}
