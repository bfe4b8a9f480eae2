"""Jobs of the room maps."""

from jobs.setting import FLOOR, Setting, Ways, has, job, keras_vis, pair_call


@job("saliency, VGG16")
def saliency() -> Ways:
    from lessons_lib.maps.gradients import saliency

    s = Setting("vgg16")
    vis = keras_vis()
    theirs = vis.Saliency(s.model, model_modifier=vis.Linear(), clone=True)
    ways: Ways = {
        FLOOR: s.calls(1, gradient=True),
        "lessons_lib": lambda: saliency(s.net, s.photo, s.target),
        "tf-keras-vis": lambda: theirs(vis.Score(s.target), s.ready),
    }
    if has("xplique"):
        from xplique.attributions import Saliency

        xplique = Saliency(s.model)
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways


@job("SmoothGrad, 20 samples, VGG16")
def smooth_grad() -> Ways:
    import saliency.core as pair

    from lessons_lib.maps.gradients import smooth_grad

    s = Setting("vgg16")
    vis = keras_vis()
    theirs = vis.Saliency(s.model, model_modifier=vis.Linear(), clone=True)
    pairs = pair.GradientSaliency()
    ways: Ways = {
        FLOOR: s.calls(20, gradient=True),
        "lessons_lib": lambda: smooth_grad(s.net, s.photo, s.target, samples=20),
        "tf-keras-vis": lambda: theirs(vis.Score(s.target), s.ready, smooth_samples=20),
        "PAIR saliency": lambda: pairs.GetSmoothedMask(s.ready[0], pair_call(s), {}, nsamples=20),
    }
    if has("xplique"):
        from xplique.attributions import SmoothGrad as Xplique

        xplique = Xplique(s.model, nb_samples=20)
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways


@job("occlusion, 49 windows, VGG16")
def occlusion() -> Ways:
    from lessons_lib.maps.occlusion import occlusion

    s = Setting("vgg16")
    ways: Ways = {
        FLOOR: s.calls(50),  # the whole picture is the first
        "lessons_lib": lambda: occlusion(s.net, s.photo, s.target, window=32, stride=32),
    }
    if has("xplique"):
        from xplique.attributions import Occlusion as Xplique

        xplique = Xplique(s.model, batch_size=16, patch_size=32, patch_stride=32)
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways


@job("RISE, 200 masks, MobileNetV2")
def rise() -> Ways:
    from lessons_lib.maps.rise import rise

    s = Setting("mobilenet_v2")
    ways: Ways = {
        FLOOR: s.calls(200),
        "lessons_lib": lambda: rise(s.net, s.photo, s.target, samples=200),
    }
    if has("xplique"):
        from xplique.attributions import Rise as Xplique

        xplique = Xplique(s.model, batch_size=16, nb_samples=200)
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways
