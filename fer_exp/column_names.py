"""What columns are called: which role a name has, in many languages, and what stands around the name of a class."""

from __future__ import annotations

import re

from fer_exp.names import expression, normal

OF_ANSWERS = (
    "answer response choice antwort urteil réponse respuesta risposta resposta antwoord 回答 ответ "
    "odpowiedź yanıt cevap svar 응답"
)
"""Names of a column of labels that say what people answered, not what may be shown."""

SYNONYMS = {
    "task": "face item image picture unit file stimulus stim photo img pic image-file bild gesicht foto "
    "reiz visage imagen cara immagine volto imagem afbeelding gezicht 图片 图像 圖片 照片 画像 写真 顔画像 刺激 "
    "изображение фото лицо zdjęcie obraz twarz görüntü resim fotoğraf yüz bild ansikte 이미지 사진 얼굴 question "
    "row-labels zeilenbeschriftungen étiquettes-de-lignes etiquetas-de-fila rótulos-de-linha etichette-di-riga "
    "rijlabels 行标签 行ラベル",
    "worker": "rater annotator user performer participant coder judge respondent response-id record versuchsperson "
    "vp proband teilnehmer bewerter beurteiler évaluateur évaluatrice participante juge annotateur evaluador "
    "evaluadora juez anotador valutatore partecipante giudice avaliador beoordelaar deelnemer 评分者 評分者 标注者 "
    "被试 参与者 評価者 参加者 被験者 回答者 участник респондент uczestnik badany katılımcı deltagare 참가자 평가자",
    "label": f"{OF_ANSWERS} "
    "expression emotion class category truth gold ausdruck gefühl émotion emoción expresión emozione "
    "espressione emoção emotie uitdrukking 情绪 情緒 情感 表情 标签 標籤 感情 ラベル эмоция выражение emocja duygu "
    "ifade känsla uttryck 감정 표정",
    "valence": "val valenz valencia valenza valência valentie 效价 感情価",
    "arousal": "aro erregung activation 唤醒度 覚醒度",
    "seconds": "time duration duration-(in-seconds)",
    "split": "set partition usage",
    "subject": "person actor identity poser individual",
    "path": "file filename file-path image-path img-path pth input image-file img-file dateiname dateipfad pfad "
    "文件名 檔名 ファイル名",
}
"""Other names of a column, in the order in which they are looked for; a task's and a worker's may end in id or name.

Of a label, words for what people answer go before those for what may be shown.
"""

_KNOWN = {
    normal(word) + end: role
    for role, words in SYNONYMS.items()
    for word in (role, *words.split())
    for end in ("", "id", "name")
}


def role_by_name(name: str) -> str | None:
    """What a column of this name holds, one of ``SYNONYMS``; None where the name says nothing.

    >>> role_by_name("Rater ID"), role_by_name("age")
    ('worker', None)
    """
    return _KNOWN.get(normal(name))


def names_columns(row: list[str]) -> bool:
    """Whether one of several cells is what a column is called."""
    return sum(map(bool, row)) > 1 and any(role_by_name(cell) or expression(cell) for cell in row)


AROUND = tuple(re.compile(pattern, re.IGNORECASE) for pattern in (
    r"(?P<before>votes?[_ .:]+)(?P<name>.+)",
    r"(?P<before>)(?P<name>.+)",
    r"(?P<before>target_)(?P<name>.+)",
    r"(?P<before>p_)(?P<name>.+)",
    r"(?P<before>prob\. |prob_)(?P<name>.+)",
    r"(?P<before>(?:n|num|nr|number of|counts?|emotion|expression|class)[_ .:]+)(?P<name>.+)",
    r"(?P<before>)(?P<name>.+?)[_ .:(]+(?:n|nr|num|counts?|votes?|freq|frequency)\)?",
    r"(?P<before>(?:resp|response|responses|prop|proportion|pct|percent|freq|chose|chosen|rated|rating|human|gt|mean|"
    r"share|sum|total)[_ .:]+)(?P<name>.+)",
    r"(?P<before>)(?P<name>.+?)[_ .:(]+(?:prop|proportion|pct|percent|mean|responses?|shares?|sum|total|rating)\)?",
))  # fmt: skip
"""What may stand around a class in the name of its column; the first of these that a table uses is meant."""
PERCENT = re.compile(r"%|(?<![^\W_])(?:percent(?:age)?s?|pct|perc|prozent|pourcent(?:age)?|porcentaje)(?![^\W_])", re.I)
"""What says that a column is in percent."""
ENDS = {"task": ("", "name", "id"), "worker": ("", "id", "name"), "subject": ("", "id", "name")}
"""What the name of a column may end in, by role, the likeliest first."""
