"""Words by which a column of people's answers, or a cell in it, says what it is; in lower case, or as patterns.

Names that columns of any table may have are in ``fer_exp/column_names.py``, those of one tool in ``exports.py``, and
those of scales in ``scales.py``. "By ``normal``": as that function leaves the name.
"""

from __future__ import annotations

import re

from fer_exp.column_names import SYNONYMS

OF_EXPERIMENTS = (
    r"prolific[ _.]?(pid|id)?", r"(url\.)?PROLIFIC_PID", r"participant[ _]?(private[ _])?(id|code|number)?",
    r"subject[ _]?(id|number|nr)?", r"sub(j)?[ _]?(id)?", r"worker[ _]?id", r"user[ _]?(id|name)?", r"vp(n|_?nr)?",
    r"sona[ _]?id", r"e-?mail( address)?", r"run[ _]?id", r"session([ _]?(id|name))?",
)  # fmt: skip
"""What experiments call the column of persons, where a subject is never who is pictured; the likeliest first."""
ASKED = (
    r".*(prolific|participant|worker|subject|versuchsperson|proband|teilnehmer|partecipante|deelnemer).*"
    r"(\b|-)(id|code|number|nummer|numéro|número|código|codice)\b.*"
)
"""A question for who somebody is, as forms ask one."""
SOMEBODY = (
    r"(person|rater|annotator|respondent|judge|coder|observer|student|name|code|id|nr|no)([ _]?(id|name|nr|code))?"
)
"""What else the column of persons is called where a row is a person, whatever stands in it."""
_PERSON = "|".join((
    *(f"{word}s?" if word.isascii() else word for word in SYNONYMS["worker"].split()),
    "subject|subj?|person|user|student|prolific|sona|session|player|observer|pp|ppn|vpn|label+er|evaluator|turk(er)?",
    "sujet|sujeto|soggetto|sujeito|proefpersoon|испытуемый",
))  # fmt: skip
_NUMBER = "id|nr|no|num|number|code|key|pid|name|kennung|nummer|kürzel|kuerzel|numéro|numero|número|nº|codice|código|"
_NUMBER += "codigo|matricola|матрикул|номер|код|编号|編號|番号|번호"
PERSONS = re.compile(
    rf"(.*[ _.-])?({_PERSON})([ _.-]?(private|public))?([ _.-]?({_NUMBER}))?\.?|({_NUMBER})[ _.-]({_PERSON})",
    re.IGNORECASE,
)
"""Names of a column of persons, in any table."""
NUMBERS = re.compile(
    rf"({_NUMBER}|who|nickname|alias|pseudonym|initials|initialen|login|username|e-?mail|matrikelnummer|nom|nombre|"
    r"nome|имя|姓名|名前|이름)\.?",
    re.IGNORECASE,
)
"""Names of a column that may number persons, where none is called so."""
A_RATER = re.compile(
    r"(rater|annotator|worker|coder|judge|user|participant|respondent|person)([\s_-]*\d+|[\s_-]+[a-z])", re.IGNORECASE
)
"""Names of columns of one rater each."""
AGAIN = re.compile(
    r"[\s_.(-]+(re-?test|test|again|second|first|1st|2nd|(round|time|session|wave|occasion|run)[\s_]*[12]|[tT][12])\)?$|"
    r"^(primary|secondary|first|second|1st|2nd|(round|time|session|wave)[\s_]*[12]|[tT][12])[\s_.-]+",
    re.IGNORECASE,
)
"""What stands around a rater's name where they answered twice."""
NO_PERSON = frozenset(
    ("majority", "mode", "modal", "consensus", "gold", "goldstandard", "truth", "groundtruth", "correct", "final",
     "original", "intended", "posed", "target", "predicted", "prediction", "predictions", "model", "models", "network",
     "classifier", "aggregated", "aggregate", "adjudicated", "adjudication", "agreed", "combined", "overall", "merged",
     "mehrheit", "konsens", "dataset", "mean", "average", "median", "total", "template", "vorlage", "key", "codebook")
)  # fmt: skip
"""Words that no rater is called, in the name of a file, a sheet or a person, as of a column."""
NO_RATER = (NO_PERSON - {"key"}) | frozenset(
    ("true", "actor", "condition", "avg", "sd", "std", "se", "sum", "age", "gender", "sex", "ai", "result", "decision")
)  # fmt: skip
"""Words in the name of a column of labels that is of no rater."""
NOBODY = NO_RATER | frozenset(
    ("votes", "p", "m", "sem", "var", "min", "max", "n", "count", "rank", "z", "human", "norm", "group", "label", "id",
     "rt", "time", "order", "size", "number", "round", "diff", "difference", "index")
)  # fmt: skip
"""What stands beside the name of a scale where its column is of no rater."""
A_MODEL = re.compile(
    r"(chat)?gpt[\w.-]*|gemini|llama\w*|llava\w*|qwen\w*|deepface|openface|hsemotion|libreface|py-?feat|emonet|"
    r"resnet\w*|vgg\w*|mobilenet\w*|efficientnet\w*",
    re.IGNORECASE,
)
"""What models and tools are called."""
OF_FILES = frozenset(("label", "labels", "answer", "answers", "rating", "ratings", "vote", "votes", "data", "emotion",
                      "emotions", "expression", "result", "results", "standard", "ground"))  # fmt: skip
"""Words that say nothing of whose a file is."""
A_FACE = re.compile(
    r"(face|img|image|pic|picture|photo|stim|stimulus|stimuli|item|q|question|trial|video|clip|bild|foto|reiz)[\s_.-]*\d+",
    re.IGNORECASE,
)
"""Columns of a face each, where a row is a person."""
OF_LABELS = "emotion|expression|label|categor(?:y|ies?|[ií]a)"
"""Words in the name of a column, or of a question, that is about the class of a face."""
_OF_A_CLASS = r"([_ .-]?(label|class|emotion|expression|answer|response|choice))?"
TRUTH = re.compile(
    r"(y|label|class|emotion|expression)?[_ .-]?(true|truth|gold|gt|actual)|ground[_ .-]?truth" + _OF_A_CLASS + "|"
    r"(true|gold|gt|actual|human|correct|expected|intended|posed|reference|target|majority)" + _OF_A_CLASS + "|"
    r"gold[_ .-]?standard|consensus",
    re.IGNORECASE,
)
"""Names of columns of the one class that counts, where none is called ``label``."""
SCALE = ("scale", "dimension", "trait", "measure", "attribute", "adjective", "ratingtype", "ratingscale", "construct",
         "question", "item", "variable", "aspect")  # fmt: skip
"""Columns that say which scale a row's rating is on, by ``normal``."""
TICKED = ("1", "true", "x", "yes", "ja", "wahr", "oui", "sí", "si", "sì", "sim", "✓", "✔", "checked", "selected",
          "quoted", "on", "gewählt")  # fmt: skip
"""What a box holds that was ticked."""
NO = ("0", "no", "false", "falsch", "faux", "falso", "onwaar", "nein", "non", "não")
"""No and false, as people and spreadsheets of several languages write it."""
NOT_TICKED = (*NO, "unchecked", "not selected", "not quoted", "off", "nicht gewählt")
"""What a box holds that was not."""
RATERS = ("raters", "nraters", "numberofraters", "nrraters", "annotators", "nannotators", "numberofannotators",
          "judges", "nvotes", "totalvotes", "totalraters", "n", "numraters", "votes")  # fmt: skip
"""Columns that say how many people are behind a row, by ``normal``."""
COUNTED = frozenset(
    ("n", "count", "counts", "votes", "nvotes", "numvotes", "numberofvotes", "voters", "freq", "frequency",
     "anzahl", "haufigkeit", "stimmen", "effectif", "frecuencia", "conteo", "aantal", "conteggio",
     "frequenza", "contagem", "frequencia", "人数", "数量", "件数", "度数")
)  # fmt: skip
"""Columns that say how many chose the class of a row, by ``normal``."""
CHOSEN = COUNTED | frozenset(
    ("share", "proportion", "prop", "percent", "percentage", "pct", "relfreq", "relativefrequency", "prob",
     "probability", "p", "anteil", "prozent", "proporcion", "porcentaje", "pourcentage", "percentuale", "割合", "比例")
)  # fmt: skip
"""Columns that say how many, or which share, chose the class of a row, by ``normal``."""
SUMMED = re.compile(
    r"(count|number|no\.?|sum|total|anzahl|summe|nombre|nb|número|numero|cuenta|conteggio)[\s_.]+(of|von|de|di|d')[\s_.]*.+|"
    r"total|totals|responses|answers|value|values|sum|raters|people|n[\s_.]+(raters|people|answers|responses)",
    re.IGNORECASE,
)
"""What else such a column is called, where every face has each class once."""
A_SHARE = re.compile(r"correct|accura|agree|percent|proportion|hit", re.IGNORECASE)
"""What says of a column that it holds how many raters were right."""
