# SPDX-License-Identifier: EUPL-1.2
from django.urls import path

from envelopes.views import (
    closing,
    consultations,
    coverage,
    departures,
    deposits,
    documents,
    lines,
    local_opening,
    opening,
    register,
    register_files,
    second_deposits,
    uploads,
)

app_name = "envelopes"
_CONSULTATION = "organisation/consultations/<uuid:consultation_id>/"
_DEPOSIT = "deposits/<uuid:deposit_id>/"
_PAPER = "organisation/paper-deposits/<uuid:paper_deposit_id>/"
_AGENTS_DEPOSIT = "organisation/deposits/<uuid:deposit_id>/"
_ENVELOPE = "organisation/envelopes/<uuid:envelope_id>/"
_KEY_PAIR = "settings/encryption-keys/<uuid:key_pair_id>/"
_AGENT = "organisation/agents/<uuid:agent_id>/"

urlpatterns = [
    # The buyer, before the deadline
    path(_CONSULTATION, consultations.detail, name="consultation"),
    path(_CONSULTATION + "keys/", consultations.choose_keys, name="choose_keys"),
    path(_CONSULTATION + "publish/", consultations.publish, name="publish"),
    # Who can open, and what hangs on a key pair or on a person
    path(_CONSULTATION + "coverage/", coverage.page, name="coverage"),
    path(_KEY_PAIR + "consultations/", coverage.key_consultations, name="key_consultations"),
    path(_KEY_PAIR + "report/", coverage.report_key, name="report_key"),
    path(_AGENT + "departure/", departures.checklist, name="departure"),
    path(_AGENT + "departure/announce/", departures.announce, name="announce_departure"),
    path(_AGENT + "disable/", departures.disable, name="disable_agent"),
    # The bidder
    path("consultations/", deposits.public_list, name="public_list"),
    path("consultations/measure/", lines.measure, name="measure"),
    path("consultations/<uuid:consultation_id>/", deposits.public_detail, name="public_detail"),
    path("consultations/<uuid:consultation_id>/deposit/", deposits.start, name="start_deposit"),
    path("deposits/", deposits.mine, name="deposits"),
    path(_DEPOSIT, deposits.detail, name="deposit"),
    path(_DEPOSIT + "relation/", second_deposits.choose_relation, name="choose_relation"),
    path(_DEPOSIT + "submit/", deposits.submit, name="submit"),
    path(_DEPOSIT + "withdraw/", second_deposits.withdraw, name="withdraw"),
    path(_DEPOSIT + "receipt/", deposits.receipt, name="receipt"),
    path(_DEPOSIT + "verify/", deposits.verify, name="verify"),
    path(_DEPOSIT + "receipt.json", deposits.receipt_file, name="receipt_file"),
    path(_DEPOSIT + "receipt.pdf", documents.receipt, name="receipt_pdf"),
    path(_DEPOSIT + "receipt.tst", deposits.receipt_token, name="receipt_token"),
    path(_DEPOSIT + "attempts/", documents.attempts_page, name="attempts"),
    path(_DEPOSIT + "attempts.pdf", documents.attempts_pdf, name="attempts_pdf"),
    path(_DEPOSIT + "attempts.csv", documents.attempts_csv, name="attempts_csv"),
    path(_DEPOSIT + "attempts.json", documents.attempts_json, name="attempts_json"),
    path(_DEPOSIT + "uploads/", uploads.collection, name="uploads"),
    path("uploads/<uuid:upload_id>/", uploads.resource, name="upload"),
    # Everybody, after the deadline
    path("consultations/<uuid:consultation_id>/closing.json", closing.fingerprint, name="closing"),
    path("consultations/<uuid:consultation_id>/closing.tst", closing.token, name="closing_token"),
    path(_DEPOSIT + "closing.json", closing.proof, name="closing_proof"),
    # The buyer, after the deadline
    path(_CONSULTATION + "register/", register.page, name="register"),
    path(_CONSULTATION + "register.csv", register_files.table, name="register_csv"),
    path(
        _CONSULTATION + "register-attempts.csv",
        register_files.attempts_table,
        name="register_attempts_csv",
    ),
    path(_CONSULTATION + "register.json", register_files.data, name="register_json"),
    path(_CONSULTATION + "register.pdf", register_files.document, name="register_pdf"),
    path(_CONSULTATION + "register/new/", register.enter, name="enter_paper_deposit"),
    path(_PAPER + "cancel/", register.cancel, name="cancel_paper_deposit"),
    path(_AGENTS_DEPOSIT + "attempts/", register.deposit_attempts, name="deposit_attempts"),
    path(_CONSULTATION + "opening/", opening.page, name="opening"),
    path(_AGENTS_DEPOSIT + "archive/", local_opening.take_away, name="take_away"),
    path(_ENVELOPE + "manifest/", opening.manifest, name="manifest"),
    path(_ENVELOPE + "headers/", opening.headers, name="headers"),
    path(_ENVELOPE + "release/", opening.release, name="release"),
    path(_ENVELOPE + "local/", local_opening.declare, name="open_locally"),
    path(
        _ENVELOPE + "local/<str:sealed_file>/<int:number>/",
        local_opening.block,
        name="sealed_block",
    ),
    path("organisation/files/<uuid:file_id>/content/", opening.content, name="content"),
]
