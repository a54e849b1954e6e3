/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seed: people who do not exist, always the same ones for the same seed.
 *
 * Names are a person's, not a random mix of syllables: first and last names stay within one script,
 * and each has a form for the e-mail address in ASCII. Numbers come from splitmix64 over seed and
 * index, so that person 70,000 needs no look at the 69,999 before, and nothing depends on the C
 * library.
 *
 * It must not know how a vendor writes a user.
 */
#include "seed.h"

#include <ctype.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct name {
	const char *shown;
	const char *ascii;
};

#define NAMES 6

static const struct people {
	struct name first[NAMES];
	struct name last[NAMES];
	const char *timezone;
	const char *locale;
	const char *street, *city, *postcode, *country;
} peoples[] = {
    {{{"Jane", "jane"},
      {"John", "john"},
      {"Mary-Ann", "mary-ann"},
      {"Oliver", "oliver"},
      {"Sinéad", "sinead"},
      {"Tom", "tom"}},
     {{"Doe", "doe"},
      {"O'Brien", "o'brien"},
      {"Smith", "smith"},
      {"D’Arcy", "darcy"},
      {"MacDonald", "macdonald"},
      {"St. John", "st.john"}},
     "Europe/London",
     "en_GB",
     "High Street",
     "Leeds",
     "LS1 4DY",
     "GB"},
    {{{"Zoë", "zoe"},
      {"Jürgen", "juergen"},
      {"Søren", "soren"},
      {"François", "francois"},
      {"Łukasz", "lukasz"},
      {"Şebnem", "sebnem"}},
     {{"Müller", "mueller"},
      {"Strauß", "strauss"},
      {"Ångström", "angstrom"},
      {"Dvořák", "dvorak"},
      {"Nuñez", "nunez"},
      {"Gîrlă", "girla"}},
     "Europe/Berlin",
     "de_DE",
     "Königstraße",
     "Köln",
     "50667",
     "DE"},
    {{{"Ольга", "olga"},
      {"Дмитрий", "dmitri"},
      {"Наталія", "nataliya"},
      {"Фёдор", "fyodor"},
      {"Ђорђе", "djordje"},
      {"Вера", "vera"}},
     {{"Иванова", "ivanova"},
      {"Шевченко", "shevchenko"},
      {"Щукин", "shchukin"},
      {"Петровић", "petrovic"},
      {"Ковальчук", "kovalchuk"},
      {"Ёлкин", "yolkin"}},
     "Europe/Kyiv",
     "uk_UA",
     "вул. Хрещатик",
     "Київ",
     "01001",
     "UA"},
    {{{"Ελένη", "eleni"},
      {"Γιώργος", "giorgos"},
      {"Αθηνά", "athina"},
      {"Νίκος", "nikos"},
      {"Σοφία", "sofia"},
      {"Οδυσσέας", "odysseas"}},
     {{"Παπαδόπουλος", "papadopoulos"},
      {"Καραγιάννη", "karagianni"},
      {"Λάσκαρις", "laskaris"},
      {"Οικονόμου", "oikonomou"},
      {"Ψαρράς", "psarras"},
      {"Ζαφείρη", "zafeiri"}},
     "Europe/Athens",
     "el_GR",
     "Ερμού",
     "Αθήνα",
     "105 63",
     "GR"},
    {{{"美玲", "meiling"},
      {"伟", "wei"},
      {"太郎", "taro"},
      {"さくら", "sakura"},
      {"지우", "jiwoo"},
      {"𠮷郎", "yoshiro"}},
     {{"王", "wang"},
      {"歐陽", "ouyang"},
      {"山田", "yamada"},
      {"髙橋", "takahashi"},
      {"김", "kim"},
      {"陳", "chan"}},
     "Asia/Tokyo",
     "ja_JP",
     "千代田区",
     "東京",
     "100-0001",
     "JP"},
    {{{"فاطمة", "fatima"},
      {"محمد", "mohammed"},
      {"رُقَيَّة", "ruqayya"},
      {"آرش", "arash"},
      {"נועה", "noa"},
      {"יוסף", "yosef"}},
     {{"الزهراء", "alzahra"},
      {"بن علي", "benali"},
      {"کاظمی", "kazemi"},
      {"לֵוִי", "levi"},
      {"כהן", "cohen"},
      {"حدّاد", "haddad"}},
     "Africa/Cairo",
     "ar_EG",
     "شارع التحرير",
     "القاهرة",
     "11511",
     "EG"},
    {{{"प्रिया", "priya"},
      {"अर्जुन", "arjun"},
      {"কৌশিক", "koushik"},
      {"தமிழ்", "tamil"},
      {"สมชาย", "somchai"},
      {"အောင်", "aung"}},
     {{"शर्मा", "sharma"},
      {"श्रीवास्तव", "shrivastava"},
      {"চট্টোপাধ্যায়", "chattopadhyay"},
      {"முருகன்", "murugan"},
      {"ใจดี", "jaidee"},
      {"မြင့်", "myint"}},
     "Asia/Kolkata",
     "hi_IN",
     "महात्मा गांधी मार्ग",
     "दिल्ली",
     "110001",
     "IN"},
    {{{"Nguyễn", "nguyen"},
      {"Ọlá", "ola"},
      {"ʻIolani", "iolani"},
      {"ნინო", "nino"},
      {"Արամ", "aram"},
      {"Zoe\u0308", "zoe-two-code-points"}},
     {{"Thị Hương", "thihuong"},
      {"Adébáyọ̀", "adebayo"},
      {"Kaʻahumanu", "kaahumanu"},
      {"ბერიძე", "beridze"},
      {"Խաչատրյան", "khachatryan"},
      {"\"Q\" Public", "q-public"}},
     NULL,
     NULL,
     "Lê Lợi / 2",
     "Huế",
     "49000",
     "VN"},
};

static const char *const domains[] = {"example.com", "example.org", "example.net",
				      "mail.example.com"};

static uint64_t splitmix64(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15U;
	uint64_t z = *state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

/* first.last17@example.com, with now and then a +tag or capitals. The index makes it unique. */
static void seed_email(struct person *person, const char *first, const char *last,
		       unsigned long index, uint64_t dice)
{
	const char *tag = dice % 7 == 0 ? "+roster" : "";
	snprintf(person->email, sizeof person->email, "%s.%s%lu%s@%s", first, last, index, tag,
		 domains[dice / 7 % LENGTH(domains)]);
	if (dice / 64 % 20 == 0 && index > 1) {
		person->email[0] = (char)toupper((unsigned char)person->email[0]);
		char *last_letter = person->email + strlen(person->email) - 1;
		*last_letter = (char)toupper((unsigned char)*last_letter);
	}
}

void seed_person(uint64_t seed, unsigned long index, struct person *person)
{
	uint64_t state = seed * 0xd1342543de82ef95U + index;
	uint64_t dice = splitmix64(&state);
	/* The key's owner is a name that tests may spell; half of the others write in Latin
	 * letters. */
	size_t which = dice % 2 ? dice / 2 % 2 : dice / 2 % LENGTH(peoples);
	const struct people *people = &peoples[index == 1 ? 0 : which];
	const struct name *first = &people->first[index == 1 ? 0 : dice / 64 % NAMES];
	const struct name *last = &people->last[index == 1 ? 0 : dice / 1024 % NAMES];
	person->firstname = first->shown;
	person->lastname = last->shown;
	person->timezone = people->timezone;
	person->locale = people->locale;
	person->street = people->street;
	person->city = people->city;
	person->postcode = people->postcode;
	person->country = people->country;
	person->role = index == 1 || dice / 8192 % 12 == 0 ? "admin" : "standard";
	person->status = index > 1 && index % 10 == 0 ? "inactive" : "active";
	person->house = (unsigned)(1 + dice / 65536 % 250);
	seed_email(person, first->ascii, last->ascii, index, index == 1 ? 1 : splitmix64(&state));
	uint64_t when = splitmix64(&state);
	person->created = 1577836800 + (int64_t)(when % 126230400);            /* 2020 to 2023 */
	person->updated = 1704067200 + (int64_t)(when / 126230400 % 31536000); /* 2024 */
	person->dice = splitmix64(&state);
}
