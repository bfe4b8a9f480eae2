"""Jobs of the room maps."""

from jobs.setting import FLOOR, Setting, Ways, job, keras_vis, pair_call


@job("saliency, VGG16")
def saliency() -> Ways:
    from lessons_lib.maps.gradients import saliency

    s = Setting("vgg16")
    vis = keras_vis()
    theirs = vis.Saliency(s.model, model_modifier=vis.Linear(), clone=True)
    return {
        FLOOR: s.calls(1, gradient=True),
        "lessons_lib": lambda: saliency(s.net, s.photo, s.target),
        "tf-keras-vis": lambda: theirs(vis.Score(s.target), s.ready),
    }


@job("SmoothGrad, 20 samples, VGG16")
def smooth_grad() -> Ways:
    import saliency.core as pair

    from lessons_lib.maps.gradients import smooth_grad

    s = Setting("vgg16")
    vis = keras_vis()
    theirs = vis.Saliency(s.model, model_modifier=vis.Linear(), clone=True)
    pairs = pair.GradientSaliency()
    return {
        FLOOR: s.calls(20, gradient=True),
        "lessons_lib": lambda: smooth_grad(s.net, s.photo, s.target, samples=20),
        "tf-keras-vis": lambda: theirs(vis.Score(s.target), s.ready, smooth_samples=20),
        "PAIR saliency": lambda: pairs.GetSmoothedMask(s.ready[0], pair_call(s), {}, nsamples=20),
    }


@job("occlusion, 49 windows, VGG16")
def occlusion() -> Ways:
    from lessons_lib.maps.occlusion import occlusion

    s = Setting("vgg16")
    return {
        FLOOR: s.calls(50),  # the whole picture is the first
        "lessons_lib": lambda: occlusion(s.net, s.photo, s.target, window=32, stride=32),
    }


@job("RISE, 200 masks, MobileNetV2")
def rise() -> Ways:
    from lessons_lib.maps.rise import rise

    s = Setting("mobilenet_v2")
    return {
        FLOOR: s.calls(200),
        "lessons_lib": lambda: rise(s.net, s.photo, s.target, samples=200),
    }
