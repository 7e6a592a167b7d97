"""The papers' studies: which trainings a table is made of, and what it says. Pure functions of finished runs' files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Study:
    """A row of ``STUDIES``. Its trainings stand in conf/experiment/<name>.yaml.

    Attributes:
        build: ``module:function``, imported when the table is made: (trainings, preset, asked) -> its tables and
            figures.
        asks: ``module:function``, (trainings, preset) -> what it asks of the corpus beside the runs, tables by name,
            which an archive keeps; None where the runs are enough.
        check: ``module:function``, (preset, config, faces), which raises where the study cannot be made of them.
        of_votes: whether it judges by the votes of several people a face.
        reads_crowd: whether it reads ``crowd``, a folder that fer-exp crowd wrote.
    """

    build: str
    asks: str | None = None
    check: str | None = None
    of_votes: bool = False
    reads_crowd: bool = False


STUDIES = {
    "cafe-soft": Study(
        build="fer_exp.studies.cafe_soft.study:build",
        asks="fer_exp.studies.cafe_soft.study:asks",
        check="fer_exp.studies.cafe_soft.study:check",
        of_votes=True,
        reads_crowd=True,
    ),
    "noisy-labels": Study(build="fer_exp.studies.noisy_labels.study:build"),
    "affectnet-crowd": Study(
        build="fer_exp.studies.affectnet_crowd.study:build",
        asks="fer_exp.studies.affectnet_crowd.study:asks",
        check="fer_exp.studies.affectnet_crowd.study:check",
        of_votes=True,
    ),
}
