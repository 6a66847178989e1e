"""Reference values of one image from words: diffusers' StableDiffusionPipeline, DDIM, in float64.

A second run in float32 says how far rounding alone moves the latents (metadata "float32").
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

import nano_models
import seeded
from custom_diffusion import SEED, as_arrays
from golden_clip import photographs
from golden_default import sketched

PROMPT = "photo of a bear in the snow"
STEPS = 5
GUIDANCE = 4.5
THUMBNAIL = 32

NOTES = {
    "prompt": PROMPT,
    "steps": str(STEPS),
    "guidance_scale": str(GUIDANCE),
    "scheduler": "DDIM, eta 0",
    "seeded": "generate.latents [1,4,h,w], the latents before the first step",
    "image": "[1,3,8h,8w] as the VAE gives it, not clamped: count sketch under the name "
    "image and L2 norm",
    "thumbnail": "[3,32,32] means over squares of the image, clamped to [-1,1] first",
}


def pipeline(
    tokenizer: Path,
    unet: UNet2DConditionModel,
    encoder: CLIPTextModel,
    vae: AutoencoderKL,
    scheduler: DDIMScheduler,
) -> StableDiffusionPipeline:
    """The models in one pipeline without a safety checker."""
    pipe = StableDiffusionPipeline(
        vae,
        encoder,
        CLIPTokenizer.from_pretrained(tokenizer),
        unet,
        scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def latents_of(pipe: StableDiffusionPipeline, negative: str) -> torch.Tensor:
    """[STEPS,4,h,w] latents after every step."""
    size = pipe.unet.config.sample_size
    start = seeded.normal(SEED, "generate.latents", (1, 4, size, size))
    after: list[torch.Tensor] = []

    def keep(_pipe: object, _index: int, _timestep: object, values: dict) -> dict:
        after.append(values["latents"])
        return values

    pipe(
        PROMPT,
        negative_prompt=negative,
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        latents=torch.from_numpy(start).to(pipe.unet.dtype),
        output_type="latent",
        callback_on_step_end=keep,
    )
    return torch.cat(after)


@torch.no_grad()
def decoded(pipe: StableDiffusionPipeline, latents: torch.Tensor) -> dict[str, np.ndarray]:
    """The last step's image as sketch, norm and thumbnail."""
    image = pipe.vae.decode(latents[-1:] / pipe.vae.config.scaling_factor).sample
    small = functional.adaptive_avg_pool2d(image.clamp(-1, 1), THUMBNAIL)[0]
    return sketched("image", image) | as_arrays(thumbnail=small)


def generate(
    make: Callable[[], StableDiffusionPipeline], negative: str
) -> tuple[torch.Tensor, dict[str, np.ndarray], str]:
    """(latents after every step, decoded image, distance of a float32 run). `make`: in float64."""
    pipe = make()
    latents = latents_of(pipe, negative)
    image = decoded(pipe, latents)
    single = make()
    for model in (single.unet, single.text_encoder, single.vae):
        model.float()
    rounded = latents_of(single, negative)[-1]
    distance = float((rounded - latents[-1]).norm() / latents[-1].norm())
    return latents, image, f"{distance:.0e}"


def nano(model: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, notes) of the nano model, predicting noise and velocity.

    model: the exported default model, for its tokenizer.
    """
    negative = "a cat"
    tensors: dict[str, np.ndarray] = {}
    distances = {}
    for prediction in ("epsilon", "v_prediction"):

        def make(prediction: str = prediction) -> StableDiffusionPipeline:
            config = nano_models.SCHEDULER | {"prediction_type": prediction}
            return pipeline(
                model / "tokenizer",
                nano_models.unet().double(),
                nano_models.text_encoder().double(),
                nano_models.vae().double(),
                DDIMScheduler.from_config(config),
            )

        latents, image, distances[prediction] = generate(make, negative)
        found = as_arrays(latents=latents) | image
        tensors |= {f"{prediction}.{name}": array for name, array in found.items()}
    return tensors, NOTES | {
        "negative_prompt": negative,
        "latents": "[5,4,16,16] after every step",
        "names": "epsilon.X and v_prediction.X: what the UNet's output is taken for",
        "float32": json.dumps(distances),
    }


def default(base: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, notes) of the default model."""

    def make() -> StableDiffusionPipeline:
        double = {"torch_dtype": torch.float64, "low_cpu_mem_usage": False}
        fp16 = {"variant": "fp16"}
        return pipeline(
            base / "tokenizer",
            UNet2DConditionModel.from_pretrained(base, subfolder="unet", **double, **fp16),
            CLIPTextModel.from_pretrained(base / "text_encoder", dtype=torch.float64, **fp16),
            load_vae(base),
            DDIMScheduler.from_pretrained(base, subfolder="scheduler"),
        )

    latents, image, distance = generate(make, "")
    return as_arrays(latents=latents[-1:]) | image, NOTES | {
        "negative_prompt": "",
        "latents": "[1,4,32,32] after the last step",
        "float32": distance,
    }


def load_vae(base: Path) -> AutoencoderKL:
    """The default model's VAE in float64."""
    return AutoencoderKL.from_pretrained(
        base,
        subfolder="vae",
        variant="fp16",
        torch_dtype=torch.float64,
        low_cpu_mem_usage=False,
    ).eval()


@torch.no_grad()
def vae(base: Path, photos: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, notes): moments of the first photo."""
    latent = load_vae(base).encode(photographs(photos)[:1]).latent_dist
    mean, logvar = latent.parameters.chunk(2, dim=1)
    return as_arrays(mean=mean, logvar=logvar), {
        "mean, logvar": "[1,4,32,32] of the first photo by name, pixels / 127.5 - 1; not scaled"
    }
