"""Batched generation: prompts of one model that share a prefix, read together and continued together."""

import weakref

import mlx.core as mx
import numpy as np

ROOM = 32  # key/value columns added at a time for generated tokens


class LayerCache:
    """Keys and values of one layer for a batch of right-padded prompts behind a shared prefix.

    Columns are: prefix, prompts padded on the right to the longest, generated tokens. Padding is never
    attended to: while prompts are read it lies after every real token of its row, and afterwards the batch's
    mask leaves it out. So rows need no shifting when prompts of different length begin to generate.
    """

    def __init__(self, batch, prefix=None):
        # Weak: a cycle would keep a finished batch's keys and values until Python collects garbage.
        self._batch = weakref.proxy(batch)
        self._keys, self._values = prefix or (None, None)
        self._used = 0 if prefix is None else self._keys.shape[2]

    @property
    def offset(self):
        """Position of the first new token: one number while prompts are read, then one for each row."""
        return self._batch.offset

    def make_mask(self, n, **_):
        return self._batch.mask(n, self._used)

    def update_and_fetch(self, keys, values):
        start, end = self._used, self._used + keys.shape[2]
        if self._keys is None or end > self._keys.shape[2] or self._keys.shape[0] != keys.shape[0]:
            self._keys = self._grow(self._keys, keys, end)
            self._values = self._grow(self._values, values, end)
        self._keys[..., start:end, :] = keys
        self._values[..., start:end, :] = values
        self._used = end
        return self.filled()

    def _grow(self, old, new, end):
        rows, heads, _, size = new.shape
        room = mx.zeros((rows, heads, end + ROOM - self._used, size), dtype=new.dtype)
        if old is None:
            return room
        old = mx.broadcast_to(old[..., : self._used, :], (rows, heads, self._used, size))
        return mx.concatenate([old, room], axis=2)

    def filled(self):
        return self._keys[..., : self._used, :], self._values[..., : self._used, :]

    def take(self, rows):
        self._keys, self._values = self._keys[rows], self._values[rows]


class Batch:
    """Rows that generate in step. `logits` (rows, vocabulary) of the next token are lazy, on the batch's own
    stream: batches evaluated in one call compute side by side.

    `prompts` are lists of token ids without the prefix, none empty; `prefix` is what `read_prefix` returned.
    """

    def __init__(self, model, stream, prompts, prefix=None):
        self._model, self._stream = model, stream
        layers = len(model.layers)
        self._cache = [LayerCache(self, p) for p in prefix or [None] * layers]
        self._prefix_length = 0 if prefix is None else prefix[0][0].shape[2]
        self._lengths = np.array([len(p) for p in prompts])
        self._longest = int(self._lengths.max())
        self._generated = 0
        padded = np.zeros((len(prompts), self._longest), np.int32)
        for row, prompt in zip(padded, prompts):
            row[: len(prompt)] = prompt
        with mx.stream(stream):
            hidden = model.model(mx.array(padded), self._cache)
            last = hidden[mx.arange(len(prompts)), mx.array(self._lengths - 1)]
            self.logits = self._head(last)

    def advance(self, tokens):
        """Appends one token id to each row."""
        self._generated += 1
        with mx.stream(self._stream):
            hidden = self._model.model(mx.array(np.array(tokens, np.int32)[:, None]), self._cache)
            self.logits = self._head(hidden[:, 0])

    def take(self, rows):
        """Keeps, drops or repeats rows: row i becomes what was row rows[i]."""
        index = mx.array(rows)
        with mx.stream(self._stream):
            for layer in self._cache:
                layer.take(index)
            self.logits = self.logits[index]
        self._lengths = self._lengths[rows]

    @property
    def offset(self):
        if self._generated == 0:
            return self._prefix_length
        return mx.array(self._prefix_length + self._lengths + self._generated - 1)

    def mask(self, n, used):
        if self._generated == 0:
            return "causal" if n > 1 else None
        column = np.arange(used + n)
        before = column < (self._prefix_length + self._lengths)[:, None]
        after = column >= self._prefix_length + self._longest
        return mx.array(before | after)[:, None, None, :]

    def _head(self, hidden):
        """Applied to the one position a row that needs it, never to whole prompts."""
        head = getattr(self._model, "lm_head", None) or self._model.model.embed_tokens.as_linear
        return head(hidden).astype(mx.float32)


def read_prefix(model, tokens):
    """Keys and values of a prefix, for each layer, to start batches from."""
    caches = model.make_cache()
    model.model(mx.array([tokens]), caches)
    prefix = [(c.keys[..., : c.offset, :], c.values[..., : c.offset, :]) for c in caches]
    mx.eval(prefix)
    return prefix
