"""Directions average as vectors of whole numbers: round(10^6 sin) and round(10^6 cos), halves away from zero."""

import numpy as np
from numpy.typing import NDArray

_SCALE = 1_000_000


def _rounded(values: NDArray[np.float64]) -> NDArray[np.int64]:
    size = np.abs(values)
    whole = np.floor(size)
    rounded = np.where(size - whole >= 0.5, whole + 1, whole)
    return np.where(values < 0, -rounded, rounded).astype(np.int64)


def sine_of(thousandths: NDArray[np.int64]) -> NDArray[np.int64]:
    """As `sineOf` in proto/angle.ts; a test compares them for every thousandth of a degree."""
    return _rounded(np.sin(thousandths / 180_000 * np.pi) * _SCALE)


def cosine_of(thousandths: NDArray[np.int64]) -> NDArray[np.int64]:
    """As `cosineOf` in proto/angle.ts."""
    return _rounded(np.cos(thousandths / 180_000 * np.pi) * _SCALE)
