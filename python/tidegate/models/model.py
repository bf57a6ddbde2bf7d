"""What a model is, whatever made its graph: weights, the fast call, files, and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

import numpy as np

from tidegate.derivatives import unboxed
from tidegate.graph import Graph, Node, Tensor
from tidegate.inputs import Shape, floating, mask_of_steps, refuse, short, texts
from tidegate.legacy import renamed
from tidegate.models.layered import Layered
from tidegate.models.old_methods import OldMethods
from tidegate.passes import running
from tidegate.program import Programs, is_chain
from tidegate.random import Training
from tidegate.structure import flatten, listed, plain
from tidegate.utils.faults import memory_for
from tidegate.values import Value, handed_out
from tidegate.variable import Array, assign_each, values_of

if TYPE_CHECKING:
    from tidegate.frozen import FrozenModel


class Model(OldMethods, Layered):
    """A graph of layers, once it is built.

    `Model(inputs, outputs)` makes one of tensors: see `Functional`. A class of the user's writes `call`: see
    `models/own.py`; or hands tensors to `super().__init__`: see `models/own_functional.py`. One of this
    package's makes the graph in `build` and hands it to `set_graph`.
    """

    strict: ClassVar[bool] = True  # whether arrays must have all lengths of the input's shape

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for method in ("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics"):
            if method in vars(cls):
                raise TypeError(
                    f"{cls.__name__}: models that write their own `{method}` are not supported, as there is "
                    "no GradientTape; write `call`, with `add_loss` in it, or a loss; the rest is `fit`'s"
                )
        if "call" in vars(cls):
            from tidegate.models.own import adopt

            adopt(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Model:
        if cls is Model:
            from tidegate.models.functional import Functional

            return object.__new__(Functional)
        if cls.build is Model.build:  # neither it nor `call` is there
            from tidegate.models.own_functional import adopt

            adopt(cls)
            return cls.__new__(cls, *args, **kwargs)
        return object.__new__(cls)

    def __init__(self) -> None:
        super().__init__()
        self._programs: Programs | None = None
        self._first: list[list[Any]] = []  # of each input, the layers that take it alone, or as the first
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
        self._ready_dtype = self._goals = None
        if graph is not None:
            takers: dict[Tensor, list[Any]] = {tensor: [] for tensor in graph.inputs}
            for node in graph.nodes:
                if node.inputs[0] in takers and not node.layer.several_inputs:
                    takers[node.inputs[0]].append(node.layer)
            self._first = list(takers.values())
            if len(graph.inputs) == 1 and graph.inputs[0].dtype != "string":
                shape = graph.inputs[0].shape
                self._ready_dtype = np.dtype(self.dtype)
                self._ready_rank, self._ready_features = len(shape), shape[-1]
        self.graph = graph  # last: who sees it finds the rest

    # ---- computing -------------------------------------------------------------------------------

    def __call__(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The outputs on an array, as `predict_on_batch` gives them, as fast as they can be had.

        Args:
            inputs: with the axes of `input_shape`; other dtypes and layouts are converted.
            training: whether this is a training pass, in which dropout drops and batch normalization uses
                the moments of the batch and moves its own towards them.
            mask: bool [batch, timesteps], True where a step counts; refused where the first layer would
                forget it for one of its own.
        """
        programs, going = self._programs, running.get()
        if (
            programs is not None
            and mask is None
            and not training
            and going is None
            and self._is_ready(inputs)
        ):
            return self._handed_out(programs.current().run(inputs))
        if any(isinstance(each, Tensor) for each in flatten(inputs)):
            return self._connect(inputs)
        x = self.prepare(inputs, "inputs")
        if going is not None:
            return self.packed(going.run_graph(self._built_graph(), x, training, mask))
        if mask is None and not training:
            return self._handed_out(self.run(x))
        if mask is not None:
            if isinstance(x, list) or not self._built_graph().takes_mask:
                raise ValueError(
                    f"{self.title}: argument `mask` expected None: the first layer says itself which "
                    "timesteps count, or there are several inputs"
                )
            mask = mask_of_steps(mask, x.shape, self.title)
        if not training:
            assert self._programs is not None  # set with the graph
            return self._handed_out(self._programs.current().run(x, None, mask))
        graph = self._built_graph()
        outputs, kept, _ = graph.forward(x, Training.by_hand(training), keep=True, mask=mask)
        assign_each(graph.updates(kept))
        for layer, losses in graph.activity_losses(kept).items():
            layer.show_losses(losses)
        return self._handed_out(outputs)

    def _handed_out(self, outputs: Any) -> Any:
        """Outputs for the caller, which answer `.numpy()`."""
        structure = self.output_structure
        return outputs.view(Value) if structure is None else handed_out(self.packed(outputs))

    def _connect(self, inputs: Any) -> Any:
        """The model as a layer: a node of another graph."""
        if self.graph is None and isinstance(inputs, Tensor):
            self.build(inputs.shape)
        graph, tensors = self._built_graph(), self.input_leaves.spread(inputs, "inputs")
        for tensor, own in zip(tensors, graph.inputs, strict=True):
            if not isinstance(tensor, Tensor) or not _goes_with(tensor.shape, own.shape):
                raise ValueError(
                    f"{self.title}: `inputs` must be a tensor of the shape {own.shape}; "
                    f"received {short(tensor)}"
                )
        shapes = self.compute_output_shape(plain([tensor.shape for tensor in tensors]))
        node = Node(self, tensors, shapes, ([inputs], {"mask": None}))
        self.nodes.append(node)
        return self.packed(plain(node.outputs))

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
            and (not self.strict or _goes_with(inputs.shape, (None, *self.inputs[0].shape[1:])))
        )

    def prepare(self, inputs: Any, name: str) -> Any:
        """`inputs` as arrays that the first layers take, in a list where there are several.

        A last axis of length 1 is added or dropped where that gives an array the axes of `input_shape`.
        """
        if self._is_ready(inputs):
            for layer in self._first[0]:
                layer.check_values(inputs)
            return inputs
        if len(self.inputs) == 1 and self.inputs[0].dtype == "string" and not isinstance(inputs, dict):
            inputs = [inputs]  # which may be a list of texts
        given = self.input_leaves.spread(self._of_names(inputs), name)
        label = name if len(given) == 1 else f"{name}[{{}}]"
        return plain([self._fitting(array, place, label.format(place)) for place, array in enumerate(given)])

    def _of_names(self, inputs: Any) -> Any:
        """A dictionary without what the model has no input for, as Keras leaves it out."""
        if not isinstance(inputs, dict) or isinstance(self.input_leaves.structure, dict):
            return inputs
        return {name: inputs[name] for name in self.input_names if name in inputs} or inputs

    def _fitting(self, given: Any, place: int, name: str) -> Array:
        """An array as the input of this place."""
        expected = self.inputs[place].shape
        is_text = self.inputs[place].dtype == "string"
        x = texts(given, name) if is_text else floating(given, np.dtype(self.dtype), name)
        if x.ndim == len(expected) - 1 and expected[-1] == 1:
            x = x[..., np.newaxis]
        elif x.ndim == len(expected) + 1 and x.shape[-1] == 1:
            x = x[..., 0]
        if x.ndim != len(expected) or (self.strict and not _goes_with(x.shape, (None, *expected[1:]))):
            raise ValueError(f"{self.title}: `{name}` must have the shape {expected}; received {x.shape}")
        self._check_first(place, x)
        return x

    def _check_first(self, place: int, x: Array) -> None:
        """Raises ValueError unless the layers behind this input take the array."""
        for layer in self._first[place]:
            layer.check_input(x.shape)
            layer.check_values(unboxed(x))

    def run(self, x: Any) -> Any:
        self._built_graph()
        assert self._programs is not None  # set with the graph
        rows = _rows(x)
        if not rows:
            return self._no_rows(x)
        try:
            return self._programs.current().run(x)
        except MemoryError as error:
            raise MemoryError(f"{self.title}: the outputs of {rows} rows: {error}") from error

    def run_masked(self, x: Any) -> tuple[Any, Any]:
        assert self._programs is not None  # set with the graph
        with memory_for(f"{self.title}: the outputs of {_rows(x)} rows"):
            return self._programs.current().run_masked(x)

    def _no_rows(self, x: Any) -> Any:
        """The outputs on a batch of zero rows."""
        shapes: Any = self.compute_output_shape(plain([array.shape for array in listed(x)]))
        return plain([np.empty(shape, self.dtype) for shape in listed(shapes)])

    def freeze(self, dtype: str | None = None, threads: int | None = None) -> FrozenModel:
        """The model as it is now, for inference only: calls, streams, and files and pickles of its own.

        Args:
            dtype: of the factors of products. None for that of the model; "bfloat16" or "int8" for half or a
                quarter of the memory, and more speed, in the LSTM, GRU and Dense layers of a float32 model.
                States, gates, inputs and outputs stay in float32. LSTM and GRU with other activations than
                tanh and sigmoid, and GRU with `reset_after=False`, stay as they are. `compare` says what it
                costs in accuracy.
            threads: that a call uses at most; None for as many as `set_num_threads` says.

        What stateful layers carry is not in it: every call begins with zeros, and takes any number of rows;
        `stream` goes on from step to step.

        Raises:
            ValueError: a model that is not built, an argument that is not supported, or weights that are not
                finite for "int8".
        """
        from tidegate.frozen import FrozenModel

        if not is_chain(self._built_graph()):
            raise ValueError(
                f"{self.title}: `freeze` needs a chain of layers, each with one input and one output; "
                "`predict` takes other graphs"
            )
        return FrozenModel(self, dtype, threads, values_of(self.weights))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Model:
        """A new model, with new weights, of what `get_config` gave."""
        from tidegate.models.functional import Functional

        return Functional.from_config(config)

    # ---- files -----------------------------------------------------------------------------------

    def get_build_config(self) -> dict[str, Any] | None:
        return {"input_shape": self.input_shape} if self.built else None

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Builds a model as `get_build_config` says."""
        if config.get("input_shape") is not None:
            self.build(config["input_shape"])

    def to_json(self, **options: Any) -> str:
        """The architecture, and how it was compiled, as JSON; `options` go to `json.dumps`."""
        from tidegate.saving import objects

        return objects.to_json(objects.serialize(self), **options)

    @renamed(save_format=None)
    def save(
        self,
        filepath: Any,
        overwrite: bool = True,
        zipped: bool | None = None,
        include_optimizer: bool = True,
    ) -> None:
        """Writes a `.keras` file, or of Keras's legacy format an `.h5` or `.hdf5` file, that Keras reads too.

        Architecture, weights and, if the model is compiled, how, with the optimizer's state (in legacy files
        only with `include_optimizer`). The file appears complete or not at all.
        """
        from tidegate.saving import keras_file, legacy_file

        if zipped is False:
            raise ValueError("save: argument `zipped` is not supported yet; expected None, received False")
        if legacy_file.is_one(filepath):
            legacy_file.save(self, filepath, overwrite, include_optimizer)
        else:
            keras_file.save(self, filepath, overwrite=overwrite)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None) -> None:
        """Writes a `.weights.h5` file that Keras reads too: the weights and, if the model is compiled, the
        optimizer's state. The file appears complete or not at all.

        Raises ValueError for another ending, a model that is not built, or a file that exists with
        `overwrite=False`.
        """
        from tidegate.saving import weights_file

        refuse("save_weights", max_shard_size=max_shard_size)
        self._built_graph()
        weights_file.save(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, by_name: bool | None = None) -> None:
        """Takes the weights of a `.weights.h5` or `.keras` file, and the optimizer's state if it has slots
        for it; or the weights of a legacy `.h5` or `.hdf5` file. All that fits, or nothing.

        Args:
            filepath: of the file; layers are told apart by class and order (in legacy files by order alone),
                not by name.
            skip_mismatch: whether weights that do not fit are passed over with a warning.
            by_name: for legacy files, whether layers get the weights of those of their names in the file; all
                others stay as they are.

        Raises:
            ValueError: a model that is not built, or a file that is missing, damaged or of another model.
        """
        from tidegate.saving import weights_file

        self._built_graph()
        weights_file.load(self, filepath, skip_mismatch, by_name)

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
            expand_nested: shows the layers of models in it too.
            show_trainable: adds a column that says whether a layer is trainable.
            layer_range: names of the first and the last layer to show, regular expressions too.
        """
        from tidegate.models.summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def explain(self, input_shape: Any = None, print_fn: Any = None) -> None:
        """Prints how `predict` and calls are computed: what each layer runs on, its packed weights, the
        flops of a row of the batch, and how the work is cut up and shared among threads.

        Args:
            input_shape: of the input, (batch, timesteps, features); axes that are left out at its end, or
                None, are those of the model's `input_shape`, and 1 row or 100 timesteps where it leaves them
                open. Of several inputs a list of such.
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
        return {
            **self.__dict__,
            "graph": self.built, "nodes": [], "_programs": None, "_first": [], "_ready_dtype": None,
            "_goals": None,
        }  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        built = state["graph"]
        self.__dict__.update(state, graph=None)
        if built:
            self.build()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _goes_with(shape: Shape, expected: Shape) -> bool:
    """Whether they have as many axes, and the same lengths where both are known."""
    return len(shape) == len(expected) and all(
        a is None or b is None or a == b for a, b in zip(shape, expected, strict=True)
    )


def _rows(x: Any) -> int:
    """Of prepared inputs."""
    return len(x[0] if isinstance(x, list) else x)
