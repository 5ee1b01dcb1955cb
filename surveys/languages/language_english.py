"""English as it is printed in Britain; every message is written in it."""

from __future__ import annotations

from surveys.languages.rules import LanguageRules, register_language

ENGLISH = register_language(
    LanguageRules(
        code="en",
        locale="en_GB",
        region="GB",
        percent="%",
        after_comparison="",
        to="to",
        joins=("and",),
        nouns={
            "simulated accounts": "simulated account",
            "whole periods": "whole period",
            "latest monthly cohorts": "latest monthly cohort",
            "latest calendar months": "latest calendar month",
            "accounts": "account",
            "respondents": "respondent",
            "messages": "message",
            "ties": "tie",
            "days": "day",
            "weeks": "week",
            "months": "month",
            "years": "year",
            "periods": "period",
        },
    )
)
