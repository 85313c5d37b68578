import uuid
from collections import Counter

from django.db import migrations, models


def number_attempts(apps, schema_editor):
    """Count those of each deposit from 1, in their order."""
    last = Counter()
    for attempt in apps.get_model("envelopes", "Attempt").objects.order_by("id"):
        last[attempt.deposit_id] += 1
        attempt.number = last[attempt.deposit_id]
        attempt.save(update_fields=["number"])


class Migration(migrations.Migration):
    dependencies = [("envelopes", "0002_receipt_timestamp")]

    operations = [
        migrations.CreateModel(
            name="StoreAlarm",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("cause", models.CharField(max_length=60)),
                ("raised_on", models.DateField()),
                ("raised_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("occurrence_count", models.PositiveIntegerField(default=1)),
                ("told_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cause", "raised_on"), name="store_alarm_once_a_day")
                ],
            },
        ),
        migrations.AddField("sealedfile", "reserved_size", models.PositiveBigIntegerField(default=0)),
        migrations.RenameField("attempt", "number", "id"),
        migrations.AlterField(
            "attempt",
            "id",
            models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
        ),
        migrations.AddField(
            "attempt",
            "step",
            models.CharField(
                choices=[("upload", "Sending a file"), ("submission", "Submitting the bid")],
                default="upload",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField("attempt", "number", models.PositiveIntegerField(default=0), preserve_default=False),
        migrations.RunPython(number_attempts, migrations.RunPython.noop),
        migrations.AddConstraint(
            "attempt",
            models.UniqueConstraint(fields=("deposit", "number"), name="attempt_number_unique_in_deposit"),
        ),
    ]
