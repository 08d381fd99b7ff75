"""Prints the largest difference between engine/python/cpu.py and mlx, of values and gradients, for each case."""

import json
import sys

sys.path.insert(0, sys.argv[1])

import cpu
import mlx.core as mx
from mlx_lm.models.activations import swiglu

mx.random.seed(1)


def difference(ours, theirs, *inputs):
    weights = mx.random.normal(ours(*inputs).shape)
    every = tuple(range(len(inputs)))

    def both(function):
        loss = mx.value_and_grad(lambda *x: (function(*x) * weights).sum(), argnums=every)
        return [function(*inputs), *loss(*inputs)[1]]

    return max(float(mx.abs(a - b).max()) for a, b in zip(both(ours), both(theirs)))


def attention(mask):
    shapes = ((2, 9, 11, 64), (2, 3, 20, 64), (2, 3, 20, 64))
    return difference(
        lambda q, k, v: cpu.attention(q, k, v, None, 0.125, mask),
        lambda q, k, v: mx.fast.scaled_dot_product_attention(q, k, v, scale=0.125, mask=mask),
        *(mx.random.normal(shape) for shape in shapes),
    )


wide = mx.array([-1e4, -100.0, -87.5, -1.0, 0.0, 1.0, 87.5, 100.0, 1e3])
gates = mx.random.normal((4, 7, 50)) * 5
print(
    json.dumps(
        {
            "swiglu": difference(cpu.swiglu, swiglu, gates, mx.random.normal(gates.shape)),
            "swiglu, extreme": difference(cpu.swiglu, swiglu, wide, mx.ones(wide.shape)),
            "attention": attention(None),
            "attention, causal": attention("causal"),
            "attention, masked": attention(mx.random.uniform(shape=(2, 1, 11, 20)) > 0.2),
        }
    )
)
