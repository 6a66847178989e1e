"""What the training scripts share: device, log, average, schedules, loss weight, checkpoints."""

import argparse
import copy
import math
import os
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from models import BETA_END, BETA_START, TRAIN_TIMESTEPS

# Backgrounds painted for each scene, reused by every picture.
BANK_SIZE = 384
SMOKE_BANK_SIZE = 8
SMOKE_STEPS = 2

MIN_SNR_GAMMA = 5.0
MAX_GRADIENT_NORM = 1.0


def common_parser(description: str, seconds: float) -> argparse.ArgumentParser:
    """Arguments that every training script takes; `seconds` is the default budget."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--sprites", type=Path, required=True, help="folder of sprites.bin")
    parser.add_argument("--out", type=Path, required=True, help="run folder to write to")
    parser.add_argument("--seconds", type=float, default=seconds, help="time budget")
    parser.add_argument(
        "--smoke",
        action="store_true",
        help=f"only {SMOKE_STEPS} steps with tiny batches, to check that everything runs",
    )
    return parser


def prepare_device(seed: int) -> str:
    """Seed torch, allow TF32, and say which device to use."""
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.benchmark_limit = 4
    torch.manual_seed(seed)
    return "cuda" if torch.cuda.is_available() else "cpu"


def autocast(device: str) -> torch.autocast:
    """Mixed precision in bfloat16."""
    return torch.autocast(device, torch.bfloat16)


def adamw(
    model: nn.Module, device: str, rate: float, betas: tuple[float, float], weight_decay: float
) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        model.parameters(),
        lr=rate,
        betas=betas,
        weight_decay=weight_decay,
        fused=device == "cuda",
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


class Log:
    """Prints lines that begin with the seconds since the start."""

    def __init__(self) -> None:
        self.start = time.time()

    def __call__(self, *message: object) -> None:
        print(f"[{time.time() - self.start:7.1f}]", *message, flush=True)


class Meter:
    """Counts pictures a second since the last reading."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.start, self.pictures = time.time(), 0

    def add(self, pictures: int) -> None:
        self.pictures += pictures

    def read(self) -> float:
        """The rate since the last reading."""
        rate = self.pictures / (time.time() - self.start)
        self.restart()
        return rate


class Ema:
    """Exponential moving average of a model's parameters, with a decay that rises to its limit."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """average <- decay * average + (1 - decay) * model."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        averages, values = list(self.model.parameters()), list(model.parameters())
        torch._foreach_lerp_(averages, values, 1 - decay)


def cosine_decay(fraction: float) -> float:
    """1 at the start, 0 when `fraction` of the training done reaches 1."""
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, fraction))


def timed_rate(elapsed: float, budget: float, warmup: float) -> float:
    """Learning-rate factor after `elapsed` of `budget` seconds: linear warm-up, cosine decay."""
    return min(1.0, elapsed / warmup) * cosine_decay(elapsed / budget)


class NoiseSchedule:
    """The forward process x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise, as Stable Diffusion 1.x.

    a_t is the cumulative product of 1 - beta, with sqrt(beta) linear in t ("scaled linear").
    """

    def __init__(self, device: str) -> None:
        roots = torch.linspace(
            BETA_START**0.5, BETA_END**0.5, TRAIN_TIMESTEPS, device=device, dtype=torch.float64
        )
        self.alphas = torch.cumprod(1 - roots**2, 0).float()
        self.snr = self.alphas / (1 - self.alphas)

    def add_noise(self, latents: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """Latents and noise [n, 4, h, w], timesteps [n]."""
        alpha = self.alphas[t][:, None, None, None]
        return alpha.sqrt() * latents + (1 - alpha).sqrt() * noise

    def loss_weight(self, t: Tensor) -> Tensor:
        """min-SNR weight of a noise-prediction loss, min(snr, gamma) / snr (arXiv 2303.09556)."""
        snr = self.snr[t]
        return torch.minimum(snr, torch.full_like(snr, MIN_SNR_GAMMA)) / snr


def save_checkpoint(path: Path, state: dict) -> None:
    """Write a torch file so that an interruption leaves the old one whole."""
    draft = path.with_suffix(".tmp")
    torch.save(state, draft)
    os.replace(draft, path)
