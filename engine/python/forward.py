"""A Llama's layers over tokens of many rows at once, (tokens, size): matrices do not care whose tokens they are, and only
attention looks at rows."""

from functools import partial

import mlx.core as mx
import numpy as np
from cpu import fastest

attention, swiglu = fastest()


class Block:
    """A layer in two halves, before and after its attention, over tokens of any rows."""

    def __init__(self, layer):
        attention, mlp = layer.self_attn, layer.mlp
        self._norms = layer.input_layernorm, layer.post_attention_layernorm
        into = attention.q_proj, attention.k_proj, attention.v_proj
        linears = *into, attention.o_proj, mlp.gate_proj, mlp.up_proj, mlp.down_proj
        weights = [linear.weight.T for linear in linears]
        mx.eval(weights)  # so that a step need not transpose them
        self._into, (self._out, self._gate, self._up, self._down) = weights[:3], weights[3:]

    def before(self, hidden):
        """Queries, keys and values."""
        normed = self._norms[0](hidden)
        return [normed @ weight for weight in self._into]

    def after(self, hidden, attended):
        hidden = hidden + attended @ self._out
        normed = self._norms[1](hidden)
        return hidden + swiglu(normed @ self._gate, normed @ self._up) @ self._down


class Shape:
    """Heads of a model's attention, and how it encodes positions."""

    def __init__(self, model):
        attention = model.model.layers[0].self_attn
        self.heads, self.groups, self.size = attention.n_heads, attention.n_kv_heads, attention.head_dim
        self.scale, self.rope = attention.scale, attention.rope


class Going:
    """Rows that go on by one token each: token at[i] is that of slot slots[i], and the lengths[i]-th of its row."""

    def __init__(self, columns, slots, lengths, at):
        self._columns, self._at = columns, mx.array(at)
        self._last = mx.array(slots)[:, None], mx.array(lengths)[:, None]
        self._size = int(slots.max()) + 1
        places = np.zeros(self._size, np.int32)  # those of free slots attend to no end
        places[slots] = at
        used = np.zeros(self._size, np.int32)
        used[slots] = lengths + 1
        self._width = int(used.max())
        self._places = mx.array(places)
        self._rows = mx.array(slots)
        self._mask = _hidden(np.arange(self._width) < np.maximum(used, 1)[:, None, None, None])

    def attend(self, layer, shape, queries, keys, values):
        self._columns.append(layer, self._last, keys[self._at], values[self._at])
        keys, values = self._columns.seen(layer, self._size, self._width)
        queries = queries[self._places][:, :, None]
        attended = attention(queries, keys, values, None, shape.scale, self._mask)
        return attended.reshape(self._size, -1)[self._rows]


class Reading:
    """Prompts read behind a prefix they share: `spans` are the places of each one's tokens.

    `read` has, for each layer gone through, their keys and values (prompts, groups, longest, size).
    """

    def __init__(self, spans, before=0, prefix=None):
        longest = max(map(len, spans))
        places = np.zeros((len(spans), longest), np.int32)
        for row, span in zip(places, spans):
            row[: len(span)] = span
        real = np.arange(longest) < np.array([len(span) for span in spans])[:, None]
        self._places = mx.array(places)
        self._real = mx.array(np.flatnonzero(real).astype(np.int32))
        self._prefix = prefix
        self._mask = _hidden(np.tri(longest, before + longest, before, bool))
        self.read = {}

    def attend(self, layer, shape, queries, keys, values):
        queries, keys, values = (x[self._places].transpose(0, 2, 1, 3) for x in (queries, keys, values))
        self.read[layer] = keys, values
        if self._prefix:
            before = (mx.broadcast_to(x, (keys.shape[0], *x.shape[1:])) for x in self._prefix[layer])
            keys, values = (mx.concatenate(x, axis=2) for x in zip(before, (keys, values)))
        attended = attention(queries, keys, values, None, shape.scale, self._mask)
        return attended.transpose(0, 2, 1, 3).reshape(-1, shape.heads * shape.size)[self._real]


@partial(mx.compile, shapeless=True)
def _turn(a, b, cos, sin):
    return a * cos - b * sin, a * sin + b * cos


class Rotation:
    """How queries and keys are turned at `positions`, the same in every layer."""

    def __init__(self, shape, positions):
        half = shape.size // 2
        unit = mx.concatenate([mx.ones(half), mx.zeros(half)])
        units = mx.broadcast_to(unit, (len(positions), 1, 1, shape.size))
        self._cos, self._sin = mx.split(shape.rope(units, offset=mx.array(positions))[:, :, 0], 2, axis=-1)

    def __call__(self, heads):
        halves = mx.split(heads, 2, axis=-1)
        return mx.concatenate(_turn(*halves, self._cos, self._sin), axis=-1)


def pass_through(numbers, parts, hidden, shape, positions, attending, order=None):
    """Hidden states (tokens, size) after the layers `numbers`.

    `parts` are pairs of a slice of the tokens and the blocks of their model; `attending` are Going and Reading, whose
    results put behind one another are those of the tokens in this `order` (none: in theirs).
    """
    turned = Rotation(shape, positions)
    for number in numbers:
        projected = [blocks[number].before(hidden[part]) for part, blocks in parts]
        queries, keys, values = (_joined(x).reshape(len(positions), -1, shape.size) for x in zip(*projected))
        queries, keys = turned(queries), turned(keys)
        attended = _joined([a.attend(number, shape, queries, keys, values) for a in attending])
        if order is not None:
            attended = attended[order]
        hidden = _joined([blocks[number].after(hidden[part], attended[part]) for part, blocks in parts])
    return hidden


def _hidden(seen):
    """To be added to scores."""
    return mx.array(np.where(seen, np.float32(0), np.float32(-1e9)))


def _joined(arrays):
    return arrays[0] if len(arrays) == 1 else mx.concatenate(arrays)


class Columns:
    """Keys and values of rows by slot, for each layer (slots, groups, columns, size). Grows as needed."""

    SLOTS, COLUMNS = 8, 64  # by which it grows

    def __init__(self, layers, shape):
        self._layers, self._shape = layers, shape
        self._room = (0, 0)
        self._held = []
        self._every_group = mx.arange(shape.groups)

    def fit(self, rows, slots, columns):
        """Makes room for so many slots and columns. Returns False, or True when the slots `rows` have become 0, 1, …"""
        if slots <= self._room[0] and columns <= self._room[1]:
            return False
        before = self._room[1]
        self._room = (_up(slots, self.SLOTS), _up(max(columns, before), self.COLUMNS))
        shape = (self._room[0], self._shape.groups, self._room[1], self._shape.size)
        held, self._held = self._held, []
        kept = mx.array(rows)
        for layer in range(self._layers):
            pair = []
            for which in range(2):
                new = mx.zeros(shape)
                if rows:
                    new[: len(rows), :, :before] = held[layer][which][kept]
                pair.append(new)
            self._held.append(pair)
        return True

    def clear(self):
        self._room, self._held = (0, 0), []

    def write(self, layer, slot, column, keys, values):
        """Puts keys and values (1, groups, n, size) into columns from `column` on."""
        end = column + keys.shape[2]
        for held, new in zip((0, 1), (keys, values)):
            self._held[layer][held][slot : slot + 1, :, column:end] = new

    def blank(self, slot):
        for both in self._held:
            for held in both:
                held[slot] = 0

    def append(self, layer, places, keys, values):
        """Puts keys and values (rows, groups, size) into one column each; `places` are slots and columns, (rows, 1) each."""
        slots, columns = places
        for held, new in zip((0, 1), (keys, values)):
            self._held[layer][held][slots, self._every_group, columns] = new

    def seen(self, layer, slots, columns):
        return [x[:slots, :, :columns] for x in self._held[layer]]


def _up(number, step):
    return -(-number // step) * step
