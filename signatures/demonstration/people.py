# SPDX-License-Identifier: EUPL-1.2
"""The people of the demonstration: a town hall, its agents, two companies."""

from dataclasses import dataclass
from datetime import datetime

from marketplace import agents, founding, sign_up
from marketplace.models import Agent, Bidder, Right, Service, User

PASSWORD = "Sigille-demo-2026"  # noqa: S105 - printed: it opens nothing but the demonstration

PROCUREMENT = "Direction de la commande publique"
WORKS = "Services techniques"
BUYER_RIGHTS = frozenset({Right.MANAGE_KEYS, Right.MANAGE_CONSULTATIONS, Right.OPEN_BIDS})


@dataclass(frozen=True)
class People:
    """Who plays in the demonstration."""

    administrator: Agent
    buyer: Agent  # writes consultations, opens bids
    colleague: Agent  # opens bids; holds the backup key
    technician: Agent  # of another service
    roofer: Bidder
    builder: Bidder

    @property
    def users(self) -> list[tuple[str, User]]:
        """What each one does, in French as the demonstration is, and the account."""
        return [
            ("administratrice", self.administrator.user),
            ("acheteuse : clés, consultations, ouverture des plis", self.buyer.user),
            ("acheteur : clé de secours, ouverture des plis", self.colleague.user),
            ("agent d’un autre service", self.technician.user),
            ("entreprise", self.roofer.user),
            ("entreprise", self.builder.user),
        ]


def introduce(*, now: datetime) -> People:
    """Make the organisation, its agents and the companies, by the rules that real ones go through."""
    charter = founding.Charter(
        name="Ville de Valmer",
        time_zone="Europe/Paris",
        services=(PROCUREMENT, WORKS),
        administrator="Nadia Benali",
        email="nadia.benali@valmer.example",
    )
    administrator = founding.found(charter, now=now)
    _give_password(administrator.user)
    services = Service.objects.filter(organisation=administrator.service.organisation_id)
    procurement, works = services.get(name=PROCUREMENT), services.get(name=WORKS)
    buyer = _agent("Claire Martin", procurement, BUYER_RIGHTS, administrator, now)
    colleague = _agent(
        "Paul Lefèvre", procurement, BUYER_RIGHTS | {Right.REVIEW_REPORTS}, administrator, now
    )
    technician = _agent(
        "Hugo Petit", works, frozenset({Right.MANAGE_CONSULTATIONS}), administrator, now
    )
    return People(
        administrator,
        buyer,
        colleague,
        technician,
        roofer=_bidder("Toitures de l’Ouest", "73282932000074", "Anne Le Goff", now),
        builder=_bidder("Durand Bâtiment", "44306184100047", "Marc Durand", now),
    )


def _agent(
    name: str, service: Service, rights: frozenset[Right], by: Agent, now: datetime
) -> Agent:
    place = agents.Place(service, is_administrator=False, rights=rights)
    agent = agents.invite(_address(name, "valmer.example"), name, place, by=by, now=now)
    _give_password(agent.user)
    return agent


def _bidder(company: str, siret: str, name: str, now: datetime) -> Bidder:
    details = sign_up.Details(
        country="FR",
        number=siret,
        company_name=company,
        name=name,
        email=_address(name, "entreprise.example"),
        password=PASSWORD,
    )
    return sign_up.sign_up(details, now=now)


def _address(name: str, domain: str) -> str:
    plain = name.lower().replace(" le ", " le-").replace("è", "e").replace(" ", ".")
    return f"{plain}@{domain}"


def _give_password(user: User) -> None:
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
