# SPDX-License-Identifier: EUPL-1.2
import json

import pytest
from django.core.management import CommandError, call_command

from signatures.demonstration import documents
from tests.factories import NOW


def test_report_judges_a_signed_file_under_both_orders(tmp_path, capsys):
    file = tmp_path / "signed.pdf"
    document = documents.pdf("Acte d’engagement", ["48 213,50 € HT"])
    file.write_bytes(documents.signed(document, signatory="Anne", company="Toitures", now=NOW))

    call_command("report", str(file), "--json")

    report = json.loads(capsys.readouterr().out)
    assert report["file"] == str(file)
    assert len(report["verdicts"]) == 2
    indications = {verdict["indication"] for verdict in report["verdicts"].values()}
    assert indications == {"INDETERMINATE"}  # no trusted list says who issued the certificate


def test_report_names_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match=r"nowhere\.pdf cannot be read"):
        call_command("report", str(tmp_path / "nowhere.pdf"))
