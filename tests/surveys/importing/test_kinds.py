"""What columns are taken for, and the answers that come of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from obverse.surveys.importing.mapping import parse_values, write_values
from obverse.surveys.question import Ces, Csat, LongText, Matrix, Multiple, Nps, Rating, Single, UmuxLite
from tests.surveys.importing.rig import MONDAY, answers, bring_in, csv, events, run, survey

HEADER = (
    "respondent_id,when,How likely are you to recommend us?,How satisfied are you?,Why?,"
    "Which is best?,segment\n"
)
SENTENCES = (
    "The parcel came three days late and nobody said so.",
    "I like the shop, the people in it are kind and know their trade.",
    "The app forgot what I had put into my cart, twice in one week.",
)


def _rows(n: int = 30) -> str:
    satisfied = ("Very satisfied", "Satisfied", "Neutral", "Dissatisfied")
    return "".join(
        f"r{k},2026-03-0{k % 9 + 1} 10:00:00,{k % 11},{satisfied[k % 4]},"
        f'"{SENTENCES[k % 3]} ({k})",{("Price", "Taste")[k % 2]},{("new", "old")[k % 2]}\n'
        for k in range(n)
    )


def test_kinds_are_guessed_from_words_and_values(tmp_path: Path) -> None:
    bring_in(tmp_path / "d", "--name", "Guests", csv(tmp_path, HEADER + _rows()))
    asked = survey(tmp_path / "d", "Guests").questions
    assert [type(one) for one in asked] == [Nps, Csat, LongText, Single]
    assert asked[0].text == "How likely are you to recommend us?"
    first = events(tmp_path / "d")[0]
    assert first["event"] == "Survey Answered"
    assert first["anonymous_id"].startswith("survey:")
    said = first["properties"]
    assert (said["place"], said["version"], said["segment"]) == ("import", 1, "new")
    assert said["answers"]["how_satisfied_are_you"] == 5
    assert said["answers"]["which_is_best"] == "price"
    assert said["scores"] == {"how_likely_are_you_to_recommend_us": 0.0, "how_satisfied_are_you": 5.0}
    assert str(first["time"]).startswith("2026-03-01 10:00:00")


def test_a_person_column_makes_known_people(tmp_path: Path) -> None:
    file = csv(
        tmp_path, "user_id,Rate the stay please\n" + "".join(f"u{k % 3},{k % 5 + 1}\n" for k in range(15))
    )
    bring_in(tmp_path / "d", "--time", MONDAY, "--touchpoint", "store", file)
    rows = events(tmp_path / "d")
    assert {row["user_id"] for row in rows} == {"u0", "u1", "u2"}
    assert {row["touchpoint"] for row in rows} == {"store"}
    assert all(row["anonymous_id"] is None for row in rows)


def test_columns_of_ticks_are_one_multiple_choice(tmp_path: Path) -> None:
    head = ",".join(f"What did you use? [{name}]" for name in ("Web", "App", "Phone"))
    text = f"{head}\n1,0,\n0,0,0\n,,\n1,1,0\n0,0,0\n"
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "Use", csv(tmp_path, text))
    [asked] = survey(tmp_path / "d", "Use").questions
    assert isinstance(asked, Multiple)
    assert [one.text for one in asked.options] == ["Web", "App", "Phone"]
    assert [one["what_did_you_use"] for one in answers(tmp_path / "d")] == [["web"], [], ["web", "app"], []]


def test_options_in_one_cell_come_apart(tmp_path: Path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text('[[questions]]\nid = "used"\ncolumns = ["used"]\ntype = "multiple"\nseparator = ";"\n')
    file = csv(tmp_path, "used,n\nWeb;App,1\nApp,2\n")
    bring_in(tmp_path / "d", "--time", MONDAY, "--mapping", mapping, file)
    assert [one["used"] for one in answers(tmp_path / "d")] == [["app", "web"], ["app"]]


def test_like_columns_are_a_matrix(tmp_path: Path) -> None:
    text = "Rate us [Food],Rate us [Staff]\ngood,bad\nbad,\ngood,good\nso so,bad\n"
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "M", csv(tmp_path, text))
    [asked] = survey(tmp_path / "d", "M").questions
    assert isinstance(asked, Matrix)
    assert [one["rate_us"] for one in answers(tmp_path / "d")][:2] == [
        {"food": "good", "staff": "bad"},
        {"food": "bad"},
    ]


def test_umux_lite_is_known_by_its_items(tmp_path: Path) -> None:
    text = "This system's capabilities meet my requirements.,This system is easy to use.\n7,4\n1,\n"
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "U", csv(tmp_path, text))
    assert isinstance(survey(tmp_path / "d", "U").questions[0], UmuxLite)
    first, second = events(tmp_path / "d")
    assert first["properties"]["scores"] == {"umux_lite": 75.0}
    assert second["properties"]["answers"] == {"umux_lite": [1, None]}
    assert second["properties"]["scores"] == {}


def test_a_scale_of_numbers_with_words_is_read_by_its_numbers(tmp_path: Path) -> None:
    text = "n,It was easy to pay\n" + "".join(f"{k},{k} - word {k}\n" for k in range(1, 8))
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "E", csv(tmp_path, text))
    [asked] = survey(tmp_path / "d", "E").questions
    assert isinstance(asked, Ces)
    assert asked.points == 7
    assert [one["it_was_easy_to_pay"] for one in answers(tmp_path / "d")] == list(range(1, 8))


def test_values_become_what_the_map_says(tmp_path: Path) -> None:
    file = csv(tmp_path, "Rate the food please\n0\n1\n5\n6\n7\n5,0\nnever\n")
    said = bring_in(
        tmp_path / "d", "--time", MONDAY, "--name", "F", "--delimiter", "tab",
        "--map", 'Rate*: 0 = missing, 6 = missing, never = 1', file,
    )  # fmt: skip
    [asked] = survey(tmp_path / "d", "F").questions
    assert isinstance(asked, Rating)
    assert asked.points == 7
    assert [one["rate_the_food_please"] for one in answers(tmp_path / "d")] == [1, 5, 7, 5, 1]
    assert "2 without any answer" in said


def test_what_does_not_fit_is_counted_and_shown_and_the_row_is_kept(tmp_path: Path) -> None:
    file = csv(tmp_path, "a,b\n3,good\n9,fine\nx,\n9,bad\n")
    said = bring_in(
        tmp_path / "d",
        "--time",
        MONDAY,
        "--question",
        "a: csat5 = a",
        "--question",
        "b: short_text = b",
        file,
    )
    assert "'9' (2 times)" in said
    assert "not a whole number from 1 to 5" in said
    assert answers(tmp_path / "d") == [{"a": 3, "b": "good"}, {"b": "fine"}, {"b": "bad"}]


def test_turned_round_counts_from_the_other_end(tmp_path: Path) -> None:
    file = csv(tmp_path, "Rate the wait please\n1\n4\n7\n")
    bring_in(tmp_path / "d", "--time", MONDAY, "--reverse", "Rate*", file)
    assert [one["rate_the_wait_please"] for one in answers(tmp_path / "d")] == [7, 4, 1]


def test_a_property_that_has_a_name_of_ours_gets_another(tmp_path: Path) -> None:
    file = csv(tmp_path, 'Rate the stay please,version,score\n5,beta,"1"\n1,beta,NA\n3,beta,2.5\n')
    bring_in(tmp_path / "d", "--time", MONDAY, file)
    said = [row["properties"] for row in events(tmp_path / "d")]
    assert [one["version"] for one in said] == [1, 1, 1]
    assert [one["version_in_file"] for one in said] == ["beta"] * 3
    assert [one.get("score") for one in said] == [1, None, 2.5]


def test_columns_can_be_left_out(tmp_path: Path) -> None:
    file = csv(tmp_path, "Rate the stay please,name,email\n5,Ann,a@example.org\n4,Bob,b@example.org\n")
    bring_in(tmp_path / "d", "--time", MONDAY, "--leave-out", "na*", "--leave-out", "email", file)
    assert "Ann" not in str(events(tmp_path / "d"))
    assert "example.org" not in str(events(tmp_path / "d"))


def test_time_must_come_from_somewhere(tmp_path: Path) -> None:
    said = run(tmp_path / "d", csv(tmp_path, "Rate the stay please\n5\n4\n"))
    assert said.exit_code == 2
    assert "--time =2026-03-01" in said.output


def test_rows_without_a_time_are_refused_with_their_number(tmp_path: Path) -> None:
    file = csv(tmp_path, "date,Rate the stay please\n2026-03-02,5\n,4\n2026-03-03,3\n")
    said = bring_in(tmp_path / "d", file)
    assert "1 rows refused" in said
    assert "row 3" in said
    assert len(events(tmp_path / "d")) == 2


def test_a_mapping_that_was_saved_says_all(tmp_path: Path) -> None:
    file = csv(tmp_path, HEADER + _rows())
    bring_in(tmp_path / "one", "--name", "Guests", "--save-mapping", tmp_path / "map.json", file)
    bring_in(tmp_path / "two", "--mapping", tmp_path / "map.json", file)
    one, two = events(tmp_path / "one"), events(tmp_path / "two")
    assert [row["properties"] for row in one] == [row["properties"] for row in two]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[questions]]\nid = 'Q 1'\ncolumns = ['a']", "questions[0].id"),
        ("[[questions]]\nid = 'q'\ncolumns = ['a']\ntype = 'npss'", "npss"),
        ("questons = []", "questons"),
        ("name = ", "mapping"),
    ],
)
def test_a_wrong_mapping_names_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    mapping = csv(tmp_path, text, "map.toml")
    done = run(tmp_path / "d", "--mapping", mapping, csv(tmp_path, "a\n1\n"))
    assert done.exit_code == 2
    assert said in done.output


def test_a_wrong_column_names_the_nearest(tmp_path: Path) -> None:
    done = run(tmp_path / "d", "--time", MONDAY, "--question", "q = Stars", csv(tmp_path, "stars,b\n1,2\n"))
    assert done.exit_code == 2
    assert "did you mean 'stars'?" in done.output


def test_values_are_written_as_they_are_read() -> None:
    values = {"0": "missing", 'a, "b" = c': "5", "x=y": "z", " s": "t"}
    assert parse_values(write_values({"0": "missing", "a, b": "5", "x=y": "z"})) == {
        "0": "missing",
        "a, b": "5",
        "x=y": "z",
    }
    assert "missing" in write_values(values)


def test_the_mapping_of_the_guide_is_read(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "past-surveys.md").read_text()
    mapping = csv(
        tmp_path, 'name = "Guests"' + guide.partition('name = "Guests"')[2].partition("```")[0], "map.toml"
    )
    head = "answered_on,customer_id,name,NETPRO,used_web,used_app,Q7FOOD\n"
    rows = "".join(f"2026-03-0{k + 1},c{k},Ann,{11 - k},1,{k % 2},{k}\n" for k in range(7))
    bring_in(tmp_path / "d", "--mapping", mapping, csv(tmp_path, head + rows))
    found = events(tmp_path / "d")
    assert [row["properties"]["answers"].get("recommend") for row in found] == [None, 10, 9, 8, 7, 6, 5]
    assert found[1]["properties"]["answers"]["used"] == ["the_website", "the_app"]
    assert {row["touchpoint"] for row in found} == {"store"}
    assert "Ann" not in str(found)


def test_decimal_commas_are_numbers_in_properties(tmp_path: Path) -> None:
    file = csv(tmp_path, "Rate us please;weight;id;sum\n5;0,25;1,2,3;1,000\n4;1;7;2,500\n1;-2,5;8;3,000\n")
    bring_in(tmp_path / "d", "--time", MONDAY, file)
    found = [row["properties"] for row in events(tmp_path / "d")]
    assert [one["weight"] for one in found] == [0.25, 1, -2.5]
    assert [one["id"] for one in found] == ["1,2,3", "7", "8"]
    assert [one["sum"] for one in found] == ["1,000", "2,500", "3,000"]


def test_more_questions_than_a_survey_has_are_refused(tmp_path: Path) -> None:
    flags = [part for n in range(101) for part in ("--question", f"q{n}: short_text = a")]
    done = run(tmp_path / "d", "--time", MONDAY, *flags, csv(tmp_path, "a,b\n1,2\n"))
    assert done.exit_code == 2
    assert "questions" in done.output


def test_ranges_are_options_and_no_numbers(tmp_path: Path) -> None:
    ranges = ("1-2", "3-5", "6-10")
    text = "n,How many hours a week?\n" + "".join(f"x{k},{ranges[k % 3]}\n" for k in range(12))
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "H", csv(tmp_path, text))
    [asked] = survey(tmp_path / "d", "H").questions
    assert isinstance(asked, Single)
    assert {one.text for one in asked.options} == set(ranges)


def test_words_beside_a_scale_are_no_answer_but_options_of_a_choice(tmp_path: Path) -> None:
    head = "How satisfied are you?,Which of these did you use?,Was it cold in there?\n"
    rows = "Very satisfied,None,5\nNever used,Lift,3\nNeutral,None,Don't know\nSatisfied,Lift,1\n"
    bring_in(tmp_path / "d", "--time", MONDAY, "--name", "W", csv(tmp_path, head + rows))
    first, _, third = survey(tmp_path / "d", "W").questions
    assert isinstance(first, Csat)
    assert isinstance(third, Rating)
    found = answers(tmp_path / "d")
    assert [one.get("how_satisfied_are_you") for one in found] == [5, None, 3, 4]
    assert [one["which_of_these_did_you_use"] for one in found] == ["none", "lift", "none", "lift"]
    assert [one.get("was_it_cold_in_there") for one in found] == [5, 3, None, 1]


def test_eleven_points_that_are_no_nps_keep_their_zeros(tmp_path: Path) -> None:
    rows = "".join(f"{k % 11},{k % 5 + 1}\n" for k in range(22))
    bring_in(tmp_path / "d", "--time", MONDAY, csv(tmp_path, "How warm was it?,Rate us please\n" + rows))
    found = [row["properties"] for row in events(tmp_path / "d")]
    assert [one.get("How warm was it?") for one in found] == [k % 11 for k in range(22)]


def test_nobody_is_known_where_the_mapping_says_so(tmp_path: Path) -> None:
    file = csv(tmp_path, "user_id,Rate us please\nu1,5\nu2,4\n")
    bring_in(tmp_path / "d", "--time", MONDAY, "--person", "=", file)
    assert [row["user_id"] for row in events(tmp_path / "d")] == [None, None]


def test_a_question_without_a_column_is_an_error_unless_the_survey_has_it(tmp_path: Path) -> None:
    how = ("--time", MONDAY, "--name", "Q", "--question", "a: rating5 = a", "--question", "b: rating5 = b")
    only_a = csv(tmp_path, "a,c\n1,2\n5,1\n", "a.csv")
    missing = run(tmp_path / "d", *how, only_a)
    assert missing.exit_code == 2
    assert "questions.b" in missing.output
    bring_in(tmp_path / "d", *how, csv(tmp_path, "a,b\n1,2\n5,1\n", "ab.csv"))
    assert "b: the file has no column b" in bring_in(tmp_path / "d", *how, only_a)
