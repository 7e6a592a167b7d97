"""What a face is taught as: votes and their cleaning, wrong labels on purpose, targets. The valid choices, by key."""

KINDS = ("onehot", "soft", "noisy")
"""``labels.kind``: one class, the distribution of the votes, or one class that may be wrong on purpose."""

SOURCES = ("auto", "label", "votes")
"""``labels.source``: where the one class comes from; auto is the votes where a corpus has them."""

RULES = ("majority", "probability", "crossentropy", "multi_target", "all")
"""``labels.rule``: which votes count and which faces stay; the first four are FER+'s, see ``votes.clean``."""

TIES = ("drop", "first", "random")
"""``labels.ties``: what becomes of a face with several top classes."""

NOISES = ("symmetric", "uniform", "asymmetric", "pairflip", "human", "human_face", "file")
"""``labels.noise``: which wrong label a face gets, see ``noise.transition``."""
