"""ResNet-18.

References
----------
K. He, X. Zhang, S. Ren and J. Sun, *Deep Residual Learning for Image Recognition*, CVPR 2016.
"""

import keras


def resnet18() -> keras.Model:
    """ResNet-18 for pictures of 224 x 224 pixels, with the layer names of its Caffe relatives.

    ``res5b`` is the sum with which the last block ends, ``res5b_relu`` the same after the ReLU,
    which is what goes on to the pooling.
    """
    layers = keras.layers

    def conv(
        x: keras.KerasTensor, name: str, filters: int, size: int, strides: int = 1
    ) -> keras.KerasTensor:
        # Zeros on all sides, as the published networks have it; with strides "same" pads one side.
        if size > 1:
            x = layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
        x = layers.Conv2D(filters, size, strides=strides, use_bias=False, name=name)(x)
        norm = f"bn_{name}" if name == "conv1" else name.replace("res", "bn")
        return layers.BatchNormalization(epsilon=1e-5, name=norm)(x)

    def relu(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        return layers.ReLU(name=f"{name}_relu")(x)

    def block(x: keras.KerasTensor, name: str, filters: int, strides: int) -> keras.KerasTensor:
        y = relu(conv(x, f"{name}_branch2a", filters, 3, strides), f"{name}_branch2a")
        y = conv(y, f"{name}_branch2b", filters, 3)
        if x.shape[-1] != filters:
            x = conv(x, f"{name}_branch1", filters, 1, strides)
        return relu(layers.Add(name=name)([x, y]), name)

    inputs = layers.Input((224, 224, 3))
    x = relu(conv(inputs, "conv1", 64, 7, strides=2), "conv1")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)  # nothing is below 0 after the ReLU
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    for stage, filters in ((2, 64), (3, 128), (4, 256), (5, 512)):
        x = block(x, f"res{stage}a", filters, strides=1 if stage == 2 else 2)
        x = block(x, f"res{stage}b", filters, strides=1)
    x = layers.GlobalAveragePooling2D(name="pool5")(x)
    x = layers.Dense(1000, name="fc1000")(x)
    return keras.Model(inputs, layers.Softmax(name="prob")(x), name="resnet18")
