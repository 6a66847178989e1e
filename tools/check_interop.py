"""Check that diffusers does with our exports what the studio does with the concept.

    python tools/check_interop.py --base FOLDER --concept FILE.concept.safetensors

`--base` is the diffusers folder of the default model (default_to_diffusers.py). The concept is written
by tools/write_interop.ts in three ways, each loaded into a StableDiffusionPipeline of its own by
diffusers' public loaders: load_attn_procs (with _pipeline, without which it does nothing) and
load_textual_inversion, from safetensors and from .bin; load_lora_weights and load_textual_inversion.
Compared are the text features of a prompt with all new words, every key and value of it, and the
latents of an image after ten DDIM steps from the same noise.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

EXACT = 1e-4
"""float32 against float32 over ten guided steps; keys and values alone come to 1e-6."""
FACTORED = 5e-3
"""A LoRA keeps factors in float16, eleven bits."""


def relative(got: torch.Tensor, expected: torch.Tensor) -> float:
    return ((got - expected).norm() / expected.norm()).item()


def pipeline(base: Path) -> StableDiffusionPipeline:
    """The base model, in float32."""
    kind = {"variant": "fp16", "torch_dtype": torch.float32}
    pipe = StableDiffusionPipeline(
        AutoencoderKL.from_pretrained(base / "vae", **kind),
        CLIPTextModel.from_pretrained(base / "text_encoder", variant="fp16", dtype=torch.float32),
        CLIPTokenizer.from_pretrained(base / "tokenizer"),
        UNet2DConditionModel.from_pretrained(base / "unet", **kind),
        DDIMScheduler.from_pretrained(base / "scheduler"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def load_custom_diffusion(pipe: StableDiffusionPipeline, folder: Path, ending: str) -> None:
    name = f"pytorch_custom_diffusion_weights.{ending}"
    pipe.unet.load_attn_procs(str(folder), weight_name=name, _pipeline=pipe)
    load_words(pipe, folder, ending)


def load_lora(pipe: StableDiffusionPipeline, folder: Path) -> None:
    pipe.load_lora_weights(str(folder), weight_name="lora.safetensors")
    load_words(pipe, folder, "safetensors")


def load_words(pipe: StableDiffusionPipeline, folder: Path, ending: str) -> None:
    for word in sorted(folder.glob(f"<*.{ending}")):
        pipe.load_textual_inversion(str(folder), weight_name=word.name)


@torch.no_grad()
def image_distance(pipe: StableDiffusionPipeline, ours: dict, notes: dict) -> float:
    latents = pipe(
        notes["prompt"],
        latents=ours["noise"][None],
        num_inference_steps=int(notes["steps"]),
        guidance_scale=float(notes["guidance"]),
        output_type="latent",
    ).images
    return relative(latents[0], ours["latents"])


@torch.no_grad()
def compare(pipe: StableDiffusionPipeline, ours: dict, notes: dict) -> dict[str, float]:
    ids = pipe.tokenizer(
        notes["prompt"], padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    ).input_ids
    features = pipe.text_encoder(ids).last_hidden_state
    worst = 0.0
    for name, module in pipe.unet.named_modules():
        if not name.endswith("attn2"):
            continue
        processor = module.processor
        own = hasattr(processor, "to_k_custom_diffusion")
        for role, layer in [
            ("key", processor.to_k_custom_diffusion if own else module.to_k),
            ("value", processor.to_v_custom_diffusion if own else module.to_v),
        ]:
            worst = max(worst, relative(layer(features)[0], ours[f"{name}.{role}"]))
    return {
        "text features": relative(features[0], ours["features"]),
        "keys and values, worst layer": worst,
        "latents of the image": image_distance(pipe, ours, notes),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--concept", type=Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        subprocess.run(
            ["npx", "tsx", "tools/write_interop.ts", str(args.concept), temporary], check=True
        )
        ours = load_file(folder / "ours.safetensors")
        with safe_open(folder / "ours.safetensors", "pt") as file:
            notes = file.metadata()
        print(f"prompt: {notes['prompt']}")
        plain = image_distance(pipeline(args.base), ours, notes)
        print(f"without the concept the latents are {plain:.3f} away")
        for name, load, tolerance in [
            ("safetensors", lambda p: load_custom_diffusion(p, folder / "diffusers", "safetensors"), EXACT),
            ("bin", lambda p: load_custom_diffusion(p, folder / "diffusers-bin", "bin"), EXACT),
            ("LoRA", lambda p: load_lora(p, folder / "lora"), FACTORED),
        ]:
            pipe = pipeline(args.base)
            load(pipe)
            found = compare(pipe, ours, notes)
            for what, distance in found.items():
                print(f"{name}: {what} {distance:.1e}")
                assert distance < tolerance, (name, what, distance)
    print("all within tolerance")


if __name__ == "__main__":
    main()
