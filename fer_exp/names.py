"""Names across files: expressions as different sources spell them, and faces as different files call them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlsplit

from fer_exp.errors import RequestError, nearest

PICTURES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif", ".avif"),
    *(".heic", ".heif", ".hif", ".jp2", ".j2k", ".pgm", ".ppm", ".pnm", ".pbm"),
)
"""Suffixes of picture files, in lower case; upper case is as good."""
A_PICTURE = re.compile(
    rf"[^\s\"'<>()\[\]{{}},;:=?]+\.(?:{'|'.join(suffix[1:] for suffix in PICTURES)})(?![A-Za-z0-9])", re.IGNORECASE
)
"""A file name of a picture within a text."""

CLASSES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
"""The canonical class order; with ``dataset.classes=7`` contempt is left out, other classes stand behind these."""

UPLOADED = re.compile(r"(.*/)?[0-9a-f]{8}-(?=[^/]+$)")
"""What Label Studio writes before the name of a picture that was uploaded."""

OTHER_ANSWERS = ("unknown", "not_a_face")
"""Answers that a rater may give and that are no expression; they stand behind the classes in a votes table."""

SPLITS = ("train", "val", "test")
UNSPLIT = "not split"
"""What reports say of faces that are in none of them."""

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "entrenamiento", "treino"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "publictest", "validierung", "validacion"), "val"),
    **dict.fromkeys(("test", "testing", "privatetest"), "test"),
}
"""How splits are written, by FER2013 too -> ours; case never matters."""


def are_splits(words: Iterable[str]) -> bool:
    """Whether all of these are splits, as keys of a JSON file or sheets may be.

    >>> are_splits(["train", "Validation"]), are_splits(["test", "notes"]), are_splits([])
    (True, False, False)
    """
    return {word.strip().lower() in SPLIT_WORDS for word in words} == {True}


_SPLIT_FOLDERS = {
    word + end: split for word, split in SPLIT_WORDS.items() for end in ("", "set", "class", "data", "images")
}

_SPLITS_ALONE = ("train", "training", "val", "valid", "validation", "test", "testing")
"""Those that say a split beside the name of a corpus, too; Val may be a person's, beside whom none is short."""
_SHORT = re.compile(r"(?<![^\W_])[A-Z]{2,5}(?![^\W\d_])")

_OF_A_SPLIT = ("aligned", "cropped", "faces", "face", "pictures", "images", "imgs", "data", "dataset", "set", "new")

ENGLISH = {
    "neutral": "neutrality neu ne no-emotion no-expression expressionless",
    "happiness": "happy joy joyful hap ha",
    "sadness": "sad sa",
    "surprise": "surprised astonishment sur su suprise suprised",
    "fear": "fearful afraid scared fea fe af",
    "disgust": "disgusted dis di",
    "anger": "angry ang an",
    "contempt": "contemptuous con co",
    "unknown": "uncertain unsure unk don't-know dk i-don't-know not-sure i'm-not-sure can't-tell cannot-tell no-idea "
    "undecided none-of-the-above none-of-these",
    "not_a_face": "nf no-face non-face",
}
"""How else English tables write a name of ours, with the codes of KDEF (AF, AN, DI, ...) and JAFFE (FE)."""

ELSEWHERE = {
    "neutral": "neutre neutralité neutro neutra neutralidad neutraal neutrale neutralità neutralidade 中性 中立 平静 "
    "平靜 无表情 無表情 ニュートラル 真顔 нейтральное нейтральный нейтральная нейтрально нейтральность спокойствие "
    "neutralny neutralna neutralność obojętność nötr tarafsız ifadesiz neutralt 중립 무표정 중립적 محايد خنثی",
    "happiness": "Freude Glück Gluecklich glücklich fröhlich froehlich Fröhlichkeit joie joyeux joyeuse bonheur "
    "heureux heureuse felicidad feliz alegría alegre blij blijdschap vreugde geluk gelukkig felicità felice gioia "
    "allegria felicidade 高兴 高興 快乐 快樂 开心 開心 幸福 喜悦 喜悅 喜び 幸せ 嬉しい 楽しい радость радостный "
    "радостная счастье счастливый счастливая radość radosny radosna szczęście szczęśliwy szczęśliwa mutlu mutluluk "
    "glädje lycka lycklig 행복 기쁨 즐거움 سعادة سعيد فرح شادی خوشحال خوشحالی",
    "sadness": "Trauer Traurigkeit traurig tristesse triste tristeza verdriet verdrietig droefheid droevig bedroefd "
    "tristezza 悲伤 悲傷 伤心 傷心 难过 難過 悲哀 悲しみ 悲しい 哀しみ грусть грустный грустная печаль печальный "
    "smutek smutny smutna üzgün üzüntü hüzün sorg sorgsen ledsen 슬픔 حزن حزين غم غمگین ناراحتی",
    "surprise": "Überraschung Ueberraschung überrascht ueberrascht Erstaunen surpris sorpresa sorprendido "
    "sorprendida verrassing verrast verbazing sorpreso stupore surpresa surpreso 惊讶 驚訝 吃惊 吃驚 惊奇 驚奇 驚き "
    "驚いた удивление удивлённый удивлённая zaskoczenie zaskoczony zaskoczona zdziwienie zdziwiony şaşkın şaşkınlık "
    "şaşırma şaşırmış förvåning förvånad överraskning 놀람 놀라움 مفاجأة متفاجئ دهشة تعجب متعجب",
    "fear": "Angst ängstlich aengstlich Furcht peur crainte effrayé apeuré miedo temor asustado bang vrees paura "
    "timore spaventato impaurito medo assustado 恐惧 恐懼 害怕 恐怖 恐れ 怖れ 怖い страх испуг испуганный испуганная "
    "strach lęk przestraszony przestraszona korku korkmuş rädsla rädd 두려움 공포 무서움 خوف خائف ترس",
    "disgust": "Ekel angeekelt Abscheu dégoût dégoûté asco repugnancia walging afkeer afschuw disgusto disgustato "
    "nojo aversão repugnância 厌恶 厭惡 恶心 噁心 嫌悪 嫌悪感 отвращение wstręt obrzydzenie odraza iğrenme tiksinti "
    "tiksinme äckel avsky 혐오 역겨움 اشمئزاز قرف انزجار",
    "anger": "Wut wütend wuetend Ärger Aerger verärgert ärgerlich Zorn zornig colère en-colère fâché ira enojo "
    "enfado enfadado rabia furia boos boosheid woede kwaad rabbia arrabbiato collera raiva zangado cólera 愤怒 憤怒 "
    "生气 生氣 怒り 怒っている гнев злость злой злая złość zlosc gniew öfke öfkeli kızgın kızgınlık ilska 분노 화남 "
    "غضب غاضب خشم عصبانیت عصبانی",
    "contempt": "Verachtung verächtlich veraechtlich mépris méprisant desprecio desdén minachting verachting "
    "disprezzo desprezo desdém 轻蔑 輕蔑 蔑视 蔑視 鄙视 鄙視 軽蔑 презрение pogarda küçümseme aşağılama förakt 경멸 "
    "احتقار ازدراء تحقیر",
    "unknown": "unbekannt unsicher weiß-nicht ich-weiß-nicht keine-davon je-ne-sais-pas no-lo-sé inconnu incertain "
    "desconocido incierto onbekend onzeker sconosciuto incerto desconhecido 未知 不确定 不確定 不明 わからない "
    "не-знаю неизвестно nie-wiem bilmiyorum vet-ej 모름 모르겠음 لا-أعرف نمی-دانم",
    "not_a_face": "kein-Gesicht pas-un-visage sin-cara geen-gezicht nessun-volto sem-rosto 非人脸 非人臉 顔ではない",
}
"""The same in German, French, Spanish, Dutch, Italian, Portuguese, Chinese and Japanese; and the nouns, with the most
usual adjectives, in Russian, Polish, Turkish, Swedish, Korean, Arabic and Persian."""


SIGNS = {
    "neutral": "😐😑😶",
    "happiness": "😀😃😄😁😆😊🙂☺😂😍",
    "sadness": "😢😭😞😔🙁☹😥😿",
    "surprise": "😮😲😯😦",
    "fear": "😨😱😰😧",
    "disgust": "🤢🤮",
    "anger": "😠😡🤬👿",
    "contempt": "😒😏",
}
"""The same as pictures of faces."""
BESIDE = frozenset(
    ("a", "an", "the", "face", "faces", "facial", "expression", "expressions", "emotion", "emotions", "person",
     "people", "picture", "pictures", "image", "images", "photo", "photos", "img", "class", "label", "looks", "looking",
     "seems", "is", "very", "slightly", "somewhat", "extremely", "mildly", "strongly", "slight", "mild", "strong",
     "weak", "intense", "subtle", "extreme", "moderate", "low", "medium", "high", "intensity",
     "btn", "button")
)  # fmt: skip
"""Words that stand beside the name of an expression and leave it what it is."""


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """A text without case, accents, spaces, hyphens and underscores, which never tell two names apart.

    >>> normal(" Not-a_Face"), normal("Dégoût")
    ('notaface', 'degout')
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", "", plain.replace("ı", "i"))  # Turkish capitals have lost which one it was


_IN_ENGLISH = {normal(word): name for name, others in ENGLISH.items() for word in (name, *others.split())}
_EVERYWHERE = {normal(word): name for name, others in ELSEWHERE.items() for word in others.split()} | _IN_ENGLISH


WORDS = tuple(word for word, name in _IN_ENGLISH.items() if len(word) > 2 and name in CLASSES)
"""The names of expressions in English, without codes of two letters, as ``normal`` leaves them."""


def expression(text: str) -> str | None:
    """Our name of an expression or other answer, None where there is none.

    >>> expression(" Happy"), expression("Angst"), expression("smiling")
    ('happiness', 'fear', None)
    """
    return _EVERYWHERE.get(normal(text))


@lru_cache(maxsize=4096)
def labelled(text: str) -> str | None:
    """As ``expression``, of a label with more about it: a number, a second name, a degree, brackets, a face's sign.

    Of columns it would say too much: happy_1 and happy_2 may be two pictures.

    >>> labelled("1 - Angry"), labelled("angry (1)"), labelled("Happiness/Joy"), labelled("a sad face"), labelled("😮")
    ('anger', 'anger', 'happiness', 'sadness', 'surprise')
    >>> labelled("fear/surprise"), labelled("not happy"), labelled("AN1")
    (None, None, None)
    """
    if (name := expression(text)) or len(text) > 80:
        return name
    if not normal(text):
        signs = {name for name, several in SIGNS.items() if set(text) & set(several)}
        signs |= {"unknown"} if text.strip(" ?") == "" and text else set()
        return signs.pop() if len(signs) == 1 else None
    outside, inside = re.sub(r"[(\[{][^)\]}]*[)\]}]", " ", text), re.findall(r"[(\[{]([^)\]}]*)[)\]}]", text)
    names = {_bare(part) for part in re.split(r"[/;|,]|\b(?:or|oder|ou)\b", outside) if re.search(r"[^\W\d_]", part)}
    hints = {name for part in inside if (name := _bare(part)) is not None}
    both = names | hints
    return both.pop() if len(both) == 1 else None


def _bare(text: str) -> str | None:
    """The expression that a text names without numbers and the words of ``BESIDE``; of codes none."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    bare = "".join(word for word in words if word not in BESIDE)
    if len(bare) < 3 and bare.isascii():
        return None
    return expression(bare) or (expression(bare.removesuffix("s")) if len(bare) > 4 else None)


def expressions(texts: Iterable[str], labels: bool = False) -> dict[str, str]:
    """Those of some labels or columns that are expressions or other answers, and our name of each.

    Where few of the texts are, codes of two letters may be something else (CO a country), so they do not count.

    Args:
        texts: what is looked at.
        labels: whether they are labels, which may have more about them, see ``labelled``.

    >>> expressions(["joy", "Fear", "pain"]), expressions(["face", "CO", "US"]), expressions(["HA", "SA"])
    ({'joy': 'happiness', 'Fear': 'fear'}, {}, {'HA': 'happiness', 'SA': 'sadness'})
    """
    texts, means = list(texts), labelled if labels else expression
    known = {text: name for text in texts if (name := means(text)) is not None}
    if len(set(known.values())) > 2 or len(known) == len(texts):
        return known
    return {text: name for text, name in known.items() if len(normal(text)) > 2 or not normal(text).isascii()}


def split_named(folder: str) -> str | None:
    """The split that the name of a folder or file says, None where it says none.

    >>> split_named("Train"), split_named("valid_class"), split_named("public_test"), split_named("angry")
    ('train', 'val', 'val', None)
    >>> split_named("Val_Aligned_Faces_new"), split_named("train faces"), split_named("train_1")
    ('val', 'train', 'train')
    >>> split_named("2_val"), split_named("Train_AFEW"), split_named("train_happy"), split_named("Val_Kilmer")
    ('val', 'train', None, None)
    """
    words = [word for word in re.split(r"[\W\d_]+", folder.casefold()) if word and word not in _OF_A_SPLIT]
    found = _SPLIT_FOLDERS.get(normal(folder)) or _SPLIT_FOLDERS.get("".join(words))
    if found is None and len(words) == 2 and not any(map(expression, words)):  # of a corpus: Train_AFEW
        found = next((_SPLIT_FOLDERS[word] for word in words if word in _SPLITS_ALONE), None)
        found = None if "val" in words and not _SHORT.search(folder) else found
    return found


def splits_named(words: Iterable[str]) -> dict[str, str]:
    """Words of a column of splits -> what each says; itself where it says none, or two parts say the same.

    >>> splits_named(["Training set", "Test set", "fold 1"])
    {'Training set': 'train', 'Test set': 'test', 'fold 1': 'fold 1'}
    >>> splits_named(["test hard", "test easy", "Train", "train"])
    {'test hard': 'test hard', 'test easy': 'test easy', 'Train': 'train', 'train': 'train'}
    """
    found = {word: split_named(word) for word in words}
    parts = Counter((split, normal(word)) for word, split in found.items())
    several = Counter(split for split, _ in parts)
    exact = {word: SPLIT_WORDS.get(word.strip().lower(), word) for word in found}
    return {word: split if split and several[split] == 1 else exact[word] for word, split in found.items()}


def composed(text: str) -> str:
    """A text with each accent in its letter: macOS writes them apart, which nobody sees."""
    return unicodedata.normalize("NFC", text.strip())


def spelt(text: str) -> str:
    """What two spellings of a class have in common: our name of it, else the text itself."""
    return expression(text) or composed(text)


SIDES = ("valence", "arousal")
"""How pleasant and how excited: columns of tables, and the first names of metrics, as ``valence_ccc``."""
RESERVED = (*OTHER_ANSWERS, "face", "task", "worker", "label", "split", "subject", "subset", *SIDES)
"""What no class can be called, because a column of our tables is."""
A_SLIP = 0.86
"""How alike a class of one's own and an expression are that must be the same: hapiness, not madness."""


def one_word(text: str) -> str:
    """A class of one's own as our tables and files call it, without spaces."""
    return "_".join(composed(text).split())


def class_name(text: str, where: str) -> str:
    """A class as our tables call it: our name of an expression, else the text itself, as one word.

    Raises:
        RequestError: it is empty, in ``RESERVED``, or an expression but for a slip; names ``where``.

    >>> class_name("Freude", "classes"), class_name(" facial palsy", "classes")
    ('happiness', 'facial_palsy')
    """
    name = expression(text) or one_word(text)
    if name not in _IN_ENGLISH.values() and (near := nearest(normal(text), _IN_ENGLISH, A_SLIP)):
        raise RequestError(f"{where} names {text!r}; did you mean {_IN_ENGLISH[near]}?")
    if name.casefold() in RESERVED or not name:
        raise RequestError(f"{where} names {text!r}, which cannot be a class; give it another name, or leave it out.")
    return name


def in_order(classes: Iterable[str]) -> tuple[str, ...]:
    """Classes in the one order that they have, however they were listed: ours, then others by alphabet.

    >>> in_order(["pain", "happiness", "boredom", "neutral"])
    ('neutral', 'happiness', 'boredom', 'pain')
    """
    classes = set(classes)
    return (*(name for name in CLASSES if name in classes), *sorted(classes - set(CLASSES)))


def among(classes: Iterable[str]) -> Callable[[str], str | None]:
    """A function from a text to the one of some classes that it means, None where it means none of them.

    Spellings of expressions are one; of other classes, what ``normal`` leaves of them, where that is one class only.

    >>> find = among(["happiness", "Boredom"])
    >>> find("Happy"), find("boredom"), find("bored")
    ('happiness', 'Boredom', None)
    """
    exact = {spelt(name): name for name in classes}
    alike: dict[str, str | None] = {}
    for name in exact.values():
        alike[normal(name)] = name if normal(name) not in alike else None
    alike.pop("", None)
    return lambda text: exact.get(spelt(text)) or alike.get(normal(text))


def near_expression(text: str) -> str | None:
    """Our name of the expression whose English spelling is most like a text, None where none is."""
    near = nearest(normal(text), _IN_ENGLISH)
    return _IN_ENGLISH[near] if near else None


def slip_of(text: str, others: Iterable[str] = ()) -> str | None:
    """Our name of the expression, or one of other names, that a text is but for a slip of the pen; else None.

    A slip is a letter too many, too few or another, or two that changed places, in a word of four letters or more.

    >>> slip_of("faer"), slip_of("Hapiness"), slip_of("boredon", ["boredom"]), slip_of("calm"), slip_of("fear")
    ('fear', 'happiness', 'boredom', None, None)
    """
    word = normal(text)
    if expression(text) or any(sign.isdigit() for sign in word):
        return None
    words = {normal(name): name for name in others} | _IN_ENGLISH
    near = next((each for each in words if len(each) > 3 and each != word and _one_slip(word, each)), None)
    near = near or nearest(word, _IN_ENGLISH, A_SLIP)
    return words[near] if near and near != word else None


def _one_slip(one: str, other: str) -> bool:
    """Whether two words differ in one letter, or in two that changed places."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return max(len(one), len(other)) == 1 or (len(one) == 2 and one == other[::-1])


def checked_expression(text: str, where: str) -> str:
    """Our name of an expression; raises RequestError, naming ``where`` and the nearest name, where there is none.

    >>> checked_expression("hapiness", "faces.csv, row 3")
    Traceback (most recent call last):
    fer_exp.errors.RequestError: faces.csv, row 3: 'hapiness' is no expression; did you mean happiness? There are: ...
    """
    if (name := expression(text)) is not None:
        return name
    hint = f"did you mean {near}? " if (near := near_expression(text)) else ""
    raise RequestError(f"{where}: {text!r} is no expression; {hint}There are: {', '.join(ENGLISH)}.")


def path_in_address(address: str) -> str:
    """The picture's path in a web address or of an upload to Label Studio; any other text as it is.

    >>> path_in_address("https://x.org/faces/a%201.jpg?v=2"), path_in_address("/data/local-files/?d=faces/a.jpg")
    ('faces/a 1.jpg', 'faces/a.jpg')
    >>> path_in_address("a b?.jpg")
    'a b?.jpg'
    """
    if "://" not in address and not address.startswith(("//", "/data/")):
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    options = [value for _, value in parse_qsl(parts.query) if value.lower().endswith(PICTURES)]
    path = next(filter(lambda path: path.lower().endswith(PICTURES), [parts.path, *options]), None)
    text = address if path is None else unquote(path).lstrip("/")
    return UPLOADED.sub("", text) if "data/upload/" in text else text


def stem(path: str) -> str:
    r"""A face's name in any file: forward slashes, without a picture's suffix and without RAF-DB's ``_aligned``.

    >>> stem("689\\a.JPG"), stem("train_00001_aligned.jpg"), stem("https://x.org/a%201.png?dl=1")
    ('689/a', 'train_00001', 'a 1')
    """
    text = composed(path).replace("\\", "/").removeprefix("./")
    text = path_in_address(text)
    base, dot, suffix = text.rpartition(".")
    if dot and f".{suffix.lower()}" in PICTURES:
        text = base
    return text.removesuffix("_aligned")


def finder(faces: Iterable[str], where: str = "", *, whole: bool = False) -> Callable[[str], str | None]:
    """A function from what another file calls a face to its id here, None where there is none.

    The id itself always means that face. Else suffix, ``_aligned``, slashes, how accents are written and leading
    folders play no part, as far as what is left is the name of one face only.

    Args:
        faces: ids.
        where: what the other file is called in messages.
        whole: whether of the two names one must be the end of the other, folders and all.

    Returns:
        The function. It raises RequestError where a name as it stands may mean several faces.

    >>> find = finder(["a/1.png", "b/1.png", "b/2.png"])
    >>> find("/home/me/b/1"), find("c/2.png"), find("c/1.png"), find("3")
    ('b/1.png', 'b/2.png', None, None)
    >>> finder(["a/1.png", "b/1.png"], "ratings.csv")("1.png")
    Traceback (most recent call last):
    fer_exp.errors.RequestError: ratings.csv: '1.png' may mean a/1.png or b/1.png; write more of its path.
    """
    faces = list(faces)
    exact = set(faces)
    by_tail: dict[str, str | None] = {}
    for face in faces:
        for tail in tails(stem(face)):
            by_tail[tail] = face if by_tail.get(tail, face) == face else None

    def find(name: str) -> str | None:
        if name in exact:
            return name
        known = stem(name)
        tail = next((tail for tail in tails(known) if tail in by_tail), None)
        if tail is None:
            return None
        face = by_tail[tail]
        if face is None and tail == known:
            return alike(name)
        return None if face and whole and tail not in (known, stem(face)) else face

    spelt: dict[str, list[str]] = {}

    def alike(name: str) -> str:
        """Of faces that differ in suffix or folder the one that is spelt so, but for accents and the suffix' case."""
        if not spelt:
            for face in faces:
                spelt.setdefault(known_as(face), []).append(face)
        may_be = spelt.get(known_as(name), [])
        if len(may_be) == 1:
            return may_be[0]
        known, start = stem(name), f"{where}: " if where else ""
        first, second = islice((face for face in may_be or faces if known in tails(stem(face))), 2)
        raise RequestError(f"{start}{name!r} may mean {first} or {second}; write more of its path.")

    return find


def known_as(path: str) -> str:
    r"""A path with forward slashes, composed accents and its suffix in lower case.

    >>> known_as("a\\B.JPG")
    'a/B.jpg'
    """
    base, dot, suffix = composed(path).replace("\\", "/").removeprefix("./").rpartition(".")
    return f"{base}{dot}{suffix.lower() if dot else suffix}"


def tails(path: str) -> list[str]:
    """A path, then without its first folder, and so on to the bare name."""
    return [path.split("/", first)[-1] for first in range(path.count("/") + 1)]
