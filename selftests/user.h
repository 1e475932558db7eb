/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two sessions, and messages of any size
 *
 * The fixture of the tests of messages that applications send and move.
 */
#ifndef DMAPI_TEST_USER_H
#define DMAPI_TEST_USER_H

#include "common.h"

#define HEAD		((unsigned int)sizeof(struct dmapi_eventmsg))
#define MOST		DMAPI_MAX_MESSAGE_DATA
#define SOON		10000		/* ms */
#define AWHILE		50

FIXTURE(user)
{
	DM_FIXTURE_FIELDS;
	__s32		sid2;
	unsigned char	*data;		/* a page more than a message may have */
};

/* One message, unpacked. */
struct msg {
	struct dmapi_eventmsg head;
	unsigned int	room;		/* what it took in the buffer */
	unsigned char	data[MOST];
};

static struct msg got;

/* Get one message within @ms milliseconds, or -EAGAIN. */
static inline long get(__s32 sid, int ms)
{
	static unsigned char buf[HEAD + MOST + 8];
	__u64 rlen = 0;
	long ret;

	ret = dm_next_raw(sid, buf, sizeof(buf), &rlen, ms);
	memset(&got, 0, sizeof(got));
	if (ret)
		return ret;
	memcpy(&got.head, buf, HEAD);
	got.room = rlen;
	if (got.head.data.length > MOST)
		return -EMSGSIZE;
	memcpy(got.data, buf + got.head.data.offset, got.head.data.length);
	return 0;
}

/* Answer everything, and end the session. */
static inline long end(__s32 sid)
{
	__s32 tokens[64];
	__u32 n = 0, i;

	while (!get(sid, 0))
		;
	if (!dmapi_getall_tokens(sid, 64, tokens, &n))
		for (i = 0; i < n; i++)
			dm_abort(sid, tokens[i], EIO);
	return dmapi_destroy_session(sid);
}

FIXTURE_SETUP(user)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/user.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "one", &self->sid));
	ASSERT_EQ(0, dmapi_create_session(0, "two", &self->sid2));
	self->data = malloc(MOST + 1);
	dm_fill(self->data, 0, MOST + 1, DM_SEED);
}

FIXTURE_TEARDOWN(user)
{
	if (self->sid)
		EXPECT_EQ(0, end(self->sid));
	if (self->sid2)
		EXPECT_EQ(0, end(self->sid2));
	dm_rm_rf(self->dir);
	free(self->data);
}

/* How many tokens are outstanding, and is this one of them? */
static inline __u32 ntokens(__s32 sid)
{
	__u32 n = 0;
	long ret = dmapi_getall_tokens(sid, 0, NULL, &n);

	return ret && ret != -E2BIG ? ~0U : n;
}

static inline bool has_token(__s32 sid, __s32 token)
{
	__s32 tokens[64];
	__u32 n = 0, i;

	if (dmapi_getall_tokens(sid, 64, tokens, &n))
		return false;
	for (i = 0; i < n; i++)
		if (tokens[i] == token)
			return true;
	return false;
}

/* What dm_find_eventmsg() has for a token: as if it had been got. */
static inline long find(__s32 sid, __s32 token)
{
	static unsigned char buf[HEAD + MOST + 8];
	__u64 rlen = 0;
	long ret;

	memset(&got, 0, sizeof(got));
	ret = dmapi_find_eventmsg(sid, token, sizeof(buf), buf, &rlen);
	if (ret)
		return ret;
	memcpy(&got.head, buf, HEAD);
	got.room = rlen;
	memcpy(got.data, buf + HEAD, rlen - HEAD);
	return 0;
}

/* A page that can only be read. */
static inline void *read_only(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* --- Senders, in children ------------------------------------------------- */

struct send {
	__s32		sid;
	__u32		type;
	__u64		len;
	const void	*data;
	bool		handler;	/* catches SIGUSR1 */
};

static inline void caught(int sig)
{
	(void)sig;
}

static inline long send_child(void *arg)
{
	const struct send *s = arg;
	struct sigaction sa = { .sa_handler = caught, .sa_flags = SA_RESTART };

	if (s->handler)
		sigaction(SIGUSR1, &sa, NULL);
	return dmapi_send_msg(s->sid, s->type, s->len, s->data);
}

static inline pid_t send_sync(__s32 sid, const void *data, __u64 len)
{
	struct send s = { sid, DMAPI_MSGTYPE_SYNC, len, data, true };

	return dm_spawn(send_child, &s);
}

/* Wait until a process waits like this. */
static inline bool waits(pid_t pid, const char *state, struct dm_waiter *w)
{
	for (int ms = 0; ms < SOON; ms += 2) {
		if (dm_waiter(pid, NULL, state, w))
			return true;
		dm_sleep_ms(2);
	}
	return false;
}

#endif /* DMAPI_TEST_USER_H */
