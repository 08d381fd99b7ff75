"""Models as mlx-lm loads them, and what the engine has to know of each."""

from functools import partial

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm.models import llama
from mlx_lm.models.rope_utils import Llama3RoPE
from mlx_lm.utils import dequantize_model, load

MERGED_BYTES = 2**31  # of layers with adapters merged in
CONTEXT_FIELDS = "max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length"
UNBOUNDED = 2**15  # tokens, for a model whose configuration names no limit


def load_model(described, lazy=False):
    """Model, tokenizer and configuration. `described` has the "folder" and the arguments of the chat "template".

    A processor computes in float32 whatever the file holds: mlx's products of shorter floats take it 15 times as long, those of
    quantised weights 30 times.
    """
    model, tokenizer, config = load(described["folder"], lazy=True, return_config=True)
    if mx.default_device() == mx.cpu:
        model.set_dtype(mx.float32)
        dequantize_model(model).set_dtype(mx.float32)  # some quantised forms are made bfloat16
    if not lazy:
        mx.eval(model.parameters())
    if described["template"]:
        tokenizer.apply_chat_template = partial(tokenizer.apply_chat_template, **described["template"])
    return model, tokenizer, config


def context_length(config):
    """Tokens that prompt and answer may have together."""
    for part in config, config.get("text_config") or {}:
        for field in CONTEXT_FIELDS:
            if part.get(field):
                return part[field]
    return UNBOUNDED


def adapted_layers(model, wanted):
    """How many of the last layers adapters change; `wanted` is a number, or None for all."""
    return min(wanted or len(model.layers), len(model.layers))


def is_plain_llama(model):
    """Whether the passes of forward.py and llama_tuning.py, made for Llama's layers in float32, are those of this model."""
    return (
        type(model) is llama.Model
        and model.model.swa_idx is None
        and all(map(_is_plain, model.layers))
        and all(x.dtype == mx.float32 for _, x in tree_flatten(model.parameters()))
    )


def _is_plain(layer):
    rope = layer.self_attn.rope
    linears = [m for _, m in layer.named_modules() if isinstance(m, nn.Linear)]
    return (
        type(rope) in (nn.RoPE, Llama3RoPE)
        and not rope.traditional
        and rope.dims == layer.self_attn.head_dim
        and len(linears) == 7
        and not any("bias" in linear for linear in linears)
    )


def merges_well(model, adapted):
    """Whether two models with adapters merged into as many layers fit what is kept of such."""
    layers = model.layers[len(model.layers) - adapted :]
    return 2 * sum(x.nbytes for layer in layers for _, x in tree_flatten(layer.parameters())) <= MERGED_BYTES
