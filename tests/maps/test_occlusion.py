"""Occlusion against sums over windows, and against captum where it is installed."""

import numpy as np
import pytest

from lessons_lib.maps import occlusion
from lessons_lib.maps.occlusion import inside, windows
from lessons_lib.network.black_box import BlackBox
from tests.networks import classifier, gap_net, photos

SIZE = (7, 9)
W = np.random.default_rng(0).normal(size=(*SIZE, 3))
PHOTO = np.random.default_rng(1).integers(0, 256, (*SIZE, 3)).astype("uint8")


def linear() -> BlackBox:
    return BlackBox(lambda x: np.einsum("nhwc,hwc->n", x, W), None, SIZE)


def places(length: int, side: int, step: int) -> list[int]:
    """Where windows begin, as the docstring says it: by steps, and the last one at the rim."""
    found = [i for i in range(length) if i % step == 0 and i + side <= length]
    return found if found[-1] + side == length else [*found, length - side]


@pytest.mark.parametrize(
    ("window", "stride"), [(1, 1), (3, 2), (2, 2), (3, 1), ((2, 5), (1, 4)), ((7, 9), 1), (4, 4)]
)
def test_of_a_linear_score_each_window_loses_w_times_what_it_hides(window, stride) -> None:
    (high, wide), (down, right) = ((v, v) if isinstance(v, int) else v for v in (window, stride))
    lost = (W * (PHOTO - np.array([20.0, 127.5, 250.0]))).sum(axis=-1)
    falls = [[[] for _ in range(SIZE[1])] for _ in range(SIZE[0])]
    for top in places(SIZE[0], high, down):
        for left in places(SIZE[1], wide, right):
            for i in range(top, top + high):
                for j in range(left, left + wide):
                    fall = lost[top : top + high, left : left + wide].sum()
                    falls[i][j].append(fall)
    expected = [[np.mean(cell) for cell in row] for row in falls]
    colour = (20, 127.5, 250)
    found = occlusion(linear(), PHOTO, window=window, stride=stride, baseline=colour)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(lost).max())


def test_windows_apart_show_the_papers_score_that_is_left() -> None:
    net, photo = classifier(gap_net()), photos(1)[0]
    found = occlusion(net, photo, 1, window=4, stride=4, baseline="black")
    for top in range(0, 16, 4):
        for left in range(0, 16, 4):
            covered = photo.copy()
            covered[top : top + 4, left : left + 4] = 0
            fall = net.logits(photo)[0, 1] - net.logits(covered)[0, 1]
            block = found[top : top + 4, left : left + 4]
            np.testing.assert_allclose(block, fall, rtol=1e-3, atol=1e-5)


def test_what_the_network_does_not_look_at_gets_nothing() -> None:
    box = BlackBox(lambda x: x[:, 2:4, 5:7].max(axis=(1, 2, 3)), None, SIZE)
    found = occlusion(box, PHOTO, window=2, stride=1, baseline="black")
    seen = np.zeros(SIZE, bool)
    seen[1:5, 4:8] = True  # windows that reach the patch
    assert not found[~seen].any()
    assert found[seen].any()


def test_default_windows_are_a_seventh_and_overlap_by_half() -> None:
    starts, sides = windows((224, 224))
    assert sides == (32, 32)
    assert sorted({*starts[:, 0]}) == list(range(0, 193, 16))
    covered = inside(starts, sides, (224, 224)).sum(axis=0)
    assert covered[100, 100] == 4


@pytest.mark.parametrize("size", [(5, 3), (16, 16), (33, 50)])
@pytest.mark.parametrize("window", [None, 1, 2, 3])
def test_every_pixel_is_covered(size, window) -> None:
    starts, sides = windows(size, window)
    assert inside(starts, sides, size).any(axis=0).all()
    assert (starts >= 0).all()
    assert (starts + sides <= size).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"window": 8}, ValueError, r"window=8 is more than \(7, 9\)"),
        ({"window": 2, "stride": 3}, ValueError, r"stride=3 is more than \(2, 2\)"),
        ({"window": 0}, ValueError, "height=0 must be 1 or more"),
        ({"window": 2.5}, TypeError, "height must be a whole number"),
        ({"window": (2, 2, 3)}, ValueError, "the window must be"),
        ({"stride": "x"}, TypeError, "height must be a whole number"),
        ({"batch_size": 0}, ValueError, "batch_size=0"),
    ],
)
def test_sizes_that_leave_pixels_out_are_refused(options, error, message) -> None:
    with pytest.raises(error, match=message):
        occlusion(linear(), PHOTO, **options)


def test_captum_says_the_same() -> None:
    torch = pytest.importorskip("torch")
    attr = pytest.importorskip("captum.attr")

    def score(x):
        return torch.sin(x / 50).sum(dim=(1, 2, 3))

    photo = photos(1)[0]
    theirs = attr.Occlusion(score).attribute(
        torch.from_numpy(photo[None]), (4, 4, 3), (2, 2, 3), baselines=127.5
    )
    box = BlackBox(lambda x: score(torch.from_numpy(x)), None, (16, 16))
    found = occlusion(box, photo, window=4, stride=2)
    np.testing.assert_allclose(found, theirs.numpy()[0, ..., 0], rtol=1e-3, atol=1e-4)
