"""Comments and titles above the header never become names or rows."""

import io

import pytest

from skensemble import read_table
from skensemble.exceptions import TableError


def read(text, **options):
    notes = []
    frame = read_table(io.StringIO(text), notes=notes, **options)
    return frame.to_dict("list"), "\n".join(notes)


def refusal(text, **options):
    with pytest.raises(TableError) as caught:
        read(text, **options)
    return caught.value


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# export, v2\na,b\n1,x\n3,y\n", [1]),
        ("# made by x, v2\n# on 1,2,3\na,b\n1,x\n3,y\n", [1, 2]),
        ("# a; b\r\n\r\n# c\ta\ra|b\r1|x\r3|y\r", [1, 3]),
        ("\n# it's \"x, y\n\na,b\n1,x\n3,y\n", [2]),
        ("sep=;\n# 5;6\na;b\n1;x\n3;y\n", [2]),
        ("\ufeff# x, y\na,b\n1,x\n3,y\n", [1]),
    ],
)
def test_comments_are_skipped_with_a_note(text, lines):
    frame, notes = read(text)
    assert frame == {"a": [1, 3], "b": ["x", "y"]}
    assert f"before the header are skipped: {lines}" in notes


def test_a_comment_above_one_column():
    frame, _ = read("# export\na\n1\n2\n")
    assert frame == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#id,x\n1,2\n3,4", {"#id": [1, 3], "x": [2, 4]}),
        ("##v=1\n#id\tx\na\t2\nb\t4\n", {"#id": ["a", "b"], "x": [2, 4]}),
        ("#,Name\nA1,Bob\nA2,Ann\n", {"#": ["A1", "A2"], "Name": ["Bob", "Ann"]}),
        ("#a;b\n1,5;2,5\n3,5;4,5\n", {"#a": [1.5, 3.5], "b": [2.5, 4.5]}),
        ('"#a\nb",x\n1,2\n', {"#a\nb": [1], "x": [2]}),
        ("#id\n1\n2\n", {"#id": [1, 2]}),
    ],
)
def test_a_header_with_a_hash_stays_the_header(text, expected):
    assert read(text)[0] == expected


def test_unclear_and_misplaced_comments_are_refused_with_their_line():
    assert refusal("#name,city\nbob,paris\nann,rome\n").line == 1
    assert refusal("# export\na,b\n1,2\n3,4\n# end\n5,6\n").line == 5
    assert refusal("#tag,n\n#a,1\nb,2\nc,3\n").line == 1
    assert "each line begins with '#'" in str(refusal("#tag,n\n#a,1\n#b,2\n"))
    assert "each row has 3 fields" in str(refusal("#a,b\n7,2,5\n4,5,6\n"))
    assert refusal("# x, y\n\na,b\n1,2\n3,4\n5,6,7\n8,9\n").line == 6


@pytest.mark.parametrize(
    "text",
    [
        "Report of May, 2024\na,b\n1,2\n3,4\n5,6\n",
        "Report;2024;\na;b;c\n1;2;3\n",
        "Report, May 2024, 2\nname,n,price\nx,1,60\ny,2,7\n",
        "Sales, all shops\na,b\n1,2\n3,4\n",
    ],
)
def test_titles_that_may_be_names_are_refused(text):
    error = refusal(text)
    assert error.line == 1
    assert "title above the names in line 2" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\nNA,-\n1,2\n3,4\n",
        "a,b\nx,y\nz,2\n3,4\n",
        ",a,b\n0,x,y\n1,z,w\n",
        "country,2020,2021\nx,5,6\ny,7,8\n",
    ],
)
def test_first_rows_of_words_are_no_names(text):
    assert len(next(iter(read(text)[0].values()))) == text.count("\n") - 1


def test_spaces_around_names_are_left_out_with_a_note():
    frame, notes = read("a ,b,\tc d \n1,2,3\n")
    assert list(frame) == ["a", "b", "c d"]
    assert "'a '" in notes
    assert "same name" in str(refusal("a,a \n1,2\n"))
