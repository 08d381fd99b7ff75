"""Fine-tuned models as sets of merged blocks over one resident base model."""

import json
import threading
from pathlib import Path

import mlx.core as mx
from forward import Block
from memory import Memory
from mlx.utils import tree_flatten


class UnfitAdapter(Exception):
    """The adapter is of another model, or changes layers that all models share here."""


class Adapters:
    """Blocks of one model with the weights of LoRA adapters merged into those from `shared` on.

    Merging W + scale * (A B)^T takes tens of milliseconds once, and a merged block computes as fast as one of the
    base. At most `limit` sets are kept, beside those in use.
    """

    def __init__(self, model, shared, limit):
        self._layers, self._shared = model.layers, shared
        self._base = [Block(layer) for layer in model.layers]
        self._merged = Memory(limit)
        self._merging = threading.Lock()

    def get(self, path):
        """All blocks of the model with the adapter in folder `path`, or of the base when `path` is None.

        Raises UnfitAdapter.
        """
        if path is None:
            return self._base
        with self._merging:
            blocks = self._merged.get(path)
            if blocks is None:
                try:
                    blocks = self._merge(Path(path))
                except (KeyError, ValueError) as error:
                    raise UnfitAdapter(f"The model was tuned on another base of this name: {error}") from error
                self._merged.put(path, blocks)
        return blocks

    def _merge(self, folder):
        scale = json.loads((folder / "adapter_config.json").read_text())["lora_parameters"]["scale"]
        deltas = {number: [] for number in range(len(self._base))}
        lora = mx.load(str(folder / "adapters.safetensors"))
        for name, a in lora.items():
            if name.endswith(".lora_a"):
                module = name.removesuffix(".lora_a")
                _, _, number, inner = module.split(".", 3)
                delta = scale * (lora[f"{module}.lora_b"].T @ a.T)
                deltas[int(number)].append((f"{inner}.weight", delta))
        if any(deltas[number] for number in range(self._shared)):
            raise UnfitAdapter(
                f"The model was tuned in layers below the last {len(self._base) - self._shared}, which this engine takes"
                " for those of all models: train it anew."
            )
        return [
            _merged(layer, deltas[number]) if deltas[number] else block
            for number, (layer, block) in enumerate(zip(self._layers, self._base))
        ]


def _merged(layer, deltas):
    """`deltas` are pairs of a parameter's name and what to add to it."""
    weights = dict(tree_flatten(layer.parameters()))
    weights |= {name: weights[name] + delta for name, delta in deltas}
    own = type(layer)(layer.args)
    own.load_weights(list(weights.items()))
    return Block(own)
