"""Groups of problems: one thing to do is told once, the most important first."""

import random

from helpers.cleaning.clerk.problem_groups import group_problems
from helpers.errors import Problem
from helpers.messages import say

UNKNOWN, ADD = say("the file holds nothing"), say("Ask the office to send it again, or delete the file.")


def test_groups_are_the_same_in_any_order_and_the_gravest_first() -> None:
    heading = [Problem("a.xlsx", f"T{month:02d}", "C5", "PPHS", UNKNOWN, ADD) for month in range(1, 13)]
    cell = Problem("a.xlsx", "T01", "D7", "1.5", UNKNOWN, ADD)
    sheet, whole = Problem("b.xlsx", "T01", "", "", UNKNOWN, ADD), Problem("c.xlsx", "", "", "", "encrypted", ADD)
    problems = [cell, *heading, sheet, whole]
    groups = group_problems(problems)
    assert [group.first for group in groups] == [whole, sheet, heading[0], cell]
    for seed in range(5):
        shuffled = random.Random(seed).sample(problems, len(problems))
        assert group_problems(shuffled) == groups
    assert (groups[2].sheet_count, groups[2].file_count) == (12, 1)
    assert groups[2].sentence("en").endswith("So too at 11 more places: 12 sheets of one file in all.")


def test_a_group_is_told_in_vietnamese() -> None:
    problems = [Problem(f"{name}.xlsx", "T1", "C5", "", UNKNOWN, ADD) for name in "ab"]
    (group,) = group_problems(problems)
    assert group.sentence("vi") == (
        "a.xlsx · T1 · C5: tệp không có nội dung. Đề nghị đơn vị gửi lại, hoặc xóa tệp. "
        "Còn gặp ở 1 chỗ khác: tất cả 2 trang tính của 2 tệp."
    )
    assert group_problems([]) == ()
