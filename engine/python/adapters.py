"""Fine-tuned models as sets of merged weights over one resident base model."""

import json
from collections import OrderedDict
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten, tree_unflatten


class Adapters:
    """Switches one model between its base weights and those of LoRA adapters.

    Merging W + scale * (A B)^T for the adapted layers takes tens of milliseconds once; switching to a merged
    set only rebinds arrays, and a merged layer computes as fast as a base layer. At most `limit` sets are kept.
    """

    def __init__(self, model, limit):
        self._model = model
        self._limit = limit
        self._base = dict(tree_flatten(model.parameters()))
        self._merged = OrderedDict()
        self._bound = {}

    def use(self, path):
        """Makes the model compute with the adapter in folder `path`, or as the base when `path` is None."""
        wanted = self._weights(path) if path else {}
        restored = {name: self._base[name] for name in self._bound if name not in wanted}
        self._model.update(tree_unflatten(list({**restored, **wanted}.items())))
        self._bound = wanted

    def _weights(self, path):
        if path not in self._merged:
            self._merged[path] = self._merge(Path(path))
            if len(self._merged) > self._limit:
                self._merged.popitem(last=False)
        self._merged.move_to_end(path)
        return self._merged[path]

    def _merge(self, folder):
        scale = json.loads((folder / "adapter_config.json").read_text())["lora_parameters"]["scale"]
        lora = mx.load(str(folder / "adapters.safetensors"))
        merged = {}
        for name, a in lora.items():
            if not name.endswith(".lora_a"):
                continue
            module = name.removesuffix(".lora_a")
            delta = scale * (lora[f"{module}.lora_b"].T @ a.T)
            merged[f"{module}.weight"] = self._base[f"{module}.weight"] + delta
        mx.eval(merged)
        return merged
