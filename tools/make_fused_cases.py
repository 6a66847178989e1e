"""Reference cases of the studio's own operators: PyTorch's attention, GELU, norms, linear layers and convolutions in float64, gradients by autograd.

    python tools/make_fused_cases.py

Writes tests/reference/fused-cases.json (torch 2.13.0, seed 7), in the form of operator-cases.json.
"""

import json
import math
from pathlib import Path

import torch
from torch.nn import functional as F

OUT = Path(__file__).parent.parent / "tests" / "reference" / "fused-cases.json"


def stored(x: torch.Tensor) -> dict:
    return {"dtype": "float64", "dims": list(x.shape), "data": x.detach().reshape(-1).tolist()}


def case(op: str, inputs: list, output: torch.Tensor, note: str, **attributes: int) -> dict:
    return {
        "op": op,
        "opset": 18,
        "note": note,
        "attributes": {name: {"type": "int", "value": v} for name, v in attributes.items()},
        "inputs": [stored(x) for x in inputs],
        "outputs": [stored(output)],
    }


def with_epsilon(one: dict) -> dict:
    one["attributes"]["epsilon"] = {"type": "float", "value": 1e-5}
    return one


def attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, heads: int, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Of [B, S, C] and [B, T, C]."""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    output = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return output.transpose(1, 2).flatten(-2)


def real(*dims: int) -> torch.Tensor:
    return torch.randn(*dims, dtype=torch.float64).requires_grad_()


def self_cases(images: int, rows: int, heads: int, size: int, masked: bool = False) -> list:
    channels = heads * size
    packed, like = real(images, rows, 3 * channels), real(images, rows, channels)
    gradient = real(images, rows, channels)
    # Causal, and numbers of some size where there is something to be seen.
    mask = [real(rows, rows).tril() + torch.full((rows, rows), -1e9).triu(1)] if masked else []
    output = attention(*packed.chunk(3, -1), heads, *mask)
    (back,) = torch.autograd.grad(output, packed, gradient)
    note = f"{heads} heads of {size}" + (", a mask" if masked else "")
    inputs = [packed, gradient, output, *mask]
    return [
        case("PackedSelfAttention", [packed, like, *mask], output, note, heads=heads),
        case("PackedSelfAttentionGradient", inputs, back, note, heads=heads),
    ]


def cross_cases(images: int, rows: int, keys: int, heads: int, size: int) -> list:
    channels = heads * size
    packed, q = real(images, keys, 2 * channels), real(images, rows, channels)
    gradient = real(images, rows, channels)
    output = attention(q, *packed.chunk(2, -1), heads)
    dq, dpacked = torch.autograd.grad(output, [q, packed], gradient)
    back = torch.cat([dq, dpacked.reshape(images, 2 * keys, channels)], 1)
    note = f"{heads} heads of {size}"
    return [
        case("PackedCrossAttention", [packed, q], output, note, heads=heads),
        case("PackedCrossAttentionGradient", [packed, q, gradient], back, note, heads=heads),
    ]


def gelu_cases(*dims: int) -> list:
    x = real(*dims)
    h, g = x.chunk(2, -1)
    output = h * F.gelu(g)
    gradient = torch.randn_like(output)
    (back,) = torch.autograd.grad(output, x, gradient)
    return [
        case("GatedGelu", [x], output, ""),
        case("GatedGeluGradient", [x, gradient], back, ""),
    ]


def quick_gelu_cases(*dims: int) -> list:
    x = real(*dims)
    output = x * torch.sigmoid(1.702 * x)
    gradient = torch.randn_like(output)
    (back,) = torch.autograd.grad(output, x, gradient)
    return [
        case("QuickGelu", [x], output, ""),
        case("QuickGeluGradient", [x, gradient], back, ""),
    ]


def norm_gradients(op: str, inputs: list, back: torch.Tensor, **settings: int) -> list:
    other = real(*back.shape)
    return [
        case(op, inputs, back, "", **settings),
        case(op, [*inputs, other], back + other, "with an addition", **settings),
    ]


def norm_cases(dims: tuple, groups: int, silu: bool) -> list:
    x, gamma, beta = real(*dims), real(dims[1]), real(dims[1])
    output = F.group_norm(x, groups, gamma, beta, 1e-5)
    output = F.silu(output) if silu else output
    gradient = torch.randn_like(output)
    (back,) = torch.autograd.grad(output, x, gradient)
    settings = {"groups": groups, "silu": int(silu)}
    made = [
        case("FusedGroupNorm", [x, gamma, beta], output, "", **settings),
        *norm_gradients("FusedGroupNormGradient", [gradient, x, gamma, beta], back, **settings),
    ]
    return [with_epsilon(one) for one in made]


def layer_norm_cases(*dims: int) -> list:
    x, gamma, beta = real(*dims), real(dims[-1]), real(dims[-1])
    output = F.layer_norm(x, dims[-1:], gamma, beta, 1e-5)
    gradient = torch.randn_like(output)
    (back,) = torch.autograd.grad(output, x, gradient)
    made = [
        case("FusedLayerNorm", [x, gamma, beta], output, ""),
        *norm_gradients("FusedLayerNormGradient", [gradient, x, gamma], back),
    ]
    return [with_epsilon(one) for one in made]


POINTS = [0, 3 / 4, -3 / 4, 3 / 2, -3 / 2]


def weights_at_points(weights: torch.Tensor) -> torch.Tensor:
    """Polynomials with coefficients [O, I, 3, 3] at 0, +-3/4, +-3/2 and infinity, divided as Toom and Cook do."""
    rows = [
        [p**k / math.prod(p - q for q in POINTS if q != p) for k in range(3)] for p in POINTS
    ]
    at = torch.tensor([*rows, [0, 0, 1]], dtype=torch.float64)
    points = at @ weights @ at.T
    outputs, inputs = weights.shape[:2]
    return points.reshape(outputs // 8, 8, inputs, 36).permute(0, 3, 2, 1)


def in_panels(weights: torch.Tensor) -> torch.Tensor:
    return weights.reshape(weights.shape[0] // 8, 8, -1).transpose(1, 2)


def convolution_case(op: str, x: tuple, outputs: int, added: str = "") -> dict:
    image, bias = real(*x), real(outputs)
    weights = real(outputs, x[1], 3, 3)
    output = F.conv2d(image, weights, bias, padding=1)
    order = weights_at_points if op == "WinogradConvolution" else in_panels
    inputs = [image, torch.cat([order(weights).reshape(-1), bias])]
    if added != "":
        whole = added == "an addition"
        inputs.append(real(*output.shape) if whole else real(x[0], outputs, 1, 1))
        output = output + inputs[2]
    return case(op, inputs, output, added and f"with {added}")


def pointwise_case(
    x: tuple, outputs: int, rows_in: bool = False, rows_out: bool = False, added: str = ""
) -> dict:
    image, bias = real(*x), real(outputs)
    weights = real(outputs, x[1], 1, 1)
    output = F.conv2d(image, weights, bias)
    as_rows = (0, 2, 3, 1)
    inputs = [
        image.permute(as_rows) if rows_in else image,
        torch.cat([in_panels(weights).reshape(-1), bias]),
    ]
    if added != "":
        whole = added == "an addition"
        inputs.append(real(*output.shape) if whole else real(x[0], outputs, 1, 1))
        output = output + inputs[2]
    if rows_out:
        output = output.permute(as_rows)
    note = added and f"with {added}"
    return case(
        "PointwiseConvolution", inputs, output, note, rows_in=int(rows_in), rows_out=int(rows_out)
    )


def dense_case(dims: tuple, columns: int, residual: bool) -> dict:
    depth = dims[-1]
    x, weight, bias = real(*dims), real(columns, depth), real(columns)
    output = F.linear(x, weight, bias)
    # Eight columns side by side for each number of a row.
    panels = weight.reshape(-1, 8, depth).transpose(1, 2)
    inputs = [x, torch.cat([panels.flatten(), bias])]
    if residual:
        inputs.append(real(*output.shape))
        output = output + inputs[2]
    return case("Dense", inputs, output, "")


def main() -> None:
    torch.manual_seed(7)
    cases = [
        *self_cases(1, 3, 1, 2),
        *self_cases(2, 4, 2, 3),
        *cross_cases(1, 3, 5, 1, 2),
        *cross_cases(2, 4, 3, 2, 2),
        *gelu_cases(3, 8),
        *gelu_cases(2, 2, 6),
        *norm_cases((2, 4, 3), 2, False),
        *norm_cases((1, 6, 2, 2), 3, True),
        convolution_case("WinogradConvolution", (1, 2, 8, 8), 8),
        convolution_case("WinogradConvolution", (2, 1, 8, 16), 8, "an addition"),
        convolution_case("WinogradConvolution", (2, 1, 8, 8), 8, "numbers of an image"),
        convolution_case("DirectConvolution", (1, 2, 3, 4), 16),
        convolution_case("DirectConvolution", (2, 3, 4, 8), 8, "an addition"),
        convolution_case("DirectConvolution", (2, 1, 2, 4), 8, "numbers of an image"),
        *layer_norm_cases(3, 4),
        *layer_norm_cases(2, 2, 5),
        dense_case((3, 5), 8, False),
        dense_case((2, 2, 3), 48, True),
        *quick_gelu_cases(3, 4),
        *self_cases(2, 3, 2, 2, masked=True),
        pointwise_case((2, 3, 2, 4), 8),
        pointwise_case((1, 4, 2, 2), 16, rows_in=True, added="an addition"),
        pointwise_case((2, 4, 1, 4), 8, rows_in=True, rows_out=True),
        pointwise_case((2, 2, 2, 2), 8, rows_out=True),
        pointwise_case((2, 1, 2, 4), 8, added="numbers of an image"),
    ]
    OUT.write_text(json.dumps(cases) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
