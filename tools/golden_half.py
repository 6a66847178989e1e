"""How far float16 leads PyTorch itself from the nano model's references, which are float64."""

import numpy as np
import torch

import golden_nano
import nano_models
import seeded
from custom_diffusion import SEED, forward_loss, make_batch, projection_output_gradients

NOTES = {
    "weights": "[2] relative L2 distances of the prediction and of d_kv_packed (nano-unet) in float64 "
    "arithmetic where only the weights are rounded to float16",
    "autocast": "[2] the same under torch.autocast(float16) on the CPU, float32 weights",
}


def distances() -> dict[str, np.ndarray]:
    """Of the prediction and the gradient at the packed K/V of one step, batch 2."""
    exact = step(nano_models.unet().double())
    rounded = nano_models.unet().double()
    for weight in rounded.parameters():
        weight.data = weight.data.half().double()
    weights = step(rounded)
    with torch.autocast("cpu", dtype=torch.float16):
        autocast = step(nano_models.unet().float())
    return {
        name: np.array([relative(got, want) for got, want in zip(pair, exact)], np.float32)
        for name, pair in (("weights", weights), ("autocast", autocast))
    }


def step(model: torch.nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """(prediction, d_kv_packed) of the step of nano-unet."""
    batch = make_batch(model, golden_nano.TIMESTEPS)
    hidden = torch.from_numpy(
        seeded.normal(SEED, "encoder_hidden_states", (2, 77, nano_models.WIDTH))
    ).to(model.dtype)
    with torch.no_grad():
        prediction = forward_loss(model, batch, hidden)[0]
    return prediction, projection_output_gradients(model, batch, hidden)


def relative(got: torch.Tensor, want: torch.Tensor) -> float:
    return float((got.double() - want).norm() / want.norm())
