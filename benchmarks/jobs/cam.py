"""Jobs of the room cam."""

from jobs.setting import FLOOR, Setting, Ways, job


@job("CAM, MobileNetV2")
def class_activation_map() -> Ways:
    from lessons_lib.cam import cam

    s = Setting("mobilenet_v2")
    return {
        FLOOR: s.calls(1),
        "lessons_lib": lambda: cam(s.net, s.x[0], s.target),
        "lessons_lib, resizing too": lambda: cam(s.net, s.photo, s.target),
    }
