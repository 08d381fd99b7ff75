"""Chat completions for the gateway, over JSON lines.

Argument: {"model": {"folder", "template"}, "layers": how many adapters may change (the last ones; null for all),
          "max_batch": rows a batch, "max_adapters": tuned models kept}.
In:  {"id", "op": "chat", "adapter": folder | null, "messages", "n", "seed", "temperature", "top_p", "stop": [...],
      "max_tokens", "logprobs": bool, "top_logprobs": int, "stream": bool} and {"id", "op": "cancel"}
Out: {"ready": true} once; per request {"id", "delta": {"index", "text", "finish_reason", "logprobs"?}} while
     streaming, then {"id", "result": {"choices", "usage"}} or {"id", "error": {"message", "param", "code"}}.

This thread makes tokens of requests and puts them into a queue. Each core has a lane: a thread with a batch of its own,
into which it takes what waits before each step, so that no lane waits for another. Models that are computed by mlx-lm's
own code have one lane.
"""

import json
import os
import sys
import threading
import traceback

import mlx.core as mx
from adapters import Adapters, UnfitAdapter
from any_model import AnyBatch, Variants, bytes_per_token
from batch import Batch
from completion import Completion, InvalidRequest
from cpu import lane_count
from memory import Memory
from models import adapted_layers, context_length, is_plain_llama, load_model, merges_well
from waiting import Waiting
from wire import Wire

KEPT_BYTES = 2**29  # of what was made of prompts and prefixes
ROW_BYTES = 1_509_949_440  # of keys and values in one lane: 2^15 tokens of SmolLM2-135M


class Engine:
    """What the lanes have in common."""

    def __init__(self, wire, model, layers, max_batch, max_adapters):
        self.wire = wire
        model, self.tokenizer, config = load_model(model)
        self.context_length = context_length(config)
        self.memory = Memory(KEPT_BYTES)
        adapted = adapted_layers(model, layers)
        if is_plain_llama(model) and merges_well(model, adapted):
            shared = len(model.layers) - adapted
            self.variants = Adapters(model, shared, max_adapters)
            self.batch = lambda: Batch(model, self.variants.get(None), shared, self.memory)
            count = lane_count(max_batch)
        else:
            self.variants, self.batch, count = Variants(model, max_adapters), AnyBatch, 1
        self.waiting = Waiting(count, max_batch, ROW_BYTES // bytes_per_token(model))
        for number in range(count):
            threading.Thread(target=Lane(self, number).run, daemon=True).start()

    def run(self):
        self.wire.send({"ready": True})
        while True:
            message = self.wire.receive()
            if message["op"] == "cancel":
                self.waiting.cancel(message["id"])
                continue
            try:
                self.waiting.put(Completion(message, self.tokenizer, self.context_length))
            except InvalidRequest as error:
                self.wire.send({"id": message["id"], "error": error.detail})


class Lane:
    def __init__(self, engine, number):
        self._engine, self._number = engine, number

    def run(self):
        engine = self._engine
        with mx.stream(mx.new_stream(mx.default_device())):
            self._batch = engine.batch()
            while True:
                self._drop_finished()
                running = [row.owner for row in self._batch.rows]
                self._step(engine.waiting.take(self._number, running))

    def _drop_finished(self):
        for row in self._batch.rows:
            if not row.owner.going:
                self._batch.leave(row, spoilt=row.owner.completion.cancelled)

    def _step(self, completions):
        """One more token for each row, and the first for each choice of `completions`."""
        prompts = [prompt for c in completions for prompt in self._prompts(c)]
        rows = self._batch.rows
        if not rows and not prompts:  # no model of theirs can be used
            return
        logits = self._batch.step([prompt for _, prompt in prompts])
        for row, one in zip(rows, logits):
            self._extend(row.owner, one)
            if row.owner.going:
                row.last = row.owner.tokens[-1]
        self._drop_finished()
        for (completion, prompt), one in zip(prompts, logits[len(rows) :]):
            for choice in completion.choices:
                self._extend(choice, one)
                if choice.going:
                    self._batch.join(prompt, choice.tokens[-1], choice)

    def _prompts(self, completion):
        """The request's prompt; none when its model cannot be used."""
        engine = self._engine
        try:
            variant = engine.variants.get(completion.adapter)
        except UnfitAdapter as error:
            detail = {"message": str(error), "param": "model", "code": "adapter_unfit"}
            engine.wire.send({"id": completion.id, "error": detail})
            return []
        prefix = self._prefix(completion, variant)
        return [(completion, self._batch.prompt(completion.suffix, variant, prefix))]

    def _prefix(self, completion, variant):
        name = completion.adapter, completion.prefix
        prefix = self._engine.memory.get(name)
        if prefix is None:
            prefix = self._batch.prefix(completion.prefix, variant)
            self._engine.memory.put(name, prefix, prefix.nbytes)
        else:
            completion.cached_tokens = len(completion.prefix)
        return prefix

    def _extend(self, choice, logits):
        completion, wire = choice.completion, self._engine.wire
        if not choice.going:
            return
        try:
            delta = choice.extend(logits)
        except InvalidRequest as error:
            wire.send({"id": completion.id, "error": error.detail})
            return completion.cancel()
        if completion.stream:
            wire.send({"id": completion.id, "delta": delta})
        if completion.finished:
            wire.send({"id": completion.id, "result": completion.result()})


def die(failure):
    """A lane that fails takes the process with it: the gateway tells its clients and starts another."""
    traceback.print_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
    os._exit(1)


if __name__ == "__main__":
    threading.excepthook = die
    Engine(Wire(), **json.loads(sys.argv[1])).run()
