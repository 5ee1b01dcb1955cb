from surveys.coding.agreement import (
    Agreement as Agreement,
)
from surveys.coding.agreement import (
    cohen_kappa as cohen_kappa,
)
from surveys.coding.agreement import (
    fleiss_kappa as fleiss_kappa,
)
from surveys.coding.agreement import (
    krippendorff_alpha as krippendorff_alpha,
)
from surveys.coding.shares import (
    CodedShares as CodedShares,
)
from surveys.coding.shares import (
    share_of_codes as share_of_codes,
)
from surveys.coding.shares import (
    share_of_counts as share_of_counts,
)
from surveys.comparisons.groups import (
    PairwiseDifferences as PairwiseDifferences,
)
from surveys.comparisons.groups import (
    RankTest as RankTest,
)
from surveys.comparisons.groups import (
    pairwise_differences as pairwise_differences,
)
from surveys.comparisons.groups import (
    rank_test as rank_test,
)
from surveys.comparisons.groups import (
    t_test as t_test,
)
from surveys.comparisons.independence import (
    IndependenceTest as IndependenceTest,
)
from surveys.comparisons.independence import (
    independence_test as independence_test,
)
from surveys.core.errors import (
    EstimateError as EstimateError,
)
from surveys.core.errors import (
    Problem as Problem,
)
from surveys.core.errors import (
    SpecError as SpecError,
)
from surveys.core.errors import (
    StudyError as StudyError,
)
from surveys.core.intervals import proportion_interval as proportion_interval
from surveys.core.intervals import wilson_interval as wilson_interval
from surveys.core.results import Estimate as Estimate
from surveys.core.results import Note as Note
from surveys.core.results import Unavailable as Unavailable
from surveys.core.two_proportions import compare_proportions as compare_proportions
from surveys.core.two_proportions import one_proportion as one_proportion
from surveys.data.codebook import Codebook as Codebook
from surveys.data.codebook import Item as Item
from surveys.data.codebook import ResponseSet as ResponseSet
from surveys.data.formats import SurveyFormat as SurveyFormat
from surveys.data.formats import register_format as register_format
from surveys.data.microdata import Microdata as Microdata
from surveys.data.read import read_microdata as read_microdata
from surveys.design.design import Design as Design
from surveys.design.replicates import ReplicateDesign as ReplicateDesign
from surveys.design.replicates import bootstrap as bootstrap
from surveys.design.replicates import jackknife as jackknife
from surveys.estimates.contrasts import Contrast as Contrast
from surveys.estimates.dispersion import design_effect as design_effect
from surveys.estimates.dispersion import variance as variance
from surveys.estimates.means import (
    Estimates as Estimates,
)
from surveys.estimates.means import (
    combine as combine,
)
from surveys.estimates.means import (
    mean as mean,
)
from surveys.estimates.means import (
    proportion as proportion,
)
from surveys.estimates.means import (
    ratio as ratio,
)
from surveys.estimates.means import (
    total as total,
)
from surveys.estimates.quantiles import Quantiles as Quantiles
from surveys.estimates.quantiles import quantile as quantile
from surveys.funnel.funnel import Funnel as Funnel
from surveys.funnel.funnel import estimate_funnel as estimate_funnel
from surveys.funnel.group_gaps import GroupGap as GroupGap
from surveys.funnel.group_gaps import widest_gap as widest_gap
from surveys.funnel.shares import Shares as Shares
from surveys.funnel.shares import estimate_shares as estimate_shares
from surveys.funnel.waves import WaveChanges as WaveChanges
from surveys.funnel.waves import compare_waves as compare_waves
from surveys.models.fitted import FittedModel as FittedModel
from surveys.models.glm import SurveyGlm as SurveyGlm
from surveys.models.glm import SurveyGlmResult as SurveyGlmResult
from surveys.models.significance import ChiSquaredTest as ChiSquaredTest
from surveys.models.significance import WaldTest as WaldTest
from surveys.published.figures import PublishedFigures as PublishedFigures
from surveys.published.figures import read_published as read_published
from surveys.samples.design_report import DesignReport as DesignReport
from surveys.samples.design_report import describe_design as describe_design
from surveys.samples.sample import Sample as Sample
from surveys.samples.sample import read_sample as read_sample
from surveys.study.fields import Answer as Answer
from surveys.study.file import read_study as read_study
from surveys.study.schema import Study as Study
from surveys.study.schema import Survey as Survey
from surveys.tables.banners import build_tables as build_tables
from surveys.tables.crosstabs import BannerTable as BannerTable
from surveys.tables.crosstabs import tabulate as tabulate
from surveys.tables.disclosure import Disclosure as Disclosure
from surveys.tables.disclosure import disclose as disclose
from surveys.weighting.recipe import (
    Calibrate as Calibrate,
)
from surveys.weighting.recipe import (
    PostStratify as PostStratify,
)
from surveys.weighting.recipe import (
    Rake as Rake,
)
from surveys.weighting.recipe import (
    Trim as Trim,
)
from surveys.weighting.recipe import (
    WeightingRecipe as WeightingRecipe,
)
from surveys.weighting.recipe import (
    kish as kish,
)
from surveys.weighting.recipe import (
    reweight as reweight,
)

__version__: str
