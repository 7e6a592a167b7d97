"""What a user chooses: the schema of conf/, and the rules that a config is held against once, at the door.

Light to import: it stands at the bottom of the house, and the command line reads it before anything heavy.
"""

from fer_exp.config.rules import check_choice as check_choice
from fer_exp.config.rules import validate as validate
from fer_exp.config.schema import (
    SCHEMAS as SCHEMAS,
)
from fer_exp.config.schema import (
    AgreementConfig as AgreementConfig,
)
from fer_exp.config.schema import (
    BackboneConfig as BackboneConfig,
)
from fer_exp.config.schema import (
    BenchConfig as BenchConfig,
)
from fer_exp.config.schema import (
    CompareConfig as CompareConfig,
)
from fer_exp.config.schema import (
    Config as Config,
)
from fer_exp.config.schema import (
    CrowdConfig as CrowdConfig,
)
from fer_exp.config.schema import (
    DatasetConfig as DatasetConfig,
)
from fer_exp.config.schema import (
    EvaluateConfig as EvaluateConfig,
)
from fer_exp.config.schema import (
    LabelsConfig as LabelsConfig,
)
from fer_exp.config.schema import (
    MethodConfig as MethodConfig,
)
from fer_exp.config.schema import (
    PeopleConfig as PeopleConfig,
)
from fer_exp.config.schema import (
    PlanConfig as PlanConfig,
)
from fer_exp.config.schema import (
    PrepareConfig as PrepareConfig,
)
from fer_exp.config.schema import (
    ReportConfig as ReportConfig,
)
from fer_exp.config.schema import (
    TableConfig as TableConfig,
)
from fer_exp.config.schema import (
    TrainConfig as TrainConfig,
)
from fer_exp.config.schema import (
    TrainerConfig as TrainerConfig,
)
from fer_exp.config.schema import (
    plain as plain,
)
