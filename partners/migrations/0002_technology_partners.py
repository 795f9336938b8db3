"""The cohort-import partners that Quayside knows from the start."""

from django.db import migrations

PARTNERS = {
    "amplitude": "Amplitude",
    "appsflyer": "AppsFlyer",
    "census": "Census",
    "heap": "Heap",
    "hightouch": "Hightouch",
    "kubit": "Kubit",
    "mixpanel": "Mixpanel",
    "mparticle": "mParticle",
    "segment": "Segment",
    "splio": "Splio",
    "tinyclues": "Tinyclues",
    "treasure-data": "Treasure Data",
}


def add(apps, schema_editor):
    partners = apps.get_model("partners", "Partner").objects.using(schema_editor.connection.alias)
    for slug, name in PARTNERS.items():
        partners.get_or_create(slug=slug, defaults={"name": name})


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial")]
    # Going back keeps them: they may have keys and cohorts by now.
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
