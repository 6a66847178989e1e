"""Ten steps of Custom Diffusion training as PyTorch and diffusers do them, on fixed inputs.

B = 4 (two target samples, two regularisation samples), L = 77, E text width, S packed columns, V
vocabulary size. K and V of all cross-attentions and the row of V* (id V, one past the last row of
the token embedding table) are trained by AdamW at one learning rate; the row has no weight decay.
V* starts as a copy of the row that studio.json names. The default model's tokenizer serves both
models.
Everything that a step draws is fixed: `steps` makes it from seeded numbers.
"""

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from tokenizers import Tokenizer
from torch import nn
from transformers import CLIPTextModel

import seeded
from custom_diffusion import SEED, Batch, forward_loss, install_custom_diffusion
from golden_default import V_STAR, tokenize

STEPS = 10
BATCH = 4
LEARNING_RATE = 3e-4
WEIGHT_DECAY = 1e-2
LATENT_SCALE = 0.8  # about the standard deviation of the default model's latents
PREFIXES = ["", "a far away ", "zoomed in "]
SHRUNK = "a far away "
REGULARISATION = [
    "photo of a bear in the snow",
    "a bear on a blue background",
    "very small photo of a bear in space",
    "painting of a bear on the grass",
    "a photo of a panda under the moon",
    "zoomed in photo of the orange bear on the road",
    "photo of a koala in the ocean",
]


@dataclass(frozen=True)
class Step:
    """Inputs of a step: ids [B,L], latents and noise [B,4,h,w], timesteps [B], mask [B,1,h,w]."""

    captions: list[str]
    ids: torch.Tensor
    latents: torch.Tensor
    noise: torch.Tensor
    timesteps: torch.Tensor
    mask: torch.Tensor


@dataclass(frozen=True)
class Settings:
    """micro_batch divides B; max_norm None leaves gradients as they are."""

    train_q_out: bool = False
    max_norm: float | None = None
    micro_batch: int = BATCH


PLAIN = Settings()
# Clipping acts in eight of the ten steps.
FACE = Settings(train_q_out=True, max_norm=0.35, micro_batch=2)


@dataclass(frozen=True)
class Trajectory:
    """loss [STEPS,B] and gradient_norm [STEPS]; differences final minus initial, PyTorch layout.

    kv: {layer.to_k.weight or layer.to_v.weight: [C,E]} in packed order; q_out: flat, empty where
    not trained; row: [E].
    """

    loss: torch.Tensor
    gradient_norm: torch.Tensor
    kv: dict[str, torch.Tensor]
    q_out: torch.Tensor
    row: torch.Tensor

    def packed(self) -> torch.Tensor:
        """[E,S]"""
        return torch.cat([difference.T for difference in self.kv.values()], dim=1)


class TokensWithRow(nn.Module):
    """An embedding whose frozen table [V,E] is continued by one trained row, id V."""

    def __init__(self, table: torch.Tensor, initializer: int):
        super().__init__()
        self.table = table
        self.row = nn.Parameter(table[initializer].clone())

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return nn.functional.embedding(ids, torch.cat([self.table, self.row[None]]))


def steps(tokenizer: Tokenizer, size: int) -> list[Step]:
    """The ten steps' inputs in float64, for latents of `size` x `size`."""
    out = []
    for k in range(STEPS):
        prefixes = [PREFIXES[(k + i) % len(PREFIXES)] for i in (1, 2)]
        captions = [f"{prefix}photo of a {V_STAR} bear" for prefix in prefixes]
        captions += [REGULARISATION[(2 * k + i) % len(REGULARISATION)] for i in (0, 1)]
        mask = torch.ones(BATCH, 1, size, size, dtype=torch.float64)
        for sample, prefix in enumerate(prefixes):
            if prefix == SHRUNK:
                mask[sample] = rectangle(size, k)
        shape = (BATCH, 4, size, size)
        latents = LATENT_SCALE * seeded.normal(SEED, f"latents.{k}", shape).astype(np.float64)
        timesteps = 1000 * seeded.uniform(SEED, f"timesteps.{k}", BATCH)
        out.append(
            Step(
                captions,
                torch.tensor([tokenize(tokenizer, caption, 77) for caption in captions]),
                torch.from_numpy(latents.astype(np.float32)).double(),
                torch.from_numpy(seeded.normal(SEED, f"noise.{k}", shape)).double(),
                torch.from_numpy(timesteps.astype(np.int64)),
                mask,
            )
        )
    return out


def rectangle(size: int, step: int) -> torch.Tensor:
    """[1,size,size]: ones where a shrunk photo would lie, at another place in each step."""
    mask = torch.zeros(1, size, size, dtype=torch.float64)
    top, left = (step % 4) * size // 8, (step % 3) * size // 8
    mask[:, top : top + size // 2, left : left + size * 5 // 8] = 1
    return mask


def train(
    unet: UNet2DConditionModel,
    encoder: CLIPTextModel,
    initializer: int,
    scheduler: DDIMScheduler,
    inputs: list[Step],
    settings: Settings,
) -> Trajectory:
    """Train frozen models for the ten steps, in their own precision. Changes both."""
    processors = install_custom_diffusion(unet, settings.train_q_out)
    tokens = TokensWithRow(encoder.get_input_embeddings().weight, initializer)
    encoder.set_input_embeddings(tokens)
    kv = {
        f"{layer}.{name}.weight": getattr(processor, f"{name}_custom_diffusion").weight
        for layer, processor in processors.items()
        for name in ("to_k", "to_v")
    }
    q_out = []
    if settings.train_q_out:
        for p in processors.values():
            out = p.to_out_custom_diffusion[0]
            q_out += [p.to_q_custom_diffusion.weight, out.weight, out.bias]
    trained = [*kv.values(), *q_out, tokens.row]
    before = [parameter.detach().clone() for parameter in trained]
    optimiser = torch.optim.AdamW(
        [{"params": trained[:-1]}, {"params": [tokens.row], "weight_decay": 0.0}],
        lr=LEARNING_RATE,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=WEIGHT_DECAY,
    )
    losses, norms = [], []
    for step in inputs:
        optimiser.zero_grad()
        parts = [
            backward(unet, encoder, scheduler, step, slice(at, at + settings.micro_batch))
            for at in range(0, BATCH, settings.micro_batch)
        ]
        limit = float("inf") if settings.max_norm is None else settings.max_norm
        norms.append(torch.nn.utils.clip_grad_norm_(trained, limit))
        optimiser.step()
        losses.append(torch.cat(parts))
    differences = [p.detach() - was for p, was in zip(trained, before, strict=True)]
    return Trajectory(
        torch.stack(losses),
        torch.stack(norms),
        dict(zip(kv, differences, strict=False)),
        torch.cat([torch.empty(0), *(d.flatten() for d in differences[len(kv) : -1])]),
        differences[-1],
    )


def backward(
    unet: UNet2DConditionModel,
    encoder: CLIPTextModel,
    scheduler: DDIMScheduler,
    step: Step,
    samples: slice,
) -> torch.Tensor:
    """Add some samples' share of the gradient; their masked mean squared errors."""
    mask, noise, timesteps = step.mask[samples], step.noise[samples], step.timesteps[samples]
    noisy = scheduler.add_noise(step.latents[samples], noise, timesteps)
    share = mask / (noise.shape[1] * mask.sum((1, 2, 3), keepdim=True)) / BATCH
    batch = Batch(*(x.to(unet.dtype) for x in (noisy, noise, share)), timesteps)
    hidden = encoder(input_ids=step.ids[samples]).last_hidden_state
    _, loss = forward_loss(unet, batch, hidden)
    loss.mean().backward()
    return loss.detach() * BATCH / len(loss)
