import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from fer_exp.errors import RunError
from fer_exp.report.figures import COLOURS
from fer_exp.report.files import save_figure, save_table


def test_a_table_is_kept_whole_as_csv_and_readable_as_markdown_and_latex(tmp_path):
    table = pd.DataFrame({"class_name": ["50 % & more", "fear"], "l1": [1 / 3, np.nan]})
    paths = save_table(table, tmp_path / "new" / "shift", "Shift of classes")
    assert [path.name for path in paths] == ["shift.csv", "shift.md", "shift.tex"]
    pd.testing.assert_frame_equal(pd.read_csv(paths[0]), table)
    assert "| 50 % & more | 0.333 |" in " ".join(paths[1].read_text().split())
    latex = paths[2].read_text()
    assert r"50 \% \& more & 0.333" in latex
    assert r"class\_name" in latex
    assert r"\toprule" in latex
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["shift.csv", "shift.md", "shift.tex"]


def test_numbers_that_are_text_keep_their_digits_and_a_caption_is_plain_text(tmp_path):
    """LaTeX reads % as the start of a comment: what follows, the closing brace too, would be lost."""
    table = pd.DataFrame({"effect": ["0.02", None], "n": [1, 2], "mean": [0.5, np.nan]})
    _, markdown, latex = save_table(table, tmp_path / "t", r"95 % of d_z & {x} \ 5 #1 $ ~ ^ 2")
    assert "| 0.02 | 1 | 0.500 | | | 2 | |" in " ".join(markdown.read_text().split())
    caption = next(line for line in latex.read_text().splitlines() if line.startswith(r"\caption"))
    escaped = r"95 \% of d\_z \& \{x\} \textbackslash{} 5 \#1 \$ \textasciitilde{} \textasciicircum{} 2"
    assert caption == rf"\caption{{{escaped}}}"


def test_latex_is_what_pandas_styler_writes(tmp_path):
    table = pd.DataFrame(
        {
            "a_b": ["50 % & more", None, "#1 {x} $"],
            "n": [1, -2, 3],
            "mean": [0.5, np.nan, 1234.5678],
            "maybe": pd.array([1, None, 3], dtype="Int64"),
            "mixed": [1, 0.25, "0.10"],
            "kept": [True, False, True],
            "single": np.array([0.1, 0.2, 0.3], np.float32),
        }
    )
    for rows in (table, table.iloc[:0], table[["n"]]):
        styled = rows.style.format(precision=3, na_rep="", escape="latex").format_index(axis=1, escape="latex")
        expected = styled.hide(axis=0).to_latex(caption="Words", hrules=True)
        assert save_table(rows, tmp_path / "t", "Words")[2].read_text() == expected


@pytest.mark.drawn
def test_the_same_figure_is_the_same_svg_with_text_as_text(tmp_path):
    def draw():
        figure = Figure()
        figure.subplots().set_title("happiness")
        return figure

    one, two = (save_figure(draw, tmp_path / stem) for stem in ("one", "two"))
    assert one[0].read_bytes() == two[0].read_bytes()
    assert "happiness</text>" in one[0].read_text()
    assert one[1].read_bytes().startswith(b"\x89PNG")


def test_nothing_to_draw_leaves_no_file(tmp_path):
    assert save_figure(lambda: None, tmp_path / "f") == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        save_table(pd.DataFrame({"a": [1]}), tmp_path / "taken" / "t", "t")
    with pytest.raises(RunError, match="cannot be written"):
        save_figure(Figure, tmp_path / "taken" / "f")


def test_colours_are_of_all_classes_and_differ():
    from fer_exp.names import CLASSES

    assert tuple(COLOURS) == CLASSES
    assert len(set(COLOURS.values())) == len(CLASSES)
