"""Write whole sampling trajectories of diffusers' schedulers, for the tests of the samplers.

    python tools/golden_samplers.py [--out tests/reference]

Writes samplers.safetensors. Its metadata lists the cases: sampler, steps, eta, and which of the
configs, contents of a scheduler_config.json. The tensors of a case, 16 latents wide:

    NAME.latents     [calls+1,16] what was started from, and what each call gave
    NAME.timesteps   [calls] what the model was told
    NAME.clean       [calls,16] pred_original_sample, where NAME is "default" and diffusers gives it

alphas.SCHEDULE [T] is alphas_cumprod of the schedules in its metadata; timesteps.SPACING.SAMPLER
[T-1] is, for 1 to T-1 steps, the sum of (i + 1) t_i over the timesteps t_i.

Stands in for the UNet: prediction = A x + sin(t / 50) b in float64, rounded to float32, with
A = 0.7 I + weights(11, "model", 0, 0.1) and b = normal(11, "direction"); v_prediction takes half of
it, which keeps latents in range. The initial noise is normal(11, "initial"), that of call i
normal(11, "noise.i").
"""

import argparse
import json
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    PNDMScheduler,
)
from diffusers.schedulers import scheduling_ddim, scheduling_euler_ancestral_discrete
from safetensors.numpy import save

import seeded
from make_goldens import in_fixed_order

SEED = 11
WIDTH = 16
CLASSES = {
    "ddim": DDIMScheduler,
    "pndm": PNDMScheduler,
    "euler-a": EulerAncestralDiscreteScheduler,
    "dpmpp-2m": DPMSolverMultistepScheduler,
}
# Stable Diffusion 1.x takes no Runge-Kutta steps; a DDIM config does not say so.
FORCED = {"pndm": {"skip_prk_steps": True}}

DEFAULT = {
    "_class_name": "DDIMScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}
# As old files are: the defaults of what is missing differ between diffusers' schedulers.
BARE = {key: DEFAULT[key] for key in ("beta_end", "beta_schedule", "beta_start", "clip_sample")}
SHORT = {**BARE, "num_train_timesteps": 20}
PREDICTION_TYPES = ("epsilon", "v_prediction")


def schedules() -> dict[str, dict]:
    """Configs whose alphas_cumprod are compared, those of DDIM: other samplers replace a last 0."""
    return {
        "scaled-linear": DEFAULT,
        "linear": {},
        "cosine": {"beta_schedule": "squaredcos_cap_v2"},
        "trained": {"num_train_timesteps": 4, "trained_betas": [0.1, 0.2, 0.3, 0.4]},
        "zero-snr": {
            **DEFAULT,
            "rescale_betas_zero_snr": True,
            "prediction_type": "v_prediction",
        },
    }


def cases() -> list[dict]:
    """Name, sampler, config, steps and eta of every trajectory."""
    out: list[dict] = []

    def add(group: str, sampler: str, steps: int, config: dict, eta: float | None = None) -> None:
        kind = config.get("prediction_type", "epsilon")
        name = f"{group}/{sampler}/{kind}/{steps}" + ("" if eta is None else f"/eta-{eta}")
        case = {"name": name, "sampler": sampler, "steps": steps, "config": config}
        out.append(case if eta is None else {**case, "eta": eta})

    for kind in PREDICTION_TYPES:
        config = {**DEFAULT, "prediction_type": kind}
        for steps in (1, 4, 20, 50):
            for sampler in CLASSES:
                add("default", sampler, steps, config)
        for steps in (4, 20):
            for eta in (0.5, 1.0):
                add("default", "ddim", steps, config, eta)
    for sampler in CLASSES:
        for spacing in ("trailing", "linspace"):
            # 16 and 7 steps put timesteps halfway between whole numbers.
            for steps in (1, 3, 7, 16):
                add(spacing, sampler, steps, {**DEFAULT, "timestep_spacing": spacing})
        add("bare", sampler, 2, BARE)
        add("bare", sampler, 6, BARE)
        add("cosine", sampler, 4, {**DEFAULT, "beta_schedule": "squaredcos_cap_v2"})
    for sampler in ("ddim", "pndm"):
        for to_one in (False, True):
            config = {**DEFAULT, "set_alpha_to_one": to_one, "steps_offset": 0}
            add(f"to-{'one' if to_one else 'first'}", sampler, 5, config)
    for sampler in ("ddim", "euler-a", "dpmpp-2m"):
        for steps in (1, 4):
            config = {
                **DEFAULT,
                "prediction_type": "v_prediction",
                "rescale_betas_zero_snr": True,
                "timestep_spacing": "trailing",
            }
            add("zero-snr", sampler, steps, config)
    for sampler in CLASSES:
        add("every-trailing", sampler, 20, {**SHORT, "timestep_spacing": "trailing"})
        if sampler != "dpmpp-2m":
            add("every-leading", sampler, 20, {**SHORT, "timestep_spacing": "leading"})
            add("every-linspace", sampler, 20, {**SHORT, "timestep_spacing": "linspace"})
    return out


def scheduler_of(sampler: str, config: dict):
    return CLASSES[sampler].from_config(config, **FORCED.get(sampler, {}))


class Model:
    """The stand-in for a UNet that the module's docstring describes."""

    def __init__(self, prediction_type: str) -> None:
        mixing = seeded.weights(SEED, "model", (WIDTH, WIDTH), 0.0, 0.1).astype(np.float64)
        self.matrix = 0.7 * np.eye(WIDTH) + mixing
        self.direction = seeded.normal(SEED, "direction", (WIDTH,)).astype(np.float64)
        self.scale = 0.5 if prediction_type == "v_prediction" else 1.0

    def __call__(self, latents: torch.Tensor, timestep: float) -> torch.Tensor:
        x = latents.numpy().astype(np.float64)
        prediction = self.matrix @ x + np.sin(timestep / 50.0) * self.direction
        return torch.from_numpy((self.scale * prediction).astype(np.float32))


def trajectory(case: dict) -> dict[str, np.ndarray]:
    """One case run by diffusers, with seeded noise in place of its generator's."""
    scheduler = scheduler_of(case["sampler"], case["config"])
    scheduler.set_timesteps(case["steps"])
    model = Model(scheduler.config.prediction_type)
    call = 0

    def seeded_noise(*_arguments: object, **_options: object) -> torch.Tensor:
        return torch.from_numpy(seeded.normal(SEED, f"noise.{call}", (WIDTH,)))

    for module in (scheduling_ddim, scheduling_euler_ancestral_discrete):
        module.randn_tensor = seeded_noise
    options = {"eta": case["eta"]} if "eta" in case else {}
    noise = torch.from_numpy(seeded.normal(SEED, "initial", (WIDTH,)))
    latents = [noise * scheduler.init_noise_sigma]
    clean = []
    for call, timestep in enumerate(scheduler.timesteps):
        scaled = scheduler.scale_model_input(latents[-1], timestep)
        prediction = model(scaled, float(timestep))
        step = scheduler.step(prediction, timestep, latents[-1], **options)
        latents.append(step.prev_sample)
        if "pred_original_sample" in step:
            clean.append(step.pred_original_sample)
    tensors = {
        "latents": torch.stack(latents).numpy(),
        "timesteps": scheduler.timesteps.numpy().astype(np.float32),
    }
    if clean and case["name"].startswith("default/"):
        tensors["clean"] = torch.stack(clean).numpy()
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{case['name']}: {name} is not finite")
    return {f"{case['name']}.{name}": array for name, array in tensors.items()}


def checksums(sampler: str, spacing: str) -> np.ndarray:
    """[T-1], int32 where all are whole, else float64; see the module's docstring.

    diffusers' "trailing" gives one timestep too many, -1, for steps such as 61, where T / (T / N)
    rounds to more than N: it is left out.
    """
    scheduler = scheduler_of(sampler, {**DEFAULT, "timestep_spacing": spacing})
    out = []
    for steps in range(1, scheduler.config.num_train_timesteps):
        scheduler.set_timesteps(steps)
        timesteps = scheduler.timesteps.numpy().astype(np.float64)[:steps]
        out.append(np.sum(np.arange(1, steps + 1) * timesteps))
    sums = np.array(out)
    return sums.astype(np.int32) if np.array_equal(sums, sums.astype(np.int32)) else sums


def named_configs(listed: list[dict]) -> dict[str, str]:
    """Metadata "cases" and "configs", where a case's config is its place among the configs."""
    configs: list[dict] = []
    for case in listed:
        if case["config"] not in configs:
            configs.append(case["config"])
    numbered = [{**case, "config": configs.index(case["config"])} for case in listed]
    return {"cases": json.dumps(numbered), "configs": json.dumps(configs)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path("tests/reference"), help="folder to write to"
    )
    args = parser.parse_args()
    tensors: dict[str, np.ndarray] = {}
    for name, config in schedules().items():
        tensors[f"alphas.{name}"] = scheduler_of("ddim", config).alphas_cumprod.numpy()
    for sampler, spacing in (
        ("ddim", "leading"),
        ("ddim", "trailing"),
        ("ddim", "linspace"),
        ("euler-a", "linspace"),
        ("dpmpp-2m", "leading"),
        ("dpmpp-2m", "linspace"),
    ):
        tensors[f"timesteps.{spacing}.{sampler}"] = checksums(sampler, spacing)
    for case in cases():
        tensors.update(trajectory(case))
    metadata = {
        "version": "1",
        "tool": "tools/golden_samplers.py",
        "seed": str(SEED),
        "libraries": json.dumps({"torch": torch.__version__, "diffusers": diffusers.__version__}),
        "schedules": json.dumps(schedules()),
        **named_configs(cases()),
    }
    path = args.out / "samplers.safetensors"
    path.write_bytes(in_fixed_order(save(tensors, metadata)))
    largest = max(np.abs(array).max() for name, array in tensors.items() if "latents" in name)
    print(f"{path}: {path.stat().st_size} bytes, {len(tensors)} tensors, latents to {largest:.3g}")


if __name__ == "__main__":
    main()
