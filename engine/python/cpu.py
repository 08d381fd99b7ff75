"""Faster activations for mlx on processors.

mlx's CPU backend evaluates exp one element at a time (15 ns), so in a small model SiLU and softmax cost as much as the
matrix products. Here exp is made of operations that the backend vectorises, more so where mx.compile finds a C++
compiler, and is put in place of what mlx-lm's model modules use. Results agree to a few units in the last place. Gradients are
given by hand, since this exp works on the bits of a float. On a GPU nothing is changed.
"""

import ctypes
import math
import os
import sys

import mlx.core as mx
from lookahead import allow_more_tasks
from mlx_lm.models import activations, base

allow_more_tasks()

_process = ctypes.CDLL(None)  # the symbols of preloaded libraries
_LOG2_E = math.log2(math.e)
_ROUND = 1.5 * 2**23  # adding it leaves the nearest integer in the low bits of a float32
# 2^f on [-1/2, 1/2], highest power first; relative error 1e-7
_POLYNOMIAL = (1.34004327e-3, 9.67603736e-3, 5.55032715e-2, 0.240221068, 0.693147182, 1.0)


def _exp2(y):
    """2^y for y in [-126, 127]: a polynomial for the fraction of y, its whole part added to the exponent bits."""
    rounded = y + _ROUND
    fraction = y - (rounded - _ROUND)
    power = _POLYNOMIAL[0]
    for coefficient in _POLYNOMIAL[1:]:
        power = power * fraction + coefficient
    return (power.view(mx.int32) + mx.left_shift(rounded.view(mx.int32), 23)).view(mx.float32)


@mx.compile
def _sigmoid(x):
    return 1.0 / (1.0 + _exp2(mx.clip(x * -_LOG2_E, -126.0, 126.0)))


@mx.compile
def _silu_product(gate, x):
    return gate * x / (1.0 + _exp2(mx.clip(gate * -_LOG2_E, -126.0, 126.0)))


@mx.custom_function
def swiglu(gate, x):
    return _silu_product(gate, x)


@swiglu.vjp
def _swiglu_vjp(primals, cotangent, _):
    gate, x = primals
    sigmoid = _sigmoid(gate)
    through_gate = cotangent * x * sigmoid * (1 + gate * (1 - sigmoid))
    return through_gate, cotangent * gate * sigmoid


# Weights below 2^-60 of a row's largest stay there: smaller ones would make denormal products, which are slow.
_power_of_two = mx.compile(lambda y: _exp2(mx.maximum(y, -60.0)))


@mx.custom_function
def _softmax2(scores):
    """Softmax to the base 2 over the last axis."""
    powers = _power_of_two(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@_softmax2.vjp
def _softmax2_vjp(_, cotangent, weights):
    inner = (cotangent * weights).sum(axis=-1, keepdims=True)
    return math.log(2) * weights * (cotangent - inner)


def attention(queries, keys, values, cache, scale, mask, sinks=None):
    """As mlx_lm.models.base.scaled_dot_product_attention, for float32 caches. Boolean masks say what is seen, others are
    added to the scores."""
    batch, heads, length, size = queries.shape
    groups, columns = keys.shape[1:3]
    rows = heads // groups * length  # queries that share keys, so one product serves them all
    folded = (queries * (scale * _LOG2_E)).reshape(batch, groups, rows, size)
    scores = (folded @ keys.swapaxes(-1, -2)).reshape(batch, groups, -1, length, columns)
    if isinstance(mask, str):
        mask = mx.arange(columns - length, columns)[:, None] >= mx.arange(columns)
    if mask is not None:
        mask = mask if mask.ndim < 4 else mask[:, None]
        scores = scores + (mx.where(mask, 0.0, -1e9) if mask.dtype == mx.bool_ else mask)
    weights = _softmax2(scores).reshape(batch, groups, rows, columns)
    return (weights @ values).reshape(batch, heads, length, size)


def fastest():
    """Attention and SwiGLU: these when computing on the processor, else mlx-lm's."""
    if mx.default_device() == mx.cpu:
        return attention, swiglu
    return base.scaled_dot_product_attention, activations.swiglu


def speed_up(model):
    """Puts the fastest in place of what the module of `model`'s class imported."""
    module = sys.modules[type(model).__module__]
    for name, function in zip(("scaled_dot_product_attention", "swiglu"), fastest()):
        if hasattr(module, name):
            setattr(module, name, function)


def lane_count(limit):
    """How many streams to compute on side by side: one a core, at most `limit`; a GPU has one.

    mlx evaluates all but matrix products on one thread of a stream, so two streams use two cores better than one
    stream whose products use both.
    """
    return min(os.cpu_count() or 1, limit) if mx.default_device() == mx.cpu else 1


def lanes(limit):
    """So many streams, for this thread."""
    return [mx.new_stream(mx.default_device()) for _ in range(lane_count(limit))]


def share_cores(streams):
    """Gives each of `streams` that compute side by side its part of the cores for matrix products (MKL only)."""
    if hasattr(_process, "MKL_Set_Num_Threads"):
        _process.MKL_Set_Num_Threads(max(1, (os.cpu_count() or 1) // streams))
