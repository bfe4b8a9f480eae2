"""Jobs of the room judging."""

from jobs.setting import FLOOR, Setting, Ways, job


@job("deletion curve, 20 steps, VGG16")
def deletion() -> Ways:
    from lessons_lib.grad_cam import grad_cam
    from lessons_lib.judging.curves import deletion

    s = Setting("vgg16")
    heat = grad_cam(s.net, s.photo, s.target)
    return {
        FLOOR: s.calls(21),
        "lessons_lib": lambda: deletion(s.net, s.photo, heat, s.target, steps=20),
    }
