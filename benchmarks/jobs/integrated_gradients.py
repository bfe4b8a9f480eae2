"""Jobs of the room integrated_gradients."""

from jobs.setting import FLOOR, Setting, Ways, has, job, pair_call


@job("Integrated Gradients, 50 steps, Xception")
def integrated_gradients() -> Ways:
    import saliency.core as pair

    from lessons_lib.integrated_gradients import integrated_gradients

    s = Setting("xception")
    pairs = pair.IntegratedGradients()
    ways: Ways = {
        FLOOR: s.calls(50, gradient=True),
        "lessons_lib": lambda: integrated_gradients(
            s.net, s.photo, s.target, rule="gauss_legendre", num_steps=50
        ),
        "PAIR saliency": lambda: pairs.GetMask(
            s.ready[0], pair_call(s), {}, x_steps=50, batch_size=8
        ),
    }
    if has("xplique"):
        from xplique.attributions import IntegratedGradients as Xplique

        xplique = Xplique(s.model, steps=50, batch_size=8)
        ways["xplique"] = lambda: xplique(s.ready, s.one_hot)
    return ways
