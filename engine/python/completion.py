"""One chat request: its prompt in tokens, its choices as they grow, and its answer in OpenAI's terms."""

import numpy as np
from jinja2 import TemplateError
from sampling import choose, likeliest, log_softmax


class InvalidRequest(Exception):
    """The request cannot be answered; `detail` is the error's OpenAI form."""

    def __init__(self, message, param, code=None):
        super().__init__(message)
        self.detail = {"message": message, "param": param, "code": code}


class Completion:
    def __init__(self, request, tokenizer, context_length):
        self.id = request["id"]
        self.adapter = request["adapter"]
        self.stream = request["stream"]
        self.tokenizer = tokenizer
        self.request = request
        prompt = self._render(request["messages"])
        self.max_tokens = min(request["max_tokens"], context_length - len(prompt))
        if self.max_tokens < 1:
            raise InvalidRequest(
                f"The model's context holds {context_length} tokens; the messages have {len(prompt)}.",
                "messages",
                "context_length_exceeded",
            )
        split = self._prefix_length(prompt)
        self.prefix, self.suffix = tuple(prompt[:split]), tuple(prompt[split:])
        self.cached_tokens = 0
        self.cancelled = False
        self.choices = [Choice(self, index) for index in range(request["n"])]

    @property
    def most_columns(self):
        """Tokens of each choice, were all drawn that may be."""
        return len(self.prefix) + len(self.suffix) + self.max_tokens

    def cancel(self):
        """Nothing of it is sent any more."""
        self.cancelled = True

    def _render(self, messages):
        try:
            return self.tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, return_dict=False
            )
        except TemplateError as error:
            raise InvalidRequest(f"The model's chat template takes no such messages: {error}", "messages") from error

    def _prefix_length(self, prompt):
        """How many tokens follow from the leading system messages alone, so are shared by requests alike."""
        messages = self.request["messages"]
        leading = next((i for i, m in enumerate(messages) if m["role"] != "system"), len(messages))
        frame = self._render([*messages[:leading], {"role": "user", "content": ""}])
        shared = next((i for i, (a, b) in enumerate(zip(frame, prompt)) if a != b), len(frame))
        return min(shared, len(prompt) - 1)

    @property
    def finished(self):
        return all(choice.finish_reason for choice in self.choices)

    def result(self):
        prompt_tokens = len(self.prefix) + len(self.suffix)
        completion_tokens = sum(choice.drawn for choice in self.choices)
        return {
            "choices": [choice.result() for choice in self.choices],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": completion_tokens,
                "total_tokens": prompt_tokens + completion_tokens,
                "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
            },
        }


class Choice:
    """One of a request's n answers. Its random numbers depend on the request's seed and its index alone."""

    def __init__(self, completion, index):
        self.completion = completion
        self.index = index
        self.finish_reason = None
        self.tokens = []
        self.drawn = 0
        self.text = ""
        self._sent = 0
        self._logprobs = []
        seed = completion.request["seed"]
        self._random = np.random.default_rng(None if seed is None else [seed, index])

    @property
    def going(self):
        return not self.finish_reason and not self.completion.cancelled

    def extend(self, logits):
        """Draws the next token from `logits` (vocabulary) and returns what is new for a stream, if anything.

        Raises InvalidRequest when the logits are not finite, as those of a model that diverged in training are.
        """
        if not np.isfinite(logits).all():
            raise InvalidRequest(
                "The model computes numbers that are not finite: it diverged in training.",
                "model",
                "model_diverged",
            )
        request = self.completion.request
        log_probs = log_softmax(logits)
        token = choose(log_probs, request["temperature"], request["top_p"], self._random)
        self.drawn += 1
        if token in self.completion.tokenizer.eos_token_ids:
            return self._finish("stop")
        self.tokens.append(token)
        if request["logprobs"]:
            top = likeliest(log_probs, request["top_logprobs"])
            self._logprobs.append(
                {**self._token(token, log_probs), "top_logprobs": [self._token(t, log_probs) for t in top]}
            )
        self.text = self._decode(self.tokens)
        cut = min((i for s in request["stop"] if (i := self.text.find(s)) >= 0), default=None)
        if cut is not None:
            self.text = self.text[:cut]
            return self._finish("stop")
        if len(self.tokens) == self.completion.max_tokens:
            return self._finish("length")
        return self._delta()

    def _finish(self, reason):
        self.finish_reason = reason
        return self._delta()

    def _delta(self):
        """New text and token figures, keeping back what a later token may still change or a stop string cut."""
        ready = len(self.text)
        if not self.finish_reason:
            held = max((len(s) - 1 for s in self.completion.request["stop"]), default=0)
            ready -= max(held, 1 if self.text.endswith("\ufffd") else 0)
        text = self.text[self._sent : max(ready, self._sent)]
        self._sent += len(text)
        delta = {"index": self.index, "text": text, "finish_reason": self.finish_reason}
        if self._logprobs and not (self.finish_reason and self.drawn > len(self.tokens)):
            delta["logprobs"] = self._logprobs[-1:]
        return delta

    def _token(self, token, log_probs):
        text = self._decode([token])
        exact = "\ufffd" not in text
        return {
            "token": text,
            "logprob": float(log_probs[token]),
            "bytes": list(text.encode()) if exact else None,
        }

    def _decode(self, tokens):
        return self.completion.tokenizer.decode(tokens)

    def result(self):
        return {
            "index": self.index,
            "text": self.text,
            "finish_reason": self.finish_reason,
            "logprobs": self._logprobs if self.completion.request["logprobs"] else None,
        }
