"""Write what PyTorch's optimiser does: AdamW, clipping by the norm, and the dynamic loss scale.

    python tools/golden_adamw.py [--out tests/reference]

Writes adamw.safetensors. N = 128 parameters start at 0.1 normal(11, "values"); the gradient of
step k is normal(11, "gradient.k") times the factor of its index modulo 8, see FACTORS.

    CASE.values      [STEPS,N] after each step, of the cases "plain" and "decay" (CASES)
    CASE.m, CASE.v   [N] moments after the last step
    clip.norms       [C] norms of gradients; clip.limits [C]
    clip.factors     [C] what clip_grad_norm_ multiplied the gradient by
    scaler.finite    [S] whether a step's gradient was finite, 1 or 0
    scaler.scales    [S] scale of GradScaler after that step
    scaler.applied   [S] updates that the optimiser has made by then
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

import seeded
from make_goldens import in_fixed_order

SEED = 11
COUNT = 128
STEPS = 6
# Nothing at all, less than epsilon notices, less than float32 holds squared, more than the rest.
FACTORS = [0.0, 1e-6, 1e-12, 1e-25, 1.0, 1.0, 1e6, 1e3]
CASES = {
    "plain": {"lr": 1e-2, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "decay": {"lr": 2e-2, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1},
}
CLIPPED = [(0.5, 1.0), (1.0, 1.0), (1.5, 1.0), (120.0, 0.35), (0.0, 1.0), (1e-7, 1e-9)]
SCALER = {"init_scale": 1024.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 3}
FINITE = [1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1]


def gradient(step: int) -> torch.Tensor:
    """[N] float64; a third of the steps give the last two kinds of parameters nothing."""
    factors = np.tile(FACTORS, COUNT // len(FACTORS))
    if step % 3 == 1:
        factors[6::8] = factors[7::8] = 0
    rounded = seeded.normal(SEED, f"gradient.{step}", (COUNT,)).astype(np.float64) * factors
    return torch.from_numpy(rounded.astype(np.float32)).double()


def trajectory(settings: dict) -> dict[str, np.ndarray]:
    start = 0.1 * seeded.normal(SEED, "values", (COUNT,)).astype(np.float64)
    values = torch.nn.Parameter(torch.from_numpy(start.astype(np.float32)).double())
    optimiser = torch.optim.AdamW([values], **settings)
    after = []
    for step in range(STEPS):
        values.grad = gradient(step)
        optimiser.step()
        after.append(values.detach().numpy().astype(np.float32))
    state = optimiser.state[values]
    return {
        "values": np.stack(after),
        "m": state["exp_avg"].numpy().astype(np.float32),
        "v": state["exp_avg_sq"].numpy().astype(np.float32),
    }


def clipping() -> dict[str, np.ndarray]:
    norms, limits = (np.array(column) for column in zip(*CLIPPED, strict=True))
    factors = []
    for norm, limit in CLIPPED:
        parameter = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
        # Two numbers of this norm; of nothing, the factor is that of any gradient, 1.
        parameter.grad = torch.tensor([0.6, 0.8], dtype=torch.float64) * norm
        torch.nn.utils.clip_grad_norm_([parameter], limit)
        factors.append(float(parameter.grad[1]) / (0.8 * norm) if norm > 0 else 1.0)
    return {
        "norms": norms.astype(np.float32),
        "limits": limits.astype(np.float32),
        "factors": np.array(factors, dtype=np.float32),
    }


def scaling() -> dict[str, np.ndarray]:
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], lr=1.0)
    scaler = torch.amp.GradScaler("cpu", **SCALER)
    scales, applied = [], []
    for finite in FINITE:
        # An update by 1 where there is one; scale() is how a scaler learns its device.
        scale = float(scaler.scale(torch.ones(())))
        parameter.grad = torch.tensor([-scale if finite else float("inf")])
        scaler.step(optimiser)
        scaler.update()
        scales.append(scaler.get_scale())
        applied.append(parameter.item())
    return {
        "finite": np.array(FINITE, dtype=np.int32),
        "scales": np.array(scales, dtype=np.float32),
        "applied": np.array(applied, dtype=np.int32),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path("tests/reference"), help="folder to write to"
    )
    args = parser.parse_args()
    groups = {name: trajectory(settings) for name, settings in CASES.items()}
    groups |= {"clip": clipping(), "scaler": scaling()}
    tensors = {f"{group}.{name}": x for group, found in groups.items() for name, x in found.items()}
    metadata = {
        "version": "1",
        "tool": "tools/golden_adamw.py",
        "seed": str(SEED),
        "libraries": json.dumps({"torch": torch.__version__}),
        "factors": json.dumps(FACTORS),
        "cases": json.dumps(CASES),
        "scaler": json.dumps(SCALER),
    }
    path = args.out / "adamw.safetensors"
    path.write_bytes(in_fixed_order(save(tensors, metadata)))
    print(f"{path}: {path.stat().st_size} bytes")
    for name, array in tensors.items():
        print(f"  {name} {array.dtype}{list(array.shape)}")


if __name__ == "__main__":
    main()
