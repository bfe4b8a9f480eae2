"""Jobs of the room score_cam."""

from jobs.setting import FLOOR, Setting, Ways, job, keras_vis


def score_cam_job(channels: int) -> Ways:
    """Score-CAM with the channels that vary most."""
    from lessons_lib.score_cam import score_cam

    s = Setting("vgg16")
    vis = keras_vis()
    theirs = vis.Scorecam(s.model, model_modifier=vis.Linear(), clone=True)
    return {
        FLOOR: s.calls(channels + 2),  # the layer, the empty picture, the masked pictures
        "lessons_lib": lambda: score_cam(s.net, s.photo, s.target, max_channels=channels),
        "tf-keras-vis": lambda: theirs(
            vis.Score(s.target), s.ready, penultimate_layer=s.net.layer, max_N=channels
        ),
    }


for _channels in (10, 64):
    job(f"Score-CAM, {_channels} channels, VGG16")(lambda n=_channels: score_cam_job(n))
