"""Models of any architecture by mlx-lm's own code: slower than batch.py, since models share no layers, prompts are read one by
one, and adapters are not merged. The interfaces are those of adapters.py and batch.py."""

import copy

import mlx.core as mx
import numpy as np
from adapters import UnfitAdapter
from memory import Memory
from mlx.utils import tree_flatten
from mlx_lm.models.cache import CacheList, make_prompt_cache
from mlx_lm.tuner.utils import load_adapters

READ_AT_ONCE = 512  # tokens of a prompt
ALLOCATED = 256  # tokens that mlx-lm's caches make room for at a time


class Variants:
    """A model as it is, and with adapters: weights are in common, LoRA layers each one's own."""

    def __init__(self, model, limit):
        self._model = model
        self._tuned = Memory(limit)

    def get(self, path):
        """The model with the adapter in folder `path`, or as it is when `path` is None. Raises UnfitAdapter."""
        if path is None:
            return self._model
        tuned = self._tuned.get(path)
        if tuned is None:
            tuned = self._tune(path)
            self._tuned.put(path, tuned)
        return tuned

    def _tune(self, path):
        shared = {id(x): x for _, x in tree_flatten(self._model.parameters())}
        tuned = copy.deepcopy(self._model, shared)
        try:
            load_adapters(tuned, path)
        except ValueError as error:
            raise UnfitAdapter(f"The model was tuned on another base of this name: {error}") from error
        tuned.eval()
        return tuned


class Prefix:
    """Tokens that prompts of one model begin with, and the caches of its layers after them."""

    def __init__(self, tokens, cache):
        self.tokens, self.cache = tokens, cache

    @property
    def nbytes(self):
        return sum(layer.nbytes for layer in self.cache)


class Prompt:
    """Tokens (at least one) to read behind a `prefix`, for one model."""

    def __init__(self, tokens, model, prefix):
        self.tokens, self.model, self.prefix = tokens, model, prefix
        self.cache = None


class Row:
    """One that generates: `last` is its last token, which is not read yet. `owner` is the caller's."""

    def __init__(self, last, owner):
        self.last, self.owner = last, owner


class Group:
    """Rows of one model that take each step together."""

    def __init__(self, model, cache, row):
        self.model, self.cache, self.rows = model, cache, [row]

    def step(self):
        """Logits (rows, vocabulary) of what follows the last tokens."""
        return self.model(mx.array([[row.last] for row in self.rows]), cache=self.cache)[:, -1]

    def extend(self, other):
        for own, theirs in zip(self.cache, other.cache):
            own.extend(theirs)
        self.rows += other.rows

    def drop(self, row):
        kept = [i for i, one in enumerate(self.rows) if one is not row]
        self.rows = [self.rows[i] for i in kept]
        if kept:
            for layer in self.cache:
                layer.filter(kept)


class AnyBatch:
    """Rows that generate in step, computed on the default stream of the thread that uses it."""

    def __init__(self):
        self._groups = []

    @property
    def rows(self):
        return [row for group in self._groups for row in group.rows]

    def prompt(self, tokens, model, prefix):
        return Prompt(tokens, model, prefix)

    def prefix(self, tokens, model):
        """Reads a prefix for a model."""
        cache = make_prompt_cache(model)
        _read(model, cache, tokens)
        return Prefix(tokens, cache)

    def step(self, prompts):
        """Reads `prompts` and the last token of each row. Logits (rows, then prompts; vocabulary) of what follows."""
        logits = [group.step() for group in self._groups]
        for prompt in prompts:
            prompt.cache = copy.deepcopy(prompt.prefix.cache)
            _read(prompt.model, prompt.cache, prompt.tokens[:-1])
            logits.append(prompt.model(mx.array([prompt.tokens[-1:]]), cache=prompt.cache)[:, -1])
        return np.array(mx.concatenate(logits).astype(mx.float32))

    def join(self, prompt, last, owner):
        """Makes a row of a prompt that has been read; `last` is the token that follows it."""
        row = Row(last, owner)
        if not all(map(_can_merge, prompt.cache)):
            self._groups.append(Group(prompt.model, copy.deepcopy(prompt.cache), row))
            return
        own = Group(prompt.model, [layer.merge([layer]) for layer in prompt.cache], row)
        group = next((group for group in self._groups if group.model is prompt.model), None)
        if group:
            group.extend(own)
        else:
            self._groups.append(own)

    def leave(self, row, spoilt=False):
        """Rows touch no other's numbers, so nothing is left of a `spoilt` one."""
        group = next(group for group in self._groups if row in group.rows)
        group.drop(row)
        if not group.rows:
            self._groups.remove(group)


def bytes_per_token(model):
    """What a row's caches weigh for each token, by reading one."""
    cache = make_prompt_cache(model)
    _read(model, cache, [0])
    return max(1, sum(layer.nbytes for layer in cache) // ALLOCATED)


def _read(model, cache, tokens):
    for start in range(0, len(tokens), READ_AT_ONCE):
        model(mx.array([tokens[start : start + READ_AT_ONCE]]), cache=cache)
        mx.eval([layer.state for layer in cache])


def _can_merge(layer):
    return all(map(_can_merge, layer.caches)) if isinstance(layer, CacheList) else hasattr(layer, "merge")
