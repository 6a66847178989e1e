"""Write reference values computed by PyTorch autograd, for the tests of the TypeScript engine.

    python tools/make_goldens.py nano    [--model public/models/toybox-256] [--out tests/reference]
    python tools/make_goldens.py default --base FOLDER [--model public/models/toybox-256]
        [--photos public/samples/concepts/teddy-bear] [--out tests/reference]

nano     float64 through the seeded nano model: nano-unet, nano-half, nano-text-encoder, nano-vae,
         nano-trajectory, nano-face-trajectory, nano-generate and nano-attention.safetensors.
default  float64 through a diffusers folder (the one that the shipped model was exported from):
         default-unet, default-trajectory, default-generate, default-vae and
         clip-scores.safetensors. Large tensors as count sketches (see seeded.sketch) and norms.
         --model is the exported folder: its tokenizer, and its studio.json, which says which token
         V* starts from. --photos holds the PNGs that the VAE and CLIP encode.

The Custom Diffusion reference is diffusers' CustomDiffusionAttnProcessor on all 16
cross-attentions: position 0 (BOS) of K and V is detached, for the weights and for the conditioning.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from safetensors.numpy import save

import golden_attention
import golden_clip
import golden_default
import golden_generate
import golden_half_width
import golden_half
import golden_nano
import golden_trajectory
import training_run

LAYOUT = {
    "packed": "columns layer0.to_k | layer0.to_v | layer1.to_k | ..., C_l each, execution order",
    "loss_weight": "[B,1,h,w] mask / (4 sum(mask)) / B; total = sum(loss_weight (pred - target)^2)",
    "loss": "[B] masked mean squared error of each sample; total is its mean",
    "inputs": "normal(11, name, i) of tools/seeded.py for the names under seeded",
    "bos": "d_kv_packed holds every row; all other gradients have position 0 of K and V detached",
}

# Tensors and notes.
Golden = tuple[dict[str, np.ndarray], dict[str, str]]


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


def nano(args: argparse.Namespace) -> Iterator[tuple[str, Golden]]:
    """(file name, golden) of the nano model."""
    yield "nano-unet", (golden_nano.unet(), LAYOUT | golden_nano.UNET_NOTES)
    yield "nano-half", (golden_half.distances(), golden_half.NOTES)
    yield "nano-text-encoder", (golden_nano.text_encoder(), golden_nano.TEXT_NOTES)
    yield "nano-vae", (golden_nano.vae(), golden_nano.VAE_NOTES)
    plain, face = training_run.PLAIN, training_run.FACE
    yield "nano-trajectory", golden_trajectory.nano(args.model, plain)
    yield "nano-face-trajectory", golden_trajectory.nano(args.model, face)
    yield "nano-generate", golden_generate.nano(args.model)
    yield "nano-attention", golden_attention.nano()


def default(args: argparse.Namespace) -> Iterator[tuple[str, Golden]]:
    """(file name, golden) of the default model."""
    tensors, notes = golden_default.unet(args.base, args.model)
    yield "default-unet", (tensors, LAYOUT | notes)
    yield "default-trajectory", golden_trajectory.default(args.base, args.model)
    yield "default-generate", golden_generate.default(args.base)
    yield "default-vae", golden_generate.vae(args.base, args.photos)
    yield "clip-scores", golden_clip.scores(args.base, args.photos)


def half_width(args: argparse.Namespace) -> Iterator[tuple[str, Golden]]:
    """(file name, golden) of the half-width model; some minutes and 6 GB."""
    yield "half-width-trajectory", golden_half_width.trajectory(args.model)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", choices=["nano", "default", "half-width"])
    parser.add_argument(
        "--base", type=Path, help="diffusers folder of the default model (fp16 safetensors)"
    )
    parser.add_argument(
        "--model", type=Path, default=Path("public/models/toybox-256"), help="its exported folder"
    )
    parser.add_argument(
        "--photos",
        type=Path,
        default=Path("public/samples/concepts/teddy-bear"),
        help="folder of PNGs",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("tests/reference"), help="folder to write to"
    )
    args = parser.parse_args()
    torch.set_num_threads(2)
    transformers.utils.logging.disable_progress_bar()
    start = time.time()
    if args.which == "default" and args.base is None:
        parser.error("default needs --base FOLDER")
    files = {"nano": nano, "default": default, "half-width": half_width}[args.which]
    for name, (tensors, notes) in files(args):
        write(args.out / f"{name}.safetensors", tensors, notes)
    print(f"{time.time() - start:.1f} s")


if __name__ == "__main__":
    main()
