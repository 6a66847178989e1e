"""Seeded numbers, alike bit for bit in Python and TypeScript, so that fixtures store no weights.

A number is named by (seed, name, i): a 32-bit integer hash of the three, no state, any element on
its own. `README.md` lists values for a twin's test.

    key(name)          FNV-1a, 32 bits, over the UTF-8 bytes
    hash(seed,name,i)  mix(i * 0x9E3779B9 + key(name) + seed * 0x85EBCA6B)      all modulo 2^32
    mix                xor-shift / multiply, constants of the "low-bias" two-round hash (C. Wellons,
                       hash-prospector)
"""

import numpy as np

SKETCH_BUCKETS = 1024


def key(name: str) -> int:
    """FNV-1a of the UTF-8 bytes of `name`, 32 bits."""
    h = 0x811C9DC5
    for byte in name.encode("utf-8"):
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def mix(x: np.ndarray) -> np.ndarray:
    """Scramble uint32 values; every input bit reaches every output bit."""
    x = x.astype(np.uint32, copy=True)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x21F0AAAD)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x735A2D97)
    x ^= x >> np.uint32(15)
    return x


def hashes(seed: int, name: str, start: int, count: int) -> np.ndarray:
    """uint32 [count]: hash(seed, name, i) for i in start .. start+count-1."""
    offset = np.uint32((key(name) + seed * 0x85EBCA6B) & 0xFFFFFFFF)
    i = np.arange(start, start + count, dtype=np.uint64).astype(np.uint32)
    return mix(i * np.uint32(0x9E3779B9) + offset)


def uniform(seed: int, name: str, count: int, start: int = 0) -> np.ndarray:
    """float64 [count] in [0, 1): the upper 24 bits of the hash, times 2^-24 (exact)."""
    return (hashes(seed, name, start, count) >> np.uint32(8)).astype(np.float64) * 2.0**-24


def weights(
    seed: int, name: str, shape: tuple[int, ...], center: float, scale: float
) -> np.ndarray:
    """float32 [shape], row-major: fround(center + scale * (2u - 1)), computed in f64."""
    u = uniform(seed, name, int(np.prod(shape, dtype=np.int64)))
    return (center + scale * (2.0 * u - 1.0)).astype(np.float32).reshape(shape)


def normal(seed: int, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """float32 [shape]: fround((u(4i) + u(4i+1) + u(4i+2) + u(4i+3) - 2) * sqrt(3)), row-major i.

    A sum of four uniforms (Irwin-Hall): mean 0, variance 1, bounded by 2 sqrt(3). The sum runs left
    to right in f64.
    """
    u = uniform(seed, name, 4 * int(np.prod(shape, dtype=np.int64))).reshape(-1, 4)
    total = ((u[:, 0] + u[:, 1]) + u[:, 2]) + u[:, 3]
    return ((total - 2.0) * np.sqrt(np.float64(3.0))).astype(np.float32).reshape(shape)


def sketch(name: str, tensor: np.ndarray, chunk: int = 1 << 20) -> np.ndarray:
    """float32 [1024]: count sketch of `tensor` (any shape, row-major flat index i).

        h = hash(1, "sketch:" + name, i);   s[h & 1023] += (h >> 31 ? -1 : +1) * T[i]
        accumulated in f64

    Linear, and E ||s(a) - s(b)||^2 = ||a - b||^2, so ||s(a) - s(b)|| / ||s(b)|| estimates the
    relative L2 error of a large tensor from 4 KB (standard deviation about 2 %). Charikar, Chen,
    Farach-Colton 2002.
    """
    flat = np.ascontiguousarray(tensor).reshape(-1)
    out = np.zeros(SKETCH_BUCKETS, dtype=np.float64)
    for start in range(0, flat.size, chunk):
        part = flat[start : start + chunk].astype(np.float64)
        h = hashes(1, "sketch:" + name, start, part.size)
        sign = np.where(h >> np.uint32(31), -1.0, 1.0)
        out += np.bincount(
            h & np.uint32(SKETCH_BUCKETS - 1), weights=sign * part, minlength=SKETCH_BUCKETS
        )
    return out.astype(np.float32)
