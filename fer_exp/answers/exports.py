"""The exports of tools that ask people: how each is told, which column means what, which rows are no answers.

Names are regular expressions that match a whole name in any case; of several the first that finds a column counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from fer_exp.answers.words import ASKED, NO, OF_EXPERIMENTS, SOMEBODY


class Left(NamedTuple):
    """Rows that do not count: a cell of one of the ``columns`` matches, or with ``empty`` none of them has one."""

    columns: str
    cells: str
    words: str
    empty: bool = False


class Export(NamedTuple):
    """What is special about a tool's export.

    Attributes:
        name: of the tool.
        marks: columns that must all be there.
        task: columns that may name the picture; any other that holds names of pictures is taken where none does.
        worker: columns of persons; without any, rows are persons (``wide``), or files and blocks of trials.
        label: columns that may hold the answer, beside those that hold nothing but expressions where ``found``.
        left: rows that do not count.
        about: columns that say nothing of a face; they are neither looked at nor listed as not used.
        seconds: columns of the time of one answer, of which ``unit`` are a second.
        per_page: whether that time is of all pictures of a page.
        question: columns that name the question of a row, where an answer has several rows.
        asks: whether every row is the answer to one of several questions.
        json: columns whose cells hold several answers as JSON.
        wide: whether a row is a person, with a column a picture.
        gold: columns of the true label.
        found: whether a column is taken for the answer by what is in it; not where pictures' own emotions stand there.
        begins: a column of numbers that begins anew with each person, where no column names persons.
    """

    name: str
    marks: tuple[str, ...]
    task: tuple[str, ...] = ()
    worker: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    about: str = ""
    seconds: tuple[str, ...] = ()
    unit: float = 1.0
    per_page: bool = False
    question: tuple[str, ...] = ()
    asks: bool = False
    json: str = ""
    wide: bool = False
    gold: tuple[str, ...] = ()
    found: bool = True
    begins: str = ""


NAMES = r"(.*[.:_ ])?({})([_ ]?(url|file|name|path|src|id))*"
FACE = tuple(NAMES.format(word) for word in ("image|picture|photo(graph)?|img|pic|face", "stimulus|stim|item|file|url"))
ANSWER = (
    r"(.*[.:_ ])?(emotion|expression|label|category|choice|answer|response|result|rating)s?([_ ]?(label|text|name))?",
)
PRACTICE = r".*(practi[cs]e|training|warm[ _-]?up|example|instruction|consent|welcome|debrief|attention|catch).*"

PART = (
    r"(.*[ :._])?(phase|part|stage|block|block_?name|task|task_?name|section|screen|display|trial_?(id|part|category|"
    r"phase|name)|test_?part|exp_?stage)"
)
"""Columns that name a part of an experiment."""

STAMP = (
    "Timestamp|Zeitstempel|Horodateur|Marca temporal|Informazioni cronologiche|Tijdstempel|Carimbo de data/hora|"
    "タイムスタンプ|时间戳记|時間戳記"
)
"""Google's first column."""

EXPORTS = (
    Export(
        "Label Studio", (r"annotations\.(completed_by.*|id)", r"data\..*|annotations\.result\..*"),
        task=(*(rf"data\.{word}" for word in FACE), r"data\..*", "file_upload"),
        worker=(r"annotations\.completed_by(\.email|\.id)?", r"annotations\.completed_by\..*"),
        label=(r"annotations\.result\.value(\.choices)?", r"annotations\.result\.value\.\w+"),
        left=(
            Left(r"annotations\.was_cancelled", "true", "rows of skipped annotations"),
            Left(r"annotations\.id", "", "rows of predictions, or without an annotation", empty=True),
        ),
        about=r"id|inner_id|(.*_)?(at|ids?|agreement|count|reviewers)|project|updated_by|meta|file_upload|total_.*|cancelled_.*|"
        r"comment.*|unresolved.*|last_.*|drafts|predictions.*|avg_lead_time|draft_.*|"
        r"annotations\.(?!result\.value|completed_by).*|annotations\.result\.(?!value).*",
        seconds=(r"annotations\.lead_time",), question=(r"annotations\.result\.from_name",), asks=True,
    ),
    Export(
        "Label Studio", ("annotator", "annotation_id", "lead_time"),
        task=FACE, worker=("annotator",), label=ANSWER,
        about=r"id|annotation_id|(created|updated)_at|agreement|history", seconds=("lead_time",),
    ),
    Export(
        "Labelbox", (r"data_row\..*", r"projects\.labels\..*"),
        task=(r"data_row\.external_id", r"data_row\.global_key", r"data_row\.row_data"),
        worker=(r"projects\.labels\.label_details\.created_by",),
        label=(r".*\.radio_answer\.(name|value)", r".*\.(checklist_answers|text_answer.*)"),
        about=r"data_row\..*|media_attributes.*|attachments|metadata_fields|projects\.(?!labels\.(annot|perf)).*|"
        r".*(feature_id|feature_schema_id|\.value|classifications\.name|objects|relationships|embeddings.*|total_seconds|seconds_to_review)",
        seconds=(r".*\.seconds_to_create", r".*performance_details\..*create.*"),
        question=(r"projects\.labels\.annotations\.classifications\.name",), asks=True,
    ),
    Export(
        "doccano", (r"annotations\.label", r"annotations\.user"),
        task=(*FACE, "text"), worker=(r"annotations\.user",), label=(r"annotations\.label",),
        about=r"id|meta.*|annotation_approver|annotations\.(id|created_at|updated_at|prob|manual|.*_offset|example)|"
        r"comments|Comments",
    ),
    Export(
        "Prodigy", ("answer", "accept", r"options|_input_hash|_view_id"),
        task=("path", r"meta\.(file|path|source|image|name).*", *FACE, "text"),
        worker=("_annotator_id", "_session_id"), label=("accept",),
        left=(Left("answer", "reject|ignore", "answers that were rejected or ignored"),),
        about=r"_.*|answer|options|config.*|meta\..*|width|height|spans|priority|score|html|style",
    ),
    Export(
        "SageMaker", (r"dataObject\.s3Uri", r"annotations\.workerId"),
        task=(r"dataObject\.s3Uri",), worker=(r"annotations\.workerId",),
        label=(r"annotations\.annotationData\.content\..*label.*", r"annotations\.annotationData\.content\..*"),
        about=r"datasetObjectId|consolidatedAnnotation.*|dataObject\..*", json=r"annotations\.annotationData\.content",
    ),
    Export(
        "SageMaker", ("source-ref", r".*-metadata\.class-name"),
        task=("source-ref",), label=(r".*-metadata\.class-name",), about=r".*-metadata\..*",
    ),
    Export(
        "MTurk", ("HITId", "WorkerId", r"Input\..*|Answer\..*"),
        task=(*(rf"Input\.{word}" for word in FACE), r"Input\..*"),
        worker=("WorkerId",), label=(*(rf"Answer\.{word}" for word in ANSWER), r"Answer\..*"),
        left=(
            Left("AssignmentStatus", "rejected", "rejected assignments"),
            Left("Reject|RejectionTime", r".+", "rejected assignments"),
        ),
        about=r"HIT.*|Title|Description|Keywords|Reward|\w*Time\w*|MaxAssignments|RequesterAnnotation|\w+InSeconds|"
        r"Expiration|NumberOf\w+|Assignment\w+|RequesterFeedback|\w+ApprovalRate|Approve|Reject|Turkle.*",
        seconds=("WorkTimeInSeconds",), per_page=True, json=r"Answer\.taskAnswers",
    ),
    Export(
        "Toloka", (r"INPUT:.*", r"ASSIGNMENT:worker_id"),
        task=(*(rf"INPUT:{word}" for word in FACE), r"INPUT:.*"),
        worker=("ASSIGNMENT:worker_id",), label=(*(rf"OUTPUT:{word}" for word in ANSWER), r"OUTPUT:.*"),
        left=(
            Left("ASSIGNMENT:status", "rejected|skipped|expired|active", "assignments rejected or not finished"),
            Left(r"HINT:.*", r".+", "training tasks"),
        ),
        about=r"ASSIGNMENT:.*|HINT:.*|TASK:.*", gold=(r"GOLDEN:result", r"GOLDEN:.*"),
    ),
    Export(
        "Toloka", (r"INPUT:.*", r"OUTPUT:.*", r"CONFIDENCE:.*"),
        task=(*(rf"INPUT:{word}" for word in FACE), r"INPUT:.*"),
        label=(*(rf"OUTPUT:{word}" for word in ANSWER), r"OUTPUT:.*"),
        about=r"CONFIDENCE:.*|HINT:.*|TASK:.*",
    ),
    Export(
        "Gorilla", ("Event Index", "Participant Private ID"),
        task=tuple(rf"(Spreadsheet: ?)?{word}" for word in FACE),
        worker=("Participant Private ID",), label=("Response",),
        left=(
            Left("Event Index", "END OF FILE", "rows END OF FILE"),
            Left("Participant Status", "rejected|excluded", "rows of rejected participants"),
            Left(r"(Spreadsheet: ?)?display|Screen( Name)?|Task Name", PRACTICE, "practice and instruction screens"),
            Left("Zone Type", r"(?!response).*", "screens without a response"),
            Left("Response Type", r"(?!response).*", "screens without a response"),
            Left("Response", "", "screens without a response", empty=True),
        ),
        about=r"(Event|UTC|Local|Experiment|Participant|Room|Task|Trial|Screen|Zone|Component|Object|Absolute) .*|"
        r"Tree Node Key|Repeat Key|Schedule ID|Checkpoint|(checkpoint|branch|randomiser|order|quota)-.*|Spreadsheet|"
        r"Spreadsheet (Name|Row)|Screen|Attempt|(In)?correct|Dishonest|[XY] Coordinate|Timed Out|Display|Tag|Key|"
        r"(Spreadsheet: ?)?(randomise_.*|display)|Response (Type|Duration)|Proportion|Clock|Store:.*|Embedded.*",
        seconds=("Reaction Time",), unit=1000.0,
        question=("Zone Name", "Object Name", "Screen( Name)?", "Tag", r"(Spreadsheet: ?)?(question|scale|measure)"),
        found=False,
    ),
    Export(
        "jsPsych", ("trial_type", "trial_index", "time_elapsed"),
        task=("stimulus", *FACE), worker=(*OF_EXPERIMENTS, "name"),
        label=(
            r"(response|answer|choice|chosen|selected|button)s?[_. ]?(label|text|name|emotion|expression|category)",
            r"(chosen|selected|picked|given)[_ ].*", r"responses?(\..*)?", "button_pressed", "key_press",
            "(answer|choice|rating|slider_response)", r"(valence|arousal|intensity) \(\d+-\d+\)",
        ),
        left=(
            Left(r"is_?practice|practice", "true|1|yes", "practice trials"),
            Left(r"(is_?)?repeat(ed)?", "true", "faces shown a second time"),
            Left(r"screened_?out", "true", "answers of persons who were screened out"),
            Left(PART, PRACTICE, "practice, instruction and attention trials"),
            Left("trial_type", r"instructions|preload|fullscreen|call-function|browser-check|survey-text|external-html|"
                 r"(virtual-)?chinrest|initialize-.*", "trials without a question about a face"),
        ),
        about=r"trial_type|trial_index|time_elapsed|internal_node_id|plugin_version|success|timeout|failed_.*|view_history|"
        r"jspsych_.*|accuracy|question_order|.*_node_id|rt|version|recorded_at|source_code_version|ip|user_agent|device|"
        r"browser.*|platform.*|referer|rt_all|shown_at|left_page|trial|language|.*_date|condition|slider_start|"
            r"stimulus_?(type|duration)|trial_?(num|number)",
        seconds=("rt",), unit=1000.0, json=r"response|responses", found=False, begins="trial_index",
        question=(r"question|measure|scale|dimension|rating_?type|task|task_?name|trial_?(name|id|part)|phase|block|name|type",),
    ),
    Export(
        "PsychoPy", (r".*\.thisRepN|.*\.thisN", r"psychopyVersion|expName|frameRate|participant"),
        task=FACE, worker=OF_EXPERIMENTS,
        label=(r".*\.clicked_name", r".*\.response", r".*\.keys", r".*\.text"),
        left=(Left(r".*(practi[cs]e|training|example).*\.thisN", r".+", "practice trials"),),
        about=r".*\.(this\w+|ran|order|started|stopped|x|y|time|corr|duration|numClicks|timesOn|timesOff|leftButton|midButton|"
        r"rightButton|clicked_\w+|history)|date|expName|expStart|psychopyVersion|frameRate|OS|session|notes|corrAns|"
        r"thisRow\.t|(total)?Experiment.*",
        seconds=(r".*\.rt",), found=False,
    ),
    Export(
        "OpenSesame", ("subject_nr", "response", "count_.*|datetime|opensesame_version|experiment_file"),
        task=FACE, worker=("subject_nr", *OF_EXPERIMENTS), label=("response",),
        left=(Left(r"practice|is_practice", "1|true|yes", "practice trials"), Left(PART, PRACTICE, "practice trials")),
        about=r"(acc|accuracy|avg_rt|average_response_time|average_correct|bidi|canvas_backend|clock_backend|color_backend|"
        r"compensation|coordinates|correct|count_.*|datetime|description|disable_.*|empty_column|experiment_.*|font_.*|"
        r"form_clicks|foreground|background|fullscreen|height|width|keyboard_backend|live_row.*|logfile|mouse_backend|"
        r"opensesame_.*|repeat_cycle|response_time.*|response_.*|round_decimals|rt|sampler_backend|sound_.*|start|subject_.*|"
        r"time_.*|title|total_.*|uniform_coordinates|correct_.*)",
        seconds=("response_time", "rt"), unit=1000.0, found=False,
    ),
    Export(
        "lab.js", ("sender", "sender_type", "sender_id"),
        task=FACE, worker=("observation", *OF_EXPERIMENTS), label=("response",),
        left=(
            Left("sender|sender_id", PRACTICE, "practice, instruction and attention screens"),
            Left("ended_on", "timeout|skipped|end of data|.*loop.*|.*items.*", "screens without a response"),
            Left("response", "", "screens without a response", empty=True),
        ),
        about=r"sender(_\w+)?|timestamp|meta|url|(response|screen)_\w+|ended_on|duration|time_\w+|correct(Response)?|observation",
        seconds=("duration",), unit=1000.0, found=False, question=("sender",),
    ),
    Export(
        "Zooniverse", ("classification_id", "annotations", "subject_data"),
        task=(r"subject_data\..*(file|image|picture|name|url).*",), worker=("user_name",),
        label=(r"annotations(\.\w+)?\.value",),
        about=r"(classification|user|workflow)_.*|created_at|gold_standard|expert|metadata.*|subject_(?!data\.).*|"
        r"annotations.*\.(task(_label)?|taskType|markIndex)|subject_data\.(retired.*|#.*)",
        json="annotations|subject_data",
    ),
    Export(
        "Inquisit", ("blockcode", "trialcode", "latency"),
        task=(r"stimulusitem\d*", "picture", *FACE), worker=("subject(id)?", *OF_EXPERIMENTS), label=("response",),
        left=(Left("blockcode|trialcode", PRACTICE, "practice and instruction trials"),),
        about=r"date|time|group|sessionid|build|computer.*|block.*|trial.*|latency|correct|values\..*|list\..*|"
        r"stimulusnumber\d*|subject(id)?|session|expressions\..*",
        seconds=("latency",), unit=1000.0, found=False, question=("trialcode", "blockcode"),
    ),
    Export(
        "E-Prime", ("ExperimentName", "Subject", r".*\.RESP"),
        task=FACE, worker=("Subject",), label=(r".*\.RESP",),
        left=(Left(r"(Procedure|Running|Block).*", PRACTICE, "practice trials"),),
        about=r"ExperimentName|Subject|Session(Date|Time.*)?|.*\.(ACC|CRESP|RT|RTTime|On\w+|Dur\w+|Start\w*|Finish\w*|Cycle|"
        r"Sample)|Trial|Block|Procedure.*|Running.*|Clock.*|Display.*|Group|RandomSeed|DataFile.*|Experiment\w*|RuntimeV\w*|"
        r"Studio\w*",
        seconds=(r".*\.RT",), unit=1000.0, found=False,
    ),
    Export(
        "Appen", ("_unit_id", "_worker_id"),
        task=FACE, worker=("_worker_id",), label=ANSWER,
        left=(Left("_tainted", "true", "answers of tainted workers"),),
        about=r"_.*|orig_.*", gold=(r"(?!_).*_gold",),
    ),
    Export(
        "Qualtrics", ("StartDate", "EndDate", "ResponseId|ResponseID", "Finished|Progress|Status|RecordedDate"),
        worker=(r"PROLIFIC_?PID", r"prolific[ _.]?(pid|id)?", r"worker_?id", r"participant_?id", r"ResponseI[dD]"),
        left=(
            Left("Status|DistributionChannel", r"1|2|9|test|.*(preview|survey test|vorschau|aperçu|vista previa).*",
                 "previews and tests"),
            Left("Status", r"spam|8", "answers marked as spam"),
            Left("Finished", "|".join(NO), "unfinished questionnaires"),
        ),
        about=r"StartDate|EndDate|Status|IPAddress|Progress|Duration.*|Finished|RecordedDate|ResponseI[dD]|Recipient.*|"
        r"External.*|Location.*|DistributionChannel|UserLanguage|Q_.*|SC\d+|.*_DO(_.*)?|"
        r".*_(First Click|Last Click|Click Count)",
        seconds=(r".*_Page Submit",), wide=True,
    ),
    Export(
        "SoSci Survey", ("CASE", "QUESTNNR", "STARTED"),
        worker=("PROLIFIC_PID", "REF", "SERIAL", "CASE"),
        left=(
            Left("MODE", "pretest|debug|admin|test", "previews and tests"),
            Left("FINISHED", "|".join(NO), "unfinished questionnaires"),
        ),
        about=r"CASE|SERIAL|REF|QUESTNNR|MODE|LANGUAGE|STARTED|TIME\d+|TIME_SUM|TIME_RSI|MAILSENT|LASTDATA|FINISHED|Q_VIEWER|"
        r"LASTPAGE|MAXPAGE|MISSING|MISSREL|DEG_TIME|STATUS",
        wide=True,
    ),
    Export(
        "LimeSurvey", ("submitdate|Date submitted", "lastpage|Last page", "startlanguage|Start language"),
        worker=("token|Access code", "id|Response ID"),
        left=(Left("submitdate|Date submitted", r"1980-01-01.*", "unfinished questionnaires"),
              Left("submitdate|Date submitted", "", "unfinished questionnaires", empty=True)),
        about=r"id|Response ID|submitdate|Date submitted|lastpage|Last page|startlanguage|Start language|seed|token|"
        r"Access code|startdate|Date started|datestamp|Date last action|ipaddr|IP address|refurl|Referrer URL|.*time.*",
        wide=True,
    ),
    Export(
        "Google Forms", (STAMP,),
        worker=(*OF_EXPERIMENTS, ASKED),
        about=rf"{STAMP}|Score|Total score", wide=True,
    ),
    Export(
        "Microsoft Forms", ("ID", "Start time", "Completion time"),
        worker=(ASKED, "ID"),
        about="ID|(Start|Completion|Last modified) time|Email|Name|Total points|Points - .*|Feedback - .*|Quiz .*",
        wide=True,
    ),
    Export(
        "SurveyMonkey", ("Respondent ID", "Collector ID"), worker=("Custom Data 1", "Respondent ID"), wide=True,
        about="(Respondent|Collector) ID|(Start|End) Date|IP Address|Email Address|(First|Last) Name|Custom Data 1",
    ),
    Export("", (r".*\.(jpe?g|png|bmp|tiff?|webp)\W*.*",), worker=(*OF_EXPERIMENTS, SOMEBODY), wide=True),
)  # fmt: skip
"""In the order in which they are tried."""


def recognised(names: Sequence[str]) -> Export | None:
    """The export that a table with these columns is, None for a plain table.

    >>> recognised(["Event Index", "Participant Private ID", "Response"]).name
    'Gorilla'
    """
    if {"task", "worker", "label"} <= set(names):
        return None
    for export in EXPORTS:
        if all(any(re.fullmatch(mark, name, re.IGNORECASE) for name in names) for mark in export.marks):
            return export
    return None


def matching(pattern: str, names: Sequence[str]) -> list[int]:
    """The columns that a pattern means, in their order."""
    return [n for n, name in enumerate(names) if pattern and re.fullmatch(pattern, name, re.IGNORECASE)]
