"""An export of a tool that asks people, as the table of answers that it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fer_exp.answers.cells import answer, choice, picture, shows_picture
from fer_exp.answers.exports import Export, matching, recognised
from fer_exp.answers.persons import unpack_persons
from fer_exp.answers.questions import by_question
from fer_exp.answers.roles import vary_as_answers, who
from fer_exp.answers.scales import AFFECT, IN_NAME, Scales
from fer_exp.answers.sheet import MOST_ANSWERS, Sheet, blank, first_of, joined
from fer_exp.errors import RequestError
from fer_exp.table_cells import Coded
from fer_exp.tables import Table
from fer_exp.together import ITS_FILE

NUMBERED = re.compile(r"(.*?)(\d+)(\D*)")
ORDER = {"worker": 0, "label": 1, "valence": 2, "seconds": 4}
"""In what order it is said where what was found."""
FIRST = ("task", "worker", "label")
"""The first columns of the table that is made; seconds are the last."""
Called = Mapping[str, str | None]


def unpack(
    table: Table, called: Called | None, classes: Sequence[str] = (), scales: Scales = AFFECT, gold: bool = False
) -> Table | None:
    """The answers that an export holds, as a table task, worker, label, ratings by scale, seconds.

    Args:
        table: as it was read.
        called: role -> column, or question, as the user named it; None where there are no keys for that.
        classes: names that labels may have beside expressions.
        scales: on which ratings count.
        gold: whether the true labels that the export has are wanted, as a table task, label.

    Returns:
        None where the table is no export that is known, or holds no such true labels.

    Raises:
        RequestError: it cannot be told which column holds the picture, the person or the answer; names the key.
    """
    export = recognised(table.names)
    if export is None or (gold and not export.gold):
        return None
    if export.wide and table.find("task") is not None and (len(export.marks) == 1 or table.find("label") is not None):
        return None
    sheet = Sheet(table, classes, scales)
    for column in matching(export.json, sheet.names):
        sheet.unfold(column)
    for rule in export.left:
        sheet.leave(rule)
    if not len(sheet.rows):
        raise RequestError(f"{table.where}: no row is an answer; {sheet.counted}.")
    if export.wide:
        return unpack_persons(sheet, export, called or {})
    sheet.tick(export.about)
    return _Rows(sheet, export, called).table(gold)


class _Rows:
    """An export with an answer, or the answer to a question, a row."""

    def __init__(self, sheet: Sheet, export: Export, called: Called | None) -> None:
        self.sheet, self.export, self.called = sheet, export, called or {}
        self.found: dict[str, str] = {}  # role -> what is said of where it was found
        about = re.compile("|".join([export.about, *export.worker, re.escape(ITS_FILE)]), re.IGNORECASE)
        self.looked = [
            n for n, name in enumerate(sheet.names) if not about.fullmatch(name) and not sheet.empty(n).all()
        ]

    def table(self, gold: bool) -> Table:
        """The answers, or the true labels."""
        sheet = self.sheet
        tasks = self._tasks()
        if not tasks:
            raise self._unclear("task", "no column of it names pictures", self.looked)
        shown = [self._shown(n) if sheet.shows_pictures(n) else ~sheet.empty(n) for n in tasks]
        sheet.drop(~np.logical_or.reduce(shown), "rows that show no picture")
        worker = None if gold or not self.export.worker else self._worker(tasks)
        columns = {"label": self._gold()} if gold else self._answers(tasks, worker)
        parts = [self._part(task, tasks, columns) for task in tasks]
        if worker is not None:
            parts = [{"worker": worker, **part} for part in parts]
        whole, answered = self._together(parts, count_empty=not gold and len(parts) == 1)
        rows = np.tile(sheet.rows, len(parts))[answered]
        if not gold and len(parts) == 1 and "label" in whole and (questions := self._questions()):
            whole, rows = self._by_question(whole, rows, questions, answered)
        self._say(tasks)
        return sheet.as_table(
            {role + self._range(columns.get(role, [])): column for role, column in whole.items()}, rows
        )

    def _together(
        self, parts: Sequence[Mapping[str, Coded]], *, count_empty: bool
    ) -> tuple[dict[str, Coded], NDArray[np.bool_]]:
        """The answers about all columns of pictures, below each other, by role; and which rows of these have one."""
        sheet = self.sheet
        rated = dict.fromkeys(role for part in parts for role in part if role not in (*FIRST, "seconds"))
        roles = [role for role in (*FIRST, *rated, "seconds") if any(role in part for part in parts)]
        whole = {role: joined([part.get(role) or blank(len(sheet.rows)) for part in parts]) for role in roles}
        answered = np.logical_or.reduce([whole[role].codes >= 0 for role in ("label", *rated) if role in whole])
        answered &= whole["task"].codes >= 0
        if count_empty:
            sheet.count(int((~answered).sum()), "rows without a response")
        if not answered.any():
            raise RequestError(f"{sheet.table.where}: no row is an answer; {sheet.counted}.")
        return {role: column.rows(answered) for role, column in whole.items()}, answered

    def _by_question(
        self, whole: dict[str, Coded], rows: NDArray[np.int64], questions: list[int], answered: NDArray[np.bool_]
    ) -> tuple[dict[str, Coded], NDArray[np.int64]]:
        """The same of rows that each are the answer to one of several questions about a picture."""
        sheet = self.sheet
        cells = [sheet.coded(n).rows(answered) for n in questions]
        try:
            whole, rows = by_question(sheet, whole, rows, cells, self.called.get("label"))
        except ValueError as error:
            raise RequestError(f"{self._it}, {error}") from error
        sheet.used.update(questions)
        if "label" not in whole:
            self.found.pop("label", None)
        asked = [role for role in whole if role not in (*FIRST, "seconds", *self.found)]
        self.found |= dict.fromkeys(asked, "a question of its own")
        return whole, rows

    def _range(self, columns: list[int]) -> str:
        """From what to what a scale runs, where its column's name says it: valence (1-9)."""
        inside = IN_NAME.search(self.sheet.names[columns[0]]) if columns else None
        return f" ({inside[1]}-{inside[2]})" if inside else ""

    def _tasks(self) -> list[int]:
        """The column, or the numbered columns, that name the picture."""
        if (named := self.called.get("task")) is not None:
            return [self.sheet.named("task", named)]
        meant = self._matching(self.export.task)
        candidates = list(dict.fromkeys([*meant, *self.looked]))
        pictures = [n for n in candidates if self.sheet.shows_pictures(n)]
        pictures = pictures or [n for n in candidates if any(map(shows_picture, self.sheet.texts(n)))] or meant[:1]
        family = [n for n in pictures if self._family(n) and self._family(n) == self._family(pictures[0])]
        return family if len(family) > 1 else pictures[:1]

    def _shown(self, column: int) -> NDArray[np.bool_]:
        """Where a column names a picture, (rows,)."""
        cells = self.sheet.coded(column)
        return cells.each(map(shows_picture, cells.names), False, bool)

    def _answers(self, tasks: list[int], worker: Coded | None) -> dict[str, list[int]]:
        """Columns of the label, of valence and of arousal."""
        sheet, named = self.sheet, self.called.get("label")
        asked = {*self._matching(self.export.label), *(self.looked if self.export.found else [])}
        asked -= {*tasks, *self._matching(self.export.gold), *sheet.gone}
        columns: dict[str, list[int]] = {}
        for n in sorted(asked):
            if (role := sheet.role_of(sheet.names[n], n)) != "label" and sheet.says_numbers(n):
                columns.setdefault(role, []).append(n)
        rated = {n for several in columns.values() for n in several}
        if named is not None and named in sheet.names:
            columns["label"] = [sheet.named("label", named)]
        elif named is not None and not self._questions():
            sheet.named("label", named)
        else:
            texts = [] if self.export.found or worker is None else self._texts(tasks, worker)
            columns["label"] = self._label(sorted(asked - rated), bool(rated), texts)
        columns = {role: several for role, several in columns.items() if several}
        sheet.used.update(n for several in columns.values() for n in several)
        self.found |= {role: sheet.names[several[0]] for role, several in columns.items()}
        return columns

    def _texts(self, tasks: list[int], worker: Coded) -> list[int]:
        """Columns of expressions that differ as answers do: beside codes of keys or buttons, what these mean."""
        sheet = self.sheet
        other = {*tasks, *self._matching(self.export.gold), *sheet.gone}
        labels = [n for n in range(len(sheet.names)) if n not in other and sheet.says_labels(n)]
        return vary_as_answers(labels, sheet.coded, first_of([sheet.coded(n) for n in tasks]), worker)

    def _label(self, candidates: list[int], rated: bool, texts: list[int]) -> list[int]:
        """The column, or the numbered columns, of the label; ``texts`` may be one where none of the usual says any."""
        sheet = self.sheet
        usual = [n for n in self._matching(self.export.label) if n in candidates]
        if self._questions():  # what kind of answer each is stands in its row
            return usual
        said = [n for n in dict.fromkeys([*usual, *candidates]) if sheet.says_labels(n)]
        plain = self._matching(self.export.label[:1])
        if self.export.found and len({self._family(n) or n for n in said}) > 1 and said[0] not in plain:
            raise self._unclear("label", "several columns hold labels", said)
        if not said and len(texts) == 1:
            return texts
        if not said and rated:
            return []
        chosen = said or usual
        if not chosen:
            raise self._unclear("label", "no column of it holds answers", self.looked)
        if not said and len(usual) > 1 and self.export.found and usual[0] not in plain:
            raise self._unclear("label", "its answers are no expressions", usual)
        family = [n for n in chosen if self._family(n) and self._family(n) == self._family(chosen[0])]
        return family or chosen[:1]

    def _part(self, task: int, tasks: list[int], columns: Mapping[str, list[int]]) -> dict[str, Coded]:
        """The answers about one column of pictures, by role."""
        sheet = self.sheet
        part = {"task": sheet.cleaned(task, picture)}
        for role, several in columns.items():
            own = [n for n in several if len(tasks) == 1 or self._number(n) == self._number(task)]
            if own:
                part[role] = first_of([sheet.cleaned(n, answer, several="[]") for n in own])
        if timed := self._matching(self.export.seconds):
            sheet.used.update(timed)
            if len(tasks) == 1 or not self.export.per_page:
                self.found["seconds"] = sheet.names[timed[0]]
                part["seconds"] = first_of([sheet.cleaned(n, self._in_seconds) for n in timed])
            elif task == tasks[0]:
                together = f"{sheet.names[timed[0]]} is of {len(tasks)} pictures together, not used"
                sheet.table.guessed.append(together)
        return part

    def _in_seconds(self, cell: str) -> str | None:
        try:
            value = float((choice(cell) or "").replace(",", "."))
        except ValueError:
            return None
        return f"{value / self.export.unit:.9g}" if value >= 0 else None

    def _gold(self) -> list[int]:
        """The column of the true labels."""
        if not (columns := self._matching(self.export.gold)):
            raise RequestError(f"{self._it}, and it has no true labels: {self.export.gold[0]} is empty.")
        self.found["label"] = self.sheet.names[columns[0]]
        return columns[:1]

    def _questions(self) -> list[int]:
        """Columns that name the question of a row, where there is more than one."""
        columns = self._matching(self.export.question)
        return [n for n in columns if self.export.asks or self._speaks_of_scales(n)]

    def _speaks_of_scales(self, column: int) -> bool:
        scales, texts = self.sheet.scales, self.sheet.texts(column)
        return len(texts) <= MOST_ANSWERS and any(scales.within(text) for text in texts)

    def _worker(self, tasks: list[int]) -> Coded:
        """Who answered, a row each."""
        sheet = self.sheet
        if (named := self.called.get("worker")) is not None:
            return sheet.cleaned(sheet.named("worker", named), str)
        columns = self._matching(self.export.worker)
        if ITS_FILE in sheet.names:  # a file a person, where what should name persons is the same in all
            files = len(sheet.texts(sheet.names.index(ITS_FILE)))
            columns = [n for n in columns if files == 1 or len(sheet.texts(n)) > 1 or not sheet.names[n]]
            columns = [n for n in columns if not sheet.names[n].lower().startswith("session")]
        if not columns and ITS_FILE not in sheet.names and (other := self._who(tasks)) is not None:
            columns = [other]
        if columns := [n for n in columns if not sheet.empty(n).any()] or columns:
            self.found["worker"] = sheet.names[columns[0]]
            sheet.used.add(columns[0])
            return sheet.cleaned(columns[0], str)
        if ITS_FILE in sheet.names:
            self.found["worker"] = "the file"
            return sheet.cleaned(sheet.names.index(ITS_FILE), str)
        if not (begins := matching(self.export.begins, sheet.names)):
            rest = [n for n in self.looked if n not in sheet.used and n not in tasks]
            raise self._unclear("worker", "no column of it names persons", rest or self.looked)
        person = np.concatenate([[0], np.cumsum(np.diff(sheet.table.numbers(begins[0])) <= 0)]).astype(np.int32)
        names = np.array([f"person {number + 1}" for number in range(int(person[-1]) + 1)], dtype=object)
        self.found["worker"] = f"told by where {sheet.names[begins[0]]} begins anew ({len(names)} persons)"
        return Coded(person[sheet.rows], names)

    def _who(self, tasks: list[int]) -> int | None:
        """The column of persons by the names that it may have in any table."""
        sheet = self.sheet
        if (column := sheet.table.find("worker", beside=[*tasks, *sheet.used])) is not None:
            return column
        shown = first_of([sheet.coded(n) for n in tasks])
        return who(sheet.names, sheet.coded, shown, [*tasks, *sheet.used])

    def _matching(self, patterns: Sequence[str]) -> list[int]:
        """The columns that have a cell and match, the first pattern's first."""
        columns = dict.fromkeys(n for pattern in patterns for n in matching(pattern, self.sheet.names))
        return [n for n in columns if not self.sheet.empty(n).all()]

    def _family(self, column: int) -> str:
        """What columns that are numbered alike have in common; '' where a name has no number."""
        match = NUMBERED.fullmatch(self.sheet.names[column])
        return f"{match[1]}#{match[3]}" if match else ""

    def _number(self, column: int) -> int | None:
        match = NUMBERED.fullmatch(self.sheet.names[column])
        return int(match[2]) if match else None

    @property
    def _it(self) -> str:
        return f"{self.sheet.table.where} is read as an export of {self.export.name}"

    def _unclear(self, role: str, why: str, columns: Sequence[int]) -> RequestError:
        names = [self.sheet.names[n] for n in columns] or self.sheet.names
        return RequestError(
            f"{self._it}, but {why}; say which with {role}={names[0]} (there are: {', '.join(names[:12])})."
        )

    def _say(self, tasks: list[int]) -> None:
        """How it was read, in one line."""
        sheet = self.sheet
        sheet.used.update(tasks)
        several = f" to {sheet.names[tasks[-1]]} ({len(tasks)} pictures a row)" if len(tasks) > 1 else ""
        roles = [f"task is {sheet.names[tasks[0]]}{several}"]
        roles += [f"{role} is {self.found[role]}" for role in sorted(self.found, key=lambda role: ORDER.get(role, 3))]
        sheet.table.guessed.insert(0, f"read as an export of {self.export.name}: {', '.join(roles)}")
        for column in self._matching(self.export.gold):
            sheet.used.add(column)
            number = int((~sheet.empty(column)).sum())
            true = f"{sheet.names[column]} has the true label in {number:,} rows: gold= takes this file, too"
            sheet.table.guessed.append(true)
        sheet.say_rest(self.export.about)
