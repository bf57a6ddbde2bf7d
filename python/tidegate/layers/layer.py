"""What every layer is: a declared configuration, Variables, and a forward and a backward that store nothing.

A layer may be used twice, from several threads and in any graph: what a backward needs, its forward hands
out. So are the new states of a stateful layer: who calls `forward` assigns what `updates` says.
"""

from __future__ import annotations

import threading
from typing import Any, ClassVar

import numpy as np

from tidegate.graph import Graph, Node, Tensor, connect
from tidegate.inputs import Shape, batch_shape, check_input_shape, floating, mask_of_steps, short
from tidegate.layers.arguments import Argument, Signature, Table, bind
from tidegate.layers.kinds import DType, Flag, InputShape, Name, Regularizer
from tidegate.legacy import layer_arguments
from tidegate.masks import Mask
from tidegate.passes import running
from tidegate.random import Training
from tidegate.regularizers import activity_penalties
from tidegate.structure import listed, plain
from tidegate.utils.naming import auto_name
from tidegate.values import handed_out
from tidegate.variable import Array, Variable, assign_all, assign_each, release_at_fork
from tidegate.weighted import Weighted

Steps = list[tuple[Any, list[Variable], str]]

building = threading.RLock()  # two threads that call an unbuilt layer or model build it once
release_at_fork(building)


class Layer(Weighted):
    """The base of all layers.

    A class of the user's writes `call`, and gets `Own` among its bases: see `layers/own.py`. One of this
    package's declares `arguments` and writes `create_variables`, `create_operator`, `forward`, `backward`
    and `compute_output_shape`. Every layer takes, by name, `name`, `trainable`, `dtype`,
    `activity_regularizer` and `input_shape`, or with a warning `batch_input_shape`.

    Attributes:
        name: unique in a model; counted up from the class name when not given.
        trainable: whether an optimizer changes the weights.
        dtype: "float32" or "float64", of the weights, the inputs and the outputs.
        activity_regularizer: a penalty on each output, for a row of the batch; training adds it to the loss.
        built: whether there are weights yet; they are made on the first call, or by `build`.
        operator: the native operator of this configuration, there once built; None for a layer that does
            nothing in inference.
        nodes: its uses on tensors, in the order in which they were made.
    """

    arguments: ClassVar[Table] = ()
    common: ClassVar[Table] = (
        Argument("name", None, Name(), positional=False),
        Argument("trainable", True, Flag(), positional=False),
        Argument("dtype", None, DType(), positional=False),
        Argument("activity_regularizer", None, Regularizer(), positional=False, in_config=False),
        Argument("input_shape", None, InputShape(), positional=False, in_config=False),
        Argument("batch_input_shape", None, InputShape(), positional=False, in_config=False),
    )
    axes: ClassVar[str] = "[batch, ..., features]"
    minimum_rank: ClassVar[int] = 2
    uses_mask: ClassVar[bool] = False  # whether masked steps make a difference to the outputs
    makes_mask: ClassVar[bool] = False  # whether `compute_mask` forgets the mask that came
    several_inputs: ClassVar[bool] = False  # whether inputs, their shapes and their masks come in lists
    graph: ClassVar[Graph | None] = None  # what a model in a layer's place has
    counted: ClassVar[bool] = True  # whether it is among the layers of a model that it is in
    stateful: bool = False  # whether a call goes on where the last one ended
    states_argument: ClassVar[str] = "initial_state"  # of a call, that takes states besides the inputs
    __signature__ = Signature()

    name: str
    trainable: bool
    dtype: str
    activity_regularizer: Any = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "call" in vars(cls):
            from tidegate.layers.own import adopt

            adopt(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        values = bind(type(self).__name__, self.table(), args, layer_arguments(type(self), kwargs))
        self.given_batch_shape = batch_shape(values.pop("input_shape"), values.pop("batch_input_shape"))
        self.given_weights: list[Array] | None = values.pop("weights", None)  # of layers that take them
        for name, value in values.items():
            setattr(self, name, value)
        self.name = self.name or auto_name(type(self).__name__)
        self.built = False
        self.build_shape: Shape | None = None
        self.operator: Any = None
        self.nodes: list[Node] = []
        self._activity_losses: list[float] = []
        self._variables: list[Variable] = []

    @classmethod
    def table(cls) -> Table:
        """Every argument of the constructor."""
        own = {argument.name for argument in cls.arguments}
        return (*cls.arguments, *(argument for argument in cls.common if argument.name not in own))

    # ---- configuration ---------------------------------------------------------------------------

    @classmethod
    def config_names(cls) -> list[str]:
        """The arguments that are saved, in Keras's order."""
        return [argument.name for argument in (*cls.common, *cls.arguments) if argument.in_config]

    def get_config(self) -> dict[str, Any]:
        """The configuration in Keras's form: `from_config` makes an equal layer of it, without weights."""
        kinds = {argument.name: argument.kind for argument in self.table()}
        names = self.config_names()
        if self.activity_regularizer is not None:
            names = list(dict.fromkeys([*names, "activity_regularizer"]))
        return {name: kinds[name].write(getattr(self, name)) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        return cls(**config)

    def get_build_config(self) -> dict[str, Any] | None:
        """What `build` was called with, as Keras saves it; None before that."""
        return {"input_shape": self.build_shape} if self.built else None

    # ---- weights ---------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Makes the weights, once, for inputs of this shape; the batch axis (None) is included."""
        shape: Any = tuple(input_shape)
        with building:
            self.check_input(shape)
            if self.built:
                return
            variables = self.create_variables(shape)
            if self.given_weights is not None:
                assign_all(variables, self.given_weights, self.title)
                self.given_weights = None
            self._variables = variables
            self.build_shape = shape
            self.operator = self.create_operator()
            self.built = True

    def check_input(self, shape: Shape) -> None:
        """Raises ValueError unless the layer can be called on arrays of this shape."""
        features = self.build_shape[-1] if self.build_shape is not None else None
        check_input_shape(
            shape, owner=self.title, axes=self.axes, minimum_rank=self.minimum_rank, features=features
        )

    def check_values(self, inputs: Array) -> None:
        """Raises ValueError unless a prepared array holds what the layer takes; most take any numbers."""

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        return []

    def create_operator(self) -> Any:
        raise NotImplementedError

    def steps(self) -> Steps | None:
        """What a Program runs for the layer: native operators one after the other, each with its weights and
        what `explain` calls it; None for a layer that no Program can run.
        """
        return [(self.operator, self.weights, self.title)]

    def new_variable(self, path: str, shape: tuple[int, ...], initializer: Any) -> Variable:
        """A trainable Variable whose first value the initializer draws; `path` is relative to the layer.

        Its regularizer and its constraint are the layer's arguments of its name: those of "kernel" are
        `kernel_regularizer` and `kernel_constraint`, those of "recurrent_kernel" `recurrent_regularizer` and
        so on.
        """
        variable = Variable(initializer(shape, self.dtype), path.rpartition("/")[2])
        variable.path = f"{self.name}/{path}"
        stem = variable.name.removesuffix("_kernel")
        variable.regularizer = getattr(self, f"{stem}_regularizer", None)
        variable.constraint = getattr(self, f"{stem}_constraint", None)
        return variable

    @property
    def weights(self) -> list[Variable]:
        return list(self._variables)

    @property
    def trainable_weights(self) -> list[Variable]:
        return [variable for variable in self._variables if self.trainable and variable.trainable]

    @property
    def carried(self) -> list[Variable]:
        """The states of a stateful layer, which are no weights."""
        return []

    def count_params(self) -> int:
        if not self.built:
            raise ValueError(
                f"{self.title}: `count_params` needs a built layer; call it on an array or `build` it first"
            )
        return sum(variable.value.size for variable in self._variables)

    def stored_variables(self) -> dict[str, list[Variable]]:
        """Where a Keras file keeps the weights: path below the layer's group -> Variables in order."""
        return {"vars": self.weights}

    # ---- computing -------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *, training: bool | None = None, mask: Any = None) -> Any:
        """The layer's outputs on an array, computed now; on an `Input`, a node of a graph.

        Args:
            inputs: array with the axes that the layer's own documentation states, converted to `dtype`.
            training: whether this is a training pass.
            mask: bool [batch, timesteps], on an `Input` a tensor; refused, except by layers that say what
                they do with it.
        """
        tensors = self.tensors(inputs)
        if mask is not None and not self.uses_mask:
            raise ValueError(f"{self.title}: argument `mask` is not supported; expected None")
        if tensors:
            return connect(self, tensors if mask is None else [self.with_mask(tensors[0], mask)])
        x = self.prepare(inputs)
        if mask is not None:
            mask = mask_of_steps(mask, x.shape, self.title)
        return self.compute(x, training, mask)

    def compute(self, inputs: Any, training: Any = None, mask: Any = None, **options: Any) -> Any:
        """The outputs on what `prepare` gave, by themselves or as a part of what a user's `call` computes."""
        going = running.get()
        if going is not None:
            return going.run(self, inputs, training, mask, options)
        by_hand = Training.by_hand(training)
        outputs, kept = self.forward(inputs, training=by_hand, keep=bool(training), mask=mask, **options)
        if training or self.stateful:
            assign_each(self.updates(kept, {}))
        self.note_activity(outputs)
        return handed_out(outputs)

    def note_activity(self, outputs: Any) -> None:
        """Lets `losses` show the penalties on the outputs of a call on arrays."""
        if self.activity_regularizer is not None:
            self.show_losses(activity_penalties(self.activity_regularizer, listed(outputs)))

    @property
    def adds_losses(self) -> bool:
        """Whether a forward of it adds to the loss."""
        return False

    def added_losses(self, kept: Any) -> list[float]:
        """What a forward has added to the loss."""
        return []

    @property
    def activity_losses(self) -> list[float]:
        return list(self._activity_losses)

    def show_losses(self, found: list[float]) -> None:
        """Takes the penalties that `activity_losses` are from now on."""
        self._activity_losses = found

    def tensors(self, inputs: Any) -> list[Tensor]:
        """The tensor that the layer is called on, in a list; none where it is called on an array.

        Raises ValueError for several.
        """
        if isinstance(inputs, (list, tuple)) and any(isinstance(each, Tensor) for each in inputs):
            raise ValueError(f"{self.title}: `inputs` must be one tensor; received {short(inputs)}")
        return [inputs] if isinstance(inputs, Tensor) else []

    def with_mask(self, tensor: Tensor, mask: Any) -> Tensor:
        """A tensor that the layer is called on, with the mask that a caller gives, or its own for None."""
        from tidegate.layers.with_mask import masked

        return tensor if mask is None else masked(tensor, mask, self.title, self.dtype)

    @property
    def input(self) -> Any:
        """The tensor, or tensors, of its first use."""
        return plain(self._first_use().inputs)

    @property
    def output(self) -> Any:
        """The tensor, or tensors, that come of its first use."""
        return plain(self._first_use().outputs)

    def _first_use(self) -> Node:
        if not self.nodes:
            raise AttributeError(
                f"{self.title} has not been called on a tensor yet, and has no input or output"
            )
        return self.nodes[0]

    def prepare(self, inputs: Any) -> Any:
        """`inputs` as an array that `forward` takes; builds the layer if this is its first."""
        x = floating(inputs, np.dtype(self.dtype), "inputs")
        self.check_input(x.shape)
        if not self.built:
            self.build((len(x) if self.stateful else None, *x.shape[1:]))
        return x

    def forward(
        self,
        inputs: Any,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Any, Any]:
        """The outputs, and what `backward` needs (None unless `keep`). Trusts its arguments.

        Args:
            inputs: C-contiguous array of the layer's dtype, or a list of them for a layer of several inputs.
            weights: the values to compute with, by a graph whose layers must see one version; None for the
                present ones.
            training: the training pass that this is; None for inference.
            keep: whether a backward will follow.
            mask: bool [batch, timesteps] or None.
        """
        raise NotImplementedError

    def run(self, given: list[Array], masks: list[Array | None], **how: Any) -> tuple[list[Array], Any, Any]:
        """`forward` as of a node: the outputs, the mask that goes on with the first, and what it kept.

        Args:
            given, masks: of every input.
            how: the other arguments of `forward`.
        """
        # Whole numbers come of what runs in Python; objects are texts.
        own = np.dtype(self.dtype)
        given = [
            array if array.dtype is own or array.dtype == object else np.require(array, own)
            for array in given
        ]
        several: bool = self.several_inputs
        inputs: Any = given if several else plain(given)
        mask: Any = masks if several else masks[0]
        # Beside initial states a recurrent layer does not see the mask that came with the sequence: so it is
        # in Keras. It goes on with the output all the same.
        seen = mask if several or len(given) == 1 else None
        outputs, kept = self.forward(inputs, mask=seen, **how)
        return listed(outputs), self.compute_mask(inputs if several else given[0], mask), kept

    def backward(self, kept: Any, d_outputs: Any, *, need_d_inputs: bool = True) -> tuple[Any, list[Array]]:
        """The gradients of the inputs and of the weights (in their order), from those of the outputs.

        Args:
            kept: what `forward` with `keep=True` handed out; it can be used once or several times.
            d_outputs: C-contiguous and shaped as the outputs; where there are several, None stands for zeros.
            need_d_inputs: False where nobody wants them: they are None then, which saves a product.
        """
        raise NotImplementedError

    def updates(self, kept: Any, earlier: dict[Variable, Array]) -> dict[Variable, Array]:
        """New values of weights that a training pass changes without a gradient, and of the states that any
        pass of a stateful layer carries; most layers have none.

        Args:
            kept: from `forward` with `keep=True`; of a stateful layer from any.
            earlier: those of nodes before this one in the same pass; a second use of a layer goes on from
                the first's.
        """
        return {}

    def shapes_of(self, shapes: list[Shape], options: dict[str, Any]) -> list[Shape]:
        """Those of the outputs of a node, from those of its inputs and its options."""
        given: Any = shapes if self.several_inputs else shapes[0]
        return listed(self.compute_output_shape(given, **options))

    def compute_output_shape(self, input_shape: Shape) -> Any:
        """The shape of the output (a list where there are several) for an input's; None is unknown."""
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> Array | None:
        """The mask that goes on with the output, bool [batch, timesteps] or None, from that of the inputs."""
        return mask

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask | None:
        """Where the mask that `compute_mask` gives comes from, for files."""
        passed: Any = object()
        passes = not self.several_inputs and self.compute_mask(None, passed) is passed
        return inputs[0].mask if passes else None

    # ---- the object ------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """What summaries call its class."""
        return type(self).__name__

    @property
    def native(self) -> bool:
        """Whether native code computes it, as a step of a Program too if it takes and gives one array."""
        return True

    @property
    def title(self) -> str:
        """How messages call the layer: its class and its name."""
        return f"{type(self).__name__} `{self.name}`"

    def __getstate__(self) -> dict[str, Any]:
        # A native object, made again from the configuration; and a model that is copied makes its own nodes.
        return {**self.__dict__, "operator": None, "nodes": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.built:
            self.operator = self.create_operator()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
