"""Looks whether anything is wrong with the installation, and tells operators: once, and once when it is over."""

from functools import partial

from db import alerts as rows
from db import sweep_runs
from jobs.conditions import RULES, Look, Rule
from jobs.pipeline import Crew
from jobs.upkeep import Upkeep, sweep
from providers.errors import ProviderError

NAME = "alerts"


@sweep
def alerts(crew: Crew, upkeep: Upkeep) -> None:
    """Each rule in a transaction of its own: what one can't tell stays as it is, and keeps no other from being told."""
    with crew.database.transaction() as session:
        sweep_runs.note(session, NAME)
    for rule in dict.fromkeys(RULES.values()):
        _look(crew, upkeep, rule)
    upkeep.alerts.tell(rows.untold(crew.database, upkeep.alerts.listeners), partial(rows.told, crew.database))


def _look(crew: Crew, upkeep: Upkeep, rule: Rule) -> None:
    with crew.database.transaction() as session:
        try:
            causes = rule(Look(session, crew.queues, upkeep.storage, upkeep.limits))
            found = None if causes is None else list(causes)
        except ProviderError:
            return  # our disk can't be asked
        if found is None:
            return
        for name in (name for name, its in RULES.items() if its is rule):
            rows.note(session, name, [cause for cause in found if cause.name == name])
