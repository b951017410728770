import numpy as np
import pytest

from lr_correction.verdict import gain, sentence


def test_gain_is_relative_and_has_the_error_of_a_jackknife():
    reference, model = np.array([4.0, 5.0, 3.0, 4.4]), np.array([1.0, 2.0, 0.7, 1.5])
    value, error = gain(reference, model)
    assert value == pytest.approx(1 - np.sqrt(model.mean() / reference.mean()))
    left_out = [1 - np.sqrt(np.delete(model, k).mean() / np.delete(reference, k).mean()) for k in range(4)]
    assert error == pytest.approx(np.sqrt(3 / 4 * ((left_out - np.mean(left_out)) ** 2).sum()))


def test_one_block_has_no_error_and_proves_nothing():
    value, error = gain(np.array([4.0]), np.array([1.0]))
    assert (value, error) == (0.5, float("inf"))
    assert not sentence((value, error), None, "on one frame")[0]


@pytest.mark.parametrize(
    ("readout", "cut", "helps", "words"),
    [
        ((0.010, 0.001), None, False, "charges do not help: 1.0 +- 0.1 %"),
        ((0.100, 0.060), None, False, "charges do not help: 10.0 +- 6.0 %"),
        ((-0.20, 0.010), (0.3, 0.01), False, "charges do not help"),
        ((0.200, 0.020), None, True, "charges help: 20.0 +- 2.0 %"),
        ((0.200, 0.020), (0.10, 0.01), True, "the long range helps: 10.0 +- 1.0 %"),
        ((0.200, 0.020), (0.008, 0.003), True, "the long range helps: 0.8 +- 0.3 %"),
        ((0.200, 0.020), (0.01, 0.01), False, "charges do not help: 20.0 +- 2.0 %"),
        ((0.200, 0.020), (0.01, 0.01), False, "but the long range has no part in it: 1.0 +- 1.0 %"),
    ],
)
def test_the_sentence(readout, cut, helps, words):
    found, text = sentence(readout, cut, "on test frames")
    assert found is helps
    assert words in text
    assert "on test frames" in text
