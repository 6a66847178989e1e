"""Phase 1, first part: train the VAE on pictures of the world.

    python train_vae.py --sprites FOLDER --out RUN      writes RUN/vae

The loss is L1 + 0.5 L2 + 0.7 (L1 of the picture's gradients at three scales) + 2e-4 KL. The
scaling factor, which gives latents of about unit variance, is measured and put in the config.
"""

import time
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor, nn

from models import PICTURE_SIZE, VAE_CONFIG, load_vae, save_half
from training import (
    BANK_SIZE,
    MAX_GRADIENT_NORM,
    SMOKE_BANK_SIZE,
    SMOKE_STEPS,
    Ema,
    Log,
    adamw,
    autocast,
    common_parser,
    prepare_device,
    set_rate,
    timed_rate,
)
from world import World
from world.world import save_sheet

DEFAULT_SECONDS = 270
BATCH, SMOKE_BATCH = 96, 2
CROP = 160
# A render serves this many steps, and holds this many batches.
STEPS_PER_RENDER = 8
BATCHES_PER_RENDER = 2

LEARNING_RATE = 1e-3
WARMUP_SECONDS = 10.0
WEIGHT_DECAY = 1e-4
EMA_DECAY = 0.999

L2_WEIGHT = 0.5
EDGE_WEIGHT = 0.7
EDGE_SCALES = (1, 2, 4)
KL_WEIGHT = 2e-4
LOG_VARIANCE_RANGE = (-12, 4)

SCALE_PICTURES, SMOKE_SCALE_PICTURES = 64, 4
CHECK_PICTURES = 8
LOG_STEPS = (1, 5, 20)
LOG_EVERY = 200


def random_crop(images: Tensor) -> Tensor:
    """The same square cut out of every image, [n, 3, CROP, CROP]."""
    top, left = (int(torch.randint(0, PICTURE_SIZE - CROP + 1, ())) for _ in range(2))
    crop = images[..., top : top + CROP, left : left + CROP]
    return crop.contiguous(memory_format=torch.channels_last)


def differences(images: Tensor) -> tuple[Tensor, Tensor]:
    """Differences between neighbouring pixels, down and across, each [n, 3, h - 1, w - 1]."""
    down = images[..., 1:, :-1] - images[..., :-1, :-1]
    across = images[..., :-1, 1:] - images[..., :-1, :-1]
    return down, across


def edge_loss(images: Tensor, targets: Tensor, scale: int) -> Tensor:
    """L1 between the differences of neighbouring pixels, after averaging scale x scale pixels."""
    if scale > 1:
        images, targets = F.avg_pool2d(images, scale), F.avg_pool2d(targets, scale)
    (down, across), (target_down, target_across) = differences(images), differences(targets)
    return (down - target_down).abs().mean() + (across - target_across).abs().mean()


def encode_decode(vae: AutoencoderKL, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Reconstructions through a sampled latent, and the posterior's mean and log-variance."""
    mean, log_variance = vae.quant_conv(vae.encoder(images)).chunk(2, 1)
    log_variance = log_variance.clamp(*LOG_VARIANCE_RANGE)
    latents = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
    return vae.decoder(vae.post_quant_conv(latents)), mean, log_variance


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL of the posterior from the standard normal, averaged over all latents, in float32."""
    variance = log_variance.float().exp()
    return 0.5 * (mean.float() ** 2 + variance - 1 - log_variance.float()).mean()


def train(world: World, device: str, seconds: float, smoke: bool, log: Log) -> AutoencoderKL:
    """Train a new VAE and return its averaged weights."""
    vae = AutoencoderKL(**VAE_CONFIG).to(device).to(memory_format=torch.channels_last)
    optimizer = adamw(vae, device, LEARNING_RATE, betas=(0.9, 0.99), weight_decay=WEIGHT_DECAY)
    ema = Ema(vae, EMA_DECAY)
    batch = SMOKE_BATCH if smoke else BATCH
    start, steps = time.time(), 0
    while (elapsed := time.time() - start) < seconds:
        if steps % STEPS_PER_RENDER == 0:
            with torch.no_grad():
                rendered, _, _ = world.sample(batch * BATCHES_PER_RENDER)
        targets = random_crop(rendered[torch.randint(len(rendered), (batch,), device=device)])
        set_rate(optimizer, LEARNING_RATE * timed_rate(elapsed, seconds, WARMUP_SECONDS))
        with autocast(device):
            images, mean, log_variance = encode_decode(vae, targets)
        images = images.float()
        l1 = (images - targets).abs().mean()
        loss = l1 + L2_WEIGHT * F.mse_loss(images, targets)
        for scale in EDGE_SCALES:
            loss = loss + EDGE_WEIGHT * edge_loss(images, targets, scale)
        kl = kl_divergence(mean, log_variance)
        (loss + KL_WEIGHT * kl).backward()
        nn.utils.clip_grad_norm_(vae.parameters(), MAX_GRADIENT_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        ema.update(vae)
        steps += 1
        if steps in LOG_STEPS or steps % LOG_EVERY == 0:
            speed = steps * batch / (time.time() - start)
            log(
                f"vae {steps} l1 {l1.item():.4f} loss {loss.item():.4f} kl {kl.item():.2f} "
                f"{speed:.0f} img/s"
            )
        if smoke and steps == SMOKE_STEPS:
            break
    log(f"vae trained for {steps} steps")
    return ema.model


@torch.no_grad()
def measure_scaling_factor(vae: AutoencoderKL, world: World, pictures: int) -> float:
    """One over the standard deviation of the posterior means."""
    images, _, _ = world.sample(pictures)
    with autocast(world.device):
        means = vae.encode(images).latent_dist.mean
    return 1 / means.float().std().item()


@torch.no_grad()
def check(run: Path, world: World, log: Log) -> None:
    """Log the PSNR of the saved VAE; save pictures above their reconstructions."""
    vae = load_vae(run, world.device)
    images, _, _ = world.sample(CHECK_PICTURES)
    copies = vae.decode(vae.encode(images).latent_dist.mean).sample.clamp(-1, 1)
    # Images span [-1, 1], so the peak is 2 and its square 4.
    psnr = 10 * torch.log10(4 / ((images - copies) ** 2).mean())
    log(f"vae psnr {psnr.item():.2f} dB on {CHECK_PICTURES} pictures")
    save_sheet(torch.cat([images, copies]), run / "vae-check.png", CHECK_PICTURES)


def main() -> None:
    options = common_parser("Train the VAE.", DEFAULT_SECONDS).parse_args()
    log = Log()
    device = prepare_device(seed=0)
    options.out.mkdir(parents=True, exist_ok=True)
    world = World(options.sprites, device, PICTURE_SIZE, seed=1)
    world.build_bank(SMOKE_BANK_SIZE if options.smoke else BANK_SIZE)
    log(f"{len(world.sprites)} sprites, {len(world.bank)} backgrounds")
    vae = train(world, device, options.seconds, options.smoke, log)
    pictures = SMOKE_SCALE_PICTURES if options.smoke else SCALE_PICTURES
    factor = measure_scaling_factor(vae, world, pictures)
    vae.register_to_config(scaling_factor=factor)
    save_half(vae, options.out / "vae")
    log(f"scaling factor {factor}")
    check(options.out, world, log)


if __name__ == "__main__":
    main()
