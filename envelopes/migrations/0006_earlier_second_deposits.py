from django.db import migrations


def say_that_earlier_deposits_stay(apps, schema_editor):
    """Bidders were told that a second deposit leaves the first as it is: it completes it."""
    deposits = apps.get_model("envelopes", "Deposit").objects
    last = {}
    submitted = deposits.filter(state="submitted", consultation__is_test=False).order_by("number")
    for pk, follows, *of in submitted.values_list("pk", "follows", "consultation", "company"):
        earlier = last.get(tuple(of))
        if earlier is not None and follows is None:
            deposits.filter(pk=pk).update(follows=earlier, relation="completes")
        last[tuple(of)] = pk


class Migration(migrations.Migration):

    dependencies = [
        ('envelopes', '0005_second_deposits_and_registers'),
    ]

    operations = [
        migrations.RunPython(say_that_earlier_deposits_stay, migrations.RunPython.noop),
    ]
