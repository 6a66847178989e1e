"""Training and sampling text encoder + UNet: a pool of encoded pictures, one step, previews."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler
from torch import Tensor, nn

from models import (
    LATENT_CHANNELS,
    LATENT_STRIDE,
    PICTURE_SIZE,
    SCHEDULER_CONFIG,
    TRAIN_TIMESTEPS,
    Denoiser,
)
from tokenizer import CaptionTokenizer
from training import MAX_GRADIENT_NORM, Ema, NoiseSchedule, adamw, autocast, set_rate
from world import World
from world.captions import PAIR_PROBABILITY
from world.world import save_sheet

RENDER_BATCH = 128
# Share of captions replaced by the empty one, which classifier-free guidance needs.
CAPTION_DROPOUT = 0.1
PREVIEW_STEPS = 30
SMOKE_PREVIEW_STEPS = 2
SMOKE_PREVIEW_PROMPTS = 2


class LatentPool:
    """Encoded pictures with their captions, on the device, replaced a few at a time.

    latents    [size, 4, r, r] fp16, drawn from the VAE's posterior and scaled; r = resolution / 8
    token_ids  [size, 77] int16
    """

    def __init__(
        self,
        world: World,
        vae: AutoencoderKL,
        tokenizer: CaptionTokenizer,
        size: int,
        resolution: int = PICTURE_SIZE,
        sources: Sequence[str] | None = None,
        pair_probability: float = PAIR_PROBABILITY,
    ) -> None:
        self.world, self.vae, self.tokenizer = world, vae, tokenizer
        self.resolution = resolution
        self.sources, self.pair_probability = sources, pair_probability
        self.latents, self.token_ids = self._render(size)
        self.oldest = 0

    def __len__(self) -> int:
        return len(self.latents)

    @torch.no_grad()
    def _render(self, count: int) -> tuple[Tensor, Tensor]:
        latents, token_ids = [], []
        for start in range(0, count, RENDER_BATCH):
            images, captions, _ = self.world.sample(
                min(RENDER_BATCH, count - start),
                sources=self.sources,
                pair_probability=self.pair_probability,
            )
            images = F.avg_pool2d(images, self.world.size // self.resolution)
            images = images.contiguous(memory_format=torch.channels_last)
            with autocast(self.world.device):
                posterior = self.vae.encode(images).latent_dist
            drawn = posterior.mean + posterior.std * torch.randn_like(posterior.mean)
            latents.append((drawn * self.vae.config.scaling_factor).half())
            token_ids.append(self.tokenizer(captions).to(torch.int16))
        return torch.cat(latents), torch.cat(token_ids).to(self.world.device)

    def replace(self, count: int) -> None:
        """Replace the oldest `count` pictures by new ones."""
        latents, token_ids = self._render(count)
        count = min(count, len(self) - self.oldest)
        place = slice(self.oldest, self.oldest + count)
        self.latents[place], self.token_ids[place] = latents[:count], token_ids[:count]
        self.oldest = (self.oldest + count) % len(self)

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """A random batch: latents [count, 4, r, r] float32 and token ids [count, 77] int64."""
        chosen = torch.randint(len(self), (count,), device=self.latents.device)
        return self.latents[chosen].float(), self.token_ids[chosen].long()


@dataclass(frozen=True)
class StepResult:
    """Of one step, as tensors of one number: plain and weighted loss, norm of the gradient."""

    mse: Tensor
    loss: Tensor
    gradient_norm: Tensor


class DenoiserTrainer:
    """A denoiser with its optimiser and moving average."""

    def __init__(
        self,
        net: Denoiser,
        tokenizer: CaptionTokenizer,
        device: str,
        rate: float,
        ema_decay: float,
    ) -> None:
        self.device = device
        self.net = net.to(device).to(memory_format=torch.channels_last).train()
        self.ema = Ema(self.net, ema_decay)
        self.optimizer = adamw(self.net, device, rate, betas=(0.9, 0.99), weight_decay=1e-2)
        self.schedule = NoiseSchedule(device)
        self.tokenizer = tokenizer
        self.empty_ids = tokenizer([""]).to(device)
        self.predict: Callable[[Tensor, Tensor, Tensor], Tensor] = self.net

    def compile(self) -> None:
        """From now on run the network compiled."""
        self.predict = torch.compile(self.net, dynamic=False)

    def step(self, pool: LatentPool, batch: int, rate: float) -> StepResult:
        """One optimiser step on `batch` pictures of the pool with that learning rate."""
        latents, token_ids = pool.draw(batch)
        dropped = torch.rand(batch, 1, device=self.device) < CAPTION_DROPOUT
        token_ids = torch.where(dropped, self.empty_ids, token_ids)
        t = torch.randint(0, TRAIN_TIMESTEPS, (batch,), device=self.device)
        noise = torch.randn_like(latents)
        noisy = self.schedule.add_noise(latents, noise, t)
        noisy = noisy.contiguous(memory_format=torch.channels_last)
        set_rate(self.optimizer, rate)
        with autocast(self.device):
            predicted = self.predict(noisy, t, token_ids)
        errors = ((predicted.float() - noise) ** 2).mean((1, 2, 3))
        loss = (errors * self.schedule.loss_weight(t)).mean()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.net.parameters(), MAX_GRADIENT_NORM)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.ema.update(self.net)
        return StepResult(errors.mean().detach(), loss.detach(), norm)

    @torch.no_grad()
    def sample(
        self,
        vae: AutoencoderKL,
        prompts: list[str],
        guidance: float,
        resolution: int = PICTURE_SIZE,
        steps: int = PREVIEW_STEPS,
        seed: int = 0,
    ) -> Tensor:
        """Pictures [n, 3, resolution, resolution] in [-1, 1] of the averaged weights, by DDIM."""
        net, n = self.ema.model, len(prompts)
        scheduler = DDIMScheduler(**SCHEDULER_CONFIG)
        scheduler.set_timesteps(steps)
        conditional = self.tokenizer(prompts).to(self.device)
        token_ids = torch.cat([conditional, self.empty_ids.expand(n, -1)])
        context = net.text(token_ids).last_hidden_state
        side = resolution // LATENT_STRIDE
        generator = torch.Generator(self.device).manual_seed(seed)
        latents = torch.randn(
            n, LATENT_CHANNELS, side, side, device=self.device, generator=generator
        )
        for t in scheduler.timesteps:
            with autocast(self.device):
                both = net.unet(torch.cat([latents, latents]), t.to(self.device), context)
            with_text, without_text = both.sample.float().chunk(2)
            noise = without_text + guidance * (with_text - without_text)
            latents = scheduler.step(noise, t, latents).prev_sample
        with autocast(self.device):
            return vae.decode(latents / vae.config.scaling_factor).sample.float().clamp(-1, 1)

    def save_preview(
        self,
        path: Path,
        vae: AutoencoderKL,
        prompts: list[str],
        guidance: float,
        resolution: int = PICTURE_SIZE,
        smoke: bool = False,
    ) -> None:
        """Save one picture for each prompt, eight in a row."""
        if smoke:
            prompts = prompts[:SMOKE_PREVIEW_PROMPTS]
        steps = SMOKE_PREVIEW_STEPS if smoke else PREVIEW_STEPS
        save_sheet(self.sample(vae, prompts, guidance, resolution, steps), path)
