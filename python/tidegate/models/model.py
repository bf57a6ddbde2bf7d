"""What a model is, whatever made its graph: weights, the fast call, files, and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from tidegate.graph import Graph, Tensor
from tidegate.inputs import Shape, floating, mask_of_steps, nearest
from tidegate.layers.layer import Layer
from tidegate.models.training import Trainer
from tidegate.program import Programs
from tidegate.random import Training
from tidegate.regularizers import penalties
from tidegate.structure import Leaves
from tidegate.variable import Array, Variable, assign_all, assign_each, values_of

if TYPE_CHECKING:
    from tidegate.frozen import FrozenModel


class Model(Trainer):
    """A graph of layers with one input and one output, once it is built.

    A subclass makes the graph in `build` and hands it to `set_graph`.
    """

    name: str
    trainable: bool

    def __init__(self) -> None:
        super().__init__()
        self._layers: list[Layer] = []
        self.graph: Graph | None = None
        self._programs: Programs | None = None
        # What an array must be to go straight to the Program, see _is_ready.
        self._ready_dtype: np.dtype[Any] | None = None
        self._ready_rank = 0
        self._ready_features: int | None = 0

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights for inputs of this shape, the batch axis (None) included."""
        raise NotImplementedError

    def set_graph(self, graph: Graph | None) -> None:
        """Takes the graph that the model computes from now on; None makes it unbuilt."""
        self._programs = None if graph is None else Programs(graph)
        self._ready_dtype = None if graph is None else np.dtype(self.dtype)
        if graph is not None:
            shape = graph.inputs[0].shape
            self._ready_rank, self._ready_features = len(shape), shape[-1]
        self.graph = graph  # last: who sees it finds the rest

    @property
    def built(self) -> bool:
        return self.graph is not None

    @property
    def title(self) -> str:
        return f"{type(self).__name__} `{self.name}`"

    @property
    def dtype(self) -> str:
        """Of all its layers."""
        return self._layers[0].dtype if self._layers else "float32"

    def _built_graph(self) -> Graph:
        if self.graph is None:
            raise ValueError(f"{self.title} is not built yet; give it an input shape, or call it on an array")
        return self.graph

    # ---- layers and tensors ----------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers without the input layer."""
        return list(self._layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name, or at that place."""
        if (name is None) == (index is None):
            raise ValueError(f"{self.title}: `get_layer` needs either a name or an index")
        if index is not None:
            if not -len(self._layers) <= index < len(self._layers):
                raise ValueError(f"{self.title}: there is no layer {index} among {len(self._layers)} layers")
            return self._layers[index]
        names = [layer.name for layer in self._layers]
        if name not in names:
            hint = nearest(str(name), names)
            raise ValueError(f"{self.title}: there is no layer `{name}` among {names}.{hint}")
        return self._layers[names.index(name)]

    @property
    def inputs(self) -> list[Tensor]:
        return self._built_graph().inputs

    @property
    def outputs(self) -> list[Tensor]:
        return self._built_graph().outputs

    @property
    def output_names(self) -> list[str]:
        """Of the layers that the outputs come from."""
        return [tensor.name for tensor in self.outputs]

    @property
    def output_leaves(self) -> Leaves:
        return Leaves(None, self.output_names)

    @property
    def input_shape(self) -> Shape:
        return self.inputs[0].shape

    @property
    def output_shape(self) -> Shape:
        return self.outputs[0].shape

    # ---- weights ---------------------------------------------------------------------------------

    @property
    def weights(self) -> list[Variable]:
        return list(dict.fromkeys(variable for layer in self._layers for variable in layer.weights))

    @property
    def trainable_weights(self) -> list[Variable]:
        if not self.trainable:
            return []
        found = (variable for layer in self._layers for variable in layer.trainable_weights)
        return list(dict.fromkeys(found))

    @property
    def non_trainable_weights(self) -> list[Variable]:
        trainable = set(self.trainable_weights)
        return [variable for variable in self.weights if variable not in trainable]

    variables = weights
    trainable_variables = trainable_weights

    @property
    def losses(self) -> list[float]:
        """The penalties on the trainable weights, which `fit` and `evaluate` add to the loss."""
        return penalties(self.trainable_weights)

    def get_weights(self) -> list[Array]:
        """Copies of all weights, layer after layer."""
        return [value.copy() for value in values_of(self.weights)]

    def set_weights(self, weights: list[Array]) -> None:
        """Replaces all weights; none when one of them does not fit (ValueError)."""
        assign_all(self.weights, weights, self.title)

    def count_params(self) -> int:
        self._built_graph()
        return sum(variable.value.size for variable in self.weights)

    # ---- computing -------------------------------------------------------------------------------

    def __call__(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Array:
        """The outputs on an array, as `predict_on_batch` gives them, as fast as they can be had.

        Args:
            inputs: with the axes of `input_shape`; other dtypes and layouts are converted.
            training: whether this is a training pass, in which dropout drops and batch normalization uses
                the moments of the batch and moves its own towards them.
            mask: bool [batch, timesteps], True where a step counts; refused where the first layer would
                forget it for one of its own.
        """
        programs = self._programs
        if programs is not None and mask is None and not training and self._is_ready(inputs):
            return programs.current().run(inputs)
        if isinstance(inputs, Tensor):
            raise TypeError(f"{self.title}: a model as a part of another is not supported yet")
        x = self.prepare(inputs, "inputs")
        if mask is None and not training:
            return self.run(x)
        if mask is not None:
            if not self._built_graph().takes_mask:
                raise ValueError(
                    f"{self.title}: argument `mask` expected None: the first layer says itself which "
                    "timesteps count"
                )
            mask = mask_of_steps(mask, x.shape, self.title)
        if not training:
            assert self._programs is not None  # set with the graph
            return self._programs.current().run(x, None, mask)
        graph = self._built_graph()
        outputs, kept, _ = graph.forward(x, Training.by_hand(training), keep=True, mask=mask)
        assign_each(graph.updates(kept))
        found: Array = outputs
        return found

    def _is_ready(self, inputs: Any) -> TypeGuard[Array]:
        """Whether this is an array that needs no conversion, found out within half a microsecond."""
        return (
            type(inputs) is np.ndarray
            and inputs.dtype is self._ready_dtype
            and inputs.ndim == self._ready_rank
            and inputs.flags.c_contiguous
            and inputs.flags.aligned
            and self._ready_features in (None, inputs.shape[-1])
            and 0 not in inputs.shape
        )

    def prepare(self, inputs: Any, name: str) -> Array:
        """`inputs` as an array that the first layer takes; builds the model if this is its first.

        A last axis of length 1 is added or dropped where that gives it the axes of `input_shape`.
        """
        if self._is_ready(inputs):
            self._layers[0].check_values(inputs)
            return inputs
        if not self._layers:
            raise ValueError(f"{self.title} cannot be built because it has no layers; call `add` first")
        x = floating(inputs, np.dtype(self.dtype), name)
        if self.graph is None:
            self._layers[0].check_input(x.shape)
            self.build((None, *x.shape[1:]))
        expected = self.input_shape
        if x.ndim == len(expected) - 1 and expected[-1] == 1:
            x = x[..., np.newaxis]
        elif x.ndim == len(expected) + 1 and x.shape[-1] == 1:
            x = x[..., 0]
        if x.ndim != len(expected):
            raise ValueError(f"{self.title}: `{name}` must have the shape {expected}; received {x.shape}")
        self._layers[0].check_input(x.shape)
        self._layers[0].check_values(x)
        return x

    def run(self, x: Array) -> Array:
        self._built_graph()
        assert self._programs is not None  # set with the graph
        return self._programs.current().run(x) if len(x) else self._no_rows(x)

    def run_masked(self, x: Array) -> tuple[Array, Array | None]:
        assert self._programs is not None  # set with the graph
        return self._programs.current().run_masked(x)

    def _no_rows(self, x: Array) -> Array:
        """The outputs on a batch of zero rows."""
        shape: Any = x.shape
        for layer in self._layers:
            shape = layer.compute_output_shape(shape)
        return np.empty(shape, self.dtype)

    def freeze(self, dtype: str | None = None, threads: int | None = None) -> FrozenModel:
        """The model as it is now, for inference only: calls, streams, and files and pickles of its own.

        Args:
            dtype: of the factors of products. None for that of the model; "bfloat16" or "int8" for half or a
                quarter of the memory, and more speed, in the LSTM, GRU and Dense layers of a float32 model.
                States, gates, inputs and outputs stay in float32. LSTM and GRU with other activations than
                tanh and sigmoid, and GRU with `reset_after=False`, stay as they are. `compare` says what it
                costs in accuracy.
            threads: that a call uses at most; None for as many as `set_num_threads` says.

        Raises:
            ValueError: a model that is not built, an argument that is not supported, or weights that are not
                finite for "int8".
        """
        from tidegate.frozen import FrozenModel

        self._built_graph()
        return FrozenModel(self, dtype, threads, values_of(self.weights))

    # ---- files -----------------------------------------------------------------------------------

    def get_build_config(self) -> dict[str, Any] | None:
        return {"input_shape": self.input_shape} if self.built else None

    def to_json(self, **options: Any) -> str:
        """The architecture, and how it was compiled, as JSON; `options` go to `json.dumps`."""
        from tidegate.saving import objects

        return objects.to_json(objects.serialize(self), **options)

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None) -> None:
        """Writes a `.keras` file that Keras reads too.

        Architecture, weights and, if the model is compiled, how, with the optimizer's state. The file appears
        complete or not at all.
        """
        from tidegate.saving import keras_file

        if zipped is False:
            raise ValueError("save: argument `zipped` is not supported yet; expected None, received False")
        keras_file.save(self, filepath, overwrite=overwrite)

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Prints a table of the layers, their output shapes and their numbers of weights.

        Args:
            line_length: width of the table; by default that of the terminal, up to 88.
            positions: where the columns end, as fractions of the width.
            print_fn: gets the whole text instead of the terminal.
            expand_nested: accepted; there are no nested models.
            show_trainable: adds a column that says whether a layer is trainable.
            layer_range: names of the first and the last layer to show, regular expressions too.
        """
        from tidegate.models.summary import print_summary

        print_summary(self, line_length, positions, print_fn, show_trainable, layer_range)

    def explain(self, input_shape: Any = None, print_fn: Any = None) -> None:
        """Prints how `predict` and calls are computed: what each layer runs on, its packed weights, the
        flops of a row of the batch, and how the work is cut up and shared among threads.

        Args:
            input_shape: of the input, (batch, timesteps, features); axes that are left out at its end, or
                None, are those of the model's `input_shape`, and 1 row or 100 timesteps where it leaves them
                open.
            print_fn: gets the whole text instead of the terminal.

        Raises:
            ValueError: a model that is not built, or a shape that it does not take.
        """
        from tidegate.models.explain import print_explanation

        self._built_graph()
        assert self._programs is not None  # set with the graph
        print_explanation(self.title, self._programs.current(), self.input_shape, input_shape, print_fn)

    def __getstate__(self) -> dict[str, Any]:
        # A graph is made again, and a Program packed again, by the one who receives the copy.
        return {**self.__dict__, "graph": self.built, "_programs": None, "_ready_dtype": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        built = state["graph"]
        self.__dict__.update(state, graph=None)
        if built:
            self.build()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
