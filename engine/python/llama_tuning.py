"""Tuning made for Llama's layers: those below the adapted ones compute what they make of an example once, what all examples begin
with is computed once a step, and the head is applied to answers alone."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from cpu import lanes, share_cores
from mlx.utils import tree_map

KEPT_BYTES = 2**30  # of frozen layers' outputs


def shared_beginning(examples):
    """How many tokens all examples begin with, short of the last one before an answer."""
    first = examples[0].tokens
    alike = min(example.start for example in examples) - 1
    for example in examples[1:]:
        alike = next((i for i in range(alike) if example.tokens[i] != first[i]), alike)
    return alike


class Beginning:
    """Keys and values of one layer for a beginning that rows share: (1, heads, tokens, size). As a cache of mlx-lm it takes
    the beginning first; the keys and values of rows (rows, heads, tokens, size) then come behind it, and are not kept."""

    def __init__(self):
        self.offset = 0
        self._keys = self._values = None

    def update_and_fetch(self, keys, values):
        if self._keys is None:
            self._keys, self._values, self.offset = keys, values, keys.shape[2]
            return keys, values
        return self._before(self._keys, keys), self._before(self._values, values)

    def _before(self, beginning, rows):
        return mx.concatenate([mx.broadcast_to(beginning, (len(rows), *beginning.shape[1:])), rows], axis=2)


def begin(layers, beginning):
    """What layers make of a beginning (1, tokens, size), and their caches for what follows it."""
    if beginning.shape[1] == 0:
        return beginning, [None for _ in layers]
    caches = [Beginning() for _ in layers]
    return through(layers, caches, beginning), caches


def through(layers, caches, hidden):
    for layer, cache in zip(layers, caches):
        hidden = layer(hidden, "causal", cache)
    return hidden


class FrozenLayers:
    """What the layers below the adapted ones make of examples."""

    def __init__(self, model, adapted, beginning):
        self._embed = model.model.embed_tokens
        self._layers = model.model.layers[: len(model.layers) - adapted]
        self._room = KEPT_BYTES
        self._shared = len(beginning)
        self.beginning, self._caches = begin(self._layers, self._embed(mx.array([beginning], mx.int32)))
        mx.eval(self.beginning)

    def __call__(self, examples):
        """Hidden states of what follows the beginning (examples, longest, size), with zeros after an example's end."""
        kept = [example.hidden for example in examples]
        if any(hidden is None for hidden in kept):
            kept = self._compute(examples)
        longest = max(map(len, kept))
        return mx.stack([mx.pad(h, ((0, longest - len(h)), (0, 0))) for h in kept])

    def _compute(self, examples):
        tokens = [example.tokens[self._shared : -1] for example in examples]
        padded = np.zeros((len(tokens), max(map(len, tokens))), np.int32)
        for row, of_row in zip(padded, tokens):
            row[: len(of_row)] = of_row
        rows = through(self._layers, self._caches, self._embed(mx.array(padded)))
        hidden = [row[: len(of_row)] for row, of_row in zip(rows, tokens)]
        for example, of_example in zip(examples, hidden):
            if example.hidden is None and of_example.nbytes <= self._room:
                self._room -= of_example.nbytes
                example.hidden = of_example
        return hidden


def answer_loss(model, adapted, beginning, hidden, positions, targets, weights):
    """Summed cross-entropy of answers. `positions` (behind the beginning), `targets` and `weights` (1, or 0 for padding)
    are (examples, longest answer)."""
    layers = model.model.layers[len(model.layers) - adapted :]
    _, caches = begin(layers, beginning)
    hidden = through(layers, caches, hidden)
    hidden = mx.take_along_axis(model.model.norm(hidden), positions[..., None], axis=1)
    head = getattr(model, "lm_head", None) or model.model.embed_tokens.as_linear
    return (nn.losses.cross_entropy(head(hidden), targets) * weights).sum()


def answers(examples, shared):
    """Positions before each answer token, the tokens, and which are real, as answer_loss takes them."""
    shape = (len(examples), max(len(e.answer) for e in examples))
    positions, targets = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    weights = np.zeros(shape, np.float32)
    for row, example in enumerate(examples):
        count = len(example.answer)
        positions[row, :count] = np.arange(count) + example.start - 1 - shared
        targets[row, :count] = example.answer
        weights[row, :count] = 1
    return mx.array(positions), mx.array(targets), mx.array(weights)


class LlamaTuning:
    """One optimiser step a call, on a batch whose parts are computed side by side."""

    def __init__(self, model, job, examples, optimizer):
        self._model, self._optimizer = model, optimizer
        self._shared = shared_beginning(examples)
        self._frozen = FrozenLayers(model, job["layers"], examples[0].tokens[: self._shared])
        self._lanes = lanes(job["batch_size"])
        share_cores(len(self._lanes))
        self._gradient = nn.value_and_grad(
            model, lambda *batch: answer_loss(model, job["layers"], *batch)
        )

    def step(self, examples):
        """Mean loss of the answers' tokens, before the step."""
        results = []
        for lane, part in zip(self._lanes, self._parts(examples)):
            with mx.stream(lane):
                hidden = self._frozen(part)
                results.append(self._gradient(self._frozen.beginning, hidden, *answers(part, self._shared)))
        tokens = sum(len(e.answer) for e in examples)
        losses, gradients = zip(*results)
        self._optimizer.update(
            self._model, tree_map(lambda *parts: sum(parts) / tokens, *gradients)
        )
        kept = [e.hidden for e in examples if e.hidden is not None]
        mx.eval(self._model.trainable_parameters(), self._optimizer.state, kept)
        return sum(loss.item() for loss in losses) / tokens

    def _parts(self, examples):
        """One for each lane at most, of examples alike in length, with about as many tokens each."""
        ordered = sorted(examples, key=len)
        ends = np.cumsum([len(example) - self._shared for example in ordered])
        middles = ends - np.diff(ends, prepend=0) / 2
        lane_of = (middles * len(self._lanes) / ends[-1]).astype(int)
        return [[e for e, at in zip(ordered, lane_of) if at == lane] for lane in np.unique(lane_of)]
