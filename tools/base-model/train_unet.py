"""Phase 1, second part: train text encoder + UNet on the whole world, first at 128 px, then 256.

    python train_unet.py --sprites FOLDER --out RUN     reads RUN/vae and RUN/tokenizer

Writes RUN/text_encoder, RUN/unet, RUN/scheduler, RUN/model_index.json and RUN/samples.png, about
every five and a half minutes and at the end. Run the same command again to continue after an
interruption: RUN/denoiser-resume.pt holds what is needed, and the time spent counts.
"""

import argparse
import time
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from denoising import DenoiserTrainer, LatentPool
from models import PICTURE_SIZE, Denoiser, load_vae, save_half, save_scheduler_and_index
from tokenizer import CaptionTokenizer
from training import (
    BANK_SIZE,
    SMOKE_BANK_SIZE,
    SMOKE_STEPS,
    Log,
    Meter,
    common_parser,
    prepare_device,
    save_checkpoint,
    timed_rate,
)
from world import World

DEFAULT_SECONDS = 1130
LOW_RESOLUTION = 128
# At the low resolution a batch is this many times larger.
LOW_RESOLUTION_BATCHES = 3
SMOKE_BATCH, SMOKE_POOL, SMOKE_REPLACED = 4, 8, 4

WARMUP_SECONDS = 20.0
EMA_DECAY = 0.999
PREVIEW_GUIDANCE = 5.0

# New pictures enter the pool every few steps.
STEPS_PER_REPLACEMENT = 4
REPLACED = 128

SAVE_EVERY_SECONDS = 330
LOG_STEPS = (1, 3, 10)
LOG_EVERY = 100

PREVIEW_PROMPTS = [
    "photo of a cat on the beach",
    "photo of a dog in the snow",
    "photo of a red car on the road",
    "photo of a bear in the forest",
    "painting of a house at night",
    "photo of a bird in the sky",
    "photo of a flower and a cup on a wooden table",
    "a photo of a rocket in space",
    "cartoon of a fish under water",
    "photo of a blue cat on the grass",
    "zoomed in photo of a guitar at sunset",
    "photo of a tiger next to a tree in the mountains",
    "photo of a backpack on a yellow background",
    "very small photo of a horse in the desert",
    "flat icon of a train in the city",
    "photo of a duck in front of a brick wall",
]


class Run:
    """One training run: its clock, its trainer and its files."""

    def __init__(self, options: argparse.Namespace, device: str, log: Log) -> None:
        self.options, self.device, self.log = options, device, log
        self.folder: Path = options.out
        self.tokenizer = CaptionTokenizer(self.folder)
        self.vae: AutoencoderKL = load_vae(self.folder, device)
        self.world = World(options.sprites, device, PICTURE_SIZE, seed=1)
        self.world.build_bank(SMOKE_BANK_SIZE if options.smoke else BANK_SIZE)
        net = Denoiser.create(self.tokenizer)
        self.trainer = DenoiserTrainer(net, self.tokenizer, device, options.rate, EMA_DECAY)
        self.steps = 0
        self.start = self.last_save = time.time()
        self._resume()
        if options.compile and not options.smoke:
            self.trainer.compile()

    @property
    def elapsed(self) -> float:
        """Seconds of the budget that are spent, earlier sittings included."""
        return time.time() - self.start

    @property
    def resume_path(self) -> Path:
        return self.folder / "denoiser-resume.pt"

    def _resume(self) -> None:
        if not self.resume_path.exists():
            return
        state = torch.load(self.resume_path, map_location=self.device)
        self.trainer.net.load_state_dict(state["net"])
        self.trainer.ema.model.load_state_dict(state["ema"])
        self.trainer.ema.updates = self.steps = state["steps"]
        self.trainer.optimizer.load_state_dict(state["optimizer"])
        self.start -= state["elapsed"]
        self.log(f"resumed at step {self.steps}, {state['elapsed']:.0f} s")

    def train_at(self, resolution: int, until: float) -> None:
        """Train at one resolution until `until` seconds of the budget are spent."""
        if self.elapsed >= until:
            return
        smoke = self.options.smoke
        pool_size = SMOKE_POOL if smoke else self.options.pool
        pool = LatentPool(self.world, self.vae, self.tokenizer, pool_size, resolution)
        self.log(f"pool at {resolution} px: {len(pool)}, std {pool.latents.float().std():.3f}")
        batch = self.options.batch * (1 if resolution == PICTURE_SIZE else LOW_RESOLUTION_BATCHES)
        batch = SMOKE_BATCH if smoke else batch
        meter, first_step = Meter(), self.steps
        while (elapsed := self.elapsed) < until:
            if self.steps > 0 and self.steps % STEPS_PER_REPLACEMENT == 0:
                pool.replace(SMOKE_REPLACED if smoke else REPLACED)
            factor = timed_rate(elapsed, self.options.seconds, WARMUP_SECONDS)
            rate = self.options.rate * factor
            result = self.trainer.step(pool, batch, rate)
            self.steps += 1
            meter.add(batch)
            if self.steps in LOG_STEPS or self.steps % LOG_EVERY == 0:
                self.log(
                    f"unet {self.steps} at {resolution} px mse {result.mse.item():.4f} "
                    f"loss {result.loss.item():.4f} gradient {result.gradient_norm.item():.2f} "
                    f"{meter.read():.0f} img/s rate {rate:.1e}"
                )
            if time.time() - self.last_save > SAVE_EVERY_SECONDS:
                self.save(resolution)
            if smoke and self.steps - first_step == SMOKE_STEPS:
                break

    def save(self, resolution: int) -> None:
        """Write the averaged weights, a preview, and what is needed to continue."""
        trainer = self.trainer
        save_half(trainer.ema.model.text, self.folder / "text_encoder")
        save_half(trainer.ema.model.unet, self.folder / "unet")
        save_scheduler_and_index(self.folder)
        trainer.save_preview(
            self.folder / "samples.png",
            self.vae,
            PREVIEW_PROMPTS,
            PREVIEW_GUIDANCE,
            resolution,
            self.options.smoke,
        )
        save_checkpoint(
            self.resume_path,
            {
                "net": trainer.net.state_dict(),
                "ema": trainer.ema.model.state_dict(),
                "optimizer": trainer.optimizer.state_dict(),
                "steps": self.steps,
                "elapsed": self.elapsed,
            },
        )
        self.last_save = time.time()
        self.log("saved")


def parse_options() -> argparse.Namespace:
    parser = common_parser("Train text encoder and UNet.", DEFAULT_SECONDS)
    parser.add_argument(
        "--low", type=float, default=0.27, help=f"share of the time at {LOW_RESOLUTION} px"
    )
    parser.add_argument(
        "--batch",
        type=int,
        default=512,
        help=f"pictures a step at {PICTURE_SIZE} px; "
        f"{LOW_RESOLUTION_BATCHES} times as many at {LOW_RESOLUTION} px",
    )
    parser.add_argument("--rate", type=float, default=5e-4, help="highest learning rate")
    parser.add_argument(
        "--pool", type=int, default=120_000, help="encoded pictures kept on the device"
    )
    parser.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compile the network with torch.compile",
    )
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    log = Log()
    run = Run(options, prepare_device(seed=0), log)
    log(f"{len(run.world.sprites)} sprites, {run.tokenizer.vocabulary_size} tokens")
    run.train_at(LOW_RESOLUTION, options.low * options.seconds)
    run.train_at(PICTURE_SIZE, options.seconds)
    run.save(PICTURE_SIZE)
    log(f"done after {run.steps} steps")


if __name__ == "__main__":
    main()
