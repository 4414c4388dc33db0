import copy
import dataclasses
import pickle
import subprocess
import sys

import pytest

from helpers.errors import DataProblems, DesignError, Problem, UsageError
from helpers.messages import Message, message_languages, said_in, say, say_plural

PROBLEM = Problem("wards.csv", "", say("row {row}", row=12), say("(empty)"), say("a year"), say("Fill the cell in."))


def test_a_message_is_the_english_text_and_remembers_how_it_was_made() -> None:
    message = say("row {row}, {column}", row=3, column="valid_to")
    assert message == "row 3, valid_to"
    assert hash(message) == hash("row 3, valid_to")
    assert message.template == "row {row}, {column}"
    assert dict(message.values) == {"row": 3, "column": "valid_to"}


def test_braces_in_values_are_left_alone() -> None:
    assert say("Write {town}.", town="{x} %s") == "Write {x} %s."
    assert said_in(say("Write {town}.", town="{x} %s"), "vi") == "Ghi {x} %s."


def test_a_value_may_be_called_as_the_parameters_are() -> None:
    assert say("{template} {self} {count}", template=1, self=2, count=3) == "1 2 3"


def test_a_value_that_is_asked_for_and_not_given_is_an_error() -> None:
    with pytest.raises(KeyError, match="row"):
        say("row {row}", line=3)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_message_crosses_processes(protocol: int) -> None:
    message = say("Known: {known}", known=say_plural("{count} cell", "{count} cells", count=2))
    back = pickle.loads(pickle.dumps(message, protocol))
    assert type(back) is Message
    assert (back, back.template, back.plural, back.values) == (message, message.template, "", message.values)
    assert said_in(back.values["known"], "vi") == "2 ô"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_still_a_message(copied) -> None:
    message = copied(say("row {row}", row=7))
    assert type(message) is Message
    assert said_in(message, "vi") == "dòng 7"


def test_problems_and_their_errors_keep_their_messages() -> None:
    for problem in (dataclasses.replace(PROBLEM, sheet="T5"), pickle.loads(pickle.dumps(PROBLEM))):
        assert problem.in_language("vi").cell == "dòng 12"
    error = pickle.loads(pickle.dumps(DataProblems([PROBLEM])))
    assert error.problems == (PROBLEM,)
    assert error.in_language("vi").startswith("Dữ liệu có 1 lỗi:\nwards.csv · dòng 12: ")


def test_values_that_are_messages_are_translated_with_their_sentence() -> None:
    message = say("a {period_kind} is expected", period_kind=say("calendar quarter"))
    assert message == "a calendar quarter is expected"
    assert said_in(message, "vi") == "phải ghi quý dương lịch"


def test_numbers_are_written_alike_in_both_languages() -> None:
    message = say("every row has {count} cells", count=1234)
    assert "1234" in message
    assert "1234" in said_in(message, "vi")


def test_the_count_chooses_the_english_form_and_vietnamese_has_one() -> None:
    texts = [say_plural("{count} problem", "{count} problems", count=count) for count in (0, 1, 2)]
    assert texts == ["0 problems", "1 problem", "2 problems"]
    assert [said_in(text, "vi") for text in texts] == ["0 lỗi", "1 lỗi", "2 lỗi"]


def test_a_plain_text_and_one_without_translation_stay_as_they_are() -> None:
    assert said_in("row 7", "vi") == "row 7"
    assert said_in(say("said by no code, with {value}", value=1), "vi") == "said by no code, with 1"


def test_an_unknown_language_is_wrong_usage() -> None:
    assert message_languages() == ("en", "vi")
    for text in ("plain", say("row {row}", row=1)):
        with pytest.raises(UsageError, match=r"“fr”.*en, vi"):
            said_in(text, "fr")
    with pytest.raises(UsageError, match="fr"):
        PROBLEM.sentence("fr")


def test_a_problem_is_one_line_in_either_language() -> None:
    assert PROBLEM.sentence() == "wards.csv · row 12: found “(empty)”; a year. Fill the cell in."
    assert PROBLEM.sentence("vi") == "wards.csv · dòng 12: tìm thấy “(trống)”; phải là một năm. Điền ô này."
    plain = Problem("a.xlsx", "T5", "C7", "", "no number", "Write one.")
    assert plain.sentence("vi") == plain.sentence() == "a.xlsx · T5 · C7: no number. Write one."


def test_messages_and_plain_texts_sort_and_compare_alike() -> None:
    plain = Problem("wards.csv", "", "row 12", "(empty)", "a year", "Fill the cell in.")
    assert plain == PROBLEM
    assert len({plain, PROBLEM}) == 1
    later = dataclasses.replace(PROBLEM, cell=say("row {row}", row=3))
    assert DataProblems([later, PROBLEM]).problems == (PROBLEM, later)


def test_data_problems_say_everything_in_the_language() -> None:
    error = DataProblems([PROBLEM, Problem("a.csv", "", "", "", say("this file is empty"), "")])
    assert str(error).splitlines()[0] == "2 problem(s) in the data:"
    assert error.in_language("en") == str(error)
    assert error.in_language("vi").splitlines()[1] == "a.csv: tệp này trống. "


def test_other_errors_say_themselves_in_the_language() -> None:
    error = DesignError(say("Anticipation is {anticipation}; it is a number of periods, 0 or more.", anticipation=-1))
    assert str(error).startswith("Anticipation is -1")
    assert error.in_language("vi").startswith("Số kỳ bỏ ra trước khi bắt đầu")
    assert UsageError("plain").in_language("vi") == "plain"
    assert UsageError().in_language("vi") == ""


def test_english_needs_no_catalogue() -> None:
    code = "import sys, helpers.messages as m; m.said_in(m.say('x'), 'en'); print('babel' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
