"""Makes a small model of random weights with the tokenizer of another.

Arguments: architecture (a key of CONFIGS), folder of the tokenizer, folder to make.
"""

import json
import shutil
import sys
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.utils import _get_classes

COMMON = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 49152,
    "rms_norm_eps": 1e-6,
    "max_position_embeddings": 512,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "eos_token_id": 2,
}
CONFIGS = {
    "qwen3": COMMON,
    # one global layer in two, the other's window smaller than a prompt
    "gemma3_text": COMMON | {"query_pre_attn_scalar": 16, "sliding_window": 16, "sliding_window_pattern": 2},
    # no caches of keys and values at all
    "mamba": {
        "hidden_size": 64,
        "intermediate_size": 128,
        "state_size": 8,
        "num_hidden_layers": 4,
        "conv_kernel": 4,
        "use_bias": False,
        "use_conv_bias": True,
        "time_step_rank": 4,
        "tie_word_embeddings": True,
        "vocab_size": 49152,
        "eos_token_id": 2,
    },
}

architecture, tokenizer, made = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
config = CONFIGS[architecture] | {"model_type": architecture}
made.mkdir(parents=True)
for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"):
    shutil.copy(tokenizer / name, made)
(made / "config.json").write_text(json.dumps(config))
mx.random.seed(1)
model_class, arguments = _get_classes(config)
model = model_class(arguments.from_dict(config))
mx.save_safetensors(str(made / "model.safetensors"), dict(tree_flatten(model.parameters())))
