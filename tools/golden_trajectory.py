"""Reference values of ten training steps, see training_run.py for what they are.

The run is in float64. A second one in float32 says how far rounding alone moves the result
(metadata "float32"): AdamW divides each gradient by its own size, so the small and inexact ones
count as much as the others.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from tokenizers import Tokenizer
from transformers import CLIPTextModel

import nano_models
from custom_diffusion import as_arrays
from golden_default import sketched
from training_run import BATCH, LEARNING_RATE, PLAIN, Settings, Trajectory, steps, train

NOTES = {
    "inputs": "sample n of step k: latents = 0.8 normal(11, 'latents.k', [4,4,h,w]), rounded to "
    "float32; noise = normal(11, 'noise.k', [4,4,h,w]); epsilon prediction",
    "loss": "[10,4] masked mean squared error of each sample, before the step's update; the "
    "training loss is the mean over the four",
    "gradient_norm": "[10] global L2 norm over everything trained, before clipping",
    "masks": "[10,4,h,w] uint8",
    "v_star_difference": "[E] final minus initial row of V*; v_star_row is the initial one",
    "optimiser": "AdamW, betas 0.9 and 0.999, eps 1e-8, weight decay 1e-2 (the row: 0)",
}

Models = Callable[[], tuple[UNet2DConditionModel, CLIPTextModel]]


def run(
    models: Models, model: Path, scheduler: DDIMScheduler, settings: Settings
) -> tuple[Trajectory, dict[str, np.ndarray], dict[str, str]]:
    """(float64 trajectory, what every file holds of it, notes). `models` loads float64 ones."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer/tokenizer.json"))
    initializer = json.loads((model / "studio.json").read_text())["initializerTokens"][0]["id"]

    def trajectory(settings: Settings, single: bool = False) -> Trajectory:
        unet, encoder = (m.float() if single else m for m in models())
        return train(unet, encoder, initializer, scheduler, inputs, settings)

    unet, encoder = models()
    inputs = steps(tokenizer, unet.config.sample_size)
    exact = trajectory(settings)
    rounded = distances(trajectory(settings, single=True), exact)
    if settings.micro_batch < BATCH:
        whole = Settings(settings.train_q_out, settings.max_norm)
        check_accumulation(exact, trajectory(whole))
    tensors = as_arrays(
        input_ids=torch.stack([step.ids for step in inputs]),
        timesteps=torch.stack([step.timesteps for step in inputs]),
        v_star_row=encoder.get_input_embeddings().weight[initializer],
        loss=exact.loss,
        gradient_norm=exact.gradient_norm,
        v_star_difference=exact.row,
    )
    masks = torch.cat([step.mask.transpose(0, 1) for step in inputs])
    tensors["masks"] = masks.numpy().astype(np.uint8)
    notes = NOTES | {
        "captions": json.dumps([step.captions for step in inputs]),
        "learning_rate": str(LEARNING_RATE),
        "max_norm": str(settings.max_norm),
        "micro_batch": str(settings.micro_batch),
        "float32": json.dumps({name: f"{x:.0e}" for name, x in rounded.items()}),
    }
    return exact, tensors, notes


def distances(got: Trajectory, want: Trajectory) -> dict[str, float]:
    """Relative L2 distances of differences; largest relative distances of losses and norms."""

    def l2(a: torch.Tensor, b: torch.Tensor) -> float:
        return float((a.double() - b).norm() / b.norm())

    def largest(a: torch.Tensor, b: torch.Tensor) -> float:
        return float(((a.double() - b) / b).abs().max())

    out = {
        "kv": l2(got.packed(), want.packed()),
        "kv_worst_layer": max(l2(got.kv[name], want.kv[name]) for name in want.kv),
        "row": l2(got.row, want.row),
        "loss": largest(got.loss, want.loss),
        "gradient_norm": largest(got.gradient_norm, want.gradient_norm),
    }
    return out | ({"q_out": l2(got.q_out, want.q_out)} if want.q_out.numel() else {})


def check_accumulation(accumulated: Trajectory, whole: Trajectory) -> None:
    """Micro-batches must give what the whole batch gives, to the rounding of float64."""
    for name, distance in distances(accumulated, whole).items():
        if distance > 1e-9:
            raise RuntimeError(f"{name}: accumulation moved it by {distance:.1e}")


def nano_pair() -> tuple[UNet2DConditionModel, CLIPTextModel]:
    """The nano model in float64."""
    return nano_models.unet().double(), nano_models.text_encoder().double()


def nano(model: Path, settings: Settings) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, notes) of the nano model: differences in full."""
    scheduler = DDIMScheduler.from_config(nano_models.SCHEDULER)
    exact, tensors, notes = run(nano_pair, model, scheduler, settings)
    tensors |= as_arrays(kv_difference=exact.packed())
    notes["kv_difference"] = "[E,S] final minus initial packed weights"
    if settings.train_q_out:
        tensors |= as_arrays(query_out_difference=exact.q_out)
        notes["query_out_difference"] = (
            "flat, final minus initial, per layer in execution order: to_q.weight [C,C], "
            "to_out.0.weight [C,C], to_out.0.bias [C], PyTorch layout"
        )
    return tensors, notes


def default(base: Path, model: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, notes) of the default model: one sketch and norm a projection."""

    def models() -> tuple[UNet2DConditionModel, CLIPTextModel]:
        fp16 = {"variant": "fp16"}
        net = UNet2DConditionModel.from_pretrained(
            base, subfolder="unet", torch_dtype=torch.float64, low_cpu_mem_usage=False, **fp16
        )
        encoder = CLIPTextModel.from_pretrained(
            base / "text_encoder", dtype=torch.float64, attn_implementation="eager", **fp16
        )
        return net.eval().requires_grad_(False), encoder.eval().requires_grad_(False)

    scheduler = DDIMScheduler.from_pretrained(base, subfolder="scheduler")
    exact, tensors, notes = run(models, model, scheduler, PLAIN)
    for name, difference in exact.kv.items():
        tensors |= sketched(name, difference)
    notes["LAYER.to_k.weight, LAYER.to_v.weight"] = (
        "final minus initial projection, PyTorch layout [C,E], as X.sketch [1024], the count "
        "sketch of X under the name X, and X.norm, its L2 norm"
    )
    return tensors, notes
