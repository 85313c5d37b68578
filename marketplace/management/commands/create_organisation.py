# SPDX-License-Identifier: EUPL-1.2
"""`manage.py create_organisation`: the first row of everything, from the command line."""

from zoneinfo import available_timezones

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.utils import timezone

from marketplace import accounts, founding
from marketplace.errors import Refusal


class Command(BaseCommand):
    help = (
        "Creates an organisation, its services and its first administrator; prints the link with "
        "which the administrator chooses a password."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the organisation, for instance “Commune de Quimperlé”")
        parser.add_argument("--service", action="append", required=True, help="repeat for each")
        parser.add_argument("--administrator", required=True, help="first and last name")
        parser.add_argument("--email", required=True, help="of the administrator")
        parser.add_argument("--time-zone", default="Europe/Paris", help="an IANA name")

    def handle(self, *args: object, **options: object) -> None:
        charter = _charter(options)
        try:
            administrator = founding.found(charter, now=timezone.now())
        except Refusal as refusal:
            raise CommandError(f"{refusal.user_message} {refusal.remedy}") from refusal
        link = accounts.password_link(administrator.user)
        self.stdout.write(f"{charter.name} is ready. Give {administrator} this link:\n{link}")


def _charter(options: dict[str, object]) -> founding.Charter:
    services = options["service"]
    if not isinstance(services, list) or len(set(services)) != len(services):
        raise CommandError("Each --service must have a name of its own.")
    if options["time_zone"] not in available_timezones():
        raise CommandError("--time-zone must be an IANA name, for instance Indian/Reunion.")
    email = str(options["email"])
    validate_email(email)
    return founding.Charter(
        name=str(options["name"]),
        time_zone=str(options["time_zone"]),
        services=tuple(services),
        administrator=str(options["administrator"]),
        email=email,
    )
