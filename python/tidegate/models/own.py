"""Models that users write: `call` in Python, over layers in attributes.

Its graph is one node, the model itself as a layer. So all that is done with graphs is done with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from tidegate.graph import Graph, Tensor
from tidegate.inputs import numeric
from tidegate.layers.calling import Accepts, leaves, mapped, mapped_shapes
from tidegate.layers.holding import Holding
from tidegate.layers.input_layer import InputLayer
from tidegate.layers.kinds import DType, Name
from tidegate.layers.layer import building
from tidegate.layers.own import Own
from tidegate.models.functional import structure_of
from tidegate.models.model import Model
from tidegate.passes import running
from tidegate.structure import flatten, pack
from tidegate.utils.naming import auto_name
from tidegate.variable import Array

_BESIDE = {"mask", "training"}


def adopt(cls: type[Model]) -> None:
    """Puts `OwnModel` among the bases of a class that writes `call`.

    Raises TypeError where a base makes its graph otherwise, which would leave `call` out.
    """
    if not issubclass(cls, OwnModel):
        for base in cls.__mro__[1:]:
            if base is not Model and "set_graph" not in vars(base) and "build" in vars(base):
                raise TypeError(
                    f"{cls.__name__}: a model that writes `call` must derive from `Model`; "
                    f"received {base.__name__}"
                )
        bases = [base for base in cls.__bases__ if base is not Model]
        cls.__bases__ = (*bases, OwnModel)
        OwnModel.take_build(cls)


class OwnModel(Holding, Model):
    """What a model has whose class writes `call`.

    `call(self, inputs, training=None, mask=None)` takes an array, or a structure of them, and gives arrays
    likewise, by the layers in attributes, lists and dictionaries, and by `tidegate.ops`. The first array it
    sees builds the model; so does `build(input_shape)`.

    Args:
        name: counted up from that of the class when not given.
        trainable: whether training changes the weights.
        dtype: "float32" or "float64", that of its layers.

    Example:
        >>> class Tagger(Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.lstm = LSTM(16, return_sequences=True)
        ...         self.tags = Dense(4, activation="softmax")
        ...
        ...     def call(self, inputs):
        ...         return self.tags(self.lstm(inputs))
        >>> Tagger().predict(np.zeros((2, 10, 3))).shape
        (2, 10, 4)
    """

    strict = False
    machinery: ClassVar[frozenset[str]] = Holding.machinery | {"_entrance", "_first", "_whole"}
    make_weights: Callable[..., None] | None = None  # the `build` that the user's class has

    call: Callable[..., Any]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        OwnModel.take_build(cls)

    @staticmethod
    def take_build(cls: Any) -> None:
        """The `build` of a user's class makes weights; that of a model makes the graph."""
        if "build" in vars(cls):
            cls.make_weights = cls.build
            del cls.build

    def __init__(self, name: str | None = None, trainable: bool = True, dtype: Any = None) -> None:
        super().__init__()
        kind = type(self).__name__
        self.name = Name().read(name, "name", kind) or auto_name(kind)
        self.trainable = bool(trainable)
        self._dtype = DType().read(dtype, "dtype", kind)
        self._variables = []
        self._entrance: Any = None  # the input layers of the graph
        self._guessed = False  # whether they are of a shape alone, and the first arrays say more
        self._whole = _Whole(self)

    @property
    def dtype(self) -> str:
        return self._dtype

    @property
    def layers(self) -> list[Any]:
        return self.sublayers

    operations = layers

    @property
    def activity_losses(self) -> list[float]:
        return self._whole.activity_losses

    def stored_attributes(self) -> dict[str, Any]:
        # To Keras `layers` is one of them, of which those have their place whose name comes behind it.
        return {**super().stored_attributes(), "layers": self.sublayers}

    def get_config(self) -> dict[str, Any]:
        """`name`, `trainable` and `dtype`; of a class that writes no `get_config` also the arguments of its
        `__init__`, where they are plain values.

        Raises NotImplementedError where they are not.
        """
        config = {"name": self.name, "trainable": self.trainable, "dtype": DType().write(self.dtype)}
        if type(self).__init__ is OwnModel.__init__ or type(self).get_config is not OwnModel.get_config:
            return config
        return {**self.plain_arguments(), **config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Model:
        return cls(**config)

    # ---- building --------------------------------------------------------------------------------

    @property
    def built(self) -> bool:
        """Whether there are weights."""
        return self._whole.built

    @built.setter
    def built(self, value: bool) -> None:
        """Does nothing; a `build` of the user's may say it."""

    @property
    def build_shape(self) -> Any:
        return self._whole.build_shape

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights for inputs of this shape, the batch axis (None) included, or of several."""
        if self._whole._in_build:
            return  # it comes from the `build` of the user's class
        if input_shape is None:
            raise ValueError(
                f"{self.title}: `build` needs an `input_shape`, such as (None, timesteps, features)"
            )
        self._begin(mapped_shapes(lambda shape: InputLayer(batch_shape=shape, dtype=self.dtype), input_shape))
        self._guessed = True

    def _begin(self, entrance: Any) -> None:
        """Makes the graph from these input layers on."""
        with building:
            inputs = mapped(lambda layer: layer.output, entrance)
            outputs = self._whole(inputs)
            ends = flatten(outputs)
            for place, tensor in enumerate(ends if len(ends) > 1 else ()):
                tensor.name = f"{self.name}_{place}"
            self.input_structure, self.output_structure = structure_of(inputs), structure_of(outputs)
            self._entrance = entrance
            self.set_graph(Graph(flatten(inputs), ends))

    def prepare(self, inputs: Any, name: str) -> Any:
        if self.graph is None or self._guessed:
            self._guessed = False
            self._begin(mapped(lambda each: self._input_for(numeric(each, name)), inputs))
        return super().prepare(inputs, name)

    def _input_for(self, array: Array) -> InputLayer:
        """An input layer for arrays like this one; whole numbers stay what they are."""
        dtype = array.dtype.name if array.dtype.kind in "iu" else self.dtype
        return InputLayer(batch_shape=(None, *array.shape[1:]), dtype=dtype)

    def get_build_config(self) -> dict[str, Any] | None:
        shapes = [] if self.graph is None else [tensor.shape for tensor in self.inputs]
        return {"input_shape": pack(self.input_structure, shapes)} if shapes else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._whole.compute_output_shape(input_shape)

    # ---- being called ----------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What `call` gives on arrays, computed now; on `Input`s, a node of a graph.

        Args: as of `call`; also `training`, and `mask` where `call` takes it.
        """
        if not any(isinstance(each, Tensor) for each in leaves((args, kwargs))):
            if (
                self.graph is None
                and running.get() is None
                and len(args) == 1
                and not kwargs.keys() - _BESIDE
            ):
                self.prepare(args[0], "inputs")
            return self._whole(*args, **kwargs)
        others = {name: value for name, value in kwargs.items() if value is not None}
        if len(args) != 1 or others:
            raise ValueError(
                f"{self.title}: on `Input`s a model takes one structure of them; received {len(args)} "
                f"arguments by place, and {list(others)} by name"
            )
        return self._connect(args[0])

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, graph=None)
        if self._entrance is not None:
            self._begin(self._entrance)


class _Whole(Own):
    """A model of the user's as the one layer of its graph."""

    def __init__(self, model: OwnModel) -> None:
        super().__init__(name=model.name, dtype=model.dtype)
        self.model = model

    @property
    def title(self) -> str:
        return self.model.title

    @property
    def _accepts(self) -> Accepts:
        return Accepts.of(type(self.model).call)

    @property
    def _maker(self) -> Callable[..., None]:
        return type(self.model).make_weights or super()._maker

    def build(self, **shapes: Any) -> None:  # type: ignore[override]
        if self.model.make_weights is not None:
            self.model.make_weights(**shapes)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self.model.call(*args, **kwargs)
