"""Any Keras network behind one door: RGB pixels in; scores, activations and gradients out.

`classifier` is the door. `architectures` and `weights` are the course's own networks.
"""
