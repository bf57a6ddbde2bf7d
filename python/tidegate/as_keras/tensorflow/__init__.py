"""The few names of TensorFlow that scripts around Keras models use; `tensorflow` leads here in a run of
`python -m tidegate`.

Arrays stand for tensors, and everything is computed at once.
"""
