"""Workers, filters, gold: against plain counting, and every mistake in one sentence."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as t_distribution
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.proportion import proportion_confint

from fer_exp.errors import RequestError
from fer_exp.raters.aggregation import Answered
from fer_exp.raters.filters import filter_workers, spared
from fer_exp.raters.gold import learn_gold
from fer_exp.raters.workers import describe_workers
from fer_exp.stats.shares import paired_interval, wilson
from tests.raters.test_aggregation import crowd


def described(**more):
    answers, truth = crowd(tasks=60, workers=5, share=0.7)
    gold = np.where(np.arange(60) < 40, truth, -1).astype(np.int32)
    names = np.array(list("abcde"), dtype=object)
    return answers, gold, describe_workers(answers, names, gold=gold, **more)


def test_columns_equal_plain_counting():
    answers, gold, table = described(seconds=np.arange(float(crowd(tasks=60, workers=5, share=0.7)[0].task.size)))
    for w, row in table.iterrows():
        own = answers.worker == w
        shown = own & (gold[answers.task] >= 0)
        assert row["answers"] == own.sum()
        right = answers.label[shown] == gold[answers.task[shown]]
        assert row["gold_accuracy"] == pytest.approx(right.mean())
        kappa = cohen_kappa_score(answers.label[shown], gold[answers.task[shown]])
        assert row["skill"] == pytest.approx(kappa)
        same = []
        for i in np.flatnonzero(own):
            others = (answers.task == answers.task[i]) & ~own
            if others.any():
                same.append((answers.label[others] == answers.label[i]).mean())
        assert row["agreement"] == pytest.approx(np.mean(same))
        p = np.bincount(answers.label[own]) / own.sum()
        assert row["entropy"] == pytest.approx(-(p[p > 0] * np.log(p[p > 0])).sum())
        assert row["seconds"] == np.median(np.flatnonzero(own))
        assert (row["gold_low"], row["gold_high"]) == pytest.approx(
            proportion_confint(right.sum(), len(right), method="wilson")
        )


def test_a_worker_alone_on_his_tasks_is_unknown_not_wrong():
    alone = Answered(*(np.array(v, np.int32) for v in ([0, 0, 1], [0, 1, 2], [0, 0, 1])), 2, 3, 2)
    table = describe_workers(alone, np.array(["a", "b", "c"], dtype=object))
    assert np.isnan(table["agreement"].iloc[2])
    assert np.isnan(table["skill"].iloc[2])
    with pytest.raises(RequestError, match="cannot be judged: it needs gold=FILE"):
        filter_workers(table, {"min_gold_accuracy": 0.5})


def test_filters_compose_and_say_why():
    _, _, table = described()
    low = float(np.sort(table["gold_accuracy"])[1])
    kept, removed, _ = filter_workers(table, {"min_gold_accuracy": low, "min_answers": 1, "max_spam": None})
    assert kept.sum() == 4
    assert removed["why"].iloc[0].startswith("gold_accuracy 0.")
    assert removed["why"].iloc[0].endswith(f", below {low:g}")
    unknown = table.assign(agreement=[np.nan, *table["agreement"][1:]])
    _, removed, _ = filter_workers(unknown, {"min_agreement": 0.0})
    assert removed["why"].tolist() == ["agreement is not known"]


def test_too_few_answers_to_say_remove_nobody():
    """One on many and one on few answers, equally far beyond; and one of whom nothing is known."""
    table = pd.DataFrame({"worker": list("abcd"), "answers": [200, 4, 1, 90], "spam": [0.9, 0.9, np.nan, 0.1],
                          "spam_low": [0.8, 0.2, np.nan, 0.0], "spam_high": [1.0, 1.0, np.nan, 0.2]})  # fmt: skip
    kept, removed, unsure = filter_workers(table, {"max_spam": 0.5, "min_answers": 2}, sure=True)
    assert kept.tolist() == [False, True, False, True]
    assert unsure["max_spam"].tolist() == [False, True, True, False]
    assert removed["why"].tolist() == ["spam 0.9, above 0.5 (at least 0.8)", "answers 1, below 2"]
    by_value = filter_workers(table, {"max_spam": 0.5})
    assert by_value.kept.tolist() == [False, False, False, True]
    assert by_value.unsure == {}


def test_nobody_who_answers_well_twice_falls_to_a_threshold():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 7, 200)
    worker = np.append(np.repeat(np.arange(600), 2), np.full(200, 600)).astype(np.int32)  # the last is a spammer
    task = np.append(np.arange(1200) % 200, np.arange(200)).astype(np.int32)
    label = np.where(rng.random(1400) < 0.8, truth[task], rng.integers(0, 7, 1400)).astype(np.int32)
    label[1200:] = 3
    answers = Answered(task, worker, label, 200, 601, 7)
    table = describe_workers(answers, np.arange(601).astype(object), seconds=np.full(1400, 0.5))
    for asked in ({"max_spam": 0.8}, {"min_agreement": 0.4}, {"min_skill": 0.3}, {"min_entropy": 0.5}):
        kept = filter_workers(table, asked, sure=True).kept
        assert kept[:-1].sum() >= 590, asked
        assert not kept[-1], asked
    assert filter_workers(table, {"min_seconds": 1.0}, sure=True).kept.tolist() == [True] * 600 + [False]


def test_intervals_of_entropy_and_of_the_median():
    rng = np.random.default_rng(0)
    label = np.array([0, 0, 0, 1, 2, 2], np.int32)
    answers = Answered(np.arange(6, dtype=np.int32), np.zeros(6, np.int32), label, 6, 1, 3)
    seconds = np.array([5.0, 1, 9, 2, 7, 3])
    row = describe_workers(answers, np.array(["a"], dtype=object), seconds=seconds).iloc[0]
    drawn = rng.dirichlet(np.array([3, 1, 2]) * 7 / 6, 200_000)
    entropy = -(drawn * np.log(drawn)).sum(axis=1)
    assert row["entropy_low"] == pytest.approx(entropy.mean() - 1.96 * entropy.std(), abs=0.005)
    assert row["entropy_high"] == pytest.approx(min(entropy.mean() + 1.96 * entropy.std(), np.log(3)), abs=0.005)
    assert (row["seconds"], row["seconds_low"], row["seconds_high"]) == (4, 1, 9)  # of six: least and largest
    five = Answered(np.arange(5, dtype=np.int32), np.zeros(5, np.int32), label[:5], 5, 1, 3)
    assert np.isnan(describe_workers(five, np.array(["a"], dtype=object), seconds=seconds[:5])["seconds_low"].iloc[0])


def test_few_gold_answers_remove_nobody():
    table = pd.DataFrame({"worker": list("abc"), "answers": 50, "gold_answers": [12, 9, 0],
                          "gold_accuracy": [0.25, 0.0, np.nan]})  # fmt: skip
    table = pd.concat([table, table.iloc[:1].assign(worker="d", gold_accuracy=0.75)], ignore_index=True)
    kept, removed, _ = filter_workers(table, {"min_gold_accuracy": 0.5}, enough=10)
    assert kept.tolist() == [False, True, True, True]
    assert removed["why"].tolist() == ["gold_accuracy 0.25 on 12 gold answers, below 0.5"]
    assert spared(table, 10)["worker"].tolist() == ["c", "b"]
    kept, *_ = filter_workers(table, {"min_gold_accuracy": 0.5, "min_gold_answers": 10}, enough=10)
    assert kept.tolist() == [False, False, False, True]
    with pytest.raises(RequestError, match=r"judges nobody.*has is 12;.*enough_gold_answers=12"):
        filter_workers(table, {"min_gold_accuracy": 0.5}, enough=13)


def test_skill_is_read_off_gold_where_there_is_enough_of_it():
    answers, gold, table = described()
    of_others = describe_workers(answers, np.array(list("abcde"), dtype=object), gold=gold, enough=41)
    assert (table["gold_answers"] <= 40).all()
    plain = describe_workers(answers, np.array(list("abcde"), dtype=object))
    assert of_others["skill"].tolist() == pytest.approx(plain["skill"].tolist())


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        ({"min_answers": 1000}, r"min_answers=1000 removes all 5 workers: the highest answers is \d+"),
        ({"max_spam": 0.0}, r"max_spam=0 removes all 5 workers: the lowest spam score is 0\.\d+"),
        ({"min_seconds": 2}, "min_seconds=2 cannot be judged: it needs a column seconds"),
        ({"min_consistency": 1}, "cannot be judged: it needs workers who met a task twice"),
    ],
)
def test_a_filter_that_cannot_be_met_or_judged(thresholds, said):
    with pytest.raises(RequestError, match=said):
        filter_workers(described()[2], thresholds)


def test_filters_that_remove_everyone_only_together():
    table = pd.DataFrame({"worker": ["a", "b"], "answers": [1, 9], "entropy": [1.0, 0.1]})
    with pytest.raises(RequestError, match=r"min_answers=5 min_entropy=0\.5 together remove all 2 workers"):
        filter_workers(table, {"min_answers": 5, "min_entropy": 0.5})


def test_spam_scores_of_known_confusions():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 3000)
    said = np.stack([truth, truth, (truth + 1) % 3, rng.integers(0, 3, 3000), np.zeros(3000, int), truth], axis=1)
    task, worker = (codes.ravel().astype(np.int32) for codes in np.indices(said.shape))
    answers = Answered(task, worker, said.ravel().astype(np.int32), 3000, 6, 3)
    table = describe_workers(answers, np.arange(6).astype(object))
    scores = table["spam"].to_numpy()
    assert (table["spam_low"] <= scores).all()
    assert (scores <= table["spam_high"]).all()
    assert scores[[0, 1, 5]] == pytest.approx(np.zeros(3), abs=0.01)
    assert scores[2] == pytest.approx(0, abs=0.02)  # always wrong in the same way tells the truth
    assert scores[3:5] == pytest.approx(np.ones(2), abs=0.01)


def test_learning_gold_removes_who_guesses_and_judges_on_other_tasks():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 300).astype(np.int32)
    table = np.where(rng.random((300, 9)) < 0.7, truth[:, None], rng.integers(0, 4, (300, 9)))
    table[:, 4:] = rng.choice(4, (300, 5), p=[0.7, 0.1, 0.1, 0.1])
    task, worker = (codes.ravel().astype(np.int32) for codes in np.indices(table.shape))
    answers = Answered(task, worker, table.ravel().astype(np.int32), 300, 9, 4)
    found = learn_gold(answers, truth, 50, thresholds=np.array([0.0, 0.5]), draws=20)
    assert found["workers"].tolist() == [9, 4]
    assert found["gain"].iloc[1] > found["gain_low"].iloc[1] > 0.05
    assert found["judged"].tolist() == [9, 9]
    spares = learn_gold(answers, truth, 50, thresholds=np.array([0.0, 0.5]), enough=51, draws=2)
    assert spares["workers"].tolist() == [9, 9]
    with pytest.raises(RequestError, match="gold_tasks=300 leaves nothing to judge on: 300 gold tasks were answered"):
        learn_gold(answers, truth, 300)


def test_wilson_of_nothing_is_nan():
    low, high = wilson(np.array([0.0]), np.array([0]))
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_paired_interval_is_agresti_and_mins():
    """Their formula of counts: b better, c worse of n pairs, half a pair in each of four cells."""
    better, worse, n = 12, 5, 80
    change = np.repeat([1.0, -1.0, 0.0], [better, worse, n - better - worse])
    b, c, total = better + 0.5, worse + 0.5, n + 2
    centre = (b - c) / total
    half = np.sqrt((b + c - (b - c) ** 2 / total) / total / (total - 1)) * t_distribution.ppf(0.975, total - 1)
    assert paired_interval(change) == pytest.approx(((better - worse) / n, centre - half, centre + half))
    assert np.isnan(paired_interval(np.empty(0))).all()
    assert np.isnan(paired_interval(np.ones(1))[1])
