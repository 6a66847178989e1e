"""Write files that the TypeScript writers must reproduce byte for byte.

python tools/make_file_goldens.py [--out tests/reference]

safetensors-order   every element type, awkward names: how the safetensors library orders a file
concept-v1.concept  a concept of a model with two cross-attention layers and four text channels
"""

import argparse
import json
import struct
from pathlib import Path

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch

import seeded

SEED = 11

# The concept's model: width of its text features, and of each layer.
WIDTH = 4
LAYERS = {
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2": 3,
    "mid_block.attentions.0.transformer_blocks.0.attn2": 5,
}

DTYPES = [
    *["bool", "uint8", "int8", "int16", "uint16", "float16", "bfloat16"],
    *["int32", "uint32", "float32", "float64", "int64", "uint64"],
]
NAMES = ["10", "9", "__proto__", 'a "b"\n\x01\x7f\u2028\\', "\ufb00", "\U0001f9f8"]


def order() -> bytes:
    """Three small numbers of each type, and float32 scalars whose names need care."""
    values = torch.tensor([0, 1, 2])
    tensors = {f"values_{name}": values.to(getattr(torch, name)) for name in DTYPES}
    tensors |= {name: torch.tensor(float(i)) for i, name in enumerate(NAMES)}
    tensors["empty"] = torch.zeros(0, 2)
    # The library leaves several entries of metadata in any order.
    return safetensors.torch.save(tensors, metadata={"tool": "tools/make_file_goldens.py"})


def concept() -> bytes:
    """A face-mode concept with two modifier tokens; differences of the size that training gives."""
    tensors: dict[str, np.ndarray] = {}

    def difference(name: str, *shape: int) -> None:
        tensors[name] = (seeded.normal(SEED, name, shape) * np.float32(2**-7)).astype(np.float16)

    for layer, channels in LAYERS.items():
        difference(f"{layer}.to_k.weight", channels, WIDTH)
        difference(f"{layer}.to_v.weight", channels, WIDTH)
        difference(f"{layer}.to_q.weight", channels, channels)
        difference(f"{layer}.to_out.0.weight", channels, channels)
        difference(f"{layer}.to_out.0.bias", channels)
    for token in ["<new1>", "<Bär>"]:
        for name in [f"modifier_token.{token}", f"modifier_token_initial.{token}"]:
            tensors[name] = seeded.normal(SEED, name, (WIDTH,))
    tokens = [{"token": "<new1>", "category": "bear"}, {"token": "<Bär>", "category": "plush toy"}]
    return sorted_metadata(
        safetensors.numpy.save(
            tensors,
            metadata={
                "format": "custom-diffusion-studio.concept",
                "version": "1",
                "base_model": compact({"id": "tiny", "fingerprint": "00c0ffee"}),
                "tokens": compact(tokens),
                "train": "crossattn",
                "settings": compact({"steps": 200, "learningRate": 3e-4, "seed": 1}),
                "metrics": compact({"loss": 0.125}),
            },
        )
    )


def compact(value: object) -> str:
    """JSON as JavaScript writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sorted_metadata(file: bytes) -> bytes:
    """The same file with its metadata ordered by key."""
    (length,) = struct.unpack("<Q", file[:8])
    header = json.loads(file[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = compact(header).encode()
    return file[:8] + text.ljust(length) + file[8 + length :]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("tests/reference"))
    arguments = parser.parse_args()
    (arguments.out / "safetensors-order.safetensors").write_bytes(order())
    (arguments.out / "concept-v1.concept.safetensors").write_bytes(concept())


if __name__ == "__main__":
    main()
