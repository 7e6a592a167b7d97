"""What a study has come to: `fer-exp rate answers` writes its tables, `fer-exp rate erase` takes a person out of it."""

from __future__ import annotations

from pathlib import Path

from fer_exp.collecting.collected import collected
from fer_exp.collecting.erasing import erase, finish_erasing
from fer_exp.collecting.opening import LEDGER
from fer_exp.collecting.out import counted, write
from fer_exp.config import RateConfig
from fer_exp.errors import RequestError
from fer_exp.files import or_near
from fer_exp.report.outcome import Outcome, finish
from fer_exp.troubles import in_words

RUNS = Path("runs")


def kept(config: RateConfig) -> Path | None:
    """Write the tables of a study, or erase a person first; gives the study's folder.

    Raises:
        RequestError: no such study, or nobody of that name.
        RunError: a file cannot be written.
    """
    folder = _folder(config)
    if not config.erase and config.worker is None:
        return finish(written(folder / LEDGER), folder)
    if config.worker is None:
        raise RequestError("erase=true needs worker=ID, as persons.csv or the platform calls the person.")
    if not config.erase:
        raise RequestError(f"worker={config.worker} is whom to erase: fer-exp rate erase worker={config.worker}.")
    gone = erase(folder / LEDGER, config.worker)
    rows = ", ".join(f"{number:,} {words}" for words, number in gone.rows.items())
    rows = rows or "the ledger had nothing more, and what an earlier call had left is done"
    outcome = Outcome("erased", {"worker": gone.worker, **gone.rows}, [f"{gone.worker} is erased: {rows}"])
    before = "tables that were written before are made anew; copies of them" if gone.files else "copies of its tables"
    outcome.notes.append(
        f"{before} elsewhere, and what other commands made of them (runs/crowd-…, predictions of who trained with "
        "them), still have the person"
    )
    if gone.logged:
        outcome.notes.append("another program reads the ledger; its log, which has the rows, goes when that one ends")
    return finish(outcome)


def written(ledger: Path) -> Outcome:
    """Write a ledger's tables beside it, and say what counts and what does not.

    Raises:
        RequestError: there is no such ledger, or it is none of this program's.
        RunError: a file cannot be written.
    """
    finish_erasing(ledger)
    found = collected(ledger)
    files = write(found, ledger.parent)
    counts = counted(found)
    states = counts["persons"]
    said = [f"{counts['answers']:,} answers count, to {counts['faces']:,} faces by {counts['workers']:,} people"]
    if left := counts["left_out"]:
        said.append(f"not in answers.csv: {', '.join(f'{number:,} {words}' for words, number in left.items())}")
    said.append(
        f"{states.get('done', 0):,} people came to the end, {states.get('screened_out', 0):,} were sent away, "
        f"{states.get('on', 0):,} are on their way"
    )
    return Outcome("rate", counts, [*said], left=files)


def _folder(config: RateConfig) -> Path:
    """The folder of a study: ``output``, or the only one there is."""
    if config.output is not None:
        folder = Path(config.output)
        try:
            study = (folder / LEDGER).is_file()
        except OSError as error:
            raise RequestError(f"output={folder} cannot be read: {in_words(error)}.") from error
        if not study:
            raise RequestError(f"output={folder} holds no study (no {LEDGER}){or_near(folder)}")
        return folder
    found = sorted(path.parent for path in RUNS.glob(f"*/{LEDGER}"))
    if len(found) == 1:
        return found[0]
    if not found:
        raise RequestError(f"There is no study below {RUNS}; name its folder with output=FOLDER.")
    raise RequestError(f"There are {len(found):,} studies; say which with output=: {', '.join(map(str, found[:5]))}.")
