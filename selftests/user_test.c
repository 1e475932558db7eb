// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of applications' own
 *
 * What a session gets is compared byte for byte, and what a sender is told is its
 * exit status.
 */
#include "user.h"

/* --- Notes ----------------------------------------------------------------- */

TEST_F(user, create_userevent)
{
	static const __u64 lens[] = { 0, 1, 7, 8, 4000, MOST - 1, MOST };
	__s32 token, last = 0;
	__u32 sequence = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		token = 0;
		ASSERT_EQ(0, dmapi_create_userevent(self->sid, lens[i], self->data,
						    &token)) {
			TH_LOG("%llu bytes", lens[i]);
		}
		EXPECT_LT(0, token);
		EXPECT_NE(last, token);
		EXPECT_EQ(i + 1, ntokens(self->sid));
		EXPECT_TRUE(has_token(self->sid, token));
		ASSERT_EQ(0, find(self->sid, token));
		EXPECT_EQ(HEAD + lens[i], got.room);
		EXPECT_EQ(0, got.head.link);
		EXPECT_EQ(DMAPI_EVENT_USER, got.head.type);
		EXPECT_EQ(token, got.head.token);
		EXPECT_EQ(HEAD, got.head.data.offset);
		EXPECT_EQ(lens[i], got.head.data.length);
		EXPECT_EQ(0, memcmp(got.data, self->data, lens[i]));
		if (i)
			EXPECT_LT(0, (__s32)(got.head.sequence - sequence));
		sequence = got.head.sequence;
		last = token;
	}
	/* It has been read already. */
	EXPECT_EQ(-EAGAIN, get(self->sid, 0));
	EXPECT_EQ(0, ntokens(self->sid2));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(self->sid));
}

TEST_F(user, userevent_answers)
{
	__s32 t = 0;

	ASSERT_EQ(0, dmapi_create_userevent(self->sid, 0, NULL, &t));
	EXPECT_EQ(-EINVAL, dmapi_respond_event(self->sid, t, DMAPI_RESP_DONTCARE,
					       0, 0, NULL));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid2, t));
	EXPECT_EQ(0, dmapi_pending(self->sid, t, 1, 0));
	EXPECT_EQ(1, ntokens(self->sid));
	EXPECT_EQ(0, dm_continue(self->sid, t));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, t));
	EXPECT_EQ(0, ntokens(self->sid));
	ASSERT_EQ(0, dmapi_create_userevent(self->sid, 1, "x", &t));
	EXPECT_EQ(0, dm_abort(self->sid, t, EIO));
	EXPECT_EQ(-ESRCH, dm_abort(self->sid, t, EIO));
	EXPECT_EQ(0, dmapi_destroy_session(self->sid));
	self->sid = 0;
}

/* Nothing is left of what failed, and nothing is told. */
TEST_F(user, create_userevent_errors)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	__s32 t = 77, *ro = read_only();
	struct dmapi_create_userevent a = {
		.sid = self->sid, .pad = 1, .tokenp = DM_PTR(&t),
	};
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
#define REFUSED(err, ...) \
	EXPECT_EQ(-(err), dmapi_create_userevent(__VA_ARGS__))
	REFUSED(EINVAL, 0, 1, "x", &t);
	REFUSED(EINVAL, -1, 1, "x", &t);
	REFUSED(EINVAL, INT_MAX, 1, "x", &t);
	REFUSED(E2BIG, self->sid, MOST + 1, self->data, &t);
	REFUSED(E2BIG, self->sid, ~0ULL, self->data, &t);
	REFUSED(EFAULT, self->sid, 1, NULL, &t);
	REFUSED(EFAULT, self->sid, 1, DM_BAD_PTR, &t);
	REFUSED(EFAULT, self->sid, 11, map + page - 10, &t);
	EXPECT_EQ(77, t);
	REFUSED(EFAULT, self->sid, 1, "x", NULL);
	REFUSED(EFAULT, self->sid, 1, "x", DM_BAD_PTR);
	REFUSED(EFAULT, self->sid, 1, "x", ro);
#undef REFUSED
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_CREATE_USEREVENT, a));
	EXPECT_EQ(77, t);
	EXPECT_EQ(0, ntokens(self->sid));
	EXPECT_EQ(-EAGAIN, get(self->sid, 0));
	EXPECT_EQ(0, dmapi_create_userevent(self->sid, 10, map + page - 10, &t));
}

TEST_F(user, userevent_survives_assumption)
{
	__s32 old = self->sid, t = 0;

	ASSERT_EQ(0, dmapi_create_userevent(old, 1000, self->data, &t));
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid));
	EXPECT_EQ(-EINVAL, dmapi_create_userevent(old, 0, NULL, &t));
	EXPECT_EQ(1, ntokens(self->sid));
	ASSERT_EQ(0, find(self->sid, t));
	EXPECT_EQ(1000, got.head.data.length);
	EXPECT_EQ(0, memcmp(got.data, self->data, 1000));
	EXPECT_EQ(0, dm_continue(self->sid, t));
}

/* A token of one's own is good for calls that take one. */
TEST_F(user, userevent_token_serves)
{
	struct dm_file f;
	struct dmapi_object o;
	char buf[16];
	__s32 t = 0;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 100));
	ASSERT_EQ(0, dmapi_create_userevent(self->sid, 0, NULL, &t));
	o = dm_obj_token(f.o, t);
	ASSERT_EQ(0, dmapi_request_right(&o, 0, DMAPI_RIGHT_SHARED));
	EXPECT_EQ(16, dmapi_read_invis(&o, 0, 16, buf));
	EXPECT_EQ(-1, dm_differs(buf, 0, 16, DM_SEED));
	EXPECT_EQ(0, dm_continue(self->sid, t));
	EXPECT_EQ(-ESRCH, dmapi_read_invis(&o, 0, 16, buf));
}

/* --- Messages that are not answered ------------------------------------------ */

TEST_F(user, async)
{
	static const __u64 lens[] = { 0, 1, 7, 8, 9, 5000, MOST - 1, MOST };
	__u32 sequence = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		ASSERT_EQ(0, dmapi_send_msg(self->sid, DMAPI_MSGTYPE_ASYNC,
					    lens[i], self->data + i % 2));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(self->sid));
	EXPECT_EQ(-EAGAIN, get(self->sid2, 0));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		ASSERT_EQ(0, get(self->sid, 0));
		EXPECT_EQ(DMAPI_EVENT_USER, got.head.type);
		EXPECT_EQ(DMAPI_INVALID_TOKEN, got.head.token);
		EXPECT_EQ(0, got.head.link);
		EXPECT_EQ(lens[i], got.head.data.length);
		EXPECT_EQ((HEAD + lens[i] + 7) & ~7ULL, got.room);
		EXPECT_EQ(0, memcmp(got.data, self->data + i % 2, lens[i]));
		if (i)
			EXPECT_LT(0, (__s32)(got.head.sequence - sequence));
		sequence = got.head.sequence;
		EXPECT_EQ(0, ntokens(self->sid));
	}
	EXPECT_EQ(-EAGAIN, get(self->sid, 0));
	EXPECT_EQ(-EINVAL, dm_continue(self->sid, 0));
	EXPECT_EQ(0, dmapi_destroy_session(self->sid));
	self->sid = 0;
}

TEST_F(user, send_errors)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__s32 sid = self->sid;
	__u32 type;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
	for (type = 0; type < 34; type++) {
		if (type == DMAPI_MSGTYPE_SYNC || type == DMAPI_MSGTYPE_ASYNC)
			continue;
		EXPECT_EQ(-EINVAL, dmapi_send_msg(sid, type < 33 ? type : ~0U, 1, "x"));
	}
	for (type = DMAPI_MSGTYPE_SYNC; type <= DMAPI_MSGTYPE_ASYNC; type++) {
		EXPECT_EQ(-EINVAL, dmapi_send_msg(0, type, 1, "x"));
		EXPECT_EQ(-EINVAL, dmapi_send_msg(-1, type, 1, "x"));
		EXPECT_EQ(-EINVAL, dmapi_send_msg(INT_MAX, type, 1, "x"));
		EXPECT_EQ(-E2BIG, dmapi_send_msg(sid, type, MOST + 1, self->data));
		EXPECT_EQ(-E2BIG, dmapi_send_msg(sid, type, ~0ULL, self->data));
		EXPECT_EQ(-EFAULT, dmapi_send_msg(sid, type, 1, NULL));
		EXPECT_EQ(-EFAULT, dmapi_send_msg(sid, type, 1, DM_BAD_PTR));
		EXPECT_EQ(-EFAULT, dmapi_send_msg(sid, type, 11, map + page - 10));
	}
	EXPECT_EQ(-EAGAIN, get(sid, 0));
	EXPECT_EQ(0, ntokens(sid));
	EXPECT_EQ(0, dmapi_send_msg(sid, DMAPI_MSGTYPE_ASYNC, 10, map + page - 10));
	EXPECT_EQ(0, get(sid, 0));
}

TEST_F(user, privilege)
{
	pid_t pid = fork();

	if (!pid) {
		__s32 t;

		dm_drop_cap(CAP_SYS_ADMIN);
		_exit(dmapi_send_msg(self->sid, DMAPI_MSGTYPE_ASYNC, 0, NULL) != -EPERM ||
		      dmapi_create_userevent(self->sid, 0, NULL, &t) != -EPERM ||
		      dmapi_move_event(self->sid, 1, self->sid2, &t) != -EPERM);
	}
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(-EAGAIN, get(self->sid, 0));
}

TEST_F(user, wakes_a_reader)
{
	struct pollfd p = { .events = POLLIN };
	char buf[256];
	__u64 rlen = 0;
	pid_t pid;

	p.fd = dmapi_session_fd(self->sid);
	ASSERT_LE(0, p.fd);
	EXPECT_EQ(0, poll(&p, 1, 0));
	pid = fork();
	if (!pid) {
		dm_sleep_ms(AWHILE);
		_exit(-dmapi_send_msg(self->sid, DMAPI_MSGTYPE_ASYNC, 3, "abc"));
	}
	EXPECT_EQ(1, poll(&p, 1, SOON));
	EXPECT_EQ(POLLIN, p.revents);
	close(p.fd);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(0, get(self->sid, 0));
	pid = fork();
	if (!pid) {
		dm_sleep_ms(AWHILE);
		_exit(-dmapi_send_msg(self->sid, DMAPI_MSGTYPE_ASYNC, 3, "abc"));
	}
	EXPECT_EQ(0, dmapi_get_events(self->sid, 1, DMAPI_EV_WAIT, sizeof(buf), buf,
				      &rlen));
	EXPECT_EQ(HEAD + 8, rlen);
	EXPECT_EQ(0, memcmp(buf + HEAD, "abc", 3));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* --- Messages whose sender waits ----------------------------------------------- */

TEST_F(user, sync)
{
	pid_t pid = send_sync(self->sid, self->data, MOST);
	struct dm_waiter w = { };
	__s32 t;

	ASSERT_TRUE(waits(pid, "queued", &w));
	EXPECT_STREQ("USER", w.event);
	EXPECT_EQ(0, w.fsid);
	EXPECT_EQ(self->sid, w.sid);
	t = w.token;
	EXPECT_LT(0, t);
	EXPECT_EQ(0, ntokens(self->sid));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, t));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(self->sid));
	ASSERT_EQ(0, get(self->sid, SOON));
	EXPECT_EQ(DMAPI_EVENT_USER, got.head.type);
	EXPECT_EQ(t, got.head.token);
	EXPECT_EQ(MOST, got.head.data.length);
	EXPECT_EQ(0, memcmp(got.data, self->data, MOST));
	EXPECT_TRUE(waits(pid, "delivered", &w));
	EXPECT_TRUE(has_token(self->sid, t));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(self->sid));
	EXPECT_EQ(-EINVAL, dmapi_respond_event(self->sid, t, DMAPI_RESP_DONTCARE,
					       0, 0, NULL));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dm_continue(self->sid, t));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_FALSE(dm_waiter(pid, NULL, NULL, &w));
	EXPECT_EQ(0, ntokens(self->sid));
}

TEST_F(user, sync_abort)
{
	static const int errs[] = { EPERM, EIO, EAGAIN, EINVAL, ENODATA, ERANGE, 511 };
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		pid = send_sync(self->sid, NULL, 0);
		ASSERT_EQ(0, get(self->sid, SOON));
		EXPECT_EQ(0, got.head.data.length);
		ASSERT_EQ(0, dm_abort(self->sid, got.head.token, errs[i]));
		/* An exit status has eight bits. */
		EXPECT_EQ(-(errs[i] & 0xff), dm_wait(pid, SOON));
	}
}

TEST_F(user, order)
{
	pid_t pid[8];
	struct dm_waiter w;
	int i;

	for (i = 0; i < 8; i++) {
		char c = i;

		pid[i] = send_sync(self->sid, &c, 1);
		ASSERT_TRUE(waits(pid[i], "queued", &w));
		c += 100;
		EXPECT_EQ(0, dmapi_send_msg(self->sid, DMAPI_MSGTYPE_ASYNC, 1, &c));
	}
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, get(self->sid, 0));
		EXPECT_EQ(i, got.data[0]);
		EXPECT_EQ(0, dm_continue(self->sid, got.head.token));
		EXPECT_EQ(0, dm_wait(pid[i], SOON));
		ASSERT_EQ(0, get(self->sid, 0));
		EXPECT_EQ(100 + i, got.data[0]);
		EXPECT_EQ(0, got.head.token);
	}
}

TEST_F(user, killed_unread)
{
	pid_t pid = send_sync(self->sid, "x", 1);
	struct dm_waiter w;

	ASSERT_TRUE(waits(pid, "queued", &w));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	EXPECT_EQ(-EAGAIN, get(self->sid, 0));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, w.token));
	EXPECT_FALSE(dm_waiter(pid, NULL, NULL, &w));
	EXPECT_EQ(0, dmapi_destroy_session(self->sid));
	self->sid = 0;
}

TEST_F(user, killed_read)
{
	pid_t pid = send_sync(self->sid, "xyz", 3);
	struct dm_waiter w;
	__s32 t;

	ASSERT_EQ(0, get(self->sid, SOON));
	t = got.head.token;
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	EXPECT_FALSE(dm_waiter(pid, NULL, NULL, &w));
	EXPECT_TRUE(has_token(self->sid, t));
	ASSERT_EQ(0, find(self->sid, t));
	EXPECT_EQ(0, memcmp(got.data, "xyz", 3));
	EXPECT_EQ(-EAGAIN, get(self->sid, 0));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(self->sid));
	EXPECT_EQ(0, dm_continue(self->sid, t));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, t));
}

/* Only what kills ends the wait. */
TEST_F(user, signalled)
{
	pid_t pid = send_sync(self->sid, "x", 1);
	struct dm_waiter w;

	ASSERT_TRUE(waits(pid, "queued", &w));
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	ASSERT_EQ(0, get(self->sid, 0));
	EXPECT_EQ(w.token, got.head.token);
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dm_abort(self->sid, w.token, EXDEV));
	EXPECT_EQ(-EXDEV, dm_wait(pid, SOON));
}

TEST_F(user, assumed_while_a_sender_waits)
{
	pid_t pid[2];
	__s32 old = self->sid, t[2];
	struct dm_waiter w;
	int i;

	pid[0] = send_sync(old, "read", 4);
	ASSERT_EQ(0, get(old, SOON));
	t[0] = got.head.token;
	pid[1] = send_sync(old, "unread", 6);
	ASSERT_TRUE(waits(pid[1], "queued", &w));
	EXPECT_EQ(old, w.sid);
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid));
	EXPECT_EQ(-EINVAL, dm_continue(old, t[0]));
	EXPECT_EQ(-EINVAL, dmapi_send_msg(old, DMAPI_MSGTYPE_ASYNC, 0, NULL));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(DM_RUNNING, dm_wait(pid[i], AWHILE));
		ASSERT_TRUE(dm_waiter(pid[i], NULL, NULL, &w));
		EXPECT_EQ(self->sid, w.sid);
	}
	EXPECT_TRUE(has_token(self->sid, t[0]));
	ASSERT_EQ(0, get(self->sid, 0));
	t[1] = got.head.token;
	EXPECT_EQ(0, memcmp(got.data, "unread", 6));
	EXPECT_EQ(0, dm_continue(self->sid, t[0]));
	EXPECT_EQ(0, dm_wait(pid[0], SOON));
	EXPECT_EQ(0, dm_abort(self->sid, t[1], ENOTTY));
	EXPECT_EQ(-ENOTTY, dm_wait(pid[1], SOON));
}

/* --- A full queue ------------------------------------------------------------ */

#define FULL		(1024 * 1024)

/* Read that many and forget them. */
static __u32 skip(__s32 sid, __u32 n)
{
	static char buf[64 * 1024];
	__u32 left = n;
	__u64 rlen;

	while (left) {
		__u32 most = left < sizeof(buf) / HEAD ? left : sizeof(buf) / HEAD;

		if (dmapi_get_events(sid, most, 0, sizeof(buf), buf, &rlen))
			break;
		left -= rlen / HEAD;
	}
	return n - left;
}

static pid_t send_async(__s32 sid, const void *data, __u64 len)
{
	struct send s = { sid, DMAPI_MSGTYPE_ASYNC, len, data, true };

	return dm_spawn(send_child, &s);
}

/* A million messages: a test for the full tier. */
TEST_F_TIMEOUT(user, full, 300)
{
	__s32 old = self->sid;
	struct dm_waiter w;
	pid_t pid[5];
	int i;

	for (i = 0; i < FULL; i++)
		ASSERT_EQ(0, dmapi_send_msg(old, DMAPI_MSGTYPE_ASYNC, 0, NULL));
	/* A signal ends the one, and only death the other. */
	pid[0] = send_async(old, "a", 1);
	pid[1] = send_sync(old, "b", 1);
	ASSERT_TRUE(waits(pid[0], "no-room", &w));
	EXPECT_STREQ("USER", w.event);
	ASSERT_TRUE(waits(pid[1], "no-room", &w));
	EXPECT_EQ(0, w.sid);
	kill(pid[0], SIGUSR1);
	kill(pid[1], SIGUSR1);
	EXPECT_EQ(-EINTR, dm_wait(pid[0], SOON));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid[1], AWHILE));
	kill(pid[1], SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid[1], SOON));
	EXPECT_EQ(-ESRCH, dm_continue(old, w.token));

	/* Stopped and continued is no signal that anybody catches. */
	pid[0] = send_async(old, "a", 1);
	ASSERT_TRUE(waits(pid[0], "no-room", &w));
	kill(pid[0], SIGSTOP);
	dm_sleep_ms(AWHILE);
	kill(pid[0], SIGCONT);
	ASSERT_TRUE(waits(pid[0], "no-room", &w));

	/* They go on when the session is assumed, in the order of arrival. */
	pid[1] = send_sync(old, "b", 1);
	ASSERT_TRUE(waits(pid[1], "no-room", &w));
	pid[2] = send_async(old, "c", 1);
	ASSERT_TRUE(waits(pid[2], "no-room", &w));
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(DM_RUNNING, dm_wait(pid[i], AWHILE));
	EXPECT_EQ(1, skip(self->sid, 1));
	EXPECT_EQ(0, dm_wait(pid[0], SOON));
	ASSERT_TRUE(dm_waiter(pid[1], NULL, NULL, &w));
	EXPECT_STREQ("no-room", w.state);
	EXPECT_EQ(1, skip(self->sid, 1));
	EXPECT_TRUE(waits(pid[1], "queued", &w));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid[2], AWHILE));
	EXPECT_EQ(1, skip(self->sid, 1));
	EXPECT_EQ(0, dm_wait(pid[2], SOON));
	EXPECT_EQ(FULL - 3, skip(self->sid, FULL - 3));
	ASSERT_EQ(0, get(self->sid, 0));
	EXPECT_EQ('a', got.data[0]);
	ASSERT_EQ(0, get(self->sid, 0));
	EXPECT_EQ('b', got.data[0]);
	EXPECT_EQ(0, dm_abort(self->sid, got.head.token, EXDEV));
	EXPECT_EQ(-EXDEV, dm_wait(pid[1], SOON));
	ASSERT_EQ(0, get(self->sid, 0));
	EXPECT_EQ('c', got.data[0]);
	EXPECT_EQ(-EAGAIN, get(self->sid, 0));
}

TEST_HARNESS_MAIN
