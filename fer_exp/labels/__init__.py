"""What a face is taught as: votes and their cleaning, wrong labels on purpose, targets. The valid choices, by key."""

KINDS = ("onehot", "soft", "noisy", "sampled", "multipass", "multi_target", "aggregated")
"""``labels.kind``: one class; the distribution of the votes; one class that may be wrong on purpose; one class drawn
from the votes each epoch; each vote in its turn, one an epoch; the classes that enough raters chose, with equal weight;
the posterior of an aggregation model, read from a file."""

OF_VOTES = ("soft", "sampled", "multipass", "multi_target")
"""Kinds that need votes, and more than one class a face."""

OTHERS = ("count", "ignore")
"""``labels.others``: whether unknown and not-a-face count as answers under a rule, or are left out before it."""

SOURCES = ("auto", "label", "votes")
"""``labels.source``: where the one class comes from; auto is the votes where a corpus has them."""

RULES = ("majority", "probability", "crossentropy", "multi_target", "all")
"""``labels.rule``: which votes count and which faces stay; the first four are FER+'s, see ``votes.clean``."""

TIES = ("drop", "first", "random")
"""``labels.ties``: what becomes of a face with several top classes."""

NOISES = ("symmetric", "uniform", "asymmetric", "pairflip", "human", "human_face", "file")
"""``labels.noise``: which wrong label a face gets, see ``noise.transition``."""
