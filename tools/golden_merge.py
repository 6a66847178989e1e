"""Write what merging two concepts must give, by linear algebra that is not the engine's.

    python tools/golden_merge.py --base FOLDER [--captions public/models/toybox-256/captions.txt]
        [--model public/models/toybox-256] [--out tests/reference]

Writes merge.safetensors: real features of the default model's text encoder, in float64, and two
made-up concepts. `bear` and `car` start from the token of studio.json as in training; their rows
have moved by as much as 200 steps move them (0.12), and their weight differences are what gradients
make of them: rows of their own prompts' features times noise, plus a little noise everywhere, 5 %
of the weights in all.

    gram.lower        [E (E + 1) / 2] float64: lower triangle of Cregᵀ Creg, row after row
    NAME.features     [s, E] rows of both target prompts from V* to the end mark; metadata: labels
    NAME.difference   [E, S] W_n - W0, of S = 24 of the 4,224 packed columns
    base              [E, S] W0
    solution          [E, S] float64: the merged W - W0
    sines             [s, s] float64: of the angles between target rows, by Creg's measure
    singular.values   [S] float64: singular values of bear.difference

Writes merge-contexts.safetensors as well: the same concepts, drawn to what they do in longer prompts.

    NAME.context      [r, E] rows of CONTEXTS from V* on, with padding up to LENGTH positions
    both.context      [r, E] rows of prompts that name both, in either order, from the second V* on
    solution          [E, S] float64: the merged W - W0 with the contexts of each
    solution.both     [E, S] float64: the same drawn, where both are named, to the sum of their differences

The solution comes from Creg itself, by the null-space method: with N an orthonormal basis of what
Creg's rows span (numpy's SVD, without the one direction of relative energy below 1e-6), find by QR
the smallest X with C N X = T and the null space of C N, and move X along it until Creg N X is
smallest (numpy's lstsq). Rows that the two concepts share (sine below 0.1) are left out. Context rows
times √μ are further rows of Creg, at which X is to come near √μ C_n (W_n - W0) instead of 0, with
μ = ‖Creg‖² / ‖C_n‖².
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import transformers
from diffusers import UNet2DConditionModel
from safetensors.numpy import save
from tokenizers import Tokenizer
from transformers import CLIPTextModel

import seeded
from make_goldens import in_fixed_order

SEED = 11
CATEGORIES = ["bear", "car"]
PROMPTS = ["", "photo of a "]
CONTEXTS = ["", " on a sofa", " in the garden"]
LENGTH = 14
LENGTH_OF_BOTH = 18
MOVED = 0.12
SIZE = 0.05
EVERYWHERE = 0.1
THRESHOLD = 1e-6
SHARED_SINE = 0.1
COLUMNS = 4
LAYERS = ("down_blocks.0.attentions.0", "mid_block.attentions.0", "up_blocks.3.attentions.2")
BATCH = 50


class Encoder:
    """The text encoder in float64, with a vector in place of one token's row."""

    def __init__(self, base: Path):
        self.tokenizer = Tokenizer.from_file(str(base / "tokenizer/tokenizer.json"))
        self.model = CLIPTextModel.from_pretrained(base / "text_encoder", variant="fp16").double()
        self.embedding = self.model.get_input_embeddings()
        marks = json.loads((base / "text_encoder/config.json").read_text())
        self.start, self.end = marks["bos_token_id"], marks["eos_token_id"]

    def ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids if text else []

    @torch.no_grad()
    def captions(self, captions: list[str]) -> np.ndarray:
        """Rows of all captions, from the first word to the end mark."""
        found = []
        for first in range(0, len(captions), BATCH):
            ids = [[self.start, *self.ids(c), self.end] for c in captions[first : first + BATCH]]
            longest = max(len(i) for i in ids)
            # The encoder is causal: what pads a caption changes nothing before it.
            padded = torch.tensor([i + [self.end] * (longest - len(i)) for i in ids])
            hidden = self.model(input_ids=padded).last_hidden_state.numpy()
            found += [hidden[k, 1 : len(i)] for k, i in enumerate(ids)]
        return np.concatenate(found)

    @torch.no_grad()
    def target(
        self, before: str, category: str, row: torch.Tensor, length: int = 0
    ) -> tuple[np.ndarray, list[str]]:
        """Rows from V* to the end mark, or to `length` positions of the prompt, and what they are."""
        head, tail = [self.start, *self.ids(before)], [*self.ids(category), self.end]
        tail += [self.end] * (length - len(head) - 1 - len(tail))
        place = torch.tensor([len(head)])
        hook = self.embedding.register_forward_hook(
            lambda _module, _inputs, output: output.index_copy(1, place, row[None, None])
        )
        try:
            ids = torch.tensor([[*head, 0, *tail]])
            hidden = self.model(input_ids=ids).last_hidden_state[0, len(head) :].numpy()
        finally:
            hook.remove()
        names = ["<new>", *self.tokenizer.encode(category, add_special_tokens=False).tokens, "end"]
        return hidden, [f'{name} in "{before}<new> {category}"' for name in names]


    @torch.no_grad()
    def together(
        self, words: list[tuple[str, torch.Tensor]], after: str, length: int
    ) -> np.ndarray:
        """Rows of a prompt with several words of their own from the last V* on, to `length` positions."""
        ids, places = [self.start], []
        for n, (category, _) in enumerate(words):
            ids += self.ids(PROMPTS[1] if n == 0 else "and a ")
            places.append(len(ids))
            ids += [0, *self.ids(category)]
        ids += [*self.ids(after), self.end]
        ids += [self.end] * (length - len(ids))
        rows = torch.stack([row for _, row in words])[None]
        hook = self.embedding.register_forward_hook(
            lambda _module, _inputs, output: output.index_copy(1, torch.tensor(places), rows)
        )
        try:
            hidden = self.model(input_ids=torch.tensor([ids])).last_hidden_state
        finally:
            hook.remove()
        return hidden[0, places[-1] :].numpy()


def base_weights(folder: Path) -> np.ndarray:
    """[E, S]: the first columns of K and V of some layers."""
    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet", variant="fp16")
    columns = []
    for layer in LAYERS:
        attention = unet.get_submodule(f"{layer}.transformer_blocks.0.attn2")
        columns += [p.weight[:COLUMNS].T for p in (attention.to_k, attention.to_v)]
    return torch.cat(columns, dim=1).detach().float().numpy()


def difference(name: str, features: np.ndarray, base: np.ndarray) -> np.ndarray:
    """A difference as training leaves it: features of the concept's prompts, times something."""
    heard = features.T @ seeded.normal(SEED, f"{name}.heard", (len(features), base.shape[1]))
    rest = seeded.normal(SEED, f"{name}.rest", base.shape)
    sum_ = heard / np.linalg.norm(heard) + EVERYWHERE * rest / np.linalg.norm(rest)
    return (SIZE * np.linalg.norm(base) * sum_ / np.linalg.norm(sum_)).astype(np.float32)


def solve(
    captions: np.ndarray, wanted: np.ndarray, rows: np.ndarray, changes: np.ndarray
) -> np.ndarray:
    """argmin ‖captions D - wanted‖ with rows D = changes, D in the span of what captions do not miss."""
    _, sizes, directions = np.linalg.svd(captions, full_matrices=False)
    span = directions[sizes**2 >= THRESHOLD * np.mean(sizes**2)].T
    print(f"retained {span.shape[1]} of {len(sizes)} directions")
    q, r = np.linalg.qr((rows @ span).T, mode="complete")
    count = len(rows)
    particular = q[:, :count] @ np.linalg.solve(r[:count].T, changes)
    null = q[:, count:]
    seen = captions @ span
    along, *_ = np.linalg.lstsq(seen @ null, wanted - seen @ particular, rcond=None)
    return span @ (particular + null @ along)


def angles(captions: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Sines of the angles between rows when captions weigh the same in all directions."""
    seen = rows @ np.linalg.pinv(captions, rcond=1e-3)
    units = seen / np.linalg.norm(seen, axis=1, keepdims=True)
    cosines = np.clip(units @ units.T, -1, 1)
    return np.sqrt(1 - cosines**2)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--captions", type=Path, default=Path("public/models/toybox-256/captions.txt"))
    parser.add_argument("--model", type=Path, default=Path("public/models/toybox-256"))
    parser.add_argument("--out", type=Path, default=Path("tests/reference"))
    args = parser.parse_args()

    encoder = Encoder(args.base)
    captions = encoder.captions(args.captions.read_text(encoding="utf-8").splitlines())
    base = base_weights(args.base)
    initial = json.loads((args.model / "studio.json").read_text())["initializerTokens"][0]["id"]
    start = encoder.embedding.weight[initial].detach()

    tensors: dict[str, np.ndarray] = {"base": base}
    contexts: dict[str, np.ndarray] = {}
    labels: dict[str, list[str]] = {}
    rows, changes, owner, words = [], [], [], []
    # Captions are to change by nothing.
    drawn, wanted = [captions], [np.zeros((len(captions), base.shape[1]))]
    for n, name in enumerate(CATEGORIES):
        moved = torch.from_numpy(seeded.normal(SEED, f"{name}.row", tuple(start.shape))).double()
        row = start + MOVED * moved / moved.norm()
        words.append((name, row))
        found = [encoder.target(before, name, row) for before in PROMPTS]
        # What is stored is what is computed with.
        features = np.concatenate([part for part, _ in found]).astype(np.float32)
        labels[name] = [label for _, part in found for label in part]
        change = difference(name, features.astype(np.float64), base)
        tensors |= {f"{name}.features": features, f"{name}.difference": change}
        rows.append(features.astype(np.float64))
        changes.append(features.astype(np.float64) @ change.astype(np.float64))
        owner += [n] * len(features)
        longer = [encoder.target(PROMPTS[1], name + tail, row, LENGTH)[0] for tail in CONTEXTS]
        contexts[f"{name}.context"] = np.concatenate(longer).astype(np.float32)
        context = contexts[f"{name}.context"].astype(np.float64)
        context *= np.linalg.norm(captions) / np.linalg.norm(context)
        drawn.append(context)
        wanted.append(context @ change.astype(np.float64))

    rows, changes = np.concatenate(rows), np.concatenate(changes)
    others = np.not_equal.outer(owner, owner)
    libraries = {
        "numpy": np.__version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }

    def merge(seen: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
        """The solution, the sines, and what the file says of it."""
        sines = angles(seen, rows)
        kept = ~(others & (sines < SHARED_SINE)).any(axis=1)
        solution = solve(seen, target, rows[kept], changes[kept])
        off = np.linalg.norm(rows[kept] @ solution - changes[kept]) / np.linalg.norm(changes[kept])
        drift = float(np.linalg.norm(captions @ solution) / np.linalg.norm(captions @ base))
        print(f"{len(seen)} rows, kept {kept.tolist()}, residual {off:.2g}, drift {drift:.4g}")
        metadata = {
            "version": "1",
            "tool": "tools/golden_merge.py",
            "seed": str(SEED),
            "libraries": json.dumps(libraries),
            "kept": json.dumps(kept.tolist()),
            "drift": repr(drift),
        }
        return solution, sines, metadata

    gram = captions.T @ captions
    solution, sines, metadata = merge(drawn[0], wanted[0])
    tensors |= {
        "gram.lower": gram[np.tril_indices(len(gram))],
        "solution": solution,
        "sines": sines,
        "singular.values": np.linalg.svd(
            tensors["bear.difference"].astype(np.float64), compute_uv=False
        ),
    }
    metadata |= {"labels": json.dumps(labels), "caption_rows": str(len(captions))}
    write(args.out / "merge.safetensors", tensors, metadata)
    solution, _, metadata = merge(np.concatenate(drawn), np.concatenate(wanted))
    both = np.concatenate(
        [
            encoder.together(order, tail, LENGTH_OF_BOTH)
            for order in (words, words[::-1])
            for tail in CONTEXTS
        ]
    ).astype(np.float32)
    scaled = both.astype(np.float64) * np.linalg.norm(captions) / np.linalg.norm(both)
    change = sum(tensors[f"{name}.difference"].astype(np.float64) for name in CATEGORIES)
    solution_of_both, _, _ = merge(
        np.concatenate([*drawn, scaled]), np.concatenate([*wanted, scaled @ change])
    )
    contexts |= {"both.context": both, "solution": solution, "solution.both": solution_of_both}
    write(args.out / "merge-contexts.safetensors", contexts, metadata)


def write(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    path.write_bytes(in_fixed_order(save(contiguous, metadata)))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
