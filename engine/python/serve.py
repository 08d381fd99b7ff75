"""Chat completions for the gateway, over JSON lines.

Arguments: model folder, rows a batch, adapters kept.
In:  {"id", "op": "chat", "adapter": folder | null, "messages", "n", "seed", "temperature", "top_p", "stop": [...],
      "max_tokens", "logprobs": bool, "top_logprobs": int, "stream": bool} and {"id", "op": "cancel"}
Out: {"ready": true} once; per request {"id", "delta": {"index", "text", "finish_reason", "logprobs"?}} while
     streaming, then {"id", "result": {"choices", "usage"}} or {"id", "error": {"message", "param", "code"}}.
"""

import sys
from collections import OrderedDict

import mlx.core as mx
import numpy as np
from adapters import Adapters
from batch import Batch, read_prefix
from completion import Completion, InvalidRequest
from cpu import lanes, share_cores, speed_up
from mlx_lm.utils import load
from wire import Wire

GATHER_SECONDS = 0.004  # requests that come this close together share a batch
MAX_PREFIXES = 16


class Group:
    """Requests generated as one batch: row i of the batch is choices[i]."""

    def __init__(self, batch, completions):
        self.batch = batch
        self.adapter = completions[0].adapter
        self.choices = [choice for c in completions for choice in c.choices]
        rows = [row for row, c in enumerate(completions) for _ in c.choices]
        if len(rows) > len(completions):
            batch.take(rows)

    def drop_finished(self):
        """Finished rows cost little until they are half of the batch."""
        going = [row for row, choice in enumerate(self.choices) if not choice.finish_reason]
        if 0 < len(going) <= len(self.choices) / 2:
            self.batch.take(going)
            self.choices = [self.choices[row] for row in going]
        return bool(going)


class Server:
    def __init__(self, wire, model_folder, max_batch, max_adapters):
        self._wire = wire
        self._model, self._tokenizer, config = load(model_folder, return_config=True)
        self._context_length = config["max_position_embeddings"]
        self._adapters = Adapters(self._model, max_adapters)
        self._max_batch = max_batch
        self._prefixes = OrderedDict()
        self._waiting = []
        self._active = []
        speed_up(self._model)
        self._lanes = lanes(max_batch)

    def run(self):
        self._wire.send({"ready": True})
        while True:
            if not self._waiting and not self._active:
                self._take(self._wire.receive())
                for message in self._wire.pending(GATHER_SECONDS):
                    self._take(message)
            for message in self._wire.pending(0):
                self._take(message)
            self._start()
            self._step()

    def _take(self, message):
        if message["op"] == "cancel":
            return self._cancel(message["id"])
        try:
            completion = Completion(message, self._tokenizer, self._context_length)
            self._waiting.append(completion)
        except InvalidRequest as error:
            self._wire.send({"id": message["id"], "error": error.detail})

    def _cancel(self, id):
        self._waiting = [c for c in self._waiting if c.id != id]
        for choice in (choice for group in self._active for choice in group.choices):
            if choice.completion.id == id:
                choice.finish_reason = "stop"

    def _start(self):
        """Begins a batch a lane from the waiting requests that share model and prefix with the first."""
        room = self._max_batch * len(self._lanes) - sum(len(g.choices) for g in self._active)
        if not self._waiting or room <= 0:
            return
        kind = self._waiting[0].kind
        chosen = []
        for completion in self._waiting:
            if completion.kind == kind and (not chosen or len(completion.choices) <= room):
                chosen.append(completion)
                room -= len(completion.choices)
        self._waiting = [c for c in self._waiting if c not in chosen]
        self._adapters.use(chosen[0].adapter)
        prefix = self._prefix(chosen)
        parts = split_by_work(chosen, len(self._lanes))
        share_cores(len(parts))
        for lane, part in zip(self._lanes, parts):
            batch = Batch(self._model, lane, [c.suffix for c in part], prefix)
            self._active.append(Group(batch, part))

    def _prefix(self, completions):
        kind = completions[0].kind
        if kind in self._prefixes:
            for completion in completions:
                completion.cached_tokens = len(completion.prefix)
        else:
            self._prefixes[kind] = read_prefix(self._model, completions[0].prefix)
            if len(self._prefixes) > MAX_PREFIXES:
                self._prefixes.popitem(last=False)
        self._prefixes.move_to_end(kind)
        return self._prefixes[kind]

    def _step(self):
        """One more token for every active row."""
        mx.eval([group.batch.logits for group in self._active])
        for group in self._active:
            logits = np.array(group.batch.logits, copy=False)
            for row, choice in enumerate(group.choices):
                if not choice.finish_reason:
                    self._extend(choice, logits[row])
        self._active = [group for group in self._active if group.drop_finished()]
        for group in self._active:
            self._adapters.use(group.adapter)
            group.batch.advance([c.tokens[-1] if c.tokens else 0 for c in group.choices])

    def _extend(self, choice, logits):
        completion = choice.completion
        try:
            delta = choice.extend(logits)
        except InvalidRequest as error:
            self._wire.send({"id": completion.id, "error": error.detail})
            return self._cancel(completion.id)
        if completion.stream:
            self._wire.send({"id": completion.id, "delta": delta})
        if completion.finished:
            self._wire.send({"id": completion.id, "result": completion.result()})


def split_by_work(completions, parts):
    """Sorts by length, so that little is padded, and cuts into at most `parts` runs of about equally many tokens."""
    ordered = sorted(completions, key=lambda c: len(c.suffix))
    share = sum(len(c.suffix) for c in ordered) / parts
    runs, done = [[] for _ in range(parts)], 0
    for completion in ordered:
        runs[min(int(done / share), parts - 1)].append(completion)
        done += len(completion.suffix)
    return [run for run in runs if run]


if __name__ == "__main__":
    folder, max_batch, max_adapters = sys.argv[1:]
    Server(Wire(), folder, int(max_batch), int(max_adapters)).run()
