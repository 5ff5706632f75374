"""Makes the tables of Django by Django itself, two users and a group. Settings come from the environment: ENGINE, NAME, and
HOST, PORT, USER, PASSWORD or SOCKET; PASSWORDS has the password of both users."""

import os

import django
from django.conf import settings

database = {"ENGINE": f"django.db.backends.{os.environ['ENGINE']}", "NAME": os.environ["NAME"]}
for name in ("HOST", "PORT", "USER", "PASSWORD"):
    if name in os.environ:
        database[name] = os.environ[name]
settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    DATABASES={"default": database},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import Group, User
from django.core.management import call_command

call_command("migrate", verbosity=0)
password = os.environ["USERS_PASSWORD"]
ada = User.objects.create_user("ada", "ada@example.com", password, first_name="Ada", last_name="Lovelace")
User.objects.create_user("bob", "bob@example.com", password, is_active=False)
nobody = User.objects.create_user("nopass", "nopass@example.com")
staff = Group.objects.create(name="staff")
ada.groups.add(staff)
