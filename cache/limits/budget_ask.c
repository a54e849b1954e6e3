/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget_ask.c - see budget_ask.h.
 *
 * A hash for each endpoint has a field for each mount: "grant wanted limit since asked". SINCE is
 * when the mount got its first request in flight or, without any, when it began to wait. Times are
 * the server's, in milliseconds.
 *
 * Only the mount itself makes its grant smaller: first it sends no more, then it asks with what is
 * still in flight. So the vendor never sees more than the budget.
 */
#include "cache/limits/budget_ask.h"

#include "cache/redis/redis.h"
#include "cache/store/shared_state.h"

#include <errno.h>
#include <stdio.h>

#define ANSWERS 5

/*
 * KEYS: the budgets. ARGV: this mount, and for each budget "wanted limit holds known". KNOWN is 1
 * if the mount has been told a grant before: if it is not in the budget then, the server has lost
 * what the mounts hold, and for a second, until all have asked again, nobody gets more than it has.
 *
 * If there are enough requests for all mounts that want some, the parts are even. A mount that
 * wants less than its part leaves the rest to the others. Half of what no mount wants is given as a
 * reserve, so that a mount that soon wants more seldom has to ask. If there are not enough, each
 * mount has one request at a time: after its turn, the one that has waited longest gets it. A mount
 * that waits and has not asked for 400 ms may be gone, and is passed over.
 */
static struct redis_script ask_script = {
    .text =
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"local me, out = ARGV[1], {}\n"
	"local function earlier(a, b)\n"
	"  if a.since ~= b.since then return a.since < b.since end\n"
	"  return a.id < b.id\n"
	"end\n"
	"local function smaller(a, b)\n"
	"  if a.wanted ~= b.wanted then return a.wanted < b.wanted end\n"
	"  return a.id < b.id\n"
	"end\n"
	"for k, key in ipairs(KEYS) do\n"
	"  local wanted, limit, holds, known = string.match(ARGV[k + 1], '^(%d+) (%d+) (%d+) (%d)$')\n"
	"  wanted, limit, holds = tonumber(wanted), tonumber(limit), tonumber(holds)\n"
	"  local all = redis.call('HGETALL', key)\n"
	"  local total, hosts, given, list = limit, 1, 0, {}\n"
	"  local since, lost = now, 0\n"
	"  for i = 1, #all, 2 do\n"
	"    local g, w, l, s, a = string.match(all[i + 1], '^(%d+) (%d+) (%d+) (%d+) (%d+)$')\n"
	"    g, w, l, s, a = tonumber(g), tonumber(w), tonumber(l), tonumber(s), tonumber(a)\n"
	"    if all[i] == 'lost' then lost = tonumber(all[i + 1]) or 0\n"
	"    elseif not g or now - a > 60000 or a - now > 5000 then redis.call('HDEL', key, all[i])\n"
	"    elseif all[i] == me then\n"
	"      known = '0'\n"
	"      if now - a <= 2000 and w > 0 and (g > 0) == (holds > 0) then since = s end\n"
	"    else\n"
	"      hosts = hosts + 1\n"
	"      total = math.min(total, l)\n"
	"      if now - a <= 2000 then\n"
	"        given = given + g\n"
	"        if w > 0 then\n"
	"          list[#list + 1] = {id = all[i], grant = g, wanted = w, since = s,\n"
	"                             waits = g == 0 and now - a <= 400}\n"
	"        end\n"
	"      end\n"
	"    end\n"
	"  end\n"
	"  if known == '1' then\n"
	"    lost = now\n"
	"    redis.call('HSET', key, 'lost', string.format('%.0f', now))\n"
	"  end\n"
	"  local own = {id = me, grant = holds, wanted = wanted, since = since, waits = holds == 0}\n"
	"  if wanted > 0 then list[#list + 1] = own end\n"
	"  local n, rest, target, starving, turn, rank = #list, total, 0, 0, 0, 1\n"
	"  if n <= total then\n"
	"    table.sort(list, smaller)\n"
	"    for i, one in ipairs(list) do\n"
	"      local part = math.min(one.wanted, math.floor(rest / (n - i + 1)))\n"
	"      rest = rest - part\n"
	"      if one == own then target = part\n"
	"      elseif one.grant < part then starving = 1 end\n"
	"    end\n"
	"    if wanted > 0 then\n"
	"      target = target + math.ceil(rest / 2)\n"
	"      if starving == 0 then target = math.max(target, holds) end\n"
	"    end\n"
	"  else\n"
	"    table.sort(list, earlier)\n"
	"    local free, before = total - given - holds, 0\n"
	"    turn = math.max(30, math.floor(600 / n))\n"
	"    for _, one in ipairs(list) do\n"
	"      if one ~= own and one.waits then starving = 1 end\n"
	"      if one.waits then before = before + 1 end\n"
	"      if one == own then\n"
	"        rank = before\n"
	"        if holds == 0 then target = rank <= free and 1 or 0 else target = 1 end\n"
	"      end\n"
	"    end\n"
	"    if holds > 0 and starving == 1 and free <= 0 and now - since >= turn then target = 0 end\n"
	"  end\n"
	"  local grant = holds\n"
	"  if math.abs(now - lost) < 1000 then target = math.min(target, holds)\n"
	"  elseif target > holds then\n"
	"    grant = holds + math.max(0, math.min(target - holds, total - given - holds))\n"
	"  end\n"
	"  if holds == 0 and grant > 0 then since = now end\n"
	"  local again = 300\n"
	"  if wanted == 0 then again = 20000\n"
	"  elseif math.abs(now - lost) < 1000 then again = 100\n"
	"  elseif grant == 0 and rank == 1 then again = 5\n"
	"  elseif grant < target or grant == 0 then again = 20\n"
	"  elseif turn > 0 then again = math.max(10, turn - (now - since))\n"
	"  elseif given + grant >= total then again = 50 end\n"
	"  redis.call('HSET', key, me, string.format('%d %d %d %.0f %.0f', grant, wanted, limit, since, now))\n"
	"  redis.call('PEXPIRE', key, 120000)\n"
	"  for _, v in ipairs({grant, target, hosts, again, starving}) do out[#out + 1] = v end\n"
	"end\n"
	"return out\n",
};

int budget_ask(struct shared *shared, struct budget_ask *asks, unsigned count)
{
	struct redis_command keys = {0}, arguments = {0};
	char texts[BUDGET_ASKS_MAX][48];
	struct redis_reply *reply = NULL;
	int error;

	redis_add_text(&arguments, shared->mount);
	for (unsigned i = 0; i < count; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%u %u %u %d", asks[i].wanted, asks[i].limit,
			 asks[i].holds, asks[i].known);
		redis_add_text(&keys, asks[i].name);
		redis_add_text(&arguments, texts[i]);
	}
	error = redis_run(shared->redis, &ask_script, &keys, &arguments, REDIS_DEADLINE, &reply);
	if (!error && redis_count(reply) != (size_t)count * ANSWERS)
		error = -EREMOTEIO;
	for (unsigned i = 0; !error && i < count; i++) {
		unsigned said[ANSWERS];

		for (unsigned j = 0; j < ANSWERS; j++)
			said[j] = (unsigned)redis_integer(redis_at(reply, i * ANSWERS + j));
		asks[i].grant = said[0];
		asks[i].target = said[1];
		asks[i].hosts = said[2];
		asks[i].again = said[3];
		asks[i].starving = said[4];
	}
	redis_reply_free(reply);
	return error;
}

void budget_ask_leave(struct shared *shared, const char *name)
{
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;

	redis_add_text(&command, "HDEL");
	redis_add_text(&command, name);
	redis_add_text(&command, shared->mount);
	redis_ask(shared->redis, &command, 1, 300, &reply);
	redis_reply_free(reply);
}
