"""What a batch is made of: x, perhaps y, perhaps sample_weight."""

from __future__ import annotations

from typing import Any

from tidegate.inputs import short


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """x, y and sample_weight of a batch; those that it lacks are None. Raises ValueError for more parts."""
    parts = tuple(data) if isinstance(data, (list, tuple)) else (data,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(
            "a batch must be x, (x,), (x, y) or (x, y, sample_weight); "
            f"received {len(parts)} parts, {short(data)}"
        )
    return (*parts, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The batch of these parts: a tuple of as many as are needed, or `x` itself where it is alone."""
    if y is None:
        return (x,) if isinstance(x, (list, tuple)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
