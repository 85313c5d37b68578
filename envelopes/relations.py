# SPDX-License-Identifier: EUPL-1.2
"""Saying what a deposit in preparation is to the earlier one: it replaces it, or it completes it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from envelopes import chains
from envelopes.errors.submission import RelationFrozen, RelationMissing
from envelopes.models import Deposit
from marketplace import journal
from marketplace.models import User


@transaction.atomic
def choose(deposit_id: UUID, relation: str, *, actor: User, now: datetime) -> Deposit:
    """Choose anew until the deposit is submitted; the same choice twice changes nothing.

    Where no earlier deposit is left, there is nothing to choose, and the deposit follows none.

    Raises:
        RelationFrozen: the deposit is submitted.
        RelationMissing: `relation` is neither of the two.
    """
    deposit = Deposit.objects.get(pk=deposit_id)
    chain = chains.locked(deposit.consultation_id, deposit.company_id)
    deposit = Deposit.objects.select_for_update(no_key=True, of=("self",)).get(pk=deposit_id)
    if deposit.state == Deposit.State.SUBMITTED:
        raise RelationFrozen
    follows = chains.followed(chain)
    relation = checked(relation, follows)
    if (deposit.follows, deposit.relation) != (follows, relation):
        deposit.follows, deposit.relation = follows, relation
        deposit.save(update_fields=["follows", "relation"])
        tell("deposit.relation_chosen", deposit, actor=actor, now=now)
    return deposit


def checked(relation: str, follows: Deposit | None) -> str:
    """The relation to keep; none where there is no earlier deposit.

    Raises:
        RelationMissing: it is neither of the two.
    """
    if follows is None:
        return ""
    if relation not in Deposit.Relation.values:
        raise RelationMissing
    return relation


def tell(action: str, deposit: Deposit, *, actor: User, now: datetime) -> None:
    """The journal's entry of a choice: of no organisation, see `uploads._create`."""
    if deposit.follows_id is None:
        journal.record(action, deposit, actor=actor, now=now)
        return
    follows, relation = str(deposit.follows_id), deposit.relation
    journal.record(action, deposit, actor=actor, now=now, follows=follows, relation=relation)
