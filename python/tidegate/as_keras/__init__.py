"""Running what was written for Keras, unchanged: `python -m tidegate script.py`, or `%load_ext tidegate`.

In such a run the names `keras` and `tensorflow` lead to Tidegate, whether the real ones are installed or not.
In any other nothing of this is loaded.
"""

from tidegate.as_keras.modules import install, uninstall

__all__ = ["install", "uninstall"]
