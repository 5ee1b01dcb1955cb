from reports.build.build import Build as Build
from reports.build.build import build_report as build_report
from reports.build.build import why_stale as why_stale
from reports.build.build import write_figures as write_figures
from reports.build.check import check_study as check_study
from reports.build.watch import watch_study as watch_study
from reports.examples import open_example as open_example
from reports.figures.registry import draws as draws
from reports.results.study import StudyResults as StudyResults

__version__: str
