import math

import pytest
import torch

from fer_exp.training.monitor import Monitor

CLASSES = ("anger", "fear", "joy")
# Three batches: what a face was given, what it is, what the network says, and whether it was selected.
FACES = [
    [(0, 0, 0, True), (0, 1, 0, True), (2, 2, 0, False), (0, 1, 1, False)],
    [(2, 0, 0, True), (2, 2, 2, True)],
    [(0, 0, 1, False), (2, 0, 2, False), (0, 0, 0, True)],
]


def watched(truth: bool, selects: bool, faces=FACES, figures=None) -> Monitor:
    monitor = Monitor(CLASSES)
    for number, batch in enumerate(faces):
        given, clean, said, selected = (torch.tensor(column) for column in zip(*batch, strict=True))
        logits = torch.eye(3)[said] + 0.1
        made = {name: values[number] for name, values in (figures or {}).items()}
        monitor.see(
            logits.requires_grad_(),
            0.8 * torch.eye(3)[given] + 0.2 / 3,
            clean if truth else None,
            selected if selects else None,
            made,
        )
    return monitor


def share(rows: list, of: list) -> float:
    return len(rows) / len(of) if of else math.nan


def test_without_noise_there_is_accuracy_alone():
    every = [face for batch in FACES for face in batch]
    figures = watched(False, False).figures()
    assert figures == {"train_accuracy": share([f for f in every if f[0] == f[2]], every)}


@pytest.mark.parametrize("selects", [False, True])
def test_with_noise_the_figures_are_those_of_counting(selects):
    every = [face for batch in FACES for face in batch]
    right, wrong = [f for f in every if f[0] == f[1]], [f for f in every if f[0] != f[1]]
    expected = {
        "train_accuracy": share([f for f in every if f[0] == f[2]], every),
        "train_accuracy_clean": share([f for f in right if f[0] == f[2]], right),
        "wrong_memorised": share([f for f in wrong if f[0] == f[2]], wrong),
        "wrong_recovered": share([f for f in wrong if f[1] == f[2]], wrong),
    }
    if selects:
        for ending, mine in [("", every), *((f"_{c}", [f for f in every if f[0] == k]) for k, c in enumerate(CLASSES))]:
            chosen = [f for f in mine if f[3]]
            good = [f for f in mine if f[0] == f[1]]
            both = [f for f in chosen if f in good]
            expected[f"selected_share{ending}"] = share(chosen, mine)
            expected[f"selection_precision{ending}"] = share(both, chosen)
            expected[f"selection_recall{ending}"] = share(both, good)
    figures = watched(True, selects).figures()
    assert figures == pytest.approx(expected, nan_ok=True)
    if selects:
        assert math.isnan(figures["selected_share_fear"])  # no face was given that label


def test_selection_without_known_truth_has_a_share_and_nothing_of_what_is_right():
    figures = watched(False, True).figures()
    assert figures["selected_share"] == 5 / 9
    assert not any(name.startswith(("selection_", "wrong_", "train_accuracy_")) for name in figures)


def test_selection_begins_after_warm_up():
    monitor = watched(True, False, FACES[:1])
    assert not any(name.startswith("select") for name in monitor.figures())
    monitor.see(torch.eye(3), torch.eye(3), torch.arange(3), torch.tensor([True, False, True]), {})
    assert monitor.figures()["selected_share"] == pytest.approx(2 / 3)


def test_a_methods_own_figures_are_means_without_nan():
    nan = math.nan
    figures = {
        "entropy": [torch.tensor(each, requires_grad=True) for each in (1.0, nan, 2.0)],
        "never": [torch.tensor(nan)] * 3,
        "threshold": [torch.tensor(each) for each in ([0.1, nan, nan], [0.3, 0.5, nan], [0.2, 0.7, nan])],
    }
    found = watched(False, False, figures=figures).figures()
    expected = {"entropy": 1.5, "never": nan, "threshold_anger": 0.2, "threshold_fear": 0.6, "threshold_joy": nan}
    found.pop("train_accuracy")
    assert found == pytest.approx(expected, nan_ok=True)


def test_each_epoch_counts_afresh():
    monitor = watched(True, True)
    monitor.figures()
    assert monitor.figures() == {}
    monitor.see(torch.eye(3), torch.eye(3), None, None, {})
    assert monitor.figures() == {"train_accuracy": 1.0}
