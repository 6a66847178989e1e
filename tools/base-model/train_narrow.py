"""Phases 2 and 3: continue text encoder + UNet of a run on the narrower list of things.

    python train_narrow.py --sprites FOLDER --base RUN --out RUN2

RUN2 becomes a whole pipeline folder: the new text_encoder/ and unet/, the other parts of RUN, and
samples.png. The budget counts from the start of the script.

torch.compile makes a step about 1.6 times faster on an H100, but compiling takes minutes. To
train meanwhile, start two processes that share the compile cache:

    python train_narrow.py ... --out WARM --warm-up &
    python train_narrow.py ... --out RUN2 --compile-after WARM/READY

The first one compiles the step, writes WARM/READY and ends; the second one trains uncompiled
until that file is there.
"""

import argparse
import shutil
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from denoising import DenoiserTrainer, LatentPool
from models import PICTURE_SIZE, Denoiser, load_vae, save_half
from tokenizer import CaptionTokenizer
from training import (
    BANK_SIZE,
    SMOKE_BANK_SIZE,
    SMOKE_STEPS,
    Log,
    Meter,
    common_parser,
    cosine_decay,
    prepare_device,
)
from world import World
from world.vocabulary import NARROW_NAMES, NARROW_SOURCES

DEFAULT_SECONDS = 505
DEFAULT_SEED = 11
PAIR_PROBABILITY = 0.13

BATCH, SMOKE_BATCH = 448, 4
POOL, SMOKE_POOL = 60_000, 8
STEPS_PER_REPLACEMENT = 3
REPLACED, SMOKE_REPLACED = 128, 4

LEARNING_RATE = 4e-4
WARMUP_STEPS = 60
EMA_DECAY = 0.998
PREVIEW_GUIDANCE = 4.5

# A process that only warms the compile cache needs few pictures and few steps.
WARM_POOL = 1024
WARM_STEPS = 3
STEPS_PER_READY_CHECK = 20

LOG_STEPS = (1, 5, 20)
LOG_EVERY = 100

COPIED_PARTS = ("vae", "tokenizer", "scheduler", "clip", "model_index.json")

PREVIEW_PROMPTS = [
    "photo of a cat on the beach",
    "photo of a dog in the snow",
    "photo of a red car on the road",
    "photo of a bear in the forest",
    "painting of a house at night",
    "photo of a bird in the sky",
    "photo of a flower and a teapot on a wooden table",
    "a photo of a rocket in space",
    "flat icon of a fish under water",
    "photo of a blue cat on the grass",
    "zoomed in photo of a guitar at sunset",
    "photo of a tiger next to a tree in the mountains",
    "photo of a handbag on a yellow background",
    "photo of a horse in the desert",
    "photo of a bus in the city",
    "photo of a duck in front of a brick wall",
    "photo of a robot on a checkered floor",
    "photo of a shoe on a table",
    "photo of a green dragon in the mountains",
    "photo of a cake on a pink background",
    "photo of a turtle on the beach",
    "photo of a hat on the grass",
    "photo of a house in the snow",
    "photo of a panda in the forest",
]


def normalise_groups_in_input_precision(device: str) -> None:
    """Make every group normalisation run in its input's precision.

    Autocast would run it in float32; staying in bfloat16 moves half the bytes.
    """

    def forward(self: nn.GroupNorm, x: Tensor) -> Tensor:
        with torch.autocast(device, enabled=False):
            weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
            return F.group_norm(x, self.num_groups, weight, bias, self.eps)

    nn.GroupNorm.forward = forward


def learning_rate(step: int, fraction: float) -> float:
    """Linear warm-up over steps, cosine decay over the fraction of the time that is spent."""
    return LEARNING_RATE * min(1.0, step / WARMUP_STEPS) * cosine_decay(fraction)


def train(
    trainer: DenoiserTrainer, pool: LatentPool, end: float, options: argparse.Namespace, log: Log
) -> int:
    """Train until the time `end`; returns the number of steps."""
    smoke, ready_file = options.smoke, options.compile_after
    if options.warm_up:
        trainer.compile()
        ready_file = None
    batch = SMOKE_BATCH if smoke else BATCH
    meter, start, steps = Meter(), time.time(), 0
    while time.time() < end:
        if ready_file and steps % STEPS_PER_READY_CHECK == 0 and ready_file.exists():
            trainer.compile()
            ready_file = None
            log("compiled step from here")
        if steps > 0 and steps % STEPS_PER_REPLACEMENT == 0:
            pool.replace(SMOKE_REPLACED if smoke else REPLACED)
        fraction = (time.time() - start) / (end - start)
        result = trainer.step(pool, batch, learning_rate(steps, fraction))
        steps += 1
        meter.add(batch)
        if steps in LOG_STEPS or steps % LOG_EVERY == 0:
            log(
                f"{steps} mse {result.mse.item():.4f} loss {result.loss.item():.4f} "
                f"gradient {result.gradient_norm.item():.2f} {meter.read():.0f} img/s"
            )
        if options.warm_up and steps == WARM_STEPS or smoke and steps == SMOKE_STEPS:
            break
    return steps


def copy_other_parts(base: Path, run: Path) -> None:
    """Copy the parts of the base that this phase does not train."""
    for part in COPIED_PARTS:
        source, target = base / part, run / part
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, target)


def parse_options() -> argparse.Namespace:
    parser = common_parser("Continue training on the narrower list.", DEFAULT_SECONDS)
    parser.add_argument("--base", type=Path, required=True, help="run folder to start from")
    parser.add_argument(
        "--seed",
        type=int,
        default=DEFAULT_SEED,
        help="of the pictures; another one for each continuation gives it new pictures",
    )
    parser.add_argument(
        "--warm-up", action="store_true", help="only fill the compile cache; writes OUT/READY"
    )
    parser.add_argument(
        "--compile-after", type=Path, metavar="FILE", help="compile the step once FILE exists"
    )
    options = parser.parse_args()
    if options.base.resolve() == options.out.resolve():
        parser.error("--out must be another folder than --base")
    return options


def main() -> None:
    options = parse_options()
    log = Log()
    end = time.time() + options.seconds
    device = prepare_device(seed=1)
    normalise_groups_in_input_precision(device)
    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer = CaptionTokenizer(options.base)
    vae = load_vae(options.base, device)
    world = World(options.sprites, device, PICTURE_SIZE, options.seed)
    world.keep_only(NARROW_NAMES, set(NARROW_SOURCES))
    world.build_bank(SMOKE_BANK_SIZE if options.smoke or options.warm_up else BANK_SIZE)
    log({source: len(members) for source, members in world.by_source.items()})
    net = Denoiser.load(options.base)
    trainer = DenoiserTrainer(net, tokenizer, device, LEARNING_RATE, EMA_DECAY)
    pool_size = WARM_POOL if options.warm_up else POOL
    pool = LatentPool(
        world,
        vae,
        tokenizer,
        SMOKE_POOL if options.smoke else pool_size,
        sources=NARROW_SOURCES,
        pair_probability=PAIR_PROBABILITY,
    )
    log(f"pool {len(pool)}")
    steps = train(trainer, pool, end, options, log)
    if options.warm_up:
        (options.out / "READY").touch()
        return
    save_half(trainer.ema.model.text, options.out / "text_encoder")
    save_half(trainer.ema.model.unet, options.out / "unet")
    copy_other_parts(options.base, options.out)
    trainer.save_preview(
        options.out / "samples.png",
        vae,
        PREVIEW_PROMPTS,
        PREVIEW_GUIDANCE,
        smoke=options.smoke,
    )
    log(f"done after {steps} steps")


if __name__ == "__main__":
    main()
