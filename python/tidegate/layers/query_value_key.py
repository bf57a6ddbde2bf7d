"""What attention layers share that are called with query, value and key apart, not in a list."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tidegate.graph import Tensor, connect
from tidegate.layers.several import SeveralInputs, Shapes
from tidegate.masks import Mask
from tidegate.variable import Array


class QueryValueKey(SeveralInputs):
    """The base of such layers: `layer(query, value)` or `layer(query, value, key)`.

    Their `forward` takes a list of the two or three, of their masks, and `attention_mask`: bool that
    broadcasts to [batch, heads, queries, keys].
    """

    inputs_apart = ("query", "value", "key")
    options: ClassVar[dict[str, Any]] = {"return_attention_scores": False, "use_causal_mask": False}

    num_heads: int
    attention_axes: tuple[int, ...] | None

    def build(self, query_shape: Any, value_shape: Any = None, key_shape: Any = None) -> None:
        """Makes the weights, once, for inputs of these shapes; also of a list of them."""
        shapes = query_shape if value_shape is None else [query_shape, value_shape, key_shape]
        super().build([shape for shape in shapes if shape is not None])
        self.attention_axes = (1,)

    def get_build_config(self) -> dict[str, Any] | None:
        if not self.built:
            return None
        names = ("query_shape", "value_shape", "key_shape")
        shapes: Any = self.build_shape
        return {"shapes_dict": dict(zip(names, shapes, strict=False))}

    def check_shapes(self, shapes: Shapes) -> None:
        fits = len(shapes) in (2, 3) and all(len(shape) == 3 for shape in shapes)
        if fits:
            query, value, key = shapes[0], shapes[1], shapes[-1]
            same = ((query[0], value[0]), (value[0], key[0]), (value[1], key[1]))
            fits = value[1] != 0 and all(None in pair or pair[0] == pair[1] for pair in same)
        if not fits:
            raise ValueError(
                f"{self.title}: the inputs must be query, value and perhaps key, of the axes [batch, "
                "queries, features] and twice [batch, keys, features], with a key or more; "
                f"received the shapes {list(map(tuple, shapes))}"
            )
        built: Any = self.build_shape or shapes
        features = [shapes[place][2] for place in (0, 1, -1)]
        if not all(features) or features != [built[place][2] for place in (0, 1, -1)]:
            raise ValueError(
                f"{self.title}: the last axes of the inputs must have known, positive lengths, those of "
                f"{list(map(tuple, built))}; received the shapes {list(map(tuple, shapes))}"
            )

    def __call__(  # type: ignore[override]
        self,
        query: Any,
        value: Any = None,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """The layer's outputs on arrays, computed now; on `Input`s, a node of a graph."""
        if value is None:
            raise ValueError(f"{self.title}: a call needs a query and a value; received no value")
        inputs = [query, value] if key is None else [query, value, key]
        options = {"return_attention_scores": return_attention_scores, "use_causal_mask": use_causal_mask}
        given = [query_mask, value_mask, key_mask]
        if any(isinstance(each, Tensor) for each in inputs):
            if attention_mask is not None:
                raise ValueError(f"{self.title}: `attention_mask` is not supported on `Input`s yet")
            return self._on_tensors(inputs, given, options)
        arrays = self.prepare(inputs)
        masks = None
        if any(each is not None for each in given):
            masks = self.prepare_masks(given[: len(arrays)], arrays)
        if attention_mask is not None:
            attention_mask = self.mask_of_heads(np.asarray(attention_mask), arrays)
        return self.compute(arrays, training, masks, attention_mask=attention_mask, **options)

    def _on_tensors(self, inputs: list[Any], masks: list[Any], options: dict[str, Any]) -> Any:
        if not all(isinstance(each, Tensor) for each in inputs):
            raise ValueError(f"{self.title}: the inputs must all be arrays, or all be those of a model")
        inputs = [self.with_mask(*pair) for pair in zip(inputs, masks, strict=False)]
        for name, value in options.items():
            if not isinstance(value, bool):
                raise ValueError(
                    f"{self.title}: argument `{name}` expected True or False; received {value!r}"
                )
        named = {**({"key": inputs[2]} if len(inputs) == 3 else {}), **options}
        return connect(self, inputs, (inputs[:2], named), **options)

    def mask_of_heads(self, mask: Array, arrays: list[Array]) -> Array:
        """A mask as bool that broadcasts to [batch, heads, queries, keys]."""
        shape = (len(arrays[0]), self.num_heads, arrays[0].shape[1], arrays[1].shape[1])
        of_heads = mask[:, np.newaxis] if mask.ndim == 3 else mask
        try:
            np.broadcast_to(of_heads, shape)
        except ValueError:
            raise ValueError(
                f"{self.title}: `attention_mask` must have a shape that broadcasts to [batch, queries, keys] "
                f"= {(shape[0], *shape[2:])}, or with heads, to {shape}; received {mask.shape}"
            ) from None
        return of_heads.astype(bool)

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask | None:
        return inputs[0].mask

    def compute_mask(self, inputs: Any, mask: Any = None) -> Array | None:
        found: Array | None = None if mask is None else mask[0]
        return found
