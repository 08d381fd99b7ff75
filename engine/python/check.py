"""Looks at models without reading their weights, over JSON lines.

In, one line: {"models": [{"name", "folder" | "repository" (in the local Hugging Face cache), "template", "layers"}]}.
Out: per model {"name", "folder", "architecture", "bytes", "fast"} or {"name", "error"}; then {"memory"}, the bytes that the device
has for models.
"""

import os
from pathlib import Path

import mlx.core as mx
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from mlx.utils import tree_flatten
from mlx_lm.utils import hf_repo_to_path
from models import adapted_layers, is_plain_llama, load_model, merges_well
from wire import Wire

LONGEST_REASON = 300


class NoModel(Exception):
    pass


def folder_of(model):
    """Raises NoModel."""
    if "folder" in model:
        return Path(model["folder"])
    repository = model["repository"]
    try:
        return hf_repo_to_path(repository)
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        raise NoModel(
            f"{repository} is not, or not whole, in the local Hugging Face cache: fetch it by 'hf download {repository}'"
        ) from error


def look_at(model):
    """Raises NoModel."""
    folder = folder_of(model)
    if not folder.is_dir():
        raise NoModel(f"{folder} is no folder")
    for pattern, what in (("config.json", "config.json"), ("model*.safetensors", "weights (model*.safetensors)")):
        if not any(folder.glob(pattern)):
            raise NoModel(
                f"{folder} holds no {what}: name the folder of a whole model, as Hugging Face lays it out or mlx_lm.convert makes it"
            )
    try:
        loaded, tokenizer, config = load_model({"folder": str(folder), "template": model["template"]}, lazy=True)
    except Exception as error:  # whatever a broken file leads to
        reason = f"{type(error).__name__}: {error}".replace("\n", " ")[:LONGEST_REASON]
        raise NoModel(f"{folder} cannot be loaded by mlx-lm ({reason})") from error
    if not tokenizer.has_chat_template:
        raise NoModel(f"{folder} has no chat template, so is no chat model: take its instruct variant, or add chat_template.jinja")
    adapted = adapted_layers(loaded, model["layers"])
    return {
        "folder": str(folder),
        "architecture": config["model_type"],
        "bytes": sum(x.nbytes for _, x in tree_flatten(loaded.parameters())),
        "fast": is_plain_llama(loaded) and merges_well(loaded, adapted),
    }


def memory():
    """Bytes of the machine, or of a GPU that has its own."""
    own = mx.device_info().get("memory_size") if mx.default_device() == mx.gpu else None
    return own or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def main():
    wire = Wire()
    for model in wire.receive()["models"]:
        try:
            wire.send({"name": model["name"], **look_at(model)})
        except NoModel as error:
            wire.send({"name": model["name"], "error": str(error)})
    wire.send({"memory": memory()})


if __name__ == "__main__":
    main()
