from django.db import migrations


def make_members(apps, schema_editor):
    """Whoever could sign in so far goes on as an administrator of what there is."""
    User = apps.get_model("workspaces", "User")
    Workspace = apps.get_model("workspaces", "Workspace")
    Membership = apps.get_model("workspaces", "Membership")
    Membership.objects.bulk_create(
        [
            Membership(user=user, workspace=workspace, role="administrator")
            for user in User.objects.filter(is_staff=True)
            for workspace in Workspace.objects.all()
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("workspaces", "0003_membership"),
    ]

    operations = [
        migrations.RunPython(make_members, migrations.RunPython.noop),
    ]
