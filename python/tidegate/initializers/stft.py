"""The kernels of a short-time Fourier transform, as Keras states them."""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.initializers.initializer import Initializer
from tidegate.inputs import nearest

if TYPE_CHECKING:
    from tidegate.variable import Array

# Of a window, sum of (-1)^k a_k cos(2 pi k n / N): its a (Harris, Proceedings of the IEEE 66, 1978; Nuttall,
# IEEE Transactions on Acoustics 29, 1981).
_WINDOWS = {
    "boxcar": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
}


class STFT(Initializer):
    """`window * cos(2 pi f t / L) / scale`, or minus the sine, of shape [T, 1, L / 2 + 1].

    Args:
        side: "real" for the cosine, "imag" for the sine.
        window: "hann", "hamming", "blackman", "nuttall", "blackmanharris" or "boxcar"; its T values; or None.
        scaling: of the window: "density" divides by its Euclidean norm, "spectrum" by its sum; None by
            nothing.
        periodic: whether the window is one period of length T, rather than symmetric.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("side", "window", "periodic", "scaling")

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        for name, value, expected in (
            ("side", side, ("real", "imag")),
            ("scaling", scaling, ("density", "spectrum", None)),
        ):
            if value not in expected:
                raise ValueError(f"STFT: argument `{name}` expected one of {expected}; received {value!r}")
        if isinstance(window, str) and window not in _WINDOWS:
            raise ValueError(
                f"STFT: argument `window` expected one of {tuple(_WINDOWS)}, values or None; "
                f"received {window!r}.{nearest(window, _WINDOWS)}"
            )
        self.side = side
        self.window = window if window is None or isinstance(window, str) else np.asarray(window).tolist()
        self.scaling = scaling
        self.periodic = bool(periodic)

    def draw(self, shape: tuple[int, ...]) -> Array:
        if len(shape) != 3 or shape[1] != 1 or shape[2] < 2:
            raise ValueError(
                f"STFT: argument `shape` expected (timesteps, 1, bands), at least 2 bands; received {shape}"
            )
        timesteps, _, bands = shape
        length = 2 * (bands - 1)
        # The angles are multiples of one: each is taken within the first turn, where it is exact.
        turn = [2 * pi * n / length for n in range(length)]
        wave = np.array([cos(angle) if self.side == "real" else -sin(angle) for angle in turn])
        kernel = wave[np.outer(np.arange(timesteps), np.arange(bands)) % length].reshape(shape)
        if self.window is None:
            return kernel
        window = self._window(timesteps)
        scale = {
            "density": np.sqrt(np.square(window).sum()),
            "spectrum": np.abs(window).sum(),
            None: 1.0,
        }[self.scaling]
        return np.asarray(kernel * (window / scale).reshape(timesteps, 1, 1))

    def _window(self, timesteps: int) -> Array:
        if not isinstance(self.window, str):
            window = np.asarray(self.window, np.float64)
            if window.shape != (timesteps,):
                raise ValueError(
                    f"STFT: argument `window` expected {timesteps} values; received the shape {window.shape}"
                )
            return window
        period = timesteps if self.periodic else max(timesteps - 1, 1)
        if timesteps == 1:
            return np.ones(1)
        factors = _WINDOWS[self.window]
        return np.array(
            [
                sum((-1) ** k * a * cos(2 * pi * k * n / period) for k, a in enumerate(factors))
                for n in range(timesteps)
            ]
        )
