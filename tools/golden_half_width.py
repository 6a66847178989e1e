"""Reference values of three training steps of the half-width model (half_width.py), in float64.

A step has one target sample and one of regularisation, each a micro-batch of its own. Gradients
are too large to keep: each projection's is a count sketch and a norm (seeded.sketch).
"""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from tokenizers import Tokenizer

import half_width
import nano_models
import seeded
from custom_diffusion import SEED, Batch, as_arrays, forward_loss, install_custom_diffusion
from golden_default import V_STAR, sketched, tokenize
from training_run import LATENT_SCALE, LEARNING_RATE, WEIGHT_DECAY, TokensWithRow

STEPS = 3
CAPTIONS = [f"photo of a {V_STAR} bear", "photo of a bear in the snow"]

NOTES = {
    "inputs": "sample n of step k: latents = 0.8 normal(11, 'latents.k', [2,4,64,64]), rounded to "
    "float32; noise = normal(11, 'noise.k', [2,4,64,64]); epsilon prediction; no mask",
    "captions": json.dumps(CAPTIONS),
    "loss": "[3,2] mean squared error of each sample, before the step's update; the training loss "
    "is the mean over the two",
    "gradient_norm": "[3] global L2 norm over everything trained",
    "K.LAYER.to_k.weight, K.LAYER.to_v.weight": "gradient of step K, PyTorch layout [C,E], as "
    "X.sketch [1024], the count sketch of X under the name X, and X.norm, its L2 norm",
    "K.row": "[E] gradient of V*'s row",
    "LAYER.to_k.weight, LAYER.to_v.weight": "final minus initial, in the same form",
    "v_star_difference": "[E] final minus initial row of V*",
    "learning_rate": str(LEARNING_RATE),
    "optimiser": "AdamW, betas 0.9 and 0.999, eps 1e-8, weight decay 1e-2 (the row: 0)",
}


def trajectory(model: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, notes); `model` is the default model's folder, for its tokenizer."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer/tokenizer.json"))
    initializer = json.loads((model / "studio.json").read_text())["initializerTokens"][0]["id"]
    scheduler = DDIMScheduler.from_config(nano_models.SCHEDULER)
    unet, encoder = half_width.unet().double(), half_width.text_encoder().double()
    processors = install_custom_diffusion(unet, train_q_out=False)
    # Self-attention without its matrix of scores: the same values, less memory.
    lean = {
        name: AttnProcessor2_0() if isinstance(processor, AttnProcessor) else processor
        for name, processor in unet.attn_processors.items()
    }
    unet.set_attn_processor(lean)
    tokens = TokensWithRow(encoder.get_input_embeddings().weight, initializer)
    encoder.set_input_embeddings(tokens)
    kv = {
        f"{layer}.{name}.weight": getattr(processor, f"{name}_custom_diffusion").weight
        for layer, processor in processors.items()
        for name in ("to_k", "to_v")
    }
    before = {name: weight.detach().clone() for name, weight in [*kv.items(), ("row", tokens.row)]}
    optimiser = torch.optim.AdamW(
        [{"params": [*kv.values()]}, {"params": [tokens.row], "weight_decay": 0.0}],
        lr=LEARNING_RATE,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=WEIGHT_DECAY,
    )
    ids = torch.tensor([tokenize(tokenizer, caption, 77) for caption in CAPTIONS])
    shape = (len(CAPTIONS), 4, half_width.LATENT_SIZE, half_width.LATENT_SIZE)
    tensors: dict[str, np.ndarray] = as_arrays(input_ids=ids, v_star_row=before["row"])
    losses, norms, timesteps = [], [], []
    for k in range(STEPS):
        latents = LATENT_SCALE * seeded.normal(SEED, f"latents.{k}", shape).astype(np.float64)
        latents = torch.from_numpy(latents.astype(np.float32)).double()
        noise = torch.from_numpy(seeded.normal(SEED, f"noise.{k}", shape)).double()
        times = (1000 * seeded.uniform(SEED, f"timesteps.{k}", len(CAPTIONS))).astype(np.int64)
        timesteps.append(torch.from_numpy(times))
        noisy = scheduler.add_noise(latents, noise, timesteps[-1])
        optimiser.zero_grad()
        parts = []
        for n in range(len(CAPTIONS)):
            own = slice(n, n + 1)
            share = torch.full((1, 1, *shape[2:]), 1 / noise[own].numel(), dtype=torch.float64)
            batch = Batch(noisy[own], noise[own], share, timesteps[-1][own])
            hidden = encoder(input_ids=ids[own]).last_hidden_state
            _, loss = forward_loss(unet, batch, hidden)
            (loss.sum() / len(CAPTIONS)).backward()
            parts.append(loss.detach())
            print(f"step {k}, sample {n}: loss {float(loss):.6f}", flush=True)
        losses.append(torch.cat(parts))
        trained = [*kv.values(), tokens.row]
        norms.append(torch.stack([parameter.grad.norm() for parameter in trained]).norm())
        for name, weight in kv.items():
            tensors |= sketched(f"{k}.{name}", weight.grad)
        tensors |= as_arrays(**{f"{k}.row": tokens.row.grad})
        optimiser.step()
    for name, weight in kv.items():
        tensors |= sketched(name, weight.detach() - before[name])
    tensors |= as_arrays(
        loss=torch.stack(losses),
        gradient_norm=torch.stack(norms),
        timesteps=torch.stack(timesteps),
        v_star_difference=tokens.row.detach() - before["row"],
    )
    return tensors, NOTES
