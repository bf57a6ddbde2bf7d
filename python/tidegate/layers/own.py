"""Layers that users write: `call` in Python, over `tidegate.ops` and the layers in them.

A class that derives from `Layer` and writes `call` gets `Own` among its bases. Its arrays are computed by its
`call`, in which layers compute as a part of the same pass; autograd follows where a gradient is wanted.
"""

from __future__ import annotations

import warnings
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.derivatives import unboxed
from tidegate.graph import Node, Tensor
from tidegate.inputs import Shape
from tidegate.layers.arguments import Argument, Table
from tidegate.layers.called import Called
from tidegate.layers.calling import (
    Accepts,
    Place,
    Use,
    arrays_in,
    filled,
    leaves,
    mapped,
    mapped_shapes,
    shape_arguments,
    shape_of,
    some,
)
from tidegate.layers.holding import Holding
from tidegate.layers.kinds import Flag
from tidegate.layers.layer import Layer, building
from tidegate.layers.probing import Outputs, probed
from tidegate.passes import Pass, running
from tidegate.random import Training
from tidegate.structure import listed, plain
from tidegate.values import handed_out
from tidegate.variable import assign_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.masks import Mask


def adopt(cls: type[Layer]) -> None:
    """Puts `Own` among the bases of a class that writes `call`.

    Raises TypeError where a base computes by itself, which would leave `call` out.
    """
    if not issubclass(cls, Own):
        for base in cls.__mro__[1:]:
            if base is not Layer and "forward" in vars(base):
                raise TypeError(
                    f"{cls.__name__}: a layer that writes `call` must derive from `Layer`; "
                    f"make a `{base.__name__}` in its `__init__`, and call it"
                )
        bases = [base for base in cls.__bases__ if base is not Layer]
        cls.__bases__ = (*bases, Own)
        if "build" in vars(cls):
            cls.build = _once(cls.build)  # type: ignore[method-assign]


def _once(build: Callable[..., None]) -> Callable[..., None]:
    """A `build` that does nothing the second time, and says that the layer is built."""

    @wraps(build)
    def built(self: Any, *args: Any, **kwargs: Any) -> None:
        with building:
            if self._in_build:  # that of a base class, by `super().build()`
                build(self, *args, **kwargs)
            elif not self.built:
                self._in_build = True
                try:
                    build(self, *args, **kwargs)
                finally:
                    self._in_build = False
                self.built, self.build_shape = True, next(iter((*args, *kwargs.values())), None)

    return built


class Own(Holding, Called):
    """What a layer has whose class writes `call`.

    `call(self, inputs, training=None, mask=None)` takes arrays, or structures of them, in its arguments, and
    gives arrays likewise. `build(self, input_shape)` may make weights with `add_weight`; so may `__init__`.
    Layers in attributes, lists and dictionaries belong to it. `training` and `mask` come by themselves where
    `call` takes them and they are not given.

    Attributes:
        supports_masking: whether a mask goes on with the output; True where `compute_mask` is written.

    Example:
        >>> class Scaled(Layer):
        ...     def build(self, input_shape):
        ...         self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")
        ...
        ...     def call(self, inputs):
        ...         return inputs * self.scale
        >>> Scaled()(np.ones((2, 3))).shape
        (2, 3)
    """

    _in_build = False
    common: ClassVar[Table] = (
        *Layer.common,
        Argument("autocast", True, Flag(), positional=False, in_config=False),
    )

    call: Callable[..., Any]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "build" in vars(cls):
            cls.build = _once(cls.build)  # type: ignore[method-assign]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.supports_masking = type(self).compute_mask is not Own.compute_mask
        self._unfinished = True  # layers in it may have no weights yet

    # ---- configuration ---------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """`name`, `trainable` and `dtype`; of a class that writes no `get_config` also the arguments of its
        `__init__`, where they are plain values.

        Raises NotImplementedError where they are not.
        """
        config = super().get_config()
        if type(self).__init__ is Own.__init__ or type(self).get_config is not Own.get_config:
            return config
        given = self.plain_arguments()
        return {**config, **{name: value for name, value in given.items() if name not in config}}

    # ---- building --------------------------------------------------------------------------------

    @_once
    def build(self, input_shape: Any) -> None:
        """Makes nothing by itself: layers in it are built when they are first called."""

    def _build(self, arguments: dict[str, Any]) -> None:
        """Builds it for these arguments of `call`, arrays and tensors among them."""
        if not self.built:
            shapes = {name: mapped(shape_of, value) for name, value in arrays_in(arguments).items()}
            self.build(**shape_arguments(self._maker, shapes))

    @property
    def _maker(self) -> Callable[..., None]:
        """What makes the weights, whose arguments say of which shapes it wants to know."""
        return type(self).build

    def _finish(self) -> None:
        """Once `call` has been run: all weights are there, and have paths below the layer's."""
        if self._unfinished:
            self._unfinished = False
            for variable in self.weights:
                if not variable.path.startswith(f"{self.name}/"):
                    variable.path = f"{self.name}/{variable.path}"

    @property
    def native(self) -> bool:
        return False

    @property
    def stateful(self) -> bool:  # type: ignore[override]
        return bool(self.carried)

    def check_input(self, shape: Any) -> None:
        """Takes whatever `call` takes."""

    def create_operator(self) -> None:
        return None

    # ---- being called ----------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What `call` gives on arrays, computed now; on `Input`s, nodes of a graph.

        Args: as of `call`; also `training`, and `mask` where `call` takes it.
        """
        if "nodes" not in vars(self):
            raise RuntimeError(f"{type(self).__name__}: `__init__` must call `super().__init__()` first")
        if any(isinstance(each, Tensor) for each in leaves((args, kwargs))):
            return self._connect(args, kwargs)
        going = running.get()
        if going is not None:
            return self._inside(going, args, kwargs)
        args, kwargs = mapped(self._converted, (args, kwargs))
        training = kwargs.get("training")
        if training is None:
            training = self._accepts.default("training")
        going = Pass(Training.by_hand(training), {})
        with going.entered():
            outputs = self._inside(going, args, kwargs)
        self._finish()
        assign_each(going.updates({}))
        self.show_losses([float(loss) for loss in going.losses])
        return handed_out(outputs)

    @property
    def _accepts(self) -> Accepts:
        return Accepts.of(type(self).call)

    def _converted(self, value: Any) -> Any:
        """An array in the layer's dtype, unless it holds whole numbers."""
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return np.asarray(value, self.dtype)
        return value

    def _called(self, going: Pass, args: Any, kwargs: dict[str, Any]) -> Any:
        """What `call` gives, as a part of a pass."""
        accepts = self._accepts
        arguments = accepts.bound(args, kwargs)
        self._build(arguments)
        arrays = arrays_in(arguments)
        masks = {name: some(mapped(going.mask_of, value)) for name, value in arrays.items()}
        first = next(iter(arrays), "")
        for name in arrays:
            taken = "mask" if len(arrays) == 1 else f"{name}_mask"
            if taken in accepts.names and arguments.get(taken) is None:
                arguments[taken] = masks[name]
        around, going.training = going.training, going.trains(kwargs.get("training"))
        if "training" in accepts.names:
            arguments["training"] = going.training is not None
        bound = accepts.signature.bind_partial()
        bound.arguments.update({name: arguments[name] for name in accepts.names if name in arguments})
        bound.arguments.update(arguments)
        try:
            outputs = self.call(*bound.args, **bound.kwargs)
        finally:
            going.training = around
        mask = arguments.get("mask")
        self._put_masks(going, arrays.get(first), outputs, masks.get(first) if mask is None else mask)
        return outputs

    def _put_masks(self, going: Pass, inputs: Any, outputs: Any, mask: Any) -> None:
        """Notes the masks of the outputs, where no layer inside has given them one."""
        found = leaves(outputs)
        if not self.supports_masking:
            if mask is not None:
                warnings.warn(
                    f"{self.title}: a mask came with its input, and does not go on with its output; set "
                    "`self.supports_masking = True`, or write `compute_mask`, to let it",
                    stacklevel=2,
                )
        elif any(going.mask_of(each) is None for each in found):
            masks = self.compute_mask(mapped(unboxed, inputs), mask)
            for each, own in zip(found, leaves(masks) if len(found) > 1 else [masks], strict=False):
                if own is not None:
                    going.put_mask(each, own)

    def compute(self, inputs: Any, training: Any = None, mask: Any = None, **options: Any) -> Any:
        going = running.get()
        assert going is not None  # only nodes of models that are called in a pass come here
        args, kwargs = filled(options.get("use"), listed(inputs))
        if training is not None:
            kwargs = {"training": training, **kwargs}
        return plain(leaves(self._inside(going, args, kwargs)))

    def _inside(self, going: Pass, args: Any, kwargs: dict[str, Any]) -> Any:
        """What `call` gives, with the penalty on it that a graph adds where the layer is a node."""
        outputs = self._called(going, args, kwargs)
        if self.activity_regularizer is not None:
            going.penalise(self.activity_regularizer, leaves(outputs))
        return outputs

    # ---- a node of a graph -----------------------------------------------------------------------

    def _connect(self, args: Any, kwargs: dict[str, Any]) -> Any:
        tensors: list[Tensor] = []

        def place(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return value
            tensors.append(value)
            return Place(len(tensors) - 1)

        placed = mapped(place, args), mapped(place, kwargs)
        use: Use | None = Use(*placed, tuple(tensor.dtype for tensor in tensors))
        if len(args) == 1 and isinstance(args[0], Tensor) and not kwargs and tensors[0].dtype == self.dtype:
            use = None
        with building:
            self._build(self._accepts.bound(args, kwargs))
            found = self._outputs([tensor.shape for tensor in tensors], use)
        options = {} if use is None else {"use": use}
        node = Node(self, tensors, found.shapes, (list(args), dict(kwargs)), options)
        for tensor, dtype in zip(node.outputs, found.dtypes, strict=True):
            tensor.dtype = dtype
        node.outputs[0].mask = self.symbolic_mask(tensors)
        self.nodes.append(node)
        return mapped(lambda each: node.outputs[each.number], found.structure)

    def shapes_of(self, shapes: list[Shape], options: dict[str, Any]) -> list[Shape]:
        return self._outputs(shapes, **options).shapes

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for an input's, or those of several, found by a `call` on zeros."""
        shapes: list[Shape] = []

        def place(shape: Shape) -> Place:
            shapes.append(shape)
            return Place(len(shapes) - 1)

        arguments = (mapped_shapes(place, input_shape),)
        use = Use(arguments, {}, (self.dtype,) * len(shapes))
        found = probed(self, shapes, use)
        return mapped(lambda each: found.shapes[each.number], found.structure)

    def _outputs(self, shapes: list[Shape], use: Use | None = None) -> Outputs:
        if type(self).compute_output_shape is Own.compute_output_shape or self._unfinished:
            found = probed(self, shapes, use)
            self._finish()
        if type(self).compute_output_shape is Own.compute_output_shape:
            return found
        args, kwargs = filled(use, [Tensor(shape, self.dtype, "") for shape in shapes])
        named = {
            name: mapped(shape_of, value)
            for name, value in arrays_in(self._accepts.bound(args, kwargs)).items()
        }
        return Outputs.of_shapes(
            self.compute_output_shape(**shape_arguments(type(self).compute_output_shape, named)), self.dtype
        )

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask | None:
        passes = self.supports_masking and type(self).compute_mask is Own.compute_mask
        return inputs[0].mask if passes else None

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask
