"""Continuous batching: rows join and leave a batch at any step, and those of all models share the lower layers."""

from itertools import accumulate

import mlx.core as mx
import numpy as np
from forward import Columns, Going, Reading, Shape, pass_through


class Prefix:
    """Tokens that prompts of one model begin with, and their keys and values by layer, (1, groups, tokens, size) each."""

    def __init__(self, tokens=(), keys_values=None):
        self.tokens, self.keys_values = tokens, keys_values

    @property
    def nbytes(self):
        return sum(x.nbytes for both in self.keys_values.values() for x in both)


class Prompt:
    """Tokens (at least one) to read behind a `prefix`, for a model with these `blocks`."""

    def __init__(self, tokens, blocks, prefix):
        self.tokens, self.blocks, self.prefix = tokens, blocks, prefix
        self.trunk = self.branch = None

    @property
    def name(self):
        """Equal for prompts that the shared layers make the same of."""
        return self.prefix.tokens, self.tokens

    def __len__(self):
        return len(self.prefix.tokens) + len(self.tokens)

    def keys_values(self):
        """Of its own tokens by layer, once it is read."""
        return {**self.trunk.keys_values(), **self.branch.keys_values()}


class Passage:
    """What some layers made of one of the prompts in a `reading`: its hidden states (tokens, size), keys and values."""

    def __init__(self, hidden, reading, row):
        self.hidden, self._read, self._row = hidden, reading.read, row

    def keys_values(self):
        row, tokens = self._row, self.hidden.shape[0]
        return {
            layer: [x[row : row + 1, :, :tokens] for x in both] for layer, both in self._read.items()
        }

    @property
    def nbytes(self):
        """Its part of arrays that it has in common with the prompts read together with it."""
        return self.hidden.nbytes + sum(x.nbytes // len(x) for both in self._read.values() for x in both)


class Row:
    """One that generates: `read` tokens of it are in its columns, `last` is not yet. `owner` is the caller's."""

    def __init__(self, blocks, read, last, owner):
        self.blocks, self.read, self.last, self.owner = blocks, read, last, owner


class Batch:
    """Rows that generate in step, computed on the default stream of the thread that uses it.

    The first `shared` blocks of all models are those of `base`; `memory` keeps what they made of prompts.
    """

    def __init__(self, model, base, shared, memory):
        self._model, self._base, self._memory = model, base, memory
        self._shape = Shape(model)
        count = len(base)
        self._lower, self._upper = range(shared), range(shared, count)
        self._columns = Columns(count, self._shape)
        self._slots = []  # a row or None each

    @property
    def rows(self):
        return [row for row in self._slots if row]

    def prompt(self, tokens, blocks, prefix):
        return Prompt(tokens, blocks, prefix)

    def step(self, prompts):
        """Reads `prompts` and the last token of each row. Logits (rows, then prompts; vocabulary) of what follows."""
        rows = self.rows
        self._fit(len(self._slots), max((row.read + 1 for row in rows), default=0))
        hidden = self._model.model.norm(self._read(rows, prompts))
        head = getattr(self._model, "lm_head", None) or self._model.model.embed_tokens.as_linear
        logits = head(hidden).astype(mx.float32)
        mx.eval(logits, [prompt.trunk.hidden for prompt in prompts])
        for row in rows:
            row.read += 1
        self._remember(prompts)
        return np.array(logits, copy=False)

    def join(self, prompt, last, owner):
        """Makes a row of a prompt that has been read; `last` is the token that follows it."""
        slot = next((i for i, row in enumerate(self._slots) if row is None), len(self._slots))
        if self._fit(max(slot + 1, len(self._slots)), len(prompt)):
            slot = len(self._slots)
        self._slots[slot : slot + 1] = [Row(prompt.blocks, len(prompt), last, owner)]
        before = len(prompt.prefix.tokens)
        for layer, own in prompt.keys_values().items():
            if before:
                self._columns.write(layer, slot, 0, *prompt.prefix.keys_values[layer])
            self._columns.write(layer, slot, before, *own)

    def leave(self, row, spoilt=False):
        """A row that is `spoilt` may have numbers in its columns that are not finite: no mask keeps these from the next."""
        slot = self._slots.index(row)
        self._slots[slot] = None
        if spoilt:
            self._columns.blank(slot)
        while self._slots and self._slots[-1] is None:
            self._slots.pop()
        if not self._slots:
            self._columns.clear()

    def prefix(self, tokens, blocks):
        """Reads a prefix for a model."""
        prompt = Prompt(tokens, blocks, Prefix())
        self._read([], [prompt])
        keys_values = prompt.keys_values()
        mx.eval(keys_values, prompt.trunk.hidden)  # other threads, which cannot evaluate for this one, may use them
        self._remember([prompt])
        return Prefix(tokens, keys_values)

    def _fit(self, slots, columns):
        """Makes room; tells whether that moved rows to the first slots."""
        kept = [slot for slot, row in enumerate(self._slots) if row]
        moved = self._columns.fit(kept, slots, columns)
        if moved:
            self._slots = self.rows
        return moved

    def _remember(self, prompts):
        for prompt in prompts:
            self._memory.put(prompt.name, prompt.trunk, prompt.trunk.nbytes)

    def _read(self, rows, prompts):
        """Hidden states (rows, then prompts; size) that the last tokens end in. Prompts get what was made of them."""
        fresh = {}
        for prompt in prompts:
            prompt.trunk = self._memory.get(prompt.name)
            if not prompt.trunk:
                fresh.setdefault(prompt.name, prompt)
        lower = self._read_lower(rows, list(fresh.values())) if rows or fresh else None
        for prompt in prompts:
            prompt.trunk = prompt.trunk or fresh[prompt.name].trunk
        models = {id(one.blocks): one.blocks for one in [*rows, *prompts]}
        pieces, parts, at, start = [], [], {}, 0
        for blocks in models.values():
            first = start
            own = [i for i, row in enumerate(rows) if row.blocks is blocks]
            if own:
                pieces.append(lower[mx.array(own)])
            for item in [*(rows[i] for i in own), *(p for p in prompts if p.blocks is blocks)]:
                at[item] = start
                start += 1 if isinstance(item, Row) else len(item.tokens)
                if isinstance(item, Prompt):
                    pieces.append(item.trunk.hidden)
            parts.append((slice(first, start), blocks))
        hidden = self._pass(self._upper, parts, mx.concatenate(pieces), at, "branch", lambda p: id(p.prefix))
        ends = [at[row] for row in rows] + [at[p] + len(p.tokens) - 1 for p in prompts]
        return hidden[mx.array(ends)]

    def _read_lower(self, rows, prompts):
        tokens = [[row.last] for row in rows] + [prompt.tokens for prompt in prompts]
        at = dict(zip([*rows, *prompts], accumulate(map(len, tokens), initial=0)))
        hidden = self._model.model.embed_tokens(mx.array([t for some in tokens for t in some]))
        parts = [(slice(None), self._base)]
        return self._pass(self._lower, parts, hidden, at, "trunk", lambda p: p.prefix.tokens)

    def _pass(self, numbers, parts, hidden, at, kept_as, kind):
        """Takes rows and prompts, whose first tokens are `at` in `hidden`, through layers. Prompts of a `kind` share a prefix's
        keys and values; what was made of each is set under the name `kept_as`."""
        positions = np.zeros(hidden.shape[0], np.int32)
        attending, places = [], []
        rows = [item for item in at if isinstance(item, Row)]
        if rows:
            slots = np.array([self._slots.index(row) for row in rows], np.int32)
            reads = np.array([row.read for row in rows], np.int32)
            where = np.array([at[row] for row in rows], np.int32)
            positions[where] = reads
            attending.append(Going(self._columns, slots, reads, where))
            places.append(where)
        kinds = {}
        for item in at:
            if isinstance(item, Prompt):
                kinds.setdefault(kind(item), []).append(item)
        for members in kinds.values():
            spans = [np.arange(at[p], at[p] + len(p.tokens), dtype=np.int32) for p in members]
            prefix = members[0].prefix
            for span in spans:
                positions[span] = len(prefix.tokens) + np.arange(len(span))
            attending.append(Reading(spans, len(prefix.tokens), prefix.keys_values))
            places += spans
        order = np.argsort(np.concatenate(places)).astype(np.int32)
        order = None if (order[:-1] < order[1:]).all() else mx.array(order)
        hidden = pass_through(numbers, parts, hidden, self._shape, positions, attending, order)
        for reading, members in zip(attending[bool(rows) :], kinds.values()):
            for i, prompt in enumerate(members):
                span = slice(at[prompt], at[prompt] + len(prompt.tokens))
                setattr(prompt, kept_as, Passage(hidden[span], reading, i))
        return hidden
