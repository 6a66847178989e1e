"""Export the default model: diffusers folder -> Hugging Face optimum's ONNX layout, fp16-sized.

    python tools/export_default_model.py --base FOLDER [--out public/models/toybox-256] [--sprites
    FOLDER]

Reads   unet, text_encoder, vae, clip, tokenizer, scheduler under --base; sprites.json (the
        captions) under --sprites.
Writes  model_index.json, studio.json
        unet, text_encoder, vae_encoder, vae_decoder: model.onnx and config.json
        clip: image_encoder.onnx, text_encoder.onnx, config.json      (scores only)
        tokenizer/*, scheduler/scheduler_config.json

studio.json is ours: which token V* starts from (see rare_token.py). It is a file of its own so that
every config.json stays as its library wrote it. Weights are stored as float16 and widened by a
Cast, all arithmetic is float32. At the end every graph is run in onnxruntime and compared with
PyTorch, at the traced size and at another one.
"""

import argparse
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPModel, CLIPTextModel

import rare_token
from exporters import SplitHeadsAttention, export_dynamo
from half_storage import store_as_half
from onnx_tidy import describe, merge_equal_initializers, strip_notes
from pipeline_parts import (
    Part,
    clip_image_part,
    clip_text_part,
    text_encoder_part,
    unet_part,
    vae_decoder_part,
    vae_encoder_part,
)

TOLERANCE = (
    1e-5  # relative L2, float32 in two libraries through some hundred layers; observed about 1e-6
)
OTHER_SIZE: dict[str, Callable[[int], int]] = {
    "batch_size": lambda n: n + 1,
    "steps": lambda n: n + 2,
    "sequence_length": lambda n: n,
    "height": lambda n: n * 3 // 4,
    "width": lambda n: n * 5 // 4,
    "latent_height": lambda n: n * 3 // 4,
    "latent_width": lambda n: n * 5 // 4,
}
MODEL_INDEX = {
    "_class_name": "OnnxStableDiffusionPipeline",
    "feature_extractor": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["diffusers", "OnnxRuntimeModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "OnnxRuntimeModel"],
    "vae_decoder": ["diffusers", "OnnxRuntimeModel"],
    "vae_encoder": ["diffusers", "OnnxRuntimeModel"],
}


def load_models(base: Path) -> dict[str, nn.Module]:
    """The four models in float32; every weight is an exact fp16 number."""
    fp16 = {"variant": "fp16", "torch_dtype": torch.float32, "low_cpu_mem_usage": False}
    eager = {"dtype": torch.float32, "attn_implementation": "eager"}
    models = {
        "unet": UNet2DConditionModel.from_pretrained(base, subfolder="unet", **fp16),
        "vae": AutoencoderKL.from_pretrained(base, subfolder="vae", **fp16),
        "text_encoder": CLIPTextModel.from_pretrained(
            base / "text_encoder", variant="fp16", **eager
        ),
        "clip": CLIPModel.from_pretrained(base / "clip", **eager),
    }
    return {name: model.eval().requires_grad_(False) for name, model in models.items()}


def make_graphs(models: dict[str, nn.Module]) -> dict[str, Part]:
    """{path of the ONNX file inside the folder: what it computes}."""
    return {
        "unet/model.onnx": unet_part(models["unet"]),
        "text_encoder/model.onnx": text_encoder_part(models["text_encoder"]),
        "vae_encoder/model.onnx": vae_encoder_part(models["vae"]),
        "vae_decoder/model.onnx": vae_decoder_part(models["vae"]),
        "clip/image_encoder.onnx": clip_image_part(models["clip"]),
        "clip/text_encoder.onnx": clip_text_part(models["clip"]),
    }


def export(part: Part, path: Path) -> str:
    """Write one graph; returns its description."""
    model = export_dynamo(part, SplitHeadsAttention())
    strip_notes(model, value_info=True)
    merged = merge_equal_initializers(model)
    before = describe(str(path), model)
    halves = store_as_half(model)
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return f"{before}\n  {halves} weights as fp16 with a Cast; {merged} initialisers merged"


def other_size(part: Part) -> Part:
    """The same part at another batch and size, one timestep a sample: tries the dynamic axes."""
    inputs = {}
    for name, value in part.inputs.items():
        shape = list(value.shape)
        for axis, axis_name in part.axes[name].items():
            shape[axis] = OTHER_SIZE[axis_name](shape[axis])
        if name == "timestep":
            inputs[name] = torch.tensor([3, 421, 999])
        elif value.is_floating_point():
            inputs[name] = torch.randn(shape)
        else:
            inputs[name] = value[torch.arange(shape[0]) % len(value)]
    return replace(part, inputs=inputs)


def relative_error(path: Path, part: Part) -> float:
    """Largest ||onnxruntime - PyTorch|| / ||PyTorch|| over the outputs."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    got = session.run(part.outputs, {name: value.numpy() for name, value in part.inputs.items()})
    with torch.no_grad():
        want = part.module(*part.inputs.values())
    return max(
        float(np.linalg.norm(g - w.numpy()) / w.norm()) for g, w in zip(got, want, strict=True)
    )


def copy_files(base: Path, out: Path) -> None:
    """Config, tokenizer and scheduler files, and model_index.json."""
    for source, target in [
        ("unet", "unet"),
        ("text_encoder", "text_encoder"),
        ("vae", "vae_encoder"),
        ("vae", "vae_decoder"),
        ("clip", "clip"),
    ]:
        (out / target).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(base / source / "config.json", out / target / "config.json")
    shutil.copytree(base / "tokenizer", out / "tokenizer", dirs_exist_ok=True)
    (out / "scheduler").mkdir(exist_ok=True)
    shutil.copyfile(
        base / "scheduler/scheduler_config.json", out / "scheduler/scheduler_config.json"
    )
    write_json(out / "model_index.json", MODEL_INDEX)


def write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--base", type=Path, required=True, help="diffusers folder, fp16 safetensors"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("public/models/toybox-256"), help="folder to write to"
    )
    parser.add_argument(
        "--sprites", type=Path, help="folder with sprites.json (default: BASE/training)"
    )
    args = parser.parse_args()
    torch.set_num_threads(2)
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    args.out.mkdir(parents=True, exist_ok=True)
    copy_files(args.base, args.out)
    rare_token.write_studio_record(args.base, args.sprites or args.base / "training", args.out)
    graphs = make_graphs(load_models(args.base))
    for name, part in graphs.items():
        print(export(part, args.out / name), flush=True)
        errors = [relative_error(args.out / name, p) for p in (part, other_size(part))]
        print(f"  against PyTorch {errors[0]:.1e}, at another size {errors[1]:.1e}")
        print(f"  {(args.out / name).stat().st_size} bytes", flush=True)
        if not max(errors) < TOLERANCE:
            raise SystemExit(
                f"{name} differs from PyTorch by {max(errors):.1e}, more than {TOLERANCE}"
            )
    total = sum(p.stat().st_size for p in args.out.rglob("*") if p.is_file())
    print(f"{args.out}: {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
