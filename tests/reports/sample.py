"""A report of a few pages in each language, with every kind of block in it."""

from __future__ import annotations

from datetime import date

import numpy as np
from matplotlib.figure import Figure as Drawing

from reports.document import blocks as model
from reports.look.theme import INK, SERIES, TEXT_WIDTH, figure_style, figure_to_svg
from reports.words.numbers import Numbers
from reports.words.typography import typographic
from surveys.study.fields import Language

HOSTILE = '#read("/etc/passwd") <script>alert(1)</script> $\\frac{$ {{7*7}} \\textbf{x} *b* _i_ @ref'


def make_drawing(language: Language) -> Drawing:
    """Draw a survival curve with its band and a direct label."""
    numbers = Numbers(language)
    with figure_style():
        drawing = Drawing(figsize=(TEXT_WIDTH, 2.9), layout="constrained")
        axes = drawing.add_subplot()
        days = np.arange(0, 121)
        stayed = 0.2 + 0.8 * np.exp(-days / 28)
        axes.fill_between(days, stayed - 0.03, np.minimum(1, stayed + 0.03), color=SERIES[0], alpha=0.15, linewidth=0)
        axes.step(days, stayed, where="post", color=SERIES[0], linewidth=1.8)
        axes.text(121, stayed[-1], "Twitter", color=INK, va="center")
        axes.axvline(30, color=INK, linewidth=0.6, linestyle=(0, (2, 2)))
        axes.text(31, 0.98, numbers.duration(30), va="top")
        axes.set_ylim(0, 1.02)
        axes.set_xlim(0, 132)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [numbers.share(y) for y in (0, 0.25, 0.5, 0.75, 1)])
        axes.set_xticks([0, 30, 60, 90, 120])
        axes.set_xlabel({"fr": "Jours depuis l’inscription", "en": "Days since sign-up"}[language])
    return drawing


def make_document(language: Language, hostile: str = "", n_rows: int = 12) -> model.Document:
    """Compose the sample, with a label that nobody should trust where one is given."""
    return {"fr": _french, "en": _english}[language](hostile, n_rows)


def _rows(numbers: Numbers, hostile: str, n_rows: int, ages: str, total: str) -> tuple[model.Row, ...]:
    rows: list[model.Row] = [
        (
            model.Cell(text=total, tone="strong"),
            numbers.count(2015),
            numbers.share(0.28),
            numbers.interval(0.253, 0.308),
            numbers.share(0.021, 1),
            model.Cell(text=numbers.interval(0.013, 0.033), tone="simulated"),
        ),
        model.RowGroup(text=ages),
    ]
    for index in range(n_rows):
        rows.append(
            (
                f"{18 + index}–{22 + index}",
                numbers.count(97 + index),
                numbers.share(0.2 + index / 2000),
                numbers.interval(0.15, 0.31),
                numbers.share(0.03, 1),
                numbers.interval(0.01, 0.06),
            )
        )
    if hostile:
        rows.append((hostile, "1", "2", "3", "4", "5"))
    return tuple(rows)


def _french(hostile: str, n_rows: int) -> model.Document:
    numbers = Numbers("fr")
    fr = lambda text: typographic(text, "fr")  # noqa: E731
    figure = model.Figure(
        anchor="fig-survival",
        caption=fr("Quatre comptes sur dix sont encore là au bout de trente jours"),
        subtitle=fr("Part des comptes encore là, selon le nombre de jours depuis l’inscription (Kaplan-Meier)"),
        svg=figure_to_svg(make_drawing("fr")),
        alt=fr("Une courbe qui descend par paliers : 100 % au jour 0, 47 % au jour 30, 21 % au jour 120."),
        base=fr("Base : 59 835 comptes ouverts entre 2009 et 2013. Bande : intervalle de confiance à 95 %, log-log."),
        notes=(fr("Un compte est parti s’il ne montre rien pendant les 30 derniers jours d’observation."),),
        origin="simulated",
    )
    table = model.Table(
        anchor="tab-age",
        caption=fr("Notoriété et inscription selon l’âge"),
        columns=(
            model.Column(text="Âge"),
            model.Column(text="n", align="right"),
            model.Column(text="Part", align="right", group="Connaissent"),
            model.Column(text=fr("Intervalle à 95 %"), align="right", group="Connaissent"),
            model.Column(text="Part", align="right", group="Ont un compte"),
            model.Column(text=fr("Intervalle à 95 %"), align="right", group="Ont un compte"),
        ),
        rows=_rows(numbers, hostile, n_rows, "Tranches d’âge", "Ensemble"),
        base=fr("Base : ensemble des répondants, juin 2009. Intervalles logit, plan de sondage."),
        notes=(fr("Moins de 100 répondants : à lire avec prudence."),),
    )
    blocks: tuple[model.Block, ...] = (
        model.Heading(level=1, text="L’essentiel", anchor="essentiel"),
        model.KeyFigures(
            items=(
                model.KeyFigure(
                    value=numbers.share(0.28),
                    label="ont entendu parler de Twitter",
                    detail=fr(f"{numbers.interval(0.253, 0.308)} ; 1 015 répondants, juin 2009"),
                ),
                model.KeyFigure(
                    value=numbers.share(0.07),
                    label="de ceux qui connaissent ont un compte",
                    detail=fr(f"{numbers.interval(0.05, 0.1)} ; 284 répondants"),
                ),
                model.KeyFigure(
                    value=numbers.share(0.53),
                    label="des comptes ouverts sont partis après 30 jours",
                    detail=fr(f"{numbers.interval(0.525, 0.535)} ; 59 835 comptes"),
                ),
                model.KeyFigure(
                    value=numbers.people(345_000),
                    label="se sont inscrits et sont restés un mois",
                    detail=numbers.interval(210_000, 520_000, "people"),
                ),
            )
        ),
        model.Paragraph(
            runs=(
                model.Run(
                    text=fr("Que faut-il retenir ? En juin 2009, un tiers des internautes dit connaître Twitter, mais ")
                ),
                model.Run(text=fr("deux sur cent y ont un compte"), weight="strong"),
                model.Footnote(
                    text=fr(
                        "Rapporté à l’ensemble des répondants, y compris ceux que le filtre a dispensés de "
                        "la question : ils comptent pour « non »."
                    )
                ),
                model.Run(text=fr(" : c’est l’écart entre la notoriété et l’usage que ce rapport mesure. La ")),
                model.Reference(anchor="fig-survival"),
                model.Run(text=fr(" montre la suite ; le ")),
                model.Reference(anchor="tab-age"),
                model.Run(
                    text=fr(
                        " dit pour qui. L’interprétation suppose que l’enquête et le journal d’usage décrivent "
                        "la même population, ce que la méthode discute plus loin."
                    )
                ),
            )
        ),
        model.Bullets(
            items=(
                fr("La notoriété passe de 2 % en octobre 2007 à 94 % en octobre 2013 ;"),
                fr("l’inscription par personne informée passe de 7 % (5 à 10 %) à 18 % (16 à 20 %) ;"),
                fr("« 60 % partent en un mois » : la phrase est exagérée, d’après les chiffres mêmes qu’elle cite !"),
            )
        ),
        model.Callout(
            tone="caution",
            title="Données simulées",
            text=fr(
                "Chaque répondant et chaque événement de cette étude est simulé. Les chiffres signalés comme publiés "
                "sont réels."
            ),
        ),
        model.Heading(level=1, text="De la notoriété à l’inscription", anchor="notoriete"),
        model.Heading(level=2, text="Selon l’âge", anchor="age"),
        model.Paragraph.of(
            fr(
                "Les plus jeunes connaissent mieux le service ; l’écart entre tranches reste dans les "
                "intervalles. Rien ici ne désigne une « génération Y »."
            )
        ),
        table,
        model.Heading(level=1, text="Rester", anchor="rester"),
        model.Paragraph.of(fr("La courbe tient compte des comptes dont l’observation s’arrête avant le départ.")),
        figure,
        model.Heading(level=1, text=fr("Annexe : définitions et méthodes"), anchor="annexe"),
        model.Heading(level=2, text="Définitions", anchor="definitions"),
        model.Definitions(
            items=(
                ("Notoriété", fr("Part de la base qui répond connaître le service, son nom lui étant présenté.")),
                (
                    "Départ à un mois",
                    fr(
                        "Un moins la part encore là au bout de 30 jours (Kaplan-Meier). Ce n’est ni la "
                        "perte de visiteurs d’un mois à l’autre, ni la part d’anciens détenteurs."
                    ),
                ),
            )
        ),
        model.PageBreak(),
        model.Heading(level=2, text="Sources", anchor="sources"),
        model.Paragraph.of(fr("Enquêtes auprès des internautes, 2007-2013 ; journal d’usage simulé.")),
    )
    return model.Document(
        language="fr",
        title="Twitter en France, 2007-2013",
        subtitle="Connaître, s’inscrire, rester",
        author="Observatoire des usages",
        date=date(2013, 12, 31),
        blocks=blocks,
        keywords=("enquête", "survie"),
        notice=fr("Les microdonnées d’enquête et le journal d’usage sont simulés ; les chiffres publiés sont réels."),
    )


def _english(hostile: str, n_rows: int) -> model.Document:
    numbers = Numbers("en")
    figure = model.Figure(
        anchor="fig-survival",
        caption="Four accounts in ten are still there after thirty days",
        subtitle="Share of accounts still there, by days since sign-up (Kaplan-Meier)",
        svg=figure_to_svg(make_drawing("en")),
        alt="A curve that falls in steps: 100% on day 0, 47% on day 30, 21% on day 120.",
        base="Base: 59,835 accounts opened between 2009 and 2013. Band: 95% confidence interval, log-log.",
        origin="simulated",
    )
    table = model.Table(
        anchor="tab-age",
        caption="Awareness and sign-up by age",
        columns=(
            model.Column(text="Age"),
            model.Column(text="n", align="right"),
            model.Column(text="Share", align="right", group="Have heard of it"),
            model.Column(text="95% interval", align="right", group="Have heard of it"),
            model.Column(text="Share", align="right", group="Hold an account"),
            model.Column(text="95% interval", align="right", group="Hold an account"),
        ),
        rows=_rows(numbers, hostile, n_rows, "Age bands", "All"),
        base="Base: all respondents, June 2009. Logit intervals from the design.",
    )
    blocks: tuple[model.Block, ...] = (
        model.Heading(level=1, text="In brief", anchor="brief"),
        model.KeyFigures(
            items=(
                model.KeyFigure(
                    value=numbers.share(0.28),
                    label="have heard of Twitter",
                    detail=f"{numbers.interval(0.253, 0.308)}; 1,015 respondents, June 2009",
                ),
                model.KeyFigure(
                    value=numbers.people(345_000),
                    label="signed up and stayed a month",
                    detail=numbers.interval(210_000, 520_000, "people"),
                ),
            )
        ),
        model.Paragraph(
            runs=(
                model.Run(text="In June 2009 a quarter of web users had heard of Twitter, but "),
                model.Run(text="two in a hundred held an account", weight="strong"),
                model.Footnote(text="Of all respondents: those whom the filter spared the question count as “no”."),
                model.Run(text=". "),
                model.Reference(anchor="fig-survival"),
                model.Run(text=" shows what came next."),
            )
        ),
        model.Callout(tone="note", text="Every respondent and every event of this study is simulated."),
        model.Heading(level=1, text="Staying", anchor="staying"),
        figure,
        table,
        model.Heading(level=1, text="Annex", anchor="annex"),
        model.Definitions(items=(("Awareness", "Share of the base who answer that they have heard of the service."),)),
    )
    return model.Document(
        language="en",
        title="Twitter in France, 2007-2013",
        subtitle="Hearing of it, signing up, staying",
        author="Observatory of uses",
        date=date(2013, 12, 31),
        blocks=blocks,
        notice="Survey and log are simulated.",
    )
