"""What a user chooses: the schema of conf/, and the rules that a config is held against once, at the door.

Light to import: it stands at the bottom of the house, and the command line reads it before anything heavy.
"""

from fer_exp.config.command import Config as Config
from fer_exp.config.groups import (
    GROUPS as GROUPS,
    BackboneConfig as BackboneConfig,
    DatasetConfig as DatasetConfig,
    LabelsConfig as LabelsConfig,
    MethodConfig as MethodConfig,
    TrainerConfig as TrainerConfig,
)
from fer_exp.config.rules import check_choice as check_choice, validate as validate
from fer_exp.config.schema import (
    SCHEMAS as SCHEMAS,
    AgreementConfig as AgreementConfig,
    BenchConfig as BenchConfig,
    CompareConfig as CompareConfig,
    CrowdConfig as CrowdConfig,
    EvaluateConfig as EvaluateConfig,
    ExportConfig as ExportConfig,
    PeopleConfig as PeopleConfig,
    PlanConfig as PlanConfig,
    PredictConfig as PredictConfig,
    PrepareConfig as PrepareConfig,
    PretrainConfig as PretrainConfig,
    RateConfig as RateConfig,
    ReportConfig as ReportConfig,
    TableConfig as TableConfig,
    TrainConfig as TrainConfig,
    VerifyConfig as VerifyConfig,
    plain as plain,
)
