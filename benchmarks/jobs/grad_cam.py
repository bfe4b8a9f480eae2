"""Jobs of the room grad_cam."""

from jobs.setting import FLOOR, Setting, Ways, job, keras_vis


def gradient_cam_job(network: str, name: str) -> Ways:
    """Grad-CAM or Grad-CAM++ at the classifier's own layer."""
    from lessons_lib.grad_cam import grad_cam
    from lessons_lib.maps.family import grad_cam_plus_plus

    s = Setting(network)
    vis = keras_vis()
    layer = s.net.layer
    plain = name == "Grad-CAM"
    ours = grad_cam if plain else grad_cam_plus_plus
    visualiser = vis.Gradcam if plain else vis.GradcamPlusPlus
    theirs = visualiser(s.model, model_modifier=vis.Linear(), clone=True)
    return {
        FLOOR: s.layer_gradient(),
        "lessons_lib": lambda: ours(s.net, s.x[0], s.target),
        "lessons_lib, resizing too": lambda: ours(s.net, s.photo, s.target),
        "tf-keras-vis": lambda: theirs(vis.Score(s.target), s.ready, penultimate_layer=layer),
    }


for _name, _network, _title in [
    ("Grad-CAM", "vgg16", "VGG16"),
    ("Grad-CAM", "xception", "Xception"),
    ("Grad-CAM", "mobilenet_v2", "MobileNetV2"),
    ("Grad-CAM++", "vgg16", "VGG16"),
]:
    job(f"{_name}, {_title}")(lambda network=_network, name=_name: gradient_cam_job(network, name))
