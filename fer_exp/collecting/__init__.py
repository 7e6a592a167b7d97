"""Asking people: a page that shows faces, who gets which, and the ledger in which their answers are kept."""

FILES = {
    "answers.csv": "the panel's answers, one a person and face: what every command reads",
    "repeats.csv": "the same with second answers to repeated faces, for duplicates=first",
    "every_answer.csv": "all answers, with the reason why one is left out",
    "gold.csv": "faces whose class is known, for crowd gold=",
    "persons.csv": "a row a person",
    "raw.json": "the data of jsPsych, valence and arousal on 1 to 9",
}
"""The files that a study comes to, and what each is; one that would be empty is not written, but for answers.csv."""
