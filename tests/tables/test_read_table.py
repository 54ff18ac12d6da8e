"""`read_table` reads tables as people have them, and loses nothing in silence."""

import bz2
import gzip
import io
import lzma
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from skensemble import read_table
from skensemble.exceptions import TableError


def read(content, **options):
    """Read a text or bytes, with the notes."""
    data = content.encode() if isinstance(content, str) else content
    notes = []
    return read_table(io.BytesIO(data), notes=notes, **options), "\n".join(notes)


def values(column):
    """Values of a column, with None for missing ones."""
    return [None if pd.isna(one) else one for one in column.tolist()]


def refusal(content, **options):
    """The error of a table that cannot be read."""
    with pytest.raises(TableError) as caught:
        read(content, **options)
    return caught.value


# Words and types


@pytest.mark.parametrize("word", ["None", "NA", "n/a", "null", "nan", "N/A", "-", "?"])
def test_words_are_levels_where_they_are_levels(word):
    frame, _ = read(f"a,b\nx,1\n{word},2\n,3\n")
    assert values(frame["a"]) == ["x", word, None]


@pytest.mark.parametrize("word", ["NA", "?", "-", "n/a", "#N/A", " ", "None"])
def test_numbers_with_a_few_usual_words_are_numbers_with_a_note(word):
    cells = [*map(str, range(50)), word]
    frame, notes = read("a,b\n" + "".join(f"{cell},x\n" for cell in cells))
    assert values(frame["a"]) == [*range(50), None]
    assert "'a'" in notes
    assert repr(word) in notes
    text, _ = read("a,b\n" + "".join(f"{c},x\n" for c in cells), columns_as_text=["a"])
    assert values(text["a"]) == cells


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "NA", "NA", "NA"],  # mostly words
        ["1", "2", "x"],
        ["00001", "00002"],
        ["007", "12"],
        ["12E3", "15E7"],
        ["12E3", "4711"],
        ["18446744073709551616", "1"],
        ["123456789012345678901234567890", "5"],
        ["9007199254740993", "0.5"],
        ["1_000", "2"],
        ["0x1F", "1"],
        ["1.2.3", "1.2.4"],
        ["555.123.456", "555.124.457"],
        ["1e999", "1.5"],
        ["1-2", "3-4"],
        ["1,5", "2.5"],
        ["nan", "inf"],
        ["١٢", "3"],
    ],
)
def test_what_a_number_would_lose_stays_text(cells):
    frame, _ = read("a;b\n" + "".join(f"{cell};x\n" for cell in cells))
    assert values(frame["a"]) == cells


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2", "+3"], [1, -2, 3]),
        (["9007199254740993", "-9223372036854775808"], [2**53 + 1, -(2**63)]),
        (["18446744073709551615", "0"], [2**64 - 1, 0]),
        (["9007199254740993", "", "5"], [2**53 + 1, None, 5]),
        (["18446744073709551615", "", "5"], [2**64 - 1, None, 5]),
        (["1e-05", "2.5E+3", "inf", "-inf"], [1e-05, 2500.0, np.inf, -np.inf]),
        (["0.1", ".5", "3."], [0.1, 0.5, 3.0]),
        (["0.30000000000000004", "1e16"], [0.30000000000000004, 1e16]),
        ([" 1", "2 "], [1, 2]),
        (["\u22125", "3"], [-5, 3]),
        (["True", "False"], [True, False]),
        (["TRUE", "", "FALSE"], [True, None, False]),
        (["true", "True"], ["true", "True"]),
        (["", ""], [None, None]),
        (["2024-01-31", ""], [pd.Timestamp("2024-01-31"), None]),
        (["2024-01-31T10:00", "1900-01-01"], [pd.Timestamp("2024-01-31 10:00"), pd.Timestamp("1900-01-01")]),
        (["2024-02-30", "2024-02-01"], ["2024-02-30", "2024-02-01"]),
        (["2024-01-31T10:00Z", "2024-02-01"], ["2024-01-31T10:00Z", "2024-02-01"]),
        (["01/02/2024", "03/04/2024"], ["01/02/2024", "03/04/2024"]),
    ],
)  # fmt: skip
def test_types(cells, expected):
    frame, _ = read("a;b\n" + "".join(f"{cell};x\n" for cell in cells))
    found = values(frame["a"])
    assert found == expected
    assert [type(one) for one in found] == [type(one) for one in expected]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["60,5", "71"], [60.5, 71.0]),
        (["1.234,56", "2"], [1234.56, 2.0]),
        (["1,234.56", "2"], [1234.56, 2.0]),
        (["1,234,567", "2"], [1234567, 2]),
        (["1.234.567", "2.000"], [1234567, 2000]),
        (["1 234,5", "2"], [1234.5, 2.0]),
        (["1\u00a0234,5", "12\u00a0000"], [1234.5, 12000.0]),
        (["1\u202f234", "2"], [1234, 2]),
        (["1'234.5", "2"], [1234.5, 2.0]),
        (["0,125", "0,250"], [0.125, 0.25]),
        (["9.007.199.254.740.993", "5"], [2**53 + 1, 5]),
    ],
)
def test_decimal_marks_and_thousands(cells, expected):
    frame, _ = read("a;b\n" + "".join(f"{cell};x\n" for cell in cells))
    assert values(frame["a"]) == expected


def test_unclear_numbers_follow_the_other_columns_and_are_noted():
    frame, notes = read("a;b\n1,234;2,5\n5,678;3,5\n")
    assert values(frame["a"]) == [1.234, 5.678]
    assert "'1,234' in the column 'a'" in notes
    frame, _ = read('a,b\n"1,234",2.5\n"5,678",3.5\n')
    assert values(frame["a"]) == [1234, 5678]
    frame, notes = read("a;b\n1,234;x\n5,678;y\n")
    assert values(frame["a"]) == [1.234, 5.678]
    assert "the separator is ';'" in notes
    frame, _ = read("a;b\n1.234;2,5\n5.678;3,5\n")
    assert values(frame["a"]) == [1234, 5678]
    frame, _ = read("a;b\n1.234;x\n5.678;y\n")
    assert values(frame["a"]) == [1234, 5678]
    frame, _ = read("a;b\n1,234;x\n5,678;y\n", decimal=".")
    assert values(frame["a"]) == [1234, 5678]
    frame, notes = read("a;b\n1,5;x\n5,6;y\n", decimal=".")
    assert values(frame["a"]) == ["1,5", "5,6"]
    assert "'a' stays text" in notes


def test_columns_as_text_and_missing():
    text = "id,label,size\n00001,1.10,-1\n9007199254740993,NA,2\n,12E3,n.a.\n"
    frame, _ = read(text, columns_as_text=["id", "label"], missing=["-1", "n.a."])
    assert values(frame["id"]) == ["00001", "9007199254740993", None]
    assert values(frame["label"]) == ["1.10", "NA", "12E3"]
    assert values(frame["size"]) == [None, 2, None]
    assert "Did you mean 'label'" in str(refusal(text, columns_as_text=["lable"]))


# Shape


def test_a_separator_at_the_end_of_each_row():
    frame, notes = read("a,b,\n1,2,\n3,4,\n")
    assert frame.to_dict("list") == {"a": [1, 3], "b": [2, 4]}
    assert "Last column" in notes
    error = refusal("a,b,c\n1,2,x,\n3,4,y,\n")
    assert error.line == 1
    assert "3 names, but each row has 4 fields; the last field is always" in str(error)
    assert "4 fields" in str(refusal("a,b,c\n1,2,x,z\n3,4,y,\n"))


def test_names_of_rows_never_shift_the_columns():
    error = refusal('"x","y"\n"1",5,6\n"2",7,8\n')
    assert error.line == 1
    assert "2 names, but each row has 3 fields" in str(error)


def test_ragged_rows_are_named_by_line():
    error = refusal('a,b\n1,"x\ny"\n2\n3,4,5\n')
    assert error.line == 4
    assert "line 4 has 1, line 5 has 3" in str(error)
    late = "a,b\n" + "1,2\n" * 9000 + "1,2,3\n"
    assert refusal(late).line == 9002


def test_quotes():
    frame, _ = read('a,b\r\n1,"x\r\ny"\r\n2,"say ""no"""\r\n3,5" disk\r\n')
    assert values(frame["b"]) == ["x\r\ny", 'say "no"', '5" disk']
    assert refusal('a,b\n1,x\n2,"open\n3,y\n').line == 3
    assert refusal('a,b\n1,x\n2,"y" z\n3,y\n').line == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_and_line_ends(separator, end):
    lines = ["a,b", "1,x", "2,y"]
    frame, notes = read(end.join(lines).replace(",", separator))
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert "Separator" in notes


def test_separators_of_texts_do_not_divide():
    frame, _ = read('a;b\n"1,5";"x;y"\n2,5;"p, q"\n')
    assert frame.to_dict("list") == {"a": [1.5, 2.5], "b": ["x;y", "p, q"]}
    frame, _ = read(
        "review\nI like it, really\nfine\nvery, very, good\n", separator="\t"
    )
    assert len(frame) == 3
    assert "separator" in str(refusal("a,b;c\n1,2;3\n"))
    frame, _ = read("a~b\n1~2\n", separator="~")
    assert list(frame.columns) == ["a", "b"]
    frame, _ = read("sep=;\r\na;b,c\r\n1;2\r\n")
    assert list(frame.columns) == ["a", "b,c"]
    frame, notes = read("a, b\n1, x\n2, y\n")
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert "Spaces" in notes
    assert "separator=' '" in str(refusal("a b c\n1 2 3\n4 5 6\n"))
    frame, _ = read("a b c\n1 2 3\n4 5 6\n", separator=" ")
    assert frame.to_dict("list") == {"a": [1, 4], "b": [2, 5], "c": [3, 6]}
    for bad in ("", ",,", '"', 5):
        assert "separator=" in str(refusal("a,b\n1,2\n", separator=bad))


def test_lines_that_are_no_rows_are_skipped_with_a_note():
    frame, notes = read("a,b\n1,x\na,b\n\n2,y\n")
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert "Repeated header: 1 rows are skipped (line 3)" in notes
    assert "(line 4)" in notes
    frame, notes = read(
        "# made today\n#\nSales 2024;;\n\nname;n;price\nx;1;60,5\ny;2;7,5\n"
    )
    assert list(frame.columns) == ["name", "n", "price"]
    assert "before the header" in notes
    frame, _ = read("a\nx\n\ny\n\n")
    assert values(frame["a"])[:3] == ["x", None, "y"]


def test_names():
    assert "['a']" in str(refusal("a,a,b\n1,2,3\n"))
    assert "values" in str(refusal("5.1,3.5,setosa\n4.9,3.0,setosa\n"))
    assert "values" in str(refusal("5,3\n4,3\n"))
    adult = "39, State-gov, 77516, Bachelors, 13\n50, Private, 83311, Masters, 9\n"
    assert "values" in str(refusal(adult))
    frame, notes = read("country,2021,2020,2019\nx,5,6,7\n")
    assert list(frame.columns) == ["country", "2021", "2020", "2019"]
    assert "'2021'" in notes
    frame, _ = read("0,1,2\n5,6,7\n")
    assert list(frame.columns) == ["0", "1", "2"]
    frame, notes = read(",a,b\n0,1,x\n1,2,y\n")
    assert list(frame.columns) == ["Unnamed: 0", "a", "b"]
    assert "Unnamed: 0" in notes


@pytest.mark.parametrize("content", ["", "\n\n", "a,b\n", "a,b", "[]", "\ufeff"])
def test_a_table_without_rows_is_refused(content):
    refusal(content)


# Encodings


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode(encoding):
    frame, _ = read("größe;名前\n1;Zürich\n2;東京\n".encode(encoding))
    assert frame.to_dict("list") == {"größe": [1, 2], "名前": ["Zürich", "東京"]}


def test_other_encodings():
    text = "größe;stadt\n1;Zürich\n2;Köln \u2013 “x” €\n"
    frame, notes = read(text.encode("cp1252"))
    assert values(frame["stadt"]) == ["Zürich", "Köln \u2013 “x” €"]
    assert "cp1252" in notes
    russian = "имя;город\nЮлий;Минск\n"
    assert "encoding=" in str(refusal(russian.encode("cp1251")))
    frame, _ = read(russian.encode("cp1251"), encoding="cp1251")
    assert list(frame.columns) == ["имя", "город"]
    mixed = "a;b\nZürich;Köln\nßß;".encode() + b"\xe9\nx;y\n"
    assert refusal(mixed).line == 3
    assert "not known" in str(refusal(text, encoding="utf-99"))
    assert refusal(text.encode("cp1252"), encoding="utf-8").line == 1
    assert refusal("a,b\n1,\x00x\n").line == 2


# Files


@pytest.fixture
def table():
    return pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5]})


@pytest.mark.parametrize("kind", ["gzip", "bz2", "xz", "zip", "zstd"])
def test_compression_is_found_by_content(tmp_path, table, kind):
    data = table.to_csv(index=False).encode()
    path = tmp_path / "table.csv"  # The name does not matter.
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("folder/table.csv", data)
            archive.writestr("__MACOSX/._table.csv", b"x")
    elif kind == "zstd":
        path.write_bytes(pa.compress(data, "zstd", asbytes=True))
    else:
        compress = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
        path.write_bytes(compress[kind](data))
    pd.testing.assert_frame_equal(read_table(path), table.astype({"b": "str"}))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TableError, match=r"damaged|zip"):
        read_table(path)


def test_a_zip_file_of_several_tables_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "x\n1\n")
        archive.writestr("b.csv", "x\n1\n")
    with pytest.raises(TableError, match=r"a\.csv"):
        read_table(tmp_path / "a.zip")


def test_files_that_are_no_tables_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("xl/workbook.xml", "")
    with pytest.raises(TableError, match="Excel"):
        read_table(tmp_path / "a.xlsx")
    for content, word in {
        b"\xd0\xcf\x11\xe0" + b"\0" * 99: "Excel",
        b"%PDF-1.7 ...": "PDF",
        b"<!DOCTYPE html><html>": "HTML",
        b"SQLite format 3\x00": "SQLite",
        b"version https://git-lfs.github.com/spec/v1\n": "git lfs pull",
        b"@relation x\n@attribute a numeric\n": "ARFF",
        b"PAR1" + b"\0" * 20: "Parquet",
    }.items():
        assert word in str(refusal(content))


def test_missing_files(tmp_path):
    (tmp_path / "train.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"Did you mean 'train\.csv'"):
        read_table(tmp_path / "trian.csv")
    with pytest.raises(TableError, match="does not exist"):
        read_table(tmp_path / "no" / "train.csv")
    with pytest.raises(TableError, match="pattern"):
        read_table(tmp_path / "*.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match="no table"):
        read_table(tmp_path / "empty")
    with pytest.raises(TypeError, match="source"):
        read_table(5)
    with pytest.raises(TableError, match="source"):
        read_table([])
    with pytest.raises(TableError, match="source"):
        read_table("")


def test_several_files_follow_each_other(tmp_path):
    (tmp_path / "1.csv").write_text("id,a\n1,5\n2,6\n")
    (tmp_path / "2.csv").write_text("a;id\n0,5;x1\n")
    whole = {"id": ["1", "2", "x1"], "a": [5, 6, 0.5]}
    for source in (
        tmp_path,
        tmp_path / "*.csv",
        [tmp_path / "1.csv", tmp_path / "2.csv"],
    ):
        assert read_table(source).to_dict("list") == whole
    (tmp_path / "3.csv").write_text("id,b\n1,5\n")
    with pytest.raises(TableError, match=r"3\.csv: lacks the columns \['a'\] and adds"):
        read_table(tmp_path)


def test_a_folder_of_parquet_files(tmp_path):
    for k in range(3):
        part = pd.DataFrame({"a": [k, None], "b": ["x", "y"]}, dtype=object)
        part["a"] = part["a"].astype("Int64")
        part.to_parquet(tmp_path / f"part-{k}.parquet")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "about.json").write_text("{}")
    assert values(read_table(tmp_path)["a"]) == [0, None, 1, None, 2, None]
    pd.DataFrame({"a": ["x"], "b": ["y"]}).to_parquet(tmp_path / "part-9.parquet")
    with pytest.raises(TableError, match="numbers and text"):
        read_table(tmp_path)
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match="several kinds"):
        read_table(tmp_path)


def test_standard_input(monkeypatch):
    class Stream:
        buffer = io.BytesIO(gzip.compress(b"a,b\n1,x\n"))

    monkeypatch.setattr("sys.stdin", Stream)
    assert read_table("-").to_dict("list") == {"a": [1], "b": ["x"]}


# JSON


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1, "b": "x", "c": true}, {"a": null, "b": "NA", "c": null}]',
        '{"a": 1, "b": "x", "c": true}\n{"a": null, "b": "NA"}\n',
        '{"a": 1,\n "b": "x", "c": true}\n\n{"b": "NA", "a": NaN}\n',
    ],
)
def test_json(text):
    frame, _ = read(text)
    assert values(frame["a"]) == [1, None]
    assert values(frame["b"]) == ["x", "NA"]
    assert values(frame["c"]) == [True, None]


def test_json_keeps_what_is_written():
    text = '{"a": 9007199254740993, "b": 1.10, "c": "007", "d": 1, "e": 12E3}\n'
    frame, notes = read(text + '{"a": 1, "b": 2, "c": "1", "d": "x", "e": 1}\n')
    assert values(frame["a"]) == [2**53 + 1, 1]
    assert values(frame["b"]) == [1.1, 2.0]
    assert values(frame["c"]) == ["007", "1"]
    assert values(frame["d"]) == ["1", "x"]
    assert values(frame["e"]) == [12000.0, 1.0]
    assert "'d' mixes numbers and strings" in notes
    frame, _ = read(text, columns_as_text=["a", "b", "e"])
    assert frame.loc[0, ["a", "b", "e"]].tolist() == [
        "9007199254740993",
        "1.10",
        "12E3",
    ]


def test_json_errors():
    assert refusal('{"a": 1}\n{"a": 1,,}\n').line == 2
    assert refusal('{"a": 1}\n[1]\n').line == 2
    assert refusal('{"a": 1}\n{"a": 1, "a": 2}\n').line == 2
    assert "'a'" in str(refusal('{"a": {"b": 1}}\n'))
    assert "'a'" in str(refusal('[{"a": [1, 2]}]'))


# Arrow


def arrow_file(table, kind):
    sink = io.BytesIO()
    if kind == "parquet":
        parquet.write_table(table, sink)
    elif kind == "feather":
        feather.write_feather(table, sink)
    else:
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize("kind", ["parquet", "feather", "stream"])
def test_arrow_types(kind):
    days = pd.Timestamp("2024-01-31")
    columns = {
        "int": (pa.array([2**53 + 1, None], pa.int64()), [2**53 + 1, None]),
        "uint": (pa.array([2**64 - 1, 0], pa.uint64()), [2**64 - 1, 0]),
        "bool": (pa.array([True, None]), [True, None]),
        "decimal": (pa.array(["1.10", None]).cast(pa.decimal128(9, 2)), [1.1, None]),
        "whole": (pa.array(["12", None]).cast(pa.decimal128(9, 0)), [12, None]),
        "large": (pa.array(["x", "NA"], pa.large_string()), ["x", "NA"]),
        "empty": (pa.array(["x", ""]), ["x", None]),
        "category": (pa.array(["x", None]).dictionary_encode(), ["x", None]),
        "date": (pa.array([days.date(), None], pa.date32()), [days, None]),
        "stamp": (pa.array([days, None], pa.timestamp("ns")), [days, None]),
        "time": (pa.array([3600, None], pa.time32("s")), ["01:00:00", None]),
        "span": (pa.array([60, None], pa.duration("s")), [pd.Timedelta(60, "s"), None]),
        "null": (pa.nulls(2), [None, None]),
    }
    table = pa.table({name: array for name, (array, _) in columns.items()})
    frame, _ = read(arrow_file(table, kind))
    assert {name: values(frame[name]) for name in frame} == {
        name: expected for name, (_, expected) in columns.items()
    }
    names = ["int", "decimal", "date", "category"]
    frame, _ = read(arrow_file(table, kind), columns_as_text=names)
    texts = ["9007199254740993", "1.10", "2024-01-31", "x"]
    assert frame.loc[0, names].tolist() == texts
    assert frame[names].isna().sum().tolist() == [1, 1, 1, 1]


def test_nested_arrow_columns_are_named():
    table = pa.table({"a": [1], "b": [[1, 2]], "c": [{"d": 1}], "e": [b"x"]})
    error = refusal(arrow_file(table, "parquet"))
    assert error.column == "b"
    assert "'c'" in str(error)
    assert "'e'" in str(error)


def test_words_are_missing_in_arrow_columns():
    table = pa.table(
        {"a": ["x", "n.a."], "b": pa.array(["n.a.", "y"]).dictionary_encode()}
    )
    frame, _ = read(arrow_file(table, "parquet"), missing=["n.a."])
    assert values(frame["a"]) == ["x", None]
    assert values(frame["b"]) == [None, "y"]
    assert list(frame["b"].cat.categories) == ["y"]


def test_the_index_of_pandas_is_a_column():
    frame = pd.DataFrame({"a": [1, 2]}, index=[7, 8])
    found, notes = read(frame.to_parquet())
    assert found.to_dict("list") == {"Unnamed: 0": [7, 8], "a": [1, 2]}
    assert "Index" in notes
    named = frame.rename_axis("key").to_parquet()
    assert list(read(named)[0].columns) == ["key", "a"]
    plain = frame.reset_index(drop=True).to_parquet()
    assert list(read(plain)[0].columns) == ["a"]


def test_formats_give_the_same_table(tmp_path, table):
    table = table.assign(
        d=pd.to_datetime(["2024-01-31", "2024-02-01"]).astype("M8[us]"), e=[True, False]
    )
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    table.to_parquet(tmp_path / "a.parquet")
    text = table.assign(d=table["d"].astype("str"))
    text.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    expected = table.astype({"b": "str"})
    for path in sorted(tmp_path.iterdir()):
        pd.testing.assert_frame_equal(read_table(path), expected)
