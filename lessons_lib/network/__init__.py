"""Any network behind one door: RGB pixels in; scores, activations and gradients out.

`asking` is the door: what every network answers. `classifier` opens any Keras network, and shows
what is inside; `black_box` any function that predicts. `architectures` and `weights` are the
course's own networks.
"""

BATCH_SIZE = 16  # pictures that go through a network at once
GRADIENT_BATCH = 4  # and there and back: more at once are hardly quicker, but need memory
GRADIENT_BYTES = 2**29  # of activations, which a gradient with respect to the pixels keeps

# The logarithm of 0 would be infinite, and its slope near 0 too steep for 32-bit numbers.
SMALLEST = 1e-20
