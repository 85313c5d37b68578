# SPDX-License-Identifier: EUPL-1.2
from importlib import import_module

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    name = "marketplace"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("marketplace.checks")
        import_module("marketplace.durability")
        # Or the tasks of every other process than the worker would go to a queue of nobody.
        import_module("marketplace.celery").app.set_default()
