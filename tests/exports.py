"""Fakes of the exports of tools that ask people: headers as the tools write them, three people and four pictures."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

FACES = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
PEOPLE = ["w1", "w2", "w3"]
SAID = {"w1": ["Happy", "Sad", "Angry", "Neutral"], "w2": ["Happy", "Sad", "Fear", "Neutral"],
        "w3": ["Happy", "Angry", "Fear", "Happy"]}  # fmt: skip
COUNTS = {"a.jpg": {"happiness": 3}, "b.jpg": {"sadness": 2, "anger": 1}, "c.jpg": {"anger": 1, "fear": 2},
          "d.jpg": {"neutral": 2, "happiness": 1}}  # fmt: skip
VALENCE = {face: number for number, face in enumerate(FACES, start=1)}


def answers() -> list[tuple[str, str, str, float]]:
    """Person, picture, label, seconds."""
    return [(person, face, SAID[person][n], 1.5 + n) for person in PEOPLE for n, face in enumerate(FACES)]


def columns(names: str) -> list[str]:
    return names.split("|")


def delimited(header: list[str], rows: list[list[object]], sign: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=sign, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def filled(header: list[str], *rows: dict[str, object]) -> list[list[object]]:
    return [[row.get(name, "") for name in header] for row in rows]


def choice(answer: str, **rest: object) -> dict[str, object]:
    return {"value": {"choices": [answer]}, "id": "Dx_aB91ISN", "from_name": "emotion", "to_name": "img",
            "type": "choices", "origin": "manual", **rest}  # fmt: skip


def annotation(number: int, person: int, answer: str, seconds: float, **rest: object) -> dict[str, object]:
    return {
        "id": number,
        "completed_by": person,
        "result": [choice(answer)],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2024-03-09T22:16:08.728353Z",
        "updated_at": "2024-03-09T22:16:08.728378Z",
        "draft_created_at": None,
        "lead_time": seconds,
        "prediction": {},
        "result_count": 1,
        "unique_id": f"u{number}",
        "import_id": None,
        "last_action": None,
        "task": 1,
        "project": 83,
        "parent_prediction": None,
        "parent_annotation": None,
        **rest,
    }


def label_studio(valence: bool = False) -> str:
    tasks = []
    for n, face in enumerate(FACES):
        made = [annotation(100 * n + p, p + 1, SAID[person][n], 1.5 + n) for p, person in enumerate(PEOPLE)]
        for one in made if valence else []:
            one["result"].append({"value": {"rating": VALENCE[face]}, "id": "x", "from_name": "valence",
                "to_name": "img", "type": "rating", "origin": "manual"})  # fmt: skip
        made += [annotation(900 + n, 1, "Fear", 2, was_cancelled=True)] if n == 0 else []
        predictions = [{"id": 7, "model_version": "m1", "score": 0.9, "result": [choice("Fear")]}] if n == 1 else []
        tasks.append(
            {
                "id": n + 1,
                "annotations": made,
                "file_upload": f"1a2b3c4{n}-{face}",
                "drafts": [],
                "predictions": predictions,
                "data": {"image": f"/data/upload/3/1a2b3c4{n}-{face}"},
                "meta": {},
                "created_at": "2024-03-09T21:52:49.513742Z",
                "updated_at": "2024-03-09T22:16:08.746926Z",
                "inner_id": n + 1,
                "total_annotations": 3,
                "cancelled_annotations": 0,
                "total_predictions": 0,
                "comment_count": 0,
                "unresolved_comment_count": 0,
                "last_comment_updated_at": None,
                "project": 83,
                "updated_by": 1,
                "comment_authors": [],
            }
        )
    return json.dumps(tasks)


def label_studio_min() -> str:
    return json.dumps([{"image": f"/data/local-files/?d=faces/{face}", "id": FACES.index(face) + 1,
                      "emotion": answer, "annotator": PEOPLE.index(person) + 1, "annotation_id": n,
                      "created_at": "2024-03-09T22:16:08.728353Z",
                      "updated_at": "2024-03-09T22:16:08.728378Z", "lead_time": seconds} for n, (person,
                      face, answer, seconds) in enumerate(answers())], indent=2)  # fmt: skip


def label_studio_csv() -> str:
    header = columns("annotation_id|annotator|created_at|emotion|id|image|lead_time|updated_at|valence")
    return delimited(header, [[n, f"{person}@example.org", "2024-03-09T22:16:08.728353Z", answer, n,
                     f"https://example.org/faces/{face}", seconds, "2024-03-09T22:16:08.728378Z",
                     json.dumps([{"rating": VALENCE[face]}])] for n, (person, face, answer,
                     seconds) in enumerate(answers())])  # fmt: skip


MTURK = columns(
    "HITId|HITTypeId|Title|Description|Keywords|Reward|CreationTime|MaxAssignments|RequesterAnnotation|AssignmentDurationInSeconds|AutoApprovalDelayInSeconds|Expiration|NumberOfSimilarHITs|LifetimeInSeconds|AssignmentId|WorkerId|AssignmentStatus|AcceptTime|SubmitTime|AutoApprovalTime|ApprovalTime|RejectionTime|RequesterFeedback|WorkTimeInSeconds|LifetimeApprovalRate|Last30DaysApprovalRate|Last7DaysApprovalRate"
)


def assignment(person: str, number: int, **rest: object) -> dict[str, object]:
    return {"HITId": f"3HIT{number}", "Title": "Faces", "Reward": "$0.05", "MaxAssignments": 3,
            "AssignmentId": f"3A{number}{person}", "WorkerId": person, "AssignmentStatus": "Approved",
            "AcceptTime": "Tue Mar 05 07:30:20 PST 2024", "LifetimeApprovalRate": "100% (12/12)", **rest}  # fmt: skip


def mturk() -> str:
    header = [*MTURK, "Input.image_url", "Answer.comment", "Answer.emotion.label", "Approve", "Reject"]
    rows = [assignment(person, FACES.index(face), WorkTimeInSeconds=seconds,
            **{"Input.image_url": f"https://my-bucket.s3.amazonaws.com/faces/{face}",
            "Answer.emotion.label": answer}) for person, face, answer, seconds in answers()]  # fmt: skip
    bad = assignment("bot", 0, AssignmentStatus="Rejected", RejectionTime="Tue Mar 05 09:30:20 PST 2024",
                     **{"Input.image_url": rows[0]["Input.image_url"], "Answer.emotion.label": "Fear"})  # fmt: skip
    return delimited(header, filled(header, *rows, bad))


def mturk_json() -> str:
    header = [*MTURK, "Input.image_url", "Answer.taskAnswers", "Approve", "Reject"]
    words = ["Happy", "Sad", "Angry", "Neutral", "Fear"]
    rows = [assignment(person, FACES.index(face), WorkTimeInSeconds=seconds,
            **{"Input.image_url": f"https://example.org/{face}",
            "Answer.taskAnswers": json.dumps([{"emotion": {word: word == answer for word in words},
            "valence": VALENCE[face]}])}) for person, face, answer, seconds in answers()]  # fmt: skip
    return delimited(header, filled(header, *rows))


def mturk_several() -> str:
    pictures, emotions = [f"Input.image_url{n}" for n in range(1, 5)], [f"Answer.emotion{n}" for n in (1, 10, 2, 3, 4)]
    header = [*MTURK, *pictures, *emotions, "Answer.gender", "Approve", "Reject"]
    rows = [assignment(person, 0, WorkTimeInSeconds=40, **{"Answer.gender": "female"}, **dict(zip(pictures,
            [f"https://example.org/{face}" for face in FACES], strict=True)),
            **{f"Answer.emotion{n + 1}": answer for n, answer in enumerate(SAID[person])})
            for person in PEOPLE]  # fmt: skip
    return delimited(header, filled(header, *rows))


QUALTRICS = columns(
    "StartDate|EndDate|Status|IPAddress|Progress|Duration (in seconds)|Finished|RecordedDate|ResponseId|"
    "RecipientLastName|RecipientFirstName|RecipientEmail|ExternalReference|LocationLatitude|"
    "LocationLongitude|DistributionChannel|UserLanguage"
)  # fmt: skip


def qualtrics(columns: list[str], texts: list[str], cells: Callable[[str], list[object]], numeric: bool = False) -> str:
    header = [*QUALTRICS, "Q1", *columns, "PROLIFIC_PID"]
    words = dict(zip(header, [*QUALTRICS, "Do you agree to take part?", *texts, "PROLIFIC_PID"], strict=True))
    imports = {name: json.dumps({"ImportId": f"QID{n}"}) for n, name in enumerate(header)}

    def person(name: str, said: list[object], status: str, finished: object) -> dict[str, object]:
        about = {"StartDate": "2024-03-05 07:30:20", "EndDate": "2024-03-05 07:41:02", "Status": status,
                 "Progress": 100, "Duration (in seconds)": 642, "Finished": finished,
                 "ResponseId": f"R_{name}", "DistributionChannel": "anonymous", "UserLanguage": "EN",
                 "Q1": 1 if numeric else "Yes", "PROLIFIC_PID": name}  # fmt: skip
        return about | dict(zip(columns, said, strict=True))

    yes, no, real, preview = (1, 0, "0", "1") if numeric else ("True", "False", "IP Address", "Survey Preview")
    people = [person(name, cells(name), real, yes) for name in PEOPLE]
    out = [person("", cells("w1"), preview, yes), person("w9", [*cells("w1")[:1],
           *[""] * (len(columns) - 1)], real, no)]  # fmt: skip
    return delimited(header, filled(header, words, imports, *people, *out))


def qualtrics_wide() -> str:
    texts = [f'What emotion does this face show?\n\n<img src="https://x.qualtrics.com/faces/{face}">' for face in FACES]
    return qualtrics([f"Q{n + 2}" for n in range(4)], texts, lambda name: list(SAID[name]))


def qualtrics_loop() -> str:
    columns = [f"{n + 1}_{name}" for n in range(4) for name in ("Q5", "Q6_1", "Q7_First Click", "Q7_Page Submit")]
    texts = [text for face in FACES for text in (f"{face} - Which emotion?",
             f"{face} - Valence - How pleasant?", "Timing - First Click", "Timing - Page Submit")]  # fmt: skip
    return qualtrics(columns, texts, lambda name: [cell for n, answer in enumerate(SAID[name])
                     for cell in (answer, n + 1, 0.7, 1.5 + n)])  # fmt: skip


def jspsych_rows(html: bool = False) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for person in PEOPLE:
        trials: list[dict[str, object]] = [{"success": True, "timeout": False, "failed_images": [],
                     "failed_audio": [], "failed_video": [], "trial_type": "preload"}, {"rt": 4123,
                     "stimulus": "<p>Welcome!</p>", "response": 0, "trial_type": "html-button-response"},
                     {"rt": 2000, "stimulus": "img/example.jpg", "response": "Fear",
                     "trial_type": "image-button-response", "phase": "practice"}]  # fmt: skip
        for n, face in enumerate(FACES):
            shown = f"<div class='face'><img src=\"img/{face}\" width=300></div>" if html else f"img/{face}"
            trials.append({"rt": 1500 + 1000 * n, "stimulus": shown, "response": SAID[person][n],
                          "phase": "test",
                          "trial_type": "html-button-response" if html else "image-button-response",
                          "emotion": "happy"})  # fmt: skip
        trials.append({"rt": None, "stimulus": "img/e.jpg", "response": None, "phase": "test",
                      "trial_type": "image-button-response"})  # fmt: skip
        rows += [{**trial, "trial_index": n, "plugin_version": "2.0.0", "time_elapsed": 3000 * n,
                 "subject": person} for n, trial in enumerate(trials)]  # fmt: skip
    return rows


def jspsych() -> str:
    return json.dumps(jspsych_rows())


def jspsych_lines() -> str:
    """As JATOS gives results: a line a person, each a list of trials."""
    rows = jspsych_rows()
    return "\n".join(json.dumps([row for row in rows if row["subject"] == person]) for person in PEOPLE) + "\n"


def jspsych_csv() -> str:
    rows = jspsych_rows(html=True)
    names = list(dict.fromkeys(name for row in rows for name in row))

    def cell(value: object) -> str:
        return "" if value == "" else value if isinstance(value, str) else json.dumps(value)

    lines = [",".join('"' + str(cell(row.get(name, ""))).replace('"', '""') + '"' for name in names) for row in rows]
    header = ",".join(f'"{name}"' for name in names)
    return "\n".join([header, *lines[:10], header, *lines[10:]]) + "\n"  # two files put together


def jspsych_nobody() -> str:
    """Answers as survey plugins give them, and nobody's name."""
    rows = [{name: cell for name, cell in row.items() if name not in ("subject", "plugin_version")}
            for row in jspsych_rows()]  # fmt: skip
    for row in rows:
        if isinstance(row.get("response"), str):
            row["response"] = {"emotion": row["response"],
                "valence": VALENCE.get(str(row["stimulus"]).split("/")[-1], 1)}  # fmt: skip
    return json.dumps({"trials": rows})


def toloka() -> str:
    header = columns(
        "INPUT:image|OUTPUT:result|GOLDEN:result|HINT:text|HINT:default_language|ASSIGNMENT:link|"
        "ASSIGNMENT:task_id|ASSIGNMENT:assignment_id|ASSIGNMENT:task_suite_id|ASSIGNMENT:worker_id|"
        "ASSIGNMENT:status|ASSIGNMENT:started|ASSIGNMENT:submitted|ASSIGNMENT:accepted|ASSIGNMENT:reward"
    )  # fmt: skip
    rows: list[dict[str, object]] = []
    for n, (person, face, answer, _) in enumerate(answers()):
        rows.append(
            {
                "INPUT:image": f"https://example.org/faces/{face}",
                "OUTPUT:result": answer.lower(),
                "GOLDEN:result": "happy" if face == "a.jpg" else "",
                "ASSIGNMENT:task_id": f"t{n}",
                "ASSIGNMENT:assignment_id": f"as-{person}",
                "ASSIGNMENT:worker_id": person,
                "ASSIGNMENT:status": "APPROVED",
                "ASSIGNMENT:started": "2024-03-05T07:30:20.123",
                "ASSIGNMENT:submitted": "2024-03-05T07:31:20.123",
                "ASSIGNMENT:reward": "0.01",
            }
        )
        rows += [{}] if face == "d.jpg" else []  # an empty row between task suites
    rows.append({**rows[0], "ASSIGNMENT:worker_id": "w8", "ASSIGNMENT:status": "REJECTED"})
    rows.append({**rows[0], "ASSIGNMENT:worker_id": "w9", "HINT:text": "Look at the mouth", "OUTPUT:result": "fear"})
    return delimited(header, filled(header, *rows), "\t")


GORILLA = columns(
    "Event Index|UTC Timestamp|UTC Date|Local Timestamp|Local Timezone|Local Date|Experiment ID|"
    "Experiment Version|Tree Node Key|Repeat Key|Schedule ID|Participant Public ID|"
    "Participant Private ID|Participant Starting Group|Participant Status|Participant Completion Code|"
    "Participant External Session ID|Participant Device Type|Participant Device|Participant OS|"
    "Participant Browser|Participant Monitor Size|Participant Viewport Size|Checkpoint|Task Name|"
    "Task Version|checkpoint-eqdz|Spreadsheet Name|Spreadsheet Row|Trial Number|Screen Number|"
    "Screen Name|Zone Name|Zone Type|Reaction Time|Response|Attempt|Correct|Incorrect|Dishonest|"
    "X Coordinate|Y Coordinate|Timed Out|randomise_blocks|randomise_trials|display|ANSWER"
)


def gorilla() -> str:
    header = [*GORILLA, "image"]
    rows: list[dict[str, object]] = []
    for person in PEOPLE:
        about = {"Experiment ID": 4424, "Participant Private ID": person,
                 "Participant Public ID": f"p{person}", "Participant Status": "complete",
                 "Task Name": "Faces", "Spreadsheet Name": "faces"}  # fmt: skip
        rows += [{**about, "Trial Number": "BEGIN TASK"}, {**about, "Screen Name": "Screen 1",
                 "Zone Type": "continue_button", "Reaction Time": 9481, "display": "instructions"},
                 {**about, "Screen Name": "Screen 1", "Zone Name": "buttonA",
                 "Zone Type": "response_button_text", "Response": "Fear", "Reaction Time": 900,
                 "display": "practice", "image": "example.jpg"}]  # fmt: skip
        for n, face in enumerate(FACES):
            trial = {**about, "Trial Number": n + 1, "Screen Name": "Screen 2", "display": "trial",
                     "image": face, "ANSWER": "happy"}  # fmt: skip
            rows += [{**trial, "Zone Name": "Zone1", "Zone Type": "content_image", "Reaction Time": 3},
                     {**trial, "Zone Name": f"button{n}", "Zone Type": "response_button_text",
                     "Response": SAID[person][n], "Reaction Time": 1500 + 1000 * n, "Attempt": 1}]  # fmt: skip
        rows.append({**about, "Trial Number": "END TASK", "Reaction Time": 98103})
    for n, row in enumerate(rows):
        row["Event Index"] = n + 1
    return delimited(header, filled(header, *rows)) + "END OF FILE,,,,,,\n"


def gorilla_two() -> str:
    """As Task Builder 2 writes it, with a slider on a second screen."""
    names = columns(
        "Display|Screen|Response|Response Type|Reaction Time|Response Duration|Component Name|Object Name|"
        "Object Number|Tag|Absolute Reaction Time|Spreadsheet: display|Spreadsheet: image"
    )  # fmt: skip
    header = [*(name.replace("UTC Date", "UTC Date and Time") for name in GORILLA[:27]), "Trial Number", *names]
    rows: list[dict[str, object]] = []
    for person, face, answer, seconds in answers():
        trial = {"Event Index": len(rows) + 1, "Participant Private ID": person, "Task Name": "Faces",
                 "Display": "Trial", "Spreadsheet: display": "Trial", "Spreadsheet: image": face}  # fmt: skip
        rows += [
            {
                **trial,
                "Screen": "Emotion",
                "Object Name": "Multiple Choice",
                "Response": answer,
                "Response Type": "action",
                "Reaction Time": 600,
            },
            {
                **trial,
                "Screen": "Emotion",
                "Object Name": "Multiple Choice",
                "Response": answer,
                "Response Type": "response",
                "Reaction Time": seconds * 1000,
            },
            {
                **trial,
                "Screen": "Valence",
                "Object Name": "Slider",
                "Response": VALENCE[face],
                "Response Type": "response",
                "Reaction Time": 800,
            },
        ]
    return delimited(header, filled(header, *rows)) + "END OF FILE" + "," * (len(header) - 1) + "\n"


def psychopy() -> str:
    header = columns(
        "practice.thisRepN|practice.thisN|trials.thisRepN|trials.thisTrialN|trials.thisN|trials.thisIndex|"
        "image|corrAns|mouse.clicked_name|mouse.time|button.rt|valence.response|participant|session|date|"
        "expName|psychopyVersion|frameRate"
    )  # fmt: skip
    rows: list[dict[str, object]] = []
    for person in PEOPLE:
        about = {"participant": person, "session": "001", "expName": "faces", "psychopyVersion": "2024.1.5",
                 "frameRate": 60.01}  # fmt: skip
        rows += [about, {**about, "practice.thisRepN": 0, "practice.thisN": 0,
                 "image": "stimuli/example.jpg", "mouse.clicked_name": "['Fear']"}]  # fmt: skip
        rows += [{**about, "trials.thisRepN": 0, "trials.thisN": n, "image": f"stimuli/{face}",
                 "corrAns": "happy", "mouse.clicked_name": f"['{SAID[person][n]}']", "button.rt": 1.5 + n,
                 "valence.response": VALENCE[face]} for n, face in enumerate(FACES)]  # fmt: skip
    return delimited([*header, ""], filled([*header, ""], *rows))


def google_forms() -> str:
    return delimited(["Timestamp", *(f"What emotion does this face show? [{face}]" for face in FACES),
                     "How old are you?"], [["2024/03/05 7:30:20 AM GMT+1", *SAID[person], 30]
                     for person in PEOPLE])  # fmt: skip


def sosci() -> str:
    header = ["CASE", "SERIAL", "REF", "QUESTNNR", "MODE", "STARTED", *(f"E10{n}" for n in range(1, 5)),
              "TIME001", "TIME_SUM", "LASTDATA", "FINISHED", "Q_VIEWER", "LASTPAGE", "MAXPAGE"]  # fmt: skip
    words = dict.fromkeys(header, "x") | {f"E10{n + 1}": f"Welches Gefühl zeigt das Gesicht? {face}" for n,
                          face in enumerate(FACES)}  # fmt: skip
    german = {"Happy": "Freude", "Sad": "Trauer", "Angry": "Ärger", "Fear": "Angst", "Neutral": "neutral"}

    def person(number: int, name: str, **rest: object) -> dict[str, object]:
        about = {"CASE": 20 + number, "REF": name, "QUESTNNR": "base", "MODE": "interview",
                 "STARTED": "2024-03-05 07:30:20", "FINISHED": 1, **rest}  # fmt: skip
        return about | {f"E10{n + 1}": german[answer] for n, answer in enumerate(SAID[PEOPLE[number % 3]])}

    rows = [*(person(n, name) for n, name in enumerate(PEOPLE)), person(3, "t", MODE="pretest"), person(4,
            "u", FINISHED=0)]  # fmt: skip
    return delimited(header, filled(header, words, *rows), ";")


def limesurvey() -> str:
    header = ["id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp",
              *(f"faces[{face}]" for face in FACES)]  # fmt: skip
    about = ["2024-03-05 07:41:02", 5, "en", 1234, "2024-03-05 07:30:20", "2024-03-05 07:41:02"]
    rows: list[list[object]] = [[n + 1, *about, *SAID[person]] for n, person in enumerate(PEOPLE)]
    return delimited(header, [*rows, [9, "", 2, *about[2:], "Fear", "", "", ""]])


def labelbox() -> str:
    lines = []
    for n, face in enumerate(FACES):
        labels = [
            {
                "label_kind": "Default",
                "version": "1.0.0",
                "id": f"cl{n}{person}",
                "label_details": {"created_at": "2024-03-05T07:30:20.000+00:00", "created_by": f"{person}@example.org"},
                "performance_details": {"seconds_to_create": 1.5 + n, "seconds_to_review": 0},
                "annotations": {
                    "objects": [],
                    "relationships": [],
                    "classifications": [
                        {
                            "feature_id": "f",
                            "feature_schema_id": "s",
                            "name": "Emotion",
                            "value": "emotion",
                            "radio_answer": {
                                "feature_id": "f",
                                "feature_schema_id": "s",
                                "name": SAID[person][n],
                                "value": SAID[person][n].lower(),
                                "classifications": [],
                            },
                        }
                    ],
                },
            }
            for person in PEOPLE
        ]
        lines.append(json.dumps({"data_row": {"id": f"clf{n}", "external_id": face,
                     "row_data": f"https://example.org/{face}"}, "media_attributes": {"height": 48,
                     "width": 48, "mime_type": "image/jpeg"}, "attachments": [],
                     "projects": {"cltd3vk": {"name": "Faces", "labels": labels}}}))  # fmt: skip
    return "\n".join(lines) + "\n"


def doccano() -> str:
    return "\n".join(
        json.dumps({"id": n, "image": f"media/{face}", "annotations": [
            {"id": 10 * n + p, "label": SAID[person][n], "user": p} for p, person in enumerate(PEOPLE)
        ], "meta": {}, "annotation_approver": None}) for n, face in enumerate(FACES)
    )  # fmt: skip


def microsoft_forms() -> str:
    header = ["ID", "Start time", "Completion time", "Email", "Name", *(f"What does {face} show?"
              for face in FACES), "Age"]  # fmt: skip
    rows = [[n, "3/5/24 7:30:20", "3/5/24 7:41:02", "anonymous", "", *SAID[person], 30] for n,
            person in enumerate(PEOPLE)]  # fmt: skip
    return delimited(header, rows)


def surveymonkey() -> str:
    about = columns(
        "Respondent ID|Collector ID|Start Date|End Date|IP Address|Email Address|First Name|Last Name|"
        "Custom Data 1"
    )  # fmt: skip
    below = [*[""] * 9, *["Response"] * 4]
    rows = [[118 + n, 4, "03/05/2024 07:30:20", "03/05/2024 07:41:02", *[""] * 5, *SAID[person]] for n,
            person in enumerate(PEOPLE)]  # fmt: skip
    return delimited([*about, *(f"{face}: what does it show?" for face in FACES)], [below, *rows])


def opensesame() -> str:
    header = columns(
        "acc|correct|count_keyboard_response|datetime|image|opensesame_version|practice|response|"
        "response_time|subject_nr"
    )  # fmt: skip
    rows: list[dict[str, object]] = [{"image": face, "practice": "no", "response": answer.lower(),
               "response_time": seconds * 1000, "subject_nr": person} for person, face, answer,
               seconds in answers()]  # fmt: skip
    return delimited(header, filled(header, {**rows[0], "practice": "yes", "image": "e.jpg"}, *rows))


def inquisit() -> str:
    header = columns("date|time|subject|group|blockcode|trialnum|trialcode|stimulusitem1|response|correct|latency")
    rows: list[dict[str, object]] = [
        {"subject": person, "blockcode": "test", "trialcode": "face", "stimulusitem1": face, "response": answer,
         "latency": seconds * 1000} for person, face, answer, seconds in answers()
    ]  # fmt: skip
    return delimited(header, filled(header, {**rows[0], "blockcode": "practice"}, *rows), "\t")


def eprime() -> str:
    header = columns(
        "ExperimentName|Subject|Session|Block|Trial|Procedure[Block]|Stimulus|Target.ACC|Target.RESP|Target.RT"
    )
    rows: list[dict[str, object]] = [
        {"ExperimentName": "faces", "Subject": person, "Session": 1, "Procedure[Block]": "main", "Stimulus": face,
         "Target.RESP": answer, "Target.RT": seconds * 1000} for person, face, answer, seconds in answers()
    ]  # fmt: skip
    return delimited(header, filled(header, {**rows[0], "Procedure[Block]": "PracticeProc"}, *rows), "\t")


def appen() -> str:
    header = columns(
        "_unit_id|_created_at|_golden|_id|_missed|_started_at|_tainted|_channel|_trust|_worker_id|_country|_region|_city|"
        "_ip|what_does_it_show|image_url|what_does_it_show_gold"
    )  # fmt: skip
    rows: list[dict[str, object]] = [
        {"_unit_id": FACES.index(face) + 700, "_golden": str(face == "a.jpg").lower(), "_tainted": "false",
         "_channel": "elite", "_trust": 0.9, "_worker_id": person, "_country": "DEU", "what_does_it_show": answer,
         "image_url": f"https://example.org/faces/{face}?v=1",
         "what_does_it_show_gold": "Happy" if face == "a.jpg" else ""} for person, face, answer, _ in answers()
    ]  # fmt: skip
    return delimited(header, filled(header, *rows, {**rows[0], "_worker_id": "w9", "_tainted": "true"}))


def prodigy() -> str:
    options = [{"id": word.lower(), "text": word} for word in ("Happy", "Sad", "Angry", "Fear", "Neutral")]
    rows: list[dict[str, object]] = [
        {"image": "data:image/jpeg;base64,/9j/4AAQ", "path": f"faces/{face}", "options": options, "_input_hash": 4,
         "_task_hash": 5, "_view_id": "choice", "config": {"choice_style": "single"}, "accept": [answer.lower()],
         "answer": "accept", "_timestamp": 1700000000, "_annotator_id": f"emotions-{person}",
         "_session_id": f"emotions-{person}"} for person, face, answer, _ in answers()
    ]  # fmt: skip
    ignored = {**rows[0], "_annotator_id": "emotions-w9", "accept": [], "answer": "ignore"}
    return "\n".join(map(json.dumps, [*rows, ignored]))


def sagemaker() -> str:
    """What a task of annotation consolidation is given."""
    said = {face: [(person, answer) for person, one, answer, _ in answers() if one == face] for face in FACES}
    return json.dumps([
        {"datasetObjectId": str(n), "dataObject": {"s3Uri": f"s3://bucket/faces/{face}"}, "annotations": [
            {"workerId": person, "annotationData": {"content": json.dumps({"emotion": {"label": answer.lower()}})}}
            for person, answer in said[face]
        ]} for n, face in enumerate(FACES)
    ])  # fmt: skip


def labjs() -> str:
    header = columns(
        "observation|sender|sender_type|sender_id|timestamp|meta|duration|ended_on|response|image|correctResponse|correct|"
        "time_run|time_render|time_show|time_end|time_commit|time_switch"
    )  # fmt: skip
    rows: list[dict[str, object]] = []
    for person in PEOPLE:
        same = {"observation": person, "sender_type": "html.Screen"}
        rows.append(
            {**same, "sender": "Instructions", "response": "continue", "ended_on": "response", "duration": 3021}
        )
        rows += [
            {**same, "sender": "Face", "image": face, "response": answer.lower(), "ended_on": "response",
             "duration": seconds * 1000} for who, face, answer, seconds in answers() if who == person
        ]  # fmt: skip
        rows.append({**same, "sender": "Thanks", "ended_on": "timeout", "duration": 1000})
    return delimited(header, filled(header, *rows))


def zooniverse(tasks: int = 1) -> str:
    """A classification a row; with two tasks, valence is asked, too."""
    header = columns(
        "classification_id|user_name|user_id|user_ip|workflow_id|workflow_name|workflow_version|created_at|gold_standard|"
        "expert|metadata|annotations|subject_data|subject_ids"
    )  # fmt: skip
    rows: list[dict[str, object]] = []
    for number, (person, face, answer, _) in enumerate(answers()):
        asked = [{"task": "T0", "task_label": "Which emotion does this face show?", "value": answer},
                 {"task": "T1", "task_label": "How pleasant is it (1-9)?", "value": number % 9 + 1}]  # fmt: skip
        subject = str(7000 + FACES.index(face))
        rows.append({"classification_id": 400 + number, "user_name": person, "user_ip": "0f3a", "workflow_id": 12,
                     "workflow_name": "Faces", "workflow_version": "3.4", "created_at": "2026-05-01 10:00:00 UTC",
                     "metadata": json.dumps({"session": "ab", "viewport": {"width": 1200}}),
                     "annotations": json.dumps(asked[:tasks]), "subject_ids": subject,
                     "subject_data": json.dumps({subject: {"retired": None, "Filename": face}})})  # fmt: skip
    return delimited(header, filled(header, *rows))


EXPORTS: dict[str, tuple[str, Callable[[], str]]] = {
    "Label Studio": ("label-studio.json", label_studio),
    "Label Studio, with ratings": ("label-studio-ratings.json", lambda: label_studio(valence=True)),
    "Label Studio, JSON-MIN": ("label-studio-min.json", label_studio_min),
    "Label Studio, CSV": ("label-studio.csv", label_studio_csv),
    "MTurk": ("Batch_1_batch_results.csv", mturk),
    "MTurk, answers in JSON": ("Batch_2_batch_results.csv", mturk_json),
    "MTurk, several pictures a HIT": ("Batch_3_batch_results.csv", mturk_several),
    "Qualtrics, a column a picture": ("qualtrics.csv", qualtrics_wide),
    "Qualtrics, loop and merge": ("qualtrics-loop.csv", qualtrics_loop),
    "jsPsych, JSON": ("jspsych.json", jspsych),
    "jsPsych, a line a person": ("jatos.txt", jspsych_lines),
    "jsPsych, CSV": ("jspsych.csv", jspsych_csv),
    "jsPsych, without ids": ("jspsych-nobody.json", jspsych_nobody),
    "Toloka": ("assignments.tsv", toloka),
    "Gorilla": ("data_exp_1-v1_task-a.csv", gorilla),
    "Gorilla, Task Builder 2": ("data_exp_1-v2_task-a.csv", gorilla_two),
    "PsychoPy": ("psychopy.csv", psychopy),
    "Google Forms": ("forms.csv", google_forms),
    "SoSci Survey": ("sosci.csv", sosci),
    "LimeSurvey": ("limesurvey.csv", limesurvey),
    "doccano": ("all.jsonl", doccano),
    "Microsoft Forms": ("microsoft-forms.csv", microsoft_forms),
    "SurveyMonkey": ("surveymonkey.csv", surveymonkey),
    "OpenSesame": ("opensesame.csv", opensesame),
    "Inquisit": ("inquisit.iqdat", inquisit),
    "E-Prime": ("eprime.txt", eprime),
    "Appen": ("appen.csv", appen),
    "Labelbox": ("labelbox.ndjson", labelbox),
    "lab.js": ("labjs.csv", labjs),
    "Prodigy": ("prodigy.jsonl", prodigy),
    "SageMaker": ("consolidation.json", sagemaker),
    "Zooniverse": ("classifications.csv", zooniverse),
    "Zooniverse, two questions": ("classifications-2.csv", lambda: zooniverse(tasks=2)),
}


def written(folder: Path, name: str) -> str:
    """A fake of an export in a folder, and its file."""
    file, make = EXPORTS[name]
    (folder / file).write_text(make(), encoding="utf-8")
    return str(folder / file)
