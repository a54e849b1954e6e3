# SPDX-License-Identifier: Apache-2.0
"""An admin API as people write one with Django REST Framework: a ModelViewSet over django.contrib.auth.

    drf_app.py migrate            make the database
    drf_app.py fill FILE          add the users of FILE, JSON
    drf_app.py serve PORT

The environment has DRF_DATABASE, DRF_PAGING (page, offset or cursor) and DRF_TOKEN.
"""

import json
import os
import sys

import django
from django.conf import settings

settings.configure(
    DEBUG=False, SECRET_KEY="interop", ALLOWED_HOSTS=["127.0.0.1", "localhost"], ROOT_URLCONF=__name__, USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework",
                    "rest_framework.authtoken"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"], DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DRF_DATABASE"],
                           "OPTIONS": {"timeout": 20}}})
django.setup()

# pylint: disable=wrong-import-position  # they need the settings
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework import pagination, routers, serializers, viewsets  # noqa: E402
from rest_framework.authentication import TokenAuthentication  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402
from rest_framework.permissions import IsAdminUser  # noqa: E402


class ByPage(pagination.PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


class ByOffset(pagination.LimitOffsetPagination):
    default_limit = 20
    max_limit = 100


class ByCursor(pagination.CursorPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering = "id"


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "first_name", "last_name", "email", "is_active", "is_staff", "date_joined",
                  "last_login"]
        read_only_fields = ["date_joined", "last_login"]


class UserViewSet(viewsets.ModelViewSet):
    queryset = User.objects.all().order_by("id")
    serializer_class = UserSerializer
    pagination_class = {"page": ByPage, "offset": ByOffset, "cursor": ByCursor}[os.environ["DRF_PAGING"]]
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAdminUser]


ROUTER = routers.DefaultRouter()
ROUTER.register("users", UserViewSet)
urlpatterns = [path("api/", include(ROUTER.urls))]


def fill(file):
    admin = User.objects.create(username="admin", email="admin@drf.example.com", is_staff=True, is_superuser=True)
    Token.objects.create(user=admin, key=os.environ["DRF_TOKEN"])
    with open(file, encoding="utf-8") as text:
        User.objects.bulk_create([User(**person) for person in json.load(text)])


def main(verb, *rest):
    if verb == "migrate":
        call_command("migrate", verbosity=0)
    elif verb == "fill":
        fill(*rest)
    elif verb == "serve":
        call_command("runserver", f"127.0.0.1:{rest[0]}", use_reloader=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
