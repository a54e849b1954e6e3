# SPDX-License-Identifier: Apache-2.0
"""The people that every server is filled with."""

import collections

Person = collections.namedtuple("Person", "number login first last email city active")

COUNT = 230
# so many have the same email address on every server
SHARED = 20

FIRST = ("Ada Bo Chen Dara Emil Fatou Göran Hana Imre Jun Kofi Léa Mina Noor Olga Pál Quinn Rosa Sven Tala "
         "Uma Vera Wole").split()
LAST = "Abel Brandt Castro Dubois Eriksen Fischer Grant Haddad Ito Jensen".split()
CITIES = "Oslo Porto Lima Kyoto Accra".split()


def people(server):
    """The people of the server with the name SERVER: distinct logins, names and emails; every tenth is inactive."""
    made = []
    for number in range(1, COUNT + 1):
        first = FIRST[(number - 1) % len(FIRST)]
        last = f"{LAST[(number - 1) // len(FIRST)]}-{number}"
        place = "shared" if number <= SHARED else server
        made.append(Person(number, f"person{number:03}", first, last, f"person{number:03}@{place}.example.com",
                           CITIES[number % len(CITIES)], number % 10 != 7))
    return made
