"""Jobs of the room judging."""

from jobs.setting import FLOOR, Setting, Ways, has, job


@job("deletion curve, 20 steps, VGG16")
def deletion() -> Ways:
    from lessons_lib.grad_cam import grad_cam
    from lessons_lib.judging.curves import deletion

    s = Setting("vgg16")
    heat = grad_cam(s.net, s.photo, s.target)
    ways: Ways = {
        FLOOR: s.calls(21),
        "lessons_lib": lambda: deletion(s.net, s.photo, heat, s.target, steps=20),
    }
    if has("xplique"):
        from xplique.metrics import Deletion

        from lessons_lib.images import resize

        full = resize(heat, s.net.input_size)[None]

        def xplique() -> None:
            Deletion(s.model, s.ready, s.one_hot, batch_size=16, steps=20)(full)

        ways["xplique"] = xplique
    return ways
