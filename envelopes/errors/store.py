# SPDX-License-Identifier: EUPL-1.2
"""What is found in the store: nobody is refused anything, the operators are told."""

from django.utils.translation import gettext_lazy as _

from marketplace.errors import Refusal


class StoreDamage(Refusal):
    """Base of what is found when the store is read again; it becomes an alarm."""

    code = "store_damage"


class BlockRepaired(StoreDamage):
    """A copy of a block was written again from the other one."""

    code = "block_repaired"
    user_message = _("A copy of a sealed block was missing or damaged: it is written again.")
    remedy = _(
        "Nothing is lost. Look at the health of the disk, or of the object store, that it lay in."
    )


class BlockLost(StoreDamage):
    """None of the copies of a block is the one that was sealed."""

    code = "block_lost"
    user_message = _("No good copy of a sealed block is left in the store.")
    remedy = _(
        "Put the store back from a backup, then run “manage.py scrub”. The journal names the blocks."
    )


class ScrubStopped(StoreDamage):
    """A store could not be read, or a good copy could not be written to it."""

    code = "scrub_stopped"
    user_message = _("A store does not answer, or does not take a copy: the scrub has stopped.")
    remedy = _("Read the log of the workers. Once the store works, the scrub goes on by itself.")

    def __init__(self, errno: int | None) -> None:
        super().__init__(errno)
        self.errno = errno

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"errno": self.errno}
