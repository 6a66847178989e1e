"""Rebuild the default model's diffusers folder from its ONNX files, so that goldens can be made anew.

    python tools/default_to_diffusers.py --out FOLDER [--model public/models/toybox-256]
    python tools/default_to_diffusers.py --map BASE   [--model public/models/toybox-256]

The ONNX files are the only committed copy of the weights. tools/default_weights.json says which
initialiser is which PyTorch parameter: {part: {parameter: [file:initialiser, transposed, shape]}}
(or the number itself, where it is in no ONNX file).
Weights are fp16 numbers in both, so nothing is lost.

--out   writes unet, text_encoder, vae and clip as fp16 safetensors with their configs, tokenizer and
        scheduler: what the other tools take as --base.
--map   writes default_weights.json by comparing values with a diffusers folder the model was
        exported from; needed once after every export.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors import safe_open
from safetensors.torch import save_file

MAP = Path(__file__).with_name("default_weights.json")
WEIGHTS = {
    "unet": "unet/diffusion_pytorch_model.fp16.safetensors",
    "text_encoder": "text_encoder/model.fp16.safetensors",
    "vae": "vae/diffusion_pytorch_model.fp16.safetensors",
    "clip": "clip/model.safetensors",
}
FILES = {
    "unet": ["unet/model.onnx"],
    "text_encoder": ["text_encoder/model.onnx"],
    "vae": ["vae_encoder/model.onnx", "vae_decoder/model.onnx"],
    "clip": ["clip/image_encoder.onnx", "clip/text_encoder.onnx"],
}
CONFIGS = {
    "unet": "unet/config.json",
    "text_encoder": "text_encoder/config.json",
    "vae": "vae_encoder/config.json",
    "clip": "clip/config.json",
}


def initializers(model: Path, part: str) -> dict[str, np.ndarray]:
    """Floating-point initialisers of a part's ONNX files, by "file:name"."""
    found = {}
    for file in FILES[part]:
        for tensor in onnx.load(model / file).graph.initializer:
            array = numpy_helper.to_array(tensor)
            if array.dtype in (np.float16, np.float32):
                found[f"{file}:{tensor.name}"] = array
    return found


def key(array: np.ndarray) -> bytes:
    """Equal for equal values, whatever the shape and precision."""
    return array.astype(np.float32).tobytes()


def make_map(model: Path, base: Path) -> None:
    """Match every parameter of `base` with an initialiser of the same values."""
    mapping: dict[str, dict[str, list]] = {}
    for part, file in WEIGHTS.items():
        by_value: dict[bytes, list[str]] = {}
        for name, array in initializers(model, part).items():
            by_value.setdefault(key(array), []).append(name)
        mapping[part] = {}
        with safe_open(base / file, "np") as weights:
            for parameter in weights.keys():
                array = weights.get_tensor(parameter)
                plain = by_value.get(key(array))
                turned = None
                if plain is None and array.ndim == 2:
                    turned = by_value.get(key(np.ascontiguousarray(array.T)))
                found = plain or turned
                if found is not None:
                    mapping[part][parameter] = [found[0], turned is not None, list(array.shape)]
                elif array.size == 1:
                    # CLIP's temperature scales logits and is in neither of its encoders.
                    mapping[part][parameter] = [float(array.item()), False, list(array.shape)]
                else:
                    raise SystemExit(f"{part}: {parameter} {list(array.shape)} is in no ONNX file")
    MAP.write_text(json.dumps(mapping) + "\n")


def rebuild(model: Path, out: Path) -> None:
    """Write the diffusers folder."""
    mapping = json.loads(MAP.read_text())
    for part, file in WEIGHTS.items():
        arrays = initializers(model, part)
        state = {}
        for parameter, (name, turned, shape) in mapping[part].items():
            array = arrays[name] if isinstance(name, str) else np.array(name)
            array = array.reshape(shape[::-1]).T if turned else array.reshape(shape)
            state[parameter] = torch.from_numpy(array.astype(np.float16, order="C"))
        target = out / file
        target.parent.mkdir(parents=True, exist_ok=True)
        save_file(state, target, metadata={"format": "pt"})
        shutil.copy(model / CONFIGS[part], target.parent / "config.json")
    for folder in ("tokenizer", "scheduler"):
        shutil.copytree(model / folder, out / folder, dirs_exist_ok=True)
    shutil.copy(model / "model_index.json", out / "model_index.json")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Path("public/models/toybox-256"))
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--out", type=Path, help="folder to write")
    action.add_argument("--map", type=Path, help="diffusers folder to compare with")
    arguments = parser.parse_args()
    if arguments.map is not None:
        make_map(arguments.model, arguments.map)
    else:
        rebuild(arguments.model, arguments.out)


if __name__ == "__main__":
    main()
