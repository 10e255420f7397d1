"""Models and migrations say the same."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
@pytest.mark.sqlite
def test_no_model_has_changed_without_its_migration(capsys):
    try:
        call_command("makemigrations", check=True, dry_run=True, interactive=False, verbosity=1)
    except SystemExit:
        pytest.fail(capsys.readouterr().out)
    assert "No changes detected" in capsys.readouterr().out
