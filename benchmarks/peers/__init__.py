"""The peers of the race; the file of a peer is imported only by its worker process.

The file, `<peer>_peer.py`, has `version() -> str` and functions named after the kinds of rows, which get a
row's weights and inputs ready and hand back calls:

    forward(row, threads) -> answer         answer() -> [B, U] or [B, 2 U], anything that np.asarray takes
    predict, predict_on_batch, frozen       likewise, as a service calls it -> [B, 1]
    train(row, threads) -> step, trained    step() takes one training step; trained() -> the five weights:
                                            kernel, recurrent_kernel, bias, head_kernel, head_bias
    train_layer                             likewise, without a head

A kind is left out where a peer does not do it; None instead of a call says that it does not do this row. A
call gets its input as a NumPy array [B, T, F], or as the peer's own view of one, made once; what it hands
back may be the peer's own array. Every peer is set up by its public interface, in the row's precision, on
`threads` threads, the fastest way that we know for this workload.
"""

PEERS = ("tidegate", "pytorch", "onnxruntime", "openvino")  # of the race

# Keras on TensorFlow, in training and bench_serving.py, and on JAX, in training; both may be missing.
KERAS_PEERS = {"keras": "tensorflow", "keras_jax": "jax"}
