"""Any Keras network behind one door: RGB pixels in; scores, activations and gradients out.

`classifier` is the door. `architectures` and `weights` are the course's own networks.
"""

BATCH_SIZE = 16  # pictures that go through a network at once
GRADIENT_BATCH = 8  # and there and back: measured, see benchmarks/integrated_gradients.py
GRADIENT_BYTES = 2**28  # of activations, which a gradient with respect to the pixels keeps
