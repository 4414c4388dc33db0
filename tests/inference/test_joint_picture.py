"""The joint picture: worked by hand, and its size where the actual labelling is one like any other."""

import numpy as np
import pytest

from helpers.errors import EstimationError
from helpers.inference.joint_picture import joint_picture


def test_by_hand():
    """Three specifications, the actual labelling and 39 others: with 40 labellings two may reject at 5%."""
    t = np.zeros((3, 40))
    t[:, 0] = -3.0, -2.0, 0.5
    t[:, 1] = -2.5, 2.5, 2.5
    t[:, 2] = 0.1, 0.2, 0.3
    t[0, 3] = 9.0
    log_ratio = t / 10
    found = joint_picture(t, log_ratio, is_exact=False)
    assert found.count == 3
    assert found.median_t.value == 2.0
    # Only labelling 1, with a median |T| of 2.5, is as large.
    assert found.median_t.p_value == 2 / 40
    # In the first specification 9.0 and 3.0 reject, in the second 2.5 and 2.0, in the third 2.5 and 0.5.
    # Downwards: two of three under the actual labelling; upwards: two of three under labelling 1, one under 3.
    assert found.share_significant.value == pytest.approx(2 / 3)
    assert found.share_significant.p_value == 2 / 40
    assert found.median_estimate.value == pytest.approx(np.expm1(-0.2))
    assert np.isnan(found.median_estimate.p_value)
    assert found.median_t.smallest_p == found.share_significant.smallest_p == 1 / 40
    lowest = np.quantile(np.sort(log_ratio[:, 1:], axis=0)[0], 0.025)
    assert found.bands[0, 0] == pytest.approx(np.expm1(lowest))


def test_few_labellings_cannot_reject_and_say_so():
    t = np.array([[5.0, 5.0, 1.0, 1.0, 2.0]])
    found = joint_picture(t, t, is_exact=True)
    assert found.share_significant.value == 0
    assert (found.median_t.p_value, found.median_t.smallest_p) == (0.25, 0.25)


def test_no_specification_is_no_picture():
    with pytest.raises(EstimationError, match="needs T"):
        joint_picture(np.zeros((0, 5)), np.zeros((0, 5)), is_exact=False)


@pytest.mark.parametrize("is_exact", [False, True])
def test_it_rejects_one_true_null_in_twenty(is_exact):
    """Specifications that hang together, and labellings that are alike: p ≤ 5% once in twenty."""
    rng, rejected = np.random.default_rng(4), np.zeros(2)
    studies, labellings, count = 400, 99, 30
    for _ in range(studies):
        common = rng.normal(size=labellings + 1)
        t = 0.8 * common + 0.6 * rng.normal(size=(count, labellings + 1))
        if is_exact:
            t[:, 0] = t[:, rng.integers(1, labellings + 1)]
        found = joint_picture(t, t, is_exact=is_exact)
        rejected += [found.median_t.p_value <= 0.05, found.share_significant.p_value <= 0.05]
    limit = 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)
    assert (rejected / studies <= limit).all()
    assert rejected[0] / studies >= 0.05 - 3 * np.sqrt(0.05 * 0.95 / studies)
