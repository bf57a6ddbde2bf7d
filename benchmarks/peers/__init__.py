"""The peers of the race; the file of a peer is imported only by its worker process.

The file, `<peer>_peer.py`, has `version() -> str` and two functions that get a row's weights and inputs ready
and hand back calls:

    forward(row, threads) -> answer         answer() -> [B, U], anything that np.asarray takes
    train(row, threads) -> step, trained    step() takes one training step; trained() -> the five weights,
                                            in the order and the shapes of `rows.Weights`

`train` is left out where a peer does not train. A call gets its input as a NumPy array [B, T, F], or as the
peer's own view of one, made once; what it hands back may be the peer's own array. Every peer is set up by its
public interface, in float32, on `threads` threads, the fastest way that we know for this workload.
"""

PEERS = ("tidegate", "pytorch", "onnxruntime", "openvino")
