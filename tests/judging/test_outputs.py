"""Tables as other tools write them; the names of columns are theirs, the values are made up."""

import json

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.errors import RequestError
from fer_exp.judging.predictions import class_names
from fer_exp.judging.reading import read_predictions

SEVEN = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger")
RIGHT = np.array([[0.7, 0.1, 0.1, 0.04, 0.03, 0.02, 0.01], [0.05, 0.8, 0.02, 0.1, 0.01, 0.01, 0.01]])
FACES = ["a.jpg", "b.jpg"]
OF_DEEPFACE = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry")


def py_feat():
    table = pd.DataFrame(RIGHT, columns=["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger"])
    table = table[["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]]
    table = pd.concat([table, table.iloc[[1]] * 0 + 1 / 7, table.iloc[[1]] * np.nan], ignore_index=True)
    boxes = {"FaceRectX": 1.0, "FaceRectY": 2.0, "FaceRectWidth": [90, 80, 20, np.nan],
             "FaceRectHeight": [90, 80, 20, np.nan], "FaceScore": [0.99, 0.98, 0.8, np.nan]}  # fmt: skip
    units = pd.DataFrame(0.5, index=range(4), columns=[f"AU{n:02d}" for n in range(20)])
    rest = pd.DataFrame({**boxes, "frame": range(4), "Identity": "Person_0"})
    return pd.concat(
        [rest, units, table, pd.DataFrame({"input": ["in/a.jpg", "in/b.jpg", "in/b.jpg", "in/c.jpg"]})], axis=1
    )


def deepface(percent=100.0):
    rows = [
        {"img_path": face, "emotion": dict(zip(OF_DEEPFACE, p * percent, strict=True)), "dominant_emotion": "neutral",
         "region": {"x": 1, "y": 2, "w": 30, "h": 40}, "face_confidence": 0.9}
        for face, p in zip(FACES, RIGHT, strict=True)
    ]  # fmt: skip
    return [*rows, {**rows[0], "img_path": "nobody.jpg", "face_confidence": 0}]


def deepface_rows():
    return pd.DataFrame(deepface())


def deepface_of_numpy():
    table = pd.DataFrame(deepface())
    return table.assign(
        emotion=[
            str({k: f"np.float32({v})" for k, v in cell.items()}).replace("'np", "np").replace(")'", ")")
            for cell in table["emotion"]
        ]
    )


def deepface_flat():
    return pd.json_normalize(deepface())


def emotieff():
    names = ["Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise"]
    table = pd.DataFrame(
        np.log(RIGHT) - 1, columns=["Neutral", "Happiness", "Sadness", "Surprise", "Fear", "Disgust", "Anger"]
    )
    return pd.concat([pd.DataFrame({"file": FACES}), table.assign(Contempt=-50.0)[names]], axis=1)


def language_model():
    table = pd.DataFrame(RIGHT.round(2), columns=[f"{name} (%)" for name in OF_DEEPFACE]) * 100
    table.iloc[0, 0] += 1
    return pd.concat([pd.DataFrame({"Image": FACES}), table], axis=1)


OUTPUTS = {
    "py-feat": (py_feat, ["1 rows without a face or an answer are left out", "1 smaller faces", "and 12 more columns"]),
    "deepface": (deepface_rows, ["percentages", "1 rows without a face"]),
    "deepface, numpy's numbers": (deepface_of_numpy, ["percentages", "1 rows without a face"]),
    "deepface, flattened": (deepface_flat, ["percentages", "1 rows without a face"]),
    "EmotiEffLib": (emotieff, ["logits"]),
    "a language model": (language_model, ["percentages", "1 rows sum to 1 within rounding and are rescaled"]),
}


@pytest.mark.parametrize("tool", OUTPUTS)
def test_the_table_of_a_tool_gives_its_probabilities_by_name(tmp_path, capsys, tool):
    make, said = OUTPUTS[tool]
    make().to_csv(tmp_path / "tool.csv", index=False)
    read = read_predictions(tmp_path / "tool.csv")
    heard = capsys.readouterr().err
    assert [face.rpartition("/")[2] for face in read["face"]] == FACES
    assert read["split"].unique().tolist() == ["test"]
    tolerance = 0.011 if tool == "a language model" else 1e-6
    np.testing.assert_allclose(read[[f"p_{name}" for name in SEVEN]], RIGHT, atol=tolerance)
    assert read[[f"p_{name}" for name in class_names(read)]].sum(axis=1).tolist() == pytest.approx([1, 1])
    assert [words for words in (*said, "no column split") if words not in heard] == []


def scored(label, score, times=1.0):
    return [[{label: name, score: float(p * times)} for name, p in zip(OF_DEEPFACE, row, strict=True)] for row in RIGHT]


def with_face(answers):
    return [{"image": face, **answer} for face, answer in zip(FACES, answers, strict=True)]


REPLIES = {
    "transformers, with the face": with_face([{"predictions": answer} for answer in scored("label", "score")]),
    "transformers, by face": dict(zip(FACES, scored("label", "score"), strict=True)),
    "Rekognition": with_face([{"FaceDetails": [{"BoundingBox": {"Width": 0.5}, "Emotions": answer}]}
                              for answer in scored("Type", "Confidence", 100)]),
    "Azure": with_face([{"faceAttributes": {"emotion": dict(zip(SEVEN, row, strict=True))}} for row in RIGHT.tolist()]),
    "DeepFace, by face": {row["img_path"]: row for row in deepface()[:2]},
}  # fmt: skip


@pytest.mark.parametrize("service", REPLIES)
def test_the_reply_of_a_service_gives_its_probabilities_by_name(tmp_path, service):
    (tmp_path / "t.json").write_text(json.dumps(REPLIES[service]))
    read = read_predictions(tmp_path / "t.json")
    assert read["face"].tolist() == FACES
    np.testing.assert_allclose(read[[f"p_{name}" for name in SEVEN]], RIGHT, atol=1e-6)


@pytest.mark.parametrize("times", [1, 100])
def test_columns_that_complete_the_sum_and_are_of_no_class_are_named(times):
    table = pd.DataFrame(RIGHT * times, columns=["Angry", "Disgusted", "Fear", "Happy", "CALM", "Sad", "Surprised"])
    table = table.assign(image=FACES, age=[31, 40], CONFUSED=0.0, note=["1", "two"])
    with pytest.raises(RequestError, match=f"rows sum to {times} only with CALM, which no class is called; call each"):
        read_predictions(table)
    moved = table.assign(CONFUSED=table["CALM"] / 2, CALM=table["CALM"] / 2)
    with pytest.raises(RequestError, match=f"rows sum to {times} only with CALM and CONFUSED, which no class"):
        read_predictions(moved)
    assert read_predictions(table.rename(columns={"CALM": "neutral"}))["p_neutral"].notna().all()


def test_the_lines_above_a_log_are_left_out(tmp_path, capsys):
    names = ["Filename", "Neutral", "Happy", "Sad", "Surprised", "Scared", "Disgusted", "Angry", "Valence", "Arousal"]
    above = ["Image analysis detailed log", "Face Model:\tGeneral", "Calibration:\tNone", "Start time:\t01.02.2026", ""]
    rows = ["\t".join([face, *map(str, row), "0.1", "0.2"]) for face, row in zip(FACES, RIGHT, strict=True)]
    (tmp_path / "t.txt").write_text("\n".join([*above, "\t".join(names), *rows]), encoding="utf-8")
    read = read_predictions(tmp_path / "t.txt")
    np.testing.assert_allclose(read[[f"p_{name}" for name in SEVEN]], RIGHT, atol=1e-6)
    assert "4 rows above the header left out ('Image analysis detailed log')" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("column", "table"),
    [
        ("facial_expression", {"path": FACES, "pitch": 1.0, "au_1": 0, "facial_expression": ["Neutral", "Contempt"]}),
        ("emotion", {"timestamp": 1.5, "image_path": FACES, "face_id": 0, "face_detection": "[1 2 30 40 0.9]",
                     "emotion": ["Neutral", "Contempt"], "gaze_yaw": 0.1}),
        ("answer", {"image": FACES, "answer": ["Neutral", "contemptuous"]}),
    ],
    ids=["LibreFace", "OpenFace 3", "a language model"],
)  # fmt: skip
def test_a_single_label_is_a_probability_of_one(tmp_path, capsys, column, table):
    pd.DataFrame(table).to_csv(tmp_path / "tool.csv", index=False)
    read = read_predictions(tmp_path / "tool.csv")
    assert class_names(read) == (*SEVEN, "contempt")
    assert read[["p_neutral", "p_contempt"]].to_numpy().tolist() == [[1, 0], [0, 1]]
    assert f"{column} names one class a face" in capsys.readouterr().err


PEOPLE, MODEL = ["Happy", "sad", "fear", "Sad"], ["happy", "Sad", "sad", "sad"]


@pytest.mark.parametrize(
    ("people", "model"),
    [
        ("label", "pred"), ("label", "y_hat"), ("label", "predicted_emotion"), ("label", "emotion_pred"),
        ("label", "resnet18"), ("label", "emotion"), ("y_true", "y_pred"), ("true_label", "pred_label"),
        ("ground_truth", "prediction"), ("actual", "predicted"), ("truth", "label"), ("gt", "output"),
        ("emotion", "prediction"), ("class", "model_answer"), ("intended", "answer"), ("Label", "Predicted Class"),
    ],
)  # fmt: skip
def test_of_two_columns_of_classes_one_is_what_people_said_and_one_what_the_model_says(people, model):
    table = pd.DataFrame({"file": [f"{n}.jpg" for n in range(4)], people: PEOPLE, model: MODEL})
    for columns in (table, table[["file", model, people]]):
        read = read_predictions(columns)
        assert read["label"].tolist() == ["happiness", "sadness", "fear", "sadness"]
        assert read["p_sadness"].tolist() == [0, 1, 1, 1]


def test_one_column_label_is_what_a_model_says_and_never_also_the_truth():
    table = pd.DataFrame({"file": [f"{n}.jpg" for n in range(4)], "label": MODEL, "score": 0.9})
    read = read_predictions(table)
    assert read["p_sadness"].tolist() == [0, 1, 1, 1]
    assert read["label"].isna().all()


def test_what_may_be_the_model_and_cannot_be_known_is_asked_for():
    table = pd.DataFrame({"file": [f"{n}.jpg" for n in range(4)], "label": PEOPLE})
    with pytest.raises(RequestError, match=r"probs holds lists of numbers, .* write a column a class"):
        read_predictions(table.assign(probs="[0.1 0.2 0.7]"))
    with pytest.raises(RequestError, match=r"several .* \(vgg, resnet\); call the model's answers prediction, and"):
        read_predictions(table.assign(vgg=MODEL, resnet=MODEL))
    with pytest.raises(RequestError, match="y_pred stands for classes by their numbers"):
        read_predictions(pd.DataFrame({"file": ["a", "b"], "y_true": [0, 1], "y_pred": [1, 1]}))


@pytest.mark.parametrize(("what", "number"), [("emotion", "probability"), ("label", "score"), ("class", "Percent")])
def test_a_row_a_face_and_class_is_read_as_a_column_a_class(what, number):
    wide = pd.DataFrame({"file": FACES, "split": "val", "true": ["neutral", "fear"]})
    wide[["Neutral", "happy", "Sadness", "surprised", "fear", "disgust", "angry"]] = RIGHT
    long = wide.melt(["file", "split", "true"], var_name=what, value_name=number).sample(frac=1, random_state=0)
    long[number] *= 100 if number == "Percent" else 1
    read = read_predictions(long).set_index("face")
    expected = read_predictions(wide).set_index("face")
    pd.testing.assert_frame_equal(read[expected.columns].loc[FACES], expected.loc[FACES])
    assert read["label"].loc[FACES].tolist() == ["neutral", "fear"]


def test_answers_that_are_no_expression_are_counted_and_a_table_of_them_refused(tmp_path, capsys):
    table = pd.DataFrame({"image": ["a", "b", "c"], "answer": ["happy", "I cannot tell.", "sad"]})
    table.to_csv(tmp_path / "t.csv", index=False)
    assert len(read_predictions(tmp_path / "t.csv")) == 2
    assert "1 rows say no face or unknown, e.g. 'I cannot tell.'" in capsys.readouterr().err
    table.assign(answer=range(3)).to_csv(tmp_path / "n.csv", index=False)
    with pytest.raises(RequestError, match=r"n\.csv: answer stands for classes by their numbers"):
        read_predictions(tmp_path / "n.csv")
    table.assign(answer="a person").to_csv(tmp_path / "u.csv", index=False)
    with pytest.raises(RequestError, match=r"u\.csv has neither a column of probabilities .* there are: image, answer"):
        read_predictions(tmp_path / "u.csv")


def test_numbers_of_three_digits_are_rescaled_as_those_of_two_are(tmp_path, capsys):
    table = pd.DataFrame({"image": FACES, "happy": [0.334, 0.2], "sad": [0.334, 0.3], "fear": [0.333, 0.5]})
    table.to_csv(tmp_path / "t.csv", index=False)
    read = read_predictions(tmp_path / "t.csv")
    assert np.allclose(read[["p_happiness", "p_sadness", "p_fear"]].sum(axis=1), 1, atol=1e-12)
    assert "1 rows sum to 1 within rounding and are rescaled" in capsys.readouterr().err


def test_numbers_that_rounding_does_not_explain_are_refused(tmp_path):
    table = pd.DataFrame({"image": FACES, "happy": [0.5, 0.6], "sad": [0.5, 0.3]})
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(RequestError, match=r"row 2 \(face b\.jpg\) has probabilities that sum to 0\.9 instead of 1"):
        read_predictions(tmp_path / "t.csv")


def test_two_groups_of_columns_are_not_guessed_between(tmp_path):
    table = pd.DataFrame({"image": FACES, "A_happy": 0.5, "A_sad": 0.5, "B_happy": 0.4, "B_sad": 0.6})
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(RequestError, match="do columns like A_happy or B_happy hold the predictions"):
        read_predictions(tmp_path / "t.csv")


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Three tools' tables of 60 faces and the votes of ten people a face, in a folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    truth = random.dirichlet(np.full(7, 0.4), 60)
    faces = [f"{n:03d}.jpg" for n in range(60)]
    deep = pd.DataFrame(100 * (0.6 * truth + 0.4 * random.dirichlet(np.ones(7), 60)), columns=list(OF_DEEPFACE))
    deep.insert(0, "img_path", faces)
    deep.to_csv("deepface.csv", index=False)
    effi = pd.DataFrame(0.9 * truth, columns=list(SEVEN)).assign(Contempt=0.1)
    effi.insert(0, "image", faces)
    effi.to_csv("emotieff.csv", index=False)
    libre = pd.DataFrame({"path": faces, "facial_expression": [SEVEN[k].title() for k in truth.argmax(axis=1)]})
    libre.to_csv("libreface.csv", index=False)
    votes = pd.DataFrame([random.multinomial(10, row) for row in truth], columns=list(SEVEN))
    votes.insert(0, "face", [face.removesuffix(".jpg") for face in faces])
    votes.to_csv("votes.csv", index=False)
    return votes


def test_one_call_holds_several_tools_against_people_and_prior(tools, capsys):
    call = [
        "compare",
        "deepface.csv",
        "emotieff.csv",
        "libreface.csv",
        "votes=votes.csv",
        "bootstrap=20",
        "permutations=20",
    ]
    assert main(call) == 2
    heard = capsys.readouterr().err
    way_out = "classes=[neutral,happiness,sadness,surprise,fear,disgust,anger]"
    assert way_out in heard
    assert main([*call, way_out, "output=out"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("deepface", "emotieff", "libreface", "class prior", "people: half"))
    assert "≥ 24.4" in printed  # raters: emotieff is the truth behind the votes, and nobody can say how near
    configs = pd.read_csv("out-configs.csv")
    assert configs["name"].iloc[-1] == "people: half the raters against the rest"
    # By hand: the distance of DeepFace's shares to the votes, its columns taken by name.
    shares = pd.read_csv("deepface.csv")[list(OF_DEEPFACE)].to_numpy() / 100
    by_hand = np.abs(shares - tools[list(SEVEN)].to_numpy() / 10).sum(axis=1).mean()
    assert configs["l1"].iloc[0] == pytest.approx(by_hand)


def test_votes_of_another_table_are_the_human_side(tools, capsys):
    assert main(["evaluate", "predictions=deepface.csv", "votes=votes.csv", "bootstrap=0", "json=true"]) == 0
    from_file = json.loads(capsys.readouterr().out)["test"]
    beside = pd.read_csv("deepface.csv").join(tools.drop(columns="face").add_prefix("votes_"))
    beside.to_csv("deepface.csv", index=False)
    assert main(["evaluate", "predictions=deepface.csv", "bootstrap=0", "json=true"]) == 0
    from_table = json.loads(capsys.readouterr().out)["test"]
    one, other = (
        {name: row["value"] for name, row in of.items() if row["value"] is not None} for of in (from_file, from_table)
    )
    assert one == pytest.approx(other, rel=1e-12)


def test_single_answers_and_labels_of_another_table_are_taken_too(tools, capsys):
    long = tools.melt("face", var_name="label", value_name="n")
    long = long.loc[long.index.repeat(long["n"])].assign(valence=5, arousal=[n % 9 + 1 for n in range(600)])
    long = long.assign(worker=long.groupby("face").cumcount()).rename(columns={"face": "task"}).drop(columns="n")
    long.to_excel("answers.xlsx", index=False)
    ask = ["predictions=deepface.csv", "bootstrap=0", "json=true"]
    assert main(["evaluate", *ask, "votes=votes.csv"]) == 0
    from_votes = capsys.readouterr().out
    assert main(["evaluate", *ask, "votes=answers.xlsx", "scale=[1,9]"]) == 0
    assert capsys.readouterr().out == from_votes  # a tool without valence is not judged by it
    for more in (["valence", "arousal"], "worker"):  # labels alone, and then nobody in particular's
        long = long.drop(columns=more)
        long.to_csv("answers.csv", index=False)
        assert main(["evaluate", *ask, "votes=answers.csv"]) == 0
        assert capsys.readouterr().out == from_votes
    tools.assign(label=tools[list(SEVEN)].idxmax(axis=1))[["face", "label"]].to_csv("labels.csv", index=False)
    assert main(["evaluate", *ask, "votes=labels.csv"]) == 0
    assert '"accuracy"' in capsys.readouterr().out


def test_people_who_could_not_answer_a_class_and_answers_that_are_not_predicted_are_said(tools, capsys):
    assert main(["evaluate", "predictions=emotieff.csv", "votes=votes.csv", "bootstrap=0"]) == 0
    assert "nobody answered contempt; if that was not to be chosen, judge with classes=[" in capsys.readouterr().err
    tools.assign(contempt=1, unknown=2).to_csv("votes.csv", index=False)
    assert main(["evaluate", "predictions=deepface.csv", "votes=votes.csv", "bootstrap=0"]) == 0
    heard = capsys.readouterr().err
    assert "60 answers 'contempt', which is not predicted, left out" in heard
    assert "120 answers 'unknown' are no class and left out" in heard
