"""Reference values of where the nano model's text tokens are looked at, in float64.

Cross-attention probabilities as Prompt-to-Prompt (arXiv 2208.01626) and DAAM (arXiv 2210.04885) read
them off diffusers' UNet: each attn2's softmax(Q K^T / sqrt(d)), averaged over its heads.
"""

import numpy as np
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor
from torch.nn import functional

import nano_models
import seeded
from custom_diffusion import SEED, as_arrays, cross_attentions, install_plain, make_batch
from golden_nano import TIMESTEPS

# Of the batch of two, the sample whose values are kept.
SAMPLE = 1

NOTES = {
    "seeded": "sample, encoder_hidden_states [2,77,16], as in nano-unet",
    "sample": f"values of sample {SAMPLE} of the batch",
    "places_N": "[N,77] mean over heads, and over all attn2 that look at N places",
    "heat": "[77,16,16] mean over heads and all 16 attn2, each resampled to the latents' grid, "
    "bilinear, align_corners False",
}


class Recorder(AttnProcessor):
    """Attention as it is, with probabilities computed beside it: `seen` gets [B,T,L] a call."""

    def __init__(self, seen: list[torch.Tensor]) -> None:
        super().__init__()
        self.seen = seen

    def __call__(
        self,
        attn: Attention,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        **others: object,
    ) -> torch.Tensor:
        """As AttnProcessor."""
        query, key = attn.to_q(hidden_states), attn.to_k(encoder_hidden_states)
        batch, places, width = query.shape
        query, key = (x.view(batch, -1, attn.heads, width // attn.heads) for x in (query, key))
        scores = torch.einsum("bthd,blhd->bhtl", query, key) / (width // attn.heads) ** 0.5
        self.seen.append(scores.softmax(-1).mean(1))
        return super().__call__(
            attn, hidden_states, encoder_hidden_states, attention_mask, **others
        )


@torch.no_grad()
def nano() -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, notes)."""
    model = nano_models.unet().double()
    batch = make_batch(model, TIMESTEPS)
    hidden = torch.from_numpy(
        seeded.normal(SEED, "encoder_hidden_states", (2, 77, nano_models.WIDTH))
    ).double()
    install_plain(model)
    seen: list[torch.Tensor] = []
    for layer in cross_attentions(model).values():
        layer.set_processor(Recorder(seen))
    model(batch.sample, batch.timesteps, hidden)
    own = [maps[SAMPLE] for maps in seen]
    tensors = {}
    for places in sorted({len(maps) for maps in own}):
        tensors[f"places_{places}"] = torch.stack([m for m in own if len(m) == places]).mean(0)
    size = nano_models.LATENT_SIZE
    heat = torch.stack([resampled(maps, size) for maps in own]).mean(0)
    return as_arrays(heat=heat, **tensors), NOTES | {"blocks": str(len(own))}


def resampled(maps: torch.Tensor, size: int) -> torch.Tensor:
    """[T,L] on a square grid to [L,size,size]."""
    side = round(len(maps) ** 0.5)
    grid = maps.T.reshape(1, -1, side, side)
    return functional.interpolate(grid, (size, size), mode="bilinear", align_corners=False)[0]
