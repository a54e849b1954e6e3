/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease_script.c - what runs at the server, each script as one step.
 *
 * Three keys of a record: KEY holds "TICKET TOKEN" of the lease, and expires with it; KEY:q is a
 * sorted set of the tickets that wait, by when they came; KEY:a says when each was last seen. A
 * waiter asks again each second at least. One that has not asked for longer is gone. A ticket is
 * "MAILBOX NUMBER": which mailbox gets the message, and the number that the message has.
 *
 * A record that is handed over is held for a short time only, until its new owner asks once more,
 * which makes it a lease of full length. Thus a message that is lost costs a second, and one that
 * was forged costs a question.
 *
 * A server that was emptied, has restarted, or took over from another may have forgotten leases
 * that their holders still count on. So one more key says which server gave leases, and since when:
 * if it is missing or names another one, nothing is given for as long as a lease may last. Tokens
 * go on above all that were ever given. A value that something else has put into a key expires
 * after the time of a lease at most.
 */
#include "cache/lease/lease_script.h"

#include "cache/lease/lease_state.h"
#include "cache/redis/redis.h"
#include "cache/store/shared_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Says how many milliseconds it takes until leases may be given. */
#define LUA_TIME                                                                                   \
	"local time=redis.call('TIME') "                                                           \
	"local us=time[1]*1000000+time[2] "                                                        \
	"local ms=math.floor(us/1000) "                                                            \
	"local function settles(epoch,tokens,px) "                                                 \
	" local run=redis.call('INFO','server'):match('run_id:(%w+)') or '?' "                     \
	" local r,t=(redis.call('GET',epoch) or ''):match('^(%w+) (%d+)$') "                       \
	" t=tonumber(t or '') "                                                                    \
	" if r~=run or not t or t>ms then "                                                        \
	"  t=ms "                                                                                  \
	"  redis.call('SET',epoch,run..' '..string.format('%.0f',ms),'PX',2592000000) "            \
	"  local last=tonumber(redis.call('GET',tokens)) or 0 "                                    \
	"  if last<us then "                                                                       \
	"   redis.call('SET',tokens,string.format('%.0f',us),'PX',2592000000) end "                \
	" end "                                                                                    \
	" return t+px-ms end "

/* Milliseconds for which a record is held that was handed over, and for which a waiter counts. */
#define LUA_FUNCTIONS                                                                              \
	LUA_TIME                                                                                   \
	"local key,tokens,epoch=KEYS[1],KEYS[2],KEYS[3] "                                          \
	"local q,a=KEYS[4],KEYS[5] "                                                               \
	"local function mine(v,ticket) return v and v:sub(1,#ticket+1)==ticket..' ' end "          \
	"local function grant(ticket,px) "                                                         \
	" local token=redis.call('INCR',tokens) "                                                  \
	" if token==1 then token=us redis.call('SET',tokens,string.format('%.0f',us)) end "        \
	" redis.call('PEXPIRE',tokens,2592000000) "                                                \
	" redis.call('PEXPIRE',epoch,2592000000) "                                                 \
	" redis.call('SET',key,ticket..' '..string.format('%.0f',token),'PX',px) "                 \
	" return token end "                                                                       \
	"local function first() "                                                                  \
	" while true do "                                                                          \
	"  local f=redis.call('ZRANGEBYSCORE',q,'-inf','+inf','LIMIT',0,1)[1] "                    \
	"  if not f then return nil end "                                                          \
	"  local seen=redis.call('HGET',a,f) "                                                     \
	"  redis.call('ZREM',q,f) redis.call('HDEL',a,f) "                                         \
	"  if seen and ms-seen<2500 then return f end "                                            \
	" end end "                                                                                \
	"local function hand(ticket) "                                                             \
	" grant(ticket,1500) "                                                                     \
	" local box,n=ticket:match('^(%S+) (%d+)$') "                                              \
	" redis.pcall('XADD',box,'MAXLEN','~',1000,'*','m','lease '..n) "                          \
	" redis.call('PEXPIRE',box,600000) end "

/* ARGV: ticket, milliseconds. Reply: granted, token, the time, milliseconds until to ask again. */
static struct redis_script ask_script = {
    .text = LUA_FUNCTIONS "local me,px=ARGV[1],tonumber(ARGV[2]) "
			  "local v=redis.call('GET',key) "
			  "if mine(v,me) then "
			  " redis.call('PEXPIRE',key,ARGV[2]) "
			  " return {1,tonumber(v:match(' (%d+)$')),ms,0} end "
			  "if v and (redis.call('PTTL',key)>px or redis.call('PTTL',key)<0) then "
			  " redis.call('PEXPIRE',key,px) end "
			  "local again=1000 "
			  "local settles=settles(epoch,tokens,px) "
			  "if settles>0 then "
			  " again=settles+5 if again>1000 then again=1000 end "
			  "elseif not v then "
			  " redis.call('ZADD',q,'NX',us,me) redis.call('HSET',a,me,ms) "
			  " local f=first() "
			  " if f==me then return {1,grant(me,ARGV[2]),ms,0} end "
			  " hand(f) "
			  "else "
			  " again=redis.call('PTTL',key)+5 if again>1000 then again=1000 end "
			  "end "
			  "redis.call('ZADD',q,'NX',us,me) redis.call('HSET',a,me,ms) "
			  "redis.call('PEXPIRE',q,5000) redis.call('PEXPIRE',a,5000) "
			  "return {0,0,ms,again}"};

/* ARGV: ticket. */
static struct redis_script leave_script = {
    .text = LUA_FUNCTIONS "local me=ARGV[1] "
			  "redis.call('ZREM',q,me) redis.call('HDEL',a,me) "
			  "if not mine(redis.call('GET',key),me) then return 0 end "
			  "local f=first() "
			  "if f then hand(f) else redis.call('DEL',key) end "
			  "return 1"};

/* Two KEYS: tokens, epoch. ARGV: milliseconds. */
static struct redis_script settle_script = {.text = LUA_TIME
					    "return settles(KEYS[2],KEYS[1],tonumber(ARGV[1]))"};

/* The same, and lines of "KEY TICKET". Reply: a digit for each. */
static struct redis_script renew_script = {
    .text = LUA_TIME "local out={} "
		     "settles(KEYS[2],KEYS[1],tonumber(ARGV[1])) "
		     "for key,ticket in ARGV[2]:gmatch('(%S+) ([^\\n]+)\\n') do "
		     " local v=redis.call('GET',key) "
		     " local held=v and v:sub(1,#ticket+1)==ticket..' ' "
		     " if held then redis.call('PEXPIRE',key,ARGV[1]) end "
		     " out[#out+1]=held and '1' or '0' "
		     "end "
		     "return table.concat(out)"};

/* Nothing but a grant is in a key, and none is longer than a lease: what somebody else put there
 * ends, too. */
static int lease_script_run(struct store_lease *lease, struct redis_script *script, bool with_time,
			    struct redis_reply **reply)
{
	struct redis_command keys = {0}, arguments = {0};
	char queue[LEASE_KEY_MAX + 2], seen[LEASE_KEY_MAX + 2];

	snprintf(queue, sizeof(queue), "%s:q", lease->key);
	snprintf(seen, sizeof(seen), "%s:a", lease->key);
	redis_add_text(&keys, lease->key);
	redis_add_text(&keys, lease->leases->tokens);
	redis_add_text(&keys, lease->leases->epoch);
	redis_add_text(&keys, queue);
	redis_add_text(&keys, seen);
	redis_add_text(&arguments, lease->ticket);
	if (with_time)
		redis_add_number(&arguments, LEASE_MS);
	return redis_run(lease->leases->shared->redis, script, &keys, &arguments, REDIS_DEADLINE,
			 reply);
}

int lease_script_ask(struct store_lease *lease, struct lease_turn *turn)
{
	struct redis_reply *reply = NULL;
	int error = lease_script_run(lease, &ask_script, true, &reply);

	if (error)
		return error;
	if (redis_count(reply) == 4) {
		int64_t again = redis_integer(redis_at(reply, 3));

		turn->granted = redis_integer(redis_at(reply, 0)) == 1;
		turn->token = redis_integer(redis_at(reply, 1));
		turn->time = redis_integer(redis_at(reply, 2));
		turn->again = again < 5 ? 5 : again > 1000 ? 1000 : (unsigned)again;
	} else {
		error = -EREMOTEIO;
	}
	redis_reply_free(reply);
	return error;
}

int lease_script_leave(struct store_lease *lease)
{
	struct redis_reply *reply = NULL;
	int error = lease_script_run(lease, &leave_script, false, &reply);

	redis_reply_free(reply);
	return error;
}

int lease_script_settle(struct leases *leases)
{
	struct redis_command keys = {0}, arguments = {0};
	struct redis_reply *reply = NULL;
	int error;

	redis_add_text(&keys, leases->tokens);
	redis_add_text(&keys, leases->epoch);
	redis_add_number(&arguments, LEASE_MS);
	error = redis_run(leases->shared->redis, &settle_script, &keys, &arguments, REDIS_DEADLINE,
			  &reply);
	redis_reply_free(reply);
	return error;
}

int lease_script_renew(struct leases *leases, const char *lines, char *result, size_t count)
{
	struct redis_command keys = {0}, arguments = {0};
	struct redis_reply *reply = NULL;
	const char *text;
	size_t length;
	int error;

	redis_add_text(&keys, leases->tokens);
	redis_add_text(&keys, leases->epoch);
	redis_add_number(&arguments, LEASE_MS);
	redis_add_text(&arguments, lines);
	error = redis_run(leases->shared->redis, &renew_script, &keys, &arguments, REDIS_DEADLINE,
			  &reply);
	if (error)
		return error;
	text = redis_text(reply, &length);
	if (length == count)
		memcpy(result, text, count + 1);
	else
		error = -EREMOTEIO;
	redis_reply_free(reply);
	return error;
}
