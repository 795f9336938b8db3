import gc

import pytest

from common.garbage import little_garbage


def test_what_was_there_before_is_left_alone_for_a_while_and_no_longer_even_after_an_error():
    assert gc.get_freeze_count() == 0

    with pytest.raises(ZeroDivisionError), little_garbage():
        assert gc.get_freeze_count() > 0
        _ = 1 / 0

    assert gc.get_freeze_count() == 0
