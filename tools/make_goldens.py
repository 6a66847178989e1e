"""Write reference values computed by PyTorch autograd, for the tests of the TypeScript engine.

    python tools/make_goldens.py nano    [--out tests/reference]
    python tools/make_goldens.py default --base FOLDER [--model public/models/toybox-256] [--out
    tests/reference]

nano     float64 through the seeded nano model: nano-unet, nano-text-encoder and
         nano-vae.safetensors.
default  float64 through a diffusers folder (the one that the shipped model was exported from):
         default-unet.safetensors. Large tensors as count sketches (see seeded.sketch) and norms.
         --model is the exported folder; its studio.json says which token V* starts from.

The Custom Diffusion reference is diffusers' CustomDiffusionAttnProcessor on all 16
cross-attentions: position 0 (BOS) of K and V is detached, for the weights and for the conditioning.
"""

import argparse
import json
import time
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from safetensors.numpy import save

import golden_default
import golden_nano

LAYOUT = {
    "packed": "columns layer0.to_k | layer0.to_v | layer1.to_k | ..., C_l each, execution order",
    "loss_weight": "[B,1,h,w] mask / (4 sum(mask)) / B; total = sum(loss_weight (pred - target)^2)",
    "loss": "[B] masked mean squared error of each sample; total is its mean",
    "inputs": "normal(11, name, i) of tools/seeded.py for the names under seeded",
    "bos": "d_kv_packed holds every row; all other gradients have position 0 of K and V detached",
}


def write(path: Path, tensors: dict[str, np.ndarray], notes: dict[str, str]) -> None:
    """One safetensors file with the metadata that every reference file carries."""
    metadata = {
        "version": "1",
        "tool": "tools/make_goldens.py",
        "seed": "11",
        "libraries": json.dumps(
            {
                "torch": torch.__version__,
                "diffusers": diffusers.__version__,
                "transformers": transformers.__version__,
            }
        ),
        **notes,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(in_fixed_order(save(tensors, metadata)))
    print(f"{path}: {path.stat().st_size} bytes")
    for name, array in tensors.items():
        norm = np.linalg.norm(array.astype(np.float64))
        print(f"  {name} {array.dtype}{list(array.shape)} norm {norm:.6g}")


def in_fixed_order(file: bytes) -> bytes:
    """The same safetensors file with sorted metadata, whose order changes from run to run."""
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + file[end:]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", choices=["nano", "default"])
    parser.add_argument(
        "--base", type=Path, help="diffusers folder of the default model (fp16 safetensors)"
    )
    parser.add_argument(
        "--model", type=Path, default=Path("public/models/toybox-256"), help="its exported folder"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("tests/reference"), help="folder to write to"
    )
    args = parser.parse_args()
    torch.set_num_threads(2)
    transformers.utils.logging.disable_progress_bar()
    start = time.time()
    if args.which == "nano":
        write(
            args.out / "nano-unet.safetensors",
            golden_nano.unet(),
            {**LAYOUT, **golden_nano.UNET_NOTES},
        )
        write(
            args.out / "nano-text-encoder.safetensors",
            golden_nano.text_encoder(),
            golden_nano.TEXT_NOTES,
        )
        write(args.out / "nano-vae.safetensors", golden_nano.vae(), golden_nano.VAE_NOTES)
    else:
        if args.base is None:
            parser.error("default needs --base FOLDER")
        tensors, notes = golden_default.unet(args.base, args.model)
        write(args.out / "default-unet.safetensors", tensors, {**LAYOUT, **notes})
    print(f"{time.time() - start:.1f} s")


if __name__ == "__main__":
    main()
