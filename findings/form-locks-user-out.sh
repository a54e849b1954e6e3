#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same PUT changes an email if it is sent as JSON, and locks the user out if it is sent as a form.
#
# Seen with: Django REST Framework 3.14.0 (Debian python3-djangorestframework 3.14.0-2+deb12u1) on Django
# 3.2.25 (Debian python3-django 3:3.2.25-0+deb12u7): a ModelViewSet over django.contrib.auth.models.User,
# with the default parsers, which take JSON and forms.
#
# The guess: an API that takes JSON and forms does the same with both. A field that a POST leaves out gets
# the default of the model, in which a new user is active. A field that is not required and that a PUT leaves
# out stays as it is: this is what happens with JSON, so the first test with `curl -d` looks fine.
#
# What happens: in a form (urlencoded or multipart) a boolean that is left out is false, as an unticked
# checkbox is. So `curl -d username=x` creates an inactive user, and `curl -X PUT -d ...` with a new email
# deactivates the user who had been active, with status 200. Text fields that the same form leaves out stay.
# With PATCH, a form and JSON do the same.
#
# What helps: send JSON, or use PATCH. On the server: parser_classes = [JSONParser].
#
# Source: rest_framework/fields.py: Field.get_value, which makes no exception for what is not an HTML form,
# and BooleanField.default_empty_html = False. The documentation of BooleanField has a note on "HTML encoded
# form input"; it does not name PUT, and few take the body of an API client for an HTML form.
set -eu

work=$(mktemp -d)
server=
# shellcheck disable=SC2317  # called by the trap
clean()
{
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM
mkdir "$work/deb" "$work/root"
chmod 755 "$work" "$work/deb"
(cd "$work/deb" && apt-get -qq download python3-djangorestframework=3.14.0-2+deb12u1 \
	python3-django=3:3.2.25-0+deb12u7 python3-asgiref=3.6.0-1 python3-sqlparse=0.4.2-1+deb12u1 \
	python3-tz=2022.7.1-4 2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done

cat >"$work/app.py" <<'END'
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="finding", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}})
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import include, path
from rest_framework import routers, serializers, viewsets


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "first_name", "email", "is_active"]


class UserViewSet(viewsets.ModelViewSet):
    queryset = User.objects.order_by("id")
    serializer_class = UserSerializer


router = routers.DefaultRouter()
router.register("users", UserViewSet)
urlpatterns = [path("", include(router.urls))]

if __name__ == "__main__":
    import rest_framework
    print(f"Django REST Framework {rest_framework.VERSION}, Django {django.__version__}", flush=True)
    call_command("migrate", verbosity=0)
    call_command("runserver", f"127.0.0.1:{sys.argv[2]}", use_reloader=False, stdout=open("/dev/null", "w"))
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
PYTHONPATH=$work/root/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 \
	/usr/bin/python3 "$work/app.py" "$work/db" "$port" 2>"$work/server.log" &
server=$!

url=http://127.0.0.1:$port/users/
# ask ARGUMENT...: the system's curl, unconfigured, past any proxy.
ask()
{
	curl -q -sS --noproxy '*' -m 60 "$@"
}
ask --retry 60 --retry-delay 1 --retry-connrefused -o /dev/null "$url" 2>/dev/null || {
	cat "$work/server.log"
	exit 1
}

# is KEY...: the values of those in the record on stdin
is()
{
	python3 -c 'import json, sys; r = json.load(sys.stdin); print(*(r[k] for k in sys.argv[1:]), sep=", ")' "$@"
}
failed=0
# check NAME GOT WANTED
check()
{
	echo "  $1: $2"
	[ "$2" = "$3" ] || {
		echo "    CHANGED: expected '$3'"
		failed=1
	}
}
JSON='Content-Type: application/json'
# user NAME: makes an active one, as JSON; prints the URL
user()
{
	echo "$url$(ask -H "$JSON" -d '{"username": "'"$1"'", "first_name": "Ada"}' "$url" | is id)/"
}

echo 'POST of a username: is_active'
check 'as JSON' "$(ask -H "$JSON" -d '{"username": "a"}' "$url" | is is_active)" True
check 'as a form' "$(ask -d username=b "$url" | is is_active)" False
echo 'PUT or PATCH of username and email, on an active user: first_name, email, is_active'
check 'PUT as JSON' "$(ask -X PUT -H "$JSON" -d '{"username": "c", "email": "new@example.com"}' "$(user c)" |
	is first_name email is_active)" 'Ada, new@example.com, True'
check 'PUT as a form' "$(ask -X PUT -d username=d -d email=new@example.com "$(user d)" |
	is first_name email is_active)" 'Ada, new@example.com, False'
check 'PUT as multipart' "$(ask -X PUT -F username=e -F email=new@example.com "$(user e)" |
	is first_name email is_active)" 'Ada, new@example.com, False'
check 'PATCH as a form' "$(ask -X PATCH -d email=new@example.com "$(user f)" |
	is first_name email is_active)" 'Ada, new@example.com, True'
exit $failed
