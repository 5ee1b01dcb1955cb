"""Who writes, who answers, whom they follow: concentration, dialogue, and dropout by the number followed."""

from __future__ import annotations

from collections.abc import Mapping

from churn.network.dialogue import Dialogue
from churn.network.following import ASSOCIATION, DoseCurve, FollowingDropout
from churn.survival.logrank import TrendTest
from reports.document.blocks import Block, Column, Heading, Paragraph, RowGroup, Table
from reports.figures.concentration import publisher_name
from reports.figures.dialogue import share_with_interval
from reports.figures.drawn import FigureWords
from reports.figures.following import class_name, following_sentence
from reports.results.network import ConcentrationResults, NetworkResults
from reports.results.study import StudyResults
from reports.sections.figure_block import figure_block
from reports.words.durations import lasting
from reports.words.labels import listed, note_sentence, with_interval
from reports.words.printer import Printer
from surveys.core.results import Estimate, Unavailable

HOUR, DAY = 60, 24 * 60
SIGNIFICANT = 0.05
Row = tuple[str, str, str, str]


def write_network(results: StudyResults, printer: Printer, figures: Mapping[str, FigureWords]) -> list[Block]:
    """
    Write the chapter on who writes, who answers, and whom they follow.

    Parameters
    ----------
    results : StudyResults
        The study's results.
    printer : Printer
        Language, and ledger of the numbers printed.
    figures : mapping of str to FigureWords
        Those drawn, by name.

    Returns
    -------
    list of Block
        Empty where the log says neither to whom messages go nor how many accounts each follows.

    Examples
    --------
    >>> from reports.figures import example_results
    >>> from reports.words.printer import open_printer
    >>> write_network(example_results(), open_printer("en"), {})[0].text
    'Who writes, who answers, whom they follow'
    """
    network = results.network
    if network is None:
        return []
    title = printer.say("Who writes, who answers, whom they follow")
    blocks: list[Block] = [Heading(level=1, text=title, anchor="network")]
    parts = (
        ("concentration", None if network.concentration is None else _concentration(network.concentration, printer)),
        ("dialogue", None if network.dialogue is None else _dialogue(network.dialogue, printer)),
        ("following", None if network.following is None else _following(network.following, printer)),
    )
    for name, text in parts:
        blocks += [] if text is None else [Paragraph.of(text)]
        blocks += [figure_block(figures[name])] if name in figures else []
    if network.why_no_following is not None:
        reason = printer.note(network.why_no_following.reason)
        blocks.append(Paragraph.of(printer.say("Dropout by the number of accounts followed: {reason}.", reason=reason)))
    table = _table(results, network, printer)
    return [*blocks, table] if table.rows else blocks


def _concentration(found: ConcentrationResults, printer: Printer) -> str:
    top = printer.numbers.share(found.accounts.top)
    known = (
        printer.say("Accounts that never wrote are known from the file of numbers followed.")
        if found.known == "following"
        else printer.say(
            "Accounts that never wrote are known only where somebody wrote to them: there may be more of them."
        )
    )
    text = printer.say(
        "{silent} of the {n} accounts known ({interval}) never wrote. The most active {top} of all accounts write "
        "{every} of the messages ({every_interval}); of the accounts that wrote at all, the most active {top} write "
        "{active} ({active_interval}). Which accounts are counted decides how uneven writing looks.",
        silent=printer.estimate("network.never_posted", found.never_posted, digits=1),
        interval=printer.interval("network.never_posted", found.never_posted, digits=1),
        n=printer.numbers.count(found.accounts.curve.n_accounts),
        top=top,
        every=printer.estimate("network.top20.accounts", found.accounts.top_share, digits=1),
        every_interval=printer.interval("network.top20.accounts", found.accounts.top_share, digits=1),
        active=printer.estimate("network.top20.active", found.active.top_share, digits=1),
        active_interval=printer.interval("network.top20.active", found.active.top_share, digits=1),
    )
    return f"{text} {known}"


def _dialogue(dialogue: Dialogue, printer: Printer) -> str:
    answers, mutual = dialogue.answers, dialogue.mutual
    if isinstance(answers, Unavailable) or isinstance(mutual, Unavailable):
        return note_sentence(printer, answers.reason if isinstance(answers, Unavailable) else mutual.reason)  # type: ignore[union-attr]
    text = printer.say(
        "A message answers when the last one between the two accounts went the other way. By this definition {answers} "
        "of the messages are answers ({answers_interval}); {mutual} of the ties are mutual ({mutual_interval}), that "
        "is, both accounts wrote to the other.",
        answers=printer.estimate("network.dialogue", answers, digits=1),
        answers_interval=printer.interval("network.dialogue", answers, digits=1),
        mutual=printer.estimate("network.mutual", mutual, digits=1),
        mutual_interval=printer.interval("network.mutual", mutual, digits=1),
    )
    if isinstance(dialogue.median_wait, Unavailable):
        return text
    return f"{text} " + printer.say("Half of the answers come within {time}.", time=_wait(dialogue, printer))


def _wait(dialogue: Dialogue, printer: Printer) -> str:
    """Write the median time to answer in the unit that suits it, the last unit begun."""
    assert not isinstance(dialogue.median_wait, Unavailable)
    why = "the median of answers, which depend on each other"

    def told(value: float, unit: str) -> str:
        return printer.value("network.wait", value, unit=unit, why_no_interval=why)

    wait = dialogue.median_wait
    if dialogue.wait_unit == "days":
        return printer.say("{days} days", days=told(round(wait), "days"))
    if wait < 2 * HOUR:
        return printer.say("{minutes} minutes", minutes=told(int(wait) + 1, "minutes"))
    if wait < 2 * DAY:
        return printer.say("{hours} hours", hours=told(-(-wait // HOUR), "hours"))
    return printer.say("{days} days", days=told(-(-wait // DAY), "days"))


def _following(found: FollowingDropout, printer: Printer) -> str:
    text = following_sentence(found, printer) + "."
    if isinstance(found.ratio, Estimate):
        text += " " + printer.say(
            "The ratio of the two shares is {ratio} ({interval}).",
            ratio=printer.estimate("following.ratio", found.ratio),
            interval=printer.interval("following.ratio", found.ratio),
        )
    if isinstance(found.trend, TrendTest):
        text += " " + _trend(found.trend, printer)
    if isinstance(found.smooth, DoseCurve) and found.smooth.curvature is not None:
        p = printer.numbers.p_value(found.smooth.curvature.p_value)
        text += " " + printer.say("Is the curve bent on the logarithmic scale? Wald test, {p}.", p=p)
    return f"{text} {note_sentence(printer, ASSOCIATION)}"


def _trend(trend: TrendTest, printer: Printer) -> str:
    p = printer.numbers.p_value(trend.p_value)
    if trend.p_value >= SIGNIFICANT:
        return printer.say("No trend from class to class can be told from chance (test for trend, {p}).", p=p)
    if trend.z < 0:
        return printer.say("From class to class the rate of leaving falls (test for trend, {p}).", p=p)
    return printer.say("From class to class the rate of leaving rises (test for trend, {p}).", p=p)


def _table(results: StudyResults, network: NetworkResults, printer: Printer) -> Table:
    rows: list[Row | RowGroup] = []
    if network.concentration is not None:
        rows += [RowGroup(text=printer.say("Who writes")), *_concentration_rows(network.concentration, printer)]
    if network.dialogue is not None:
        rows += [RowGroup(text=printer.say("Who answers")), *_dialogue_rows(network, network.dialogue, printer)]
    if network.following is not None:
        rows += _following_rows(network.following, printer)
    headers = (
        (printer.say("Measure"), "left", 3.0),
        (printer.say("Estimate and interval"), "right", 1.7),
        (printer.say("Base"), "right", 0.9),
        (printer.say("Published"), "left", 2.6),
    )
    usage = results.study.usage
    return Table(
        anchor="tab-network",
        caption=printer.say("Writing, answering and following, in numbers"),
        columns=tuple(Column(text=text, align=align, width=width) for text, align, width in headers),  # type: ignore[arg-type]
        rows=tuple(rows),
        base=printer.say(
            "Base: accounts, messages, ties or ordered pairs, as the row says. In brackets: {level} confidence "
            "intervals: bootstrap over accounts (BCa) for concentration, Wilson for accounts that never wrote, robust "
            "to shared accounts for dialogue, Kaplan-Meier (log-log) for leaving.",
            level=printer.numbers.share(results.study.study.conf_level),
        ),
        notes=_notes(network, printer)
        + ((printer.say("Simulated data."),) if usage is not None and usage.simulated else ()),
    )


def _concentration_rows(found: ConcentrationResults, printer: Printer) -> list[Row]:
    top = printer.numbers.share(found.accounts.top)
    rows = [
        (
            printer.say("Written by the most active {top} of all accounts", top=top),
            "network.top20.accounts",
            found.accounts.top_share,
            _bounds(found, "accounts", printer),
        ),
        (
            printer.say("Written by the most active {top} of accounts that wrote", top=top),
            "network.top20.active",
            found.active.top_share,
            _bounds(found, "active", printer),
        ),
        (printer.say("Gini coefficient, all accounts"), "network.gini.accounts", found.accounts.gini, ""),
        (printer.say("Gini coefficient, accounts that wrote"), "network.gini.active", found.active.gini, ""),
    ]
    if found.exchanged is not None:
        label = printer.say("Gini coefficient of messages sent to or received from others, all accounts")
        rows.append((label, "network.gini.exchanged", found.exchanged.gini, ""))
    label = printer.say("Accounts that never wrote")
    rows.append((label, "network.never_posted", found.never_posted, _silent(found, printer)))
    return [_row(printer, *row) for row in rows]


def _bounds(found: ConcentrationResults, base: str, printer: Printer) -> str:
    told = []
    for i, bounds in enumerate(found.bounds):
        if bounds.base == base:
            shown = printer.interval(f"network.bounds.{i}", bounds.interval())
            publisher = publisher_name(bounds.publisher, bounds.date)
            told.append(printer.say("{publisher}: {share}", publisher=publisher, share=shown))
    return listed(printer, told)


def _silent(found: ConcentrationResults, printer: Printer) -> str:
    if not found.silent:
        return ""
    low, high = (
        f"{printer.published(figure)} ({publisher_name(figure.publisher, figure.date)})"
        for figure in (found.silent[0], found.silent[-1])
    )
    return low if len(found.silent) == 1 else printer.say("from {low} to {high}", low=low, high=high)


def _dialogue_rows(network: NetworkResults, dialogue: Dialogue, printer: Printer) -> list[Row]:
    published = listed(
        printer,
        (
            f"{share_with_interval(printer, f'published.{figure.id}', interval)}, "
            f"{publisher_name(figure.publisher, figure.date)}"
            for figure in network.conversations
            if isinstance(interval := figure.interval(), Estimate)
        ),
    )
    rows = (
        (printer.say("Messages that answer one received"), "network.dialogue", dialogue.answers, published),
        (
            printer.say("Messages that answer, of those addressed to an account"),
            "network.dialogue.addressed",
            dialogue.answers_addressed,
            "",
        ),
        (printer.say("Messages addressed to another account"), "network.addressed", dialogue.addressed, ""),
        (printer.say("Ties that are mutual, each tie counted once"), "network.mutual", dialogue.mutual, ""),
        (
            printer.say("Ordered pairs that are returned, as SNAP and KONECT count"),
            "network.reciprocated",
            dialogue.reciprocated,
            "",
        ),
    )
    # Where every message is addressed the second is the first, and the third is all.
    all_addressed = dialogue.n_addressed == dialogue.n_messages
    return [_row(printer, *row) for i, row in enumerate(rows) if not (all_addressed and i in (1, 2))]


def _following_rows(found: FollowingDropout, printer: Printer) -> list[Row | RowGroup]:
    when = lasting(printer, int(found.horizon), found.time_unit)
    title = {
        "followed": printer.say("Who leaves: gone within {time}, by the number of accounts followed", time=when),
        "contacts": printer.say("Who leaves: gone {time} later, by the number of accounts written to", time=when),
    }[found.number]
    rows: list[Row | RowGroup] = [RowGroup(text=title)]
    for group in found.classes:
        rows.append(_row(printer, class_name(group.name, printer), f"following.class.{group.low}", group.dropout, ""))
    low, high = printer.numbers.count(found.bounds.few), printer.numbers.count(found.bounds.many)
    rows.append(_row(printer, printer.say("at most {n}", n=low), "following.few", found.few, ""))
    # Where the last class is that of the many, its row stands there already.
    if found.bounds.many != found.bounds.starts[-1]:
        rows.append(_row(printer, printer.say("{n} or more", n=high), "following.many", found.many, ""))
    label = printer.say("Ratio, at most {low} over {high} or more", low=low, high=high)
    return [*rows, _row(printer, label, "following.ratio", found.ratio, "")]


def _row(printer: Printer, label: str, name: str, found: Estimate | Unavailable, published: str) -> Row:
    if isinstance(found, Unavailable):
        return (label, printer.note(found.reason), "", published)
    digits = None if found.unit == "ratio" else 1
    base = "" if found.n is None else printer.numbers.count(found.n)
    return (label, with_interval(printer, name, found, digits=digits), base, published)


def _notes(network: NetworkResults, printer: Printer) -> tuple[str, ...]:
    notes = [] if network.messages is None else list(network.messages.notes)
    if network.concentration is not None:
        notes += network.concentration.accounts.top_share.notes
    told = list(dict.fromkeys(note_sentence(printer, note) for note in notes))
    if network.concentration is not None and network.concentration.bounds:
        told.append(
            printer.say(
                "Published top shares, each of its own accounts and time, bound the share of the top {top}: the curve "
                "is concave and passes through them.",
                top=printer.numbers.share(network.concentration.accounts.top),
            )
        )
    return tuple(told)
