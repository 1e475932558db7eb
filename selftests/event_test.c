// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: who gets them, how they are read, answered and found again
 *
 * The one event that exists so far is READ of a file's region.
 */
#include "common.h"

#define MSG		72	/* bytes of a READ message */

FIXTURE(event) {
	DM_FIXTURE_FIELDS;
	__s32		sid2;
	struct dm_file	f;
	struct dm_handle fs;
	struct dmapi_object o;		/* the file system, for sid */
};

FIXTURE_SETUP(event)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "one", &self->sid));
	ASSERT_EQ(0, dmapi_create_session(0, "two", &self->sid2));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &self->fs));
	self->o = dm_obj(self->sid, &self->fs);
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f",
				  4 * DM_GRANULE));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
}

FIXTURE_TEARDOWN(event)
{
	dm_sysfs_set("data_policy", "fail");	/* ends who waits for nobody */
	dm_drain(self->sid);
	dm_drain(self->sid2);
	dm_sysfs_set("data_policy", "block");
	dm_sysfs_set("interruptible", "0");
	dmapi_destroy_session(self->sid);
	dmapi_destroy_session(self->sid2);
	dm_rm_rf(self->dir);
}

/* --- Dispositions -------------------------------------------------------- */

static __u64 has(__s32 sid)
{
	struct dmapi_dispinfo d;
	char buf[32];
	__u64 rlen = 0;

	if (dmapi_getall_disp(sid, sizeof(buf), buf, &rlen) || rlen != 32)
		return 0;
	memcpy(&d, buf, sizeof(d));
	return d.eventset;
}

TEST_F(event, disposition_record)
{
	struct dmapi_dispinfo d;
	char buf[128];
	__u64 rlen = 0;

	memset(buf, 0xa5, sizeof(buf));
	ASSERT_EQ(0, dmapi_getall_disp(self->sid, sizeof(buf), buf, &rlen));
	ASSERT_EQ(32, rlen);
	memcpy(&d, buf, sizeof(d));
	EXPECT_EQ(0, d.link);
	EXPECT_EQ(0, d.pad);
	EXPECT_EQ(DM_BIT(READ), d.eventset);
	ASSERT_EQ(DMAPI_FSHANDLE_LEN, d.fshandle.length);
	ASSERT_EQ(24, d.fshandle.offset);
	EXPECT_EQ(0, memcmp(buf + 24, self->fs.b, DMAPI_FSHANDLE_LEN));
	EXPECT_TRUE(dm_all(buf + 32, 0xa5, sizeof(buf) - 32));

	memset(buf, 0xa5, sizeof(buf));
	rlen = 0;
	EXPECT_EQ(-E2BIG, dmapi_getall_disp(self->sid, 31, buf, &rlen));
	EXPECT_EQ(32, rlen);
	EXPECT_TRUE(dm_all(buf, 0xa5, sizeof(buf)));
	EXPECT_EQ(0, dmapi_getall_disp(self->sid, 32, buf, &rlen));
	rlen = 9;
	EXPECT_EQ(-E2BIG, dmapi_getall_disp(self->sid, 0, NULL, &rlen));
	EXPECT_EQ(32, rlen);
	rlen = 9;
	EXPECT_EQ(0, dmapi_getall_disp(self->sid2, 0, NULL, &rlen));
	EXPECT_EQ(0, rlen);
}

TEST_F(event, getall_disp_errors)
{
	struct dmapi_getall a = { .sid = self->sid, .pad = 1 };
	char buf[64];
	__u64 rlen = 9;

	EXPECT_EQ(-EINVAL, dmapi_getall_disp(0, 64, buf, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_getall_disp(INT_MAX, 64, buf, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_getall_disp(self->sid, 64, NULL, &rlen));
	EXPECT_EQ(9, rlen);
	EXPECT_EQ(-EFAULT, dmapi_getall_disp(self->sid, 64, buf, NULL));
	a.bufp = DM_PTR(buf);
	a.rlenp = DM_PTR(&rlen);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GETALL_DISP, a));
}

TEST_F(event, every_event_that_a_file_system_has)
{
	const __u64 none = DM_BIT(MOUNT) | DM_BIT(USER);
	const __u64 all = ((1ULL << DMAPI_EVENT_MAX) - 1) & ~none;
	__u64 set;
	int i;

	for (i = 0; i < DMAPI_EVENT_MAX; i++) {
		set = 1ULL << i;
		EXPECT_EQ(set & none ? -EINVAL : 0,
			  dmapi_set_disp(&self->o, &set, DMAPI_EVENT_MAX)) {
			TH_LOG("event %d", i);
		}
	}
	/* What was refused changed nothing. */
	EXPECT_EQ(DM_BIT(NOSPACE), has(self->sid));
	set = all;
	EXPECT_EQ(0, dmapi_set_disp(&self->o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(all, has(self->sid));
}

TEST_F(event, maxevent)
{
	__u64 set = ~0ULL;

	EXPECT_EQ(-EINVAL, dmapi_set_disp(&self->o, &set, 0));
	EXPECT_EQ(-EINVAL, dmapi_set_disp(&self->o, &set, DMAPI_EVENT_MAX + 1));
	EXPECT_EQ(-EINVAL, dmapi_set_disp(&self->o, &set, ~0U));
	EXPECT_EQ(DM_BIT(READ), has(self->sid));
	/* Bits from maxevent on count as clear, whatever they say. */
	EXPECT_EQ(0, dmapi_set_disp(&self->o, &set, 1));
	EXPECT_EQ(DM_BIT(CANCEL), has(self->sid));
	set = ~0ULL & ~DM_BIT(MOUNT);
	EXPECT_EQ(0, dmapi_set_disp(&self->o, &set, DMAPI_EVENT_USER));
	EXPECT_EQ((1ULL << DMAPI_EVENT_USER) - 1 - DM_BIT(MOUNT),
		  has(self->sid));
	EXPECT_EQ(-EINVAL, dmapi_set_disp(&self->o, &set, DMAPI_EVENT_MAX));
	set = DM_BIT(READ);
	EXPECT_EQ(0, dmapi_set_disp(&self->o, &set, DMAPI_EVENT_READ));
	EXPECT_EQ(0, has(self->sid));
}

TEST_F(event, the_last_one_has_it)
{
	__u64 set = DM_BIT(READ) | DM_BIT(WRITE);
	struct dmapi_object o2 = self->o;

	ASSERT_EQ(0, dmapi_set_disp(&self->o, &set, DMAPI_EVENT_MAX));
	o2.sid = self->sid2;
	set = DM_BIT(READ);
	ASSERT_EQ(0, dmapi_set_disp(&o2, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(DM_BIT(WRITE), has(self->sid));
	EXPECT_EQ(DM_BIT(READ), has(self->sid2));
	/* To want nothing takes nothing from others. */
	set = 0;
	ASSERT_EQ(0, dmapi_set_disp(&self->o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(0, has(self->sid));
	EXPECT_EQ(DM_BIT(READ), has(self->sid2));
}

TEST_F(event, set_disp_errors)
{
	__u64 set = DM_BIT(READ) | DM_BIT(WRITE);
	struct dmapi_object o = self->o;
	struct dmapi_set_disp a = {
		.obj = self->o, .eventsetp = DM_PTR(&set), .maxevent = 23,
		.pad = 1,
	};
	struct dm_handle d;

	EXPECT_EQ(-EFAULT, dmapi_set_disp(&o, NULL, DMAPI_EVENT_MAX));
	EXPECT_EQ(-EFAULT, dmapi_set_disp(&o, DM_BAD_PTR, DMAPI_EVENT_MAX));
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SET_DISP, a));
	o.sid = INT_MAX;
	EXPECT_EQ(-EINVAL, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	o = dm_obj_token(self->o, 0);
	EXPECT_EQ(-EINVAL, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	o = dm_obj_token(self->o, -2);
	EXPECT_EQ(-EINVAL, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	o = dm_obj_token(self->o, INT_MAX);
	EXPECT_EQ(-ESRCH, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(-EINVAL, dmapi_set_disp(&self->f.o, &set, DMAPI_EVENT_MAX));
	ASSERT_EQ(0, dm_path_handle(self->dir, &d));
	o = dm_obj(self->sid, &d);
	EXPECT_EQ(-EINVAL, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(DM_BIT(READ), has(self->sid));
}

TEST_F(event, global_handle)
{
	struct dmapi_object g = dm_obj_global(self->sid);
	__u64 set = DM_BIT(MOUNT);
	int i;

	EXPECT_EQ(0, dmapi_set_disp(&g, &set, DMAPI_EVENT_MAX));
	for (i = 0; i < DMAPI_EVENT_MAX; i++) {
		set = DM_BIT(MOUNT) | 1ULL << i;
		EXPECT_EQ(i == DMAPI_EVENT_MOUNT ? 0 : -EINVAL,
			  dmapi_set_disp(&g, &set, DMAPI_EVENT_MAX));
	}
	set = DM_BIT(MOUNT);
	g = dm_obj_token(g, INT_MAX);
	EXPECT_EQ(-ESRCH, dmapi_set_disp(&g, &set, DMAPI_EVENT_MAX));
	/* It is not listed, and the file system's own set stays. */
	EXPECT_EQ(DM_BIT(READ), has(self->sid));
	g.token = DMAPI_NO_TOKEN;
	set = 0;
	EXPECT_EQ(0, dmapi_set_disp(&g, &set, DMAPI_EVENT_MAX));
	g.hlen = 2;
	EXPECT_EQ(-EBADF, dmapi_set_disp(&g, &set, DMAPI_EVENT_MAX));
}

TEST_F(event, dispositions_end_with_the_mount)
{
	__u64 rlen = 9;

	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(0, dmapi_getall_disp(self->sid, 0, NULL, &rlen));
	EXPECT_EQ(0, rlen);
}

/* --- What is delivered --------------------------------------------------- */

TEST_F(event, message)
{
	struct dmapi_eventmsg m;
	struct dmapi_data_event d;
	char buf[256];
	__u64 rlen = 0;
	pid_t pid;
	int i;

	pid = dm_spawn_read(self->f.path, 70000, 1234);
	memset(buf, 0xa5, sizeof(buf));
	for (i = 0; i < 1000; i++) {
		if (dmapi_get_events(self->sid, 0, 0, sizeof(buf), buf,
				     &rlen) != -EAGAIN)
			break;
		EXPECT_EQ(0, rlen);
		EXPECT_TRUE(dm_all(buf, 0xa5, sizeof(buf)));
		dm_sleep_ms(2);
	}
	ASSERT_EQ(MSG, rlen);
	EXPECT_TRUE(dm_all(buf + rlen, 0xa5, sizeof(buf) - rlen));
	memcpy(&m, buf, sizeof(m));
	EXPECT_EQ(0, m.link);
	EXPECT_EQ(DMAPI_EVENT_READ, m.type);
	EXPECT_LT(0, m.token);
	ASSERT_EQ(24, m.data.offset);
	ASSERT_EQ(48, m.data.length);
	memcpy(&d, buf + 24, sizeof(d));
	EXPECT_EQ(70000, d.offset);
	EXPECT_EQ(1234, d.length);
	ASSERT_EQ(24, d.handle.offset);
	ASSERT_EQ(DMAPI_HANDLE_LEN, d.handle.length);
	EXPECT_EQ(0, memcmp(buf + 48, self->f.h.b, DMAPI_HANDLE_LEN));

	/* It waits for the answer, and goes on with it. */
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 50));
	EXPECT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	EXPECT_EQ(-EAGAIN, dmapi_get_events(self->sid, 0, 0, sizeof(buf), buf,
					    &rlen));
}

TEST_F(event, wait_for_one)
{
	struct dm_event e;
	char buf[MSG];
	__u64 rlen;
	pid_t pid = dm_spawn_read(self->f.path, 0, 10);

	ASSERT_EQ(0, dmapi_get_events(self->sid, 1, DMAPI_EV_WAIT, sizeof(buf),
				      buf, &rlen));
	dm_unpack(buf, &e);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
}

TEST_F(event, get_events_errors)
{
	struct dmapi_get_events a = { .sid = self->sid, .pad = 1 };
	char buf[256];
	__u64 rlen = 9;
	int i;

	for (i = 1; i < 32; i++)
		EXPECT_EQ(-EINVAL, dmapi_get_events(self->sid, 0, 1U << i, 256,
						    buf, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_get_events(0, 0, 0, 256, buf, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_get_events(-1, 0, 0, 256, buf, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_get_events(INT_MAX, 0, 0, 256, buf, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_get_events(self->sid, 0, 0, 256, buf, NULL));
	a.buflen = sizeof(buf);
	a.bufp = DM_PTR(buf);
	a.rlenp = DM_PTR(&rlen);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_EVENTS, a));
	EXPECT_EQ(9, rlen);
	EXPECT_EQ(-EAGAIN, dmapi_get_events(self->sid, 0, 0, 0, NULL, &rlen));
	EXPECT_EQ(0, rlen);
}

TEST_F(event, no_room_and_bad_buffers_lose_nothing)
{
	struct dm_event e;
	char buf[256];
	__u64 rlen = 0;
	pid_t pid = dm_spawn_read(self->f.path, 0, 10);
	int i;

	for (i = 0; i < 1000; i++) {
		if (dmapi_get_events(self->sid, 0, 0, 0, NULL, &rlen) == -E2BIG)
			break;
		dm_sleep_ms(2);
	}
	EXPECT_EQ(MSG, rlen);
	memset(buf, 0xa5, sizeof(buf));
	rlen = 0;
	EXPECT_EQ(-E2BIG, dmapi_get_events(self->sid, 0, 0, MSG - 1, buf,
					   &rlen));
	EXPECT_EQ(MSG, rlen);
	EXPECT_TRUE(dm_all(buf, 0xa5, sizeof(buf)));
	rlen = 9;
	EXPECT_EQ(-EFAULT, dmapi_get_events(self->sid, 0, 0, MSG, NULL, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_get_events(self->sid, 0, 0, MSG, DM_BAD_PTR,
					    &rlen));
	EXPECT_EQ(9, rlen);
	EXPECT_EQ(-EFAULT, dmapi_get_events(self->sid, 0, 0, MSG, buf, NULL));
	EXPECT_EQ(-EFAULT, dmapi_get_events(self->sid, 0, 0, MSG, buf,
					    DM_BAD_PTR));
	EXPECT_EQ(0, dmapi_getall_tokens(self->sid, 0, NULL, (__u32 *)&rlen));
	ASSERT_EQ(0, dmapi_get_events(self->sid, 0, 0, MSG, buf, &rlen));
	dm_unpack(buf, &e);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
}

#define MANY	80		/* more than two rounds of the kernel's */

static void spawn_many(const char *path, pid_t *pid, int n)
{
	int i;

	for (i = 0; i < n; i++)
		pid[i] = dm_spawn_read(path, i, 10);
}

/* Wait until so many wait. */
static bool waiters(int n)
{
	char buf[16];
	int i;

	for (i = 0; i < 5000; i++) {
		if (!dm_sysfs_get("waiters", buf, sizeof(buf)) &&
		    atoi(buf) == n)
			return true;
		dm_sleep_ms(2);
	}
	return false;
}

TEST_F(event, many_at_once)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	const size_t room = (MANY * MSG + page - 1) / page * page;
	struct dm_event e[MANY];
	struct dmapi_eventmsg m;
	pid_t pid[MANY];
	char *map, *buf;
	__u64 rlen = 0, at = 0;
	__u32 n = 0;
	int i, j;

	map = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + room, page));

	spawn_many(self->f.path, pid, MANY);
	ASSERT_TRUE(waiters(MANY));

	/* A fault in the first round brings all of it back. */
	buf = map + room - MSG;
	EXPECT_EQ(-EFAULT, dmapi_get_events(self->sid, 0, 0, MANY * MSG, buf,
					    &rlen));
	EXPECT_EQ(0, dmapi_getall_tokens(self->sid, 0, NULL, &n));
	/* The buffer ends where the last message does. */
	buf = map + room - MANY * MSG;
	ASSERT_EQ(0, dmapi_get_events(self->sid, 0, 0, ~0ULL, buf, &rlen));
	ASSERT_EQ(MANY * MSG, rlen);
	for (i = 0; i < MANY; i++) {
		memcpy(&m, buf + at, sizeof(m));
		dm_unpack(buf + at, &e[i]);
		if (i) {
			EXPECT_LT(0, (__s32)(e[i].sequence - e[i - 1].sequence));
		}
		for (j = 0; j < i; j++)
			EXPECT_NE(e[j].token, e[i].token);
		EXPECT_EQ(i == MANY - 1 ? 0 : MSG, m.link);
		at += m.link;
	}
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, dm_continue(self->sid, e[i].token));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, dm_wait(pid[i], 5000));
}

/* What was handed over before a fault is a valid result. */
TEST_F(event, fault_in_a_later_round)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	pid_t pid[MANY];
	struct dm_event e;
	char *map, *buf;
	__u64 rlen = 0;
	__u32 n = 0;
	int i;

	map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + 2 * page, page));
	spawn_many(self->f.path, pid, MANY);
	ASSERT_TRUE(waiters(MANY));
	buf = map + 2 * page - 50 * MSG;
	ASSERT_EQ(0, dmapi_get_events(self->sid, 0, 0, ~0ULL, buf, &rlen));
	EXPECT_LT(0, rlen);
	EXPECT_GE(50 * MSG, rlen);
	EXPECT_EQ(0, rlen % MSG);
	EXPECT_EQ(-E2BIG, dmapi_getall_tokens(self->sid, 0, NULL, &n));
	EXPECT_EQ(rlen / MSG, n);
	EXPECT_EQ(0, *(__s32 *)(buf + rlen - MSG));	/* the last link */
	for (i = 0; i < (int)n; i++) {
		dm_unpack(buf + i * MSG, &e);
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
	}
	for (; i < MANY; i++) {
		ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
	}
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, dm_wait(pid[i], 5000));
}

TEST_F(event, maxmsgs)
{
	struct dm_event e;
	pid_t pid[5];
	char buf[10 * MSG];
	__u64 rlen = 0;
	int i, n = 0;

	spawn_many(self->f.path, pid, 5);
	ASSERT_TRUE(waiters(5));
	ASSERT_EQ(0, dmapi_get_events(self->sid, 2, 0, sizeof(buf), buf, &rlen));
	EXPECT_EQ(2 * MSG, rlen);
	for (i = 0; i < 2; i++) {
		dm_unpack(buf + i * MSG, &e);
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
	}
	ASSERT_EQ(0, dmapi_get_events(self->sid, 0, 0, 2 * MSG + MSG / 2, buf,
				      &rlen));
	EXPECT_EQ(2 * MSG, rlen);
	for (i = 0; i < 2; i++) {
		dm_unpack(buf + i * MSG, &e);
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
	}
	ASSERT_EQ(0, dmapi_get_events(self->sid, ~0U, 0, sizeof(buf), buf,
				      &rlen));
	EXPECT_EQ(MSG, rlen);
	dm_unpack(buf, &e);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	for (i = 0; i < 5; i++)
		n += !dm_wait(pid[i], 5000);
	EXPECT_EQ(5, n);
}

/* Several may wait; each message goes to exactly one of them. */
static long one_worker(void *arg)
{
	__s32 sid = *(__s32 *)arg;
	char buf[MSG];
	struct dm_event e;
	__u64 rlen;
	long ret;

	do {
		ret = dmapi_get_events(sid, 1, DMAPI_EV_WAIT, sizeof(buf), buf,
				       &rlen);
		if (!ret) {
			dm_unpack(buf, &e);
			ret = dm_continue(sid, e.token);
		}
	} while (!ret);
	return ret;
}

TEST_F(event, workers)
{
	pid_t w[4], pid[MANY];
	__s32 old = self->sid;
	int i;

	for (i = 0; i < 4; i++)
		w[i] = dm_spawn(one_worker, &old);
	spawn_many(self->f.path, pid, MANY);
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, dm_wait(pid[i], 10000));
	/* They wait again, and are sent away by assumption. */
	ASSERT_EQ(0, dmapi_create_session(old, "x", &self->sid));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(-EINVAL, dm_wait(w[i], 5000));
}

/* --- Answers ------------------------------------------------------------- */

TEST_F(event, abort)
{
	static const int errs[] = { EIO, EPERM, ENOENT, ENODATA, ERANGE, 511 };
	struct dm_event e;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		/* an exit status has eight bits */
		long want = -(errs[i] & 0xff);

		pid = dm_spawn_read(self->f.path, 0, 10);
		ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
		ASSERT_EQ(0, dm_abort(self->sid, e.token, errs[i]));
		EXPECT_EQ(want, dm_wait(pid, 5000));
	}
}

TEST_F(event, answers_that_are_none)
{
	struct dm_event e;
	char big[16];
	pid_t pid = dm_spawn_read(self->f.path, 0, 10);
	void *room = malloc(DMAPI_MAX_MESSAGE_DATA + 1);
	__s32 sid = self->sid, t;

	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	t = e.token;
#define REFUSED(err, ...) \
	EXPECT_EQ(-(err), dmapi_respond_event(__VA_ARGS__))
	REFUSED(EINVAL, sid, t, 0, 0, 0, NULL);
	REFUSED(EINVAL, sid, t, 4, 0, 0, NULL);
	REFUSED(EINVAL, sid, t, ~0U, 0, 0, NULL);
	REFUSED(EINVAL, sid, t, DMAPI_RESP_CONTINUE, 1, 0, NULL);
	REFUSED(EINVAL, sid, t, DMAPI_RESP_CONTINUE, -1, 0, NULL);
	REFUSED(EINVAL, sid, t, DMAPI_RESP_ABORT, 0, 0, NULL);
	REFUSED(EINVAL, sid, t, DMAPI_RESP_ABORT, -EIO, 0, NULL);
	REFUSED(EINVAL, sid, t, DMAPI_RESP_ABORT, 512, 0, NULL);
	REFUSED(EINVAL, sid, t, DMAPI_RESP_ABORT, 4095, 0, NULL);
	REFUSED(EINVAL, sid, t, DMAPI_RESP_ABORT, INT_MAX, 0, NULL);
	REFUSED(EINVAL, sid, t, DMAPI_RESP_ABORT, INT_MIN, 0, NULL);
	REFUSED(EINVAL, sid, t, DMAPI_RESP_DONTCARE, 0, 0, NULL);
	REFUSED(EINVAL, sid, 0, DMAPI_RESP_CONTINUE, 0, 0, NULL);
	REFUSED(EINVAL, sid, -1, DMAPI_RESP_CONTINUE, 0, 0, NULL);
	REFUSED(EINVAL, sid, INT_MIN, DMAPI_RESP_CONTINUE, 0, 0, NULL);
	REFUSED(ESRCH, sid, INT_MAX, DMAPI_RESP_CONTINUE, 0, 0, NULL);
	REFUSED(ESRCH, self->sid2, t, DMAPI_RESP_CONTINUE, 0, 0, NULL);
	REFUSED(EINVAL, INT_MAX, t, DMAPI_RESP_CONTINUE, 0, 0, NULL);
	REFUSED(EINVAL, 0, t, DMAPI_RESP_CONTINUE, 0, 0, NULL);
	REFUSED(E2BIG, sid, t, DMAPI_RESP_CONTINUE, 0,
		DMAPI_MAX_MESSAGE_DATA + 1, room);
	REFUSED(E2BIG, sid, t, DMAPI_RESP_CONTINUE, 0, ~0ULL, big);
	REFUSED(EFAULT, sid, t, DMAPI_RESP_CONTINUE, 0, 8, NULL);
	REFUSED(EFAULT, sid, t, DMAPI_RESP_CONTINUE, 0, 8, DM_BAD_PTR);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 20));
	EXPECT_EQ(0, dmapi_respond_event(sid, t, DMAPI_RESP_CONTINUE, 0,
					 DMAPI_MAX_MESSAGE_DATA, room));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	REFUSED(ESRCH, sid, t, DMAPI_RESP_CONTINUE, 0, 0, NULL);
#undef REFUSED
	free(room);
}

/* An unread message's token is nobody's, though it can be guessed. */
TEST_F(event, answer_before_it_was_read)
{
	struct dm_event e;
	pid_t pid = dm_spawn_read(self->f.path, 0, 10);
	pid_t pid2;

	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	pid2 = dm_spawn_read(self->f.path, 0, 10);
	ASSERT_TRUE(waiters(2));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, e.token + 1));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid2, 20));
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid2, 5000));
}

TEST_F(event, find_eventmsg)
{
	char buf[MSG], again[256];
	struct dm_event e;
	__u64 rlen = 0;
	pid_t pid = dm_spawn_read(self->f.path, 3, 10);

	ASSERT_EQ(0, dmapi_get_events(self->sid, 1, DMAPI_EV_WAIT, MSG, buf,
				      &rlen));
	dm_unpack(buf, &e);
	memset(again, 0xa5, sizeof(again));
	ASSERT_EQ(0, dmapi_find_eventmsg(self->sid, e.token, MSG, again, &rlen));
	EXPECT_EQ(MSG, rlen);
	EXPECT_EQ(0, memcmp(buf, again, MSG));
	EXPECT_TRUE(dm_all(again + MSG, 0xa5, sizeof(again) - MSG));

	memset(again, 0xa5, sizeof(again));
	rlen = 0;
	EXPECT_EQ(-E2BIG, dmapi_find_eventmsg(self->sid, e.token, MSG - 1,
					      again, &rlen));
	EXPECT_EQ(MSG, rlen);
	EXPECT_TRUE(dm_all(again, 0xa5, sizeof(again)));
	EXPECT_EQ(-E2BIG, dmapi_find_eventmsg(self->sid, e.token, 0, NULL,
					      &rlen));
	rlen = 9;
	EXPECT_EQ(-EFAULT, dmapi_find_eventmsg(self->sid, e.token, MSG, NULL,
					       &rlen));
	EXPECT_EQ(9, rlen);
	EXPECT_EQ(-EFAULT, dmapi_find_eventmsg(self->sid, e.token, MSG, again,
					       NULL));
	EXPECT_EQ(-EINVAL, dmapi_find_eventmsg(self->sid2, e.token, MSG, again,
					       &rlen));
	EXPECT_EQ(-EINVAL, dmapi_find_eventmsg(self->sid, 0, MSG, again,
					       &rlen));
	EXPECT_EQ(-EINVAL, dmapi_find_eventmsg(self->sid, -1, MSG, again,
					       &rlen));
	EXPECT_EQ(-EINVAL, dmapi_find_eventmsg(self->sid, INT_MAX, MSG, again,
					       &rlen));
	EXPECT_EQ(-EINVAL, dmapi_find_eventmsg(INT_MAX, e.token, MSG, again,
					       &rlen));
	EXPECT_EQ(9, rlen);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	EXPECT_EQ(-EINVAL, dmapi_find_eventmsg(self->sid, e.token, MSG, again,
					       &rlen));
}

TEST_F(event, getall_tokens)
{
	__s32 got[5], all[8];
	struct dm_event e;
	pid_t pid[5];
	__u32 n = 9;
	int i;

	EXPECT_EQ(0, dmapi_getall_tokens(self->sid, 0, NULL, &n));
	EXPECT_EQ(0, n);
	spawn_many(self->f.path, pid, 5);
	ASSERT_TRUE(waiters(5));
	/* what nobody has read does not count */
	EXPECT_EQ(0, dmapi_getall_tokens(self->sid, 0, NULL, &n));
	EXPECT_EQ(0, n);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
		got[i] = e.token;
	}
	memset(all, 0xa5, sizeof(all));
	EXPECT_EQ(-E2BIG, dmapi_getall_tokens(self->sid, 4, all, &n));
	EXPECT_EQ(5, n);
	EXPECT_TRUE(dm_all(all, 0xa5, sizeof(all)));
	n = 0;
	EXPECT_EQ(0, dmapi_getall_tokens(self->sid, 5, all, &n));
	EXPECT_EQ(5, n);
	EXPECT_EQ(0, memcmp(all, got, sizeof(got)));
	EXPECT_TRUE(dm_all(all + 5, 0xa5, 3 * sizeof(all[0])));
	n = 9;
	EXPECT_EQ(-EFAULT, dmapi_getall_tokens(self->sid, 5, NULL, &n));
	EXPECT_EQ(9, n);
	EXPECT_EQ(-EFAULT, dmapi_getall_tokens(self->sid, 5, all, NULL));
	EXPECT_EQ(-EINVAL, dmapi_getall_tokens(0, 5, all, &n));
	EXPECT_EQ(-EINVAL, dmapi_getall_tokens(INT_MAX, 5, all, &n));
	EXPECT_EQ(0, dmapi_getall_tokens(self->sid2, 5, all, &n));
	EXPECT_EQ(0, n);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, dm_continue(self->sid, got[i]));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, dm_wait(pid[i], 5000));
	EXPECT_EQ(0, dmapi_getall_tokens(self->sid, 5, all, &n));
	EXPECT_EQ(0, n);
}

/* A token in other calls. */
TEST_F(event, token)
{
	struct dmapi_object o;
	struct dmapi_region r[2];
	struct dm_event e;
	__u32 n;
	pid_t pid = dm_spawn_read(self->f.path, 0, 10);

	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	o = dm_obj_token(self->f.o, e.token);
	EXPECT_EQ(-EACCES, dmapi_get_region(&o, 2, r, &n));
	ASSERT_EQ(0, dmapi_request_right(&o, 0, DMAPI_RIGHT_SHARED));
	EXPECT_EQ(0, dmapi_get_region(&o, 2, r, &n));
	o.sid = self->sid2;
	EXPECT_EQ(-ESRCH, dmapi_get_region(&o, 2, r, &n));
	o = dm_obj_token(self->f.o, e.token + 100);
	EXPECT_EQ(-ESRCH, dmapi_get_region(&o, 2, r, &n));
	o.token = DMAPI_INVALID_TOKEN;
	EXPECT_EQ(-EINVAL, dmapi_get_region(&o, 2, r, &n));
	o.token = -2;
	EXPECT_EQ(-EINVAL, dmapi_get_region(&o, 2, r, &n));
	o.token = e.token;
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	EXPECT_EQ(-ESRCH, dmapi_get_region(&o, 2, r, &n));
}

/* --- Those who go away --------------------------------------------------- */

TEST_F(event, reader_killed_before_it_was_read)
{
	struct dm_event e;
	pid_t pid = dm_spawn_read(self->f.path, 0, 10);

	ASSERT_TRUE(waiters(1));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, 5000));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
	EXPECT_TRUE(waiters(0));
}

TEST_F(event, reader_killed_afterwards)
{
	struct dm_event e;
	char buf[MSG];
	__u64 rlen;
	pid_t pid = dm_spawn_read(self->f.path, 0, 10);

	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, 5000));
	/* It can still be found, and answered. */
	EXPECT_EQ(0, dmapi_find_eventmsg(self->sid, e.token, MSG, buf, &rlen));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(self->sid));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, e.token));
}

TEST_F(event, successor_finds_everything)
{
	__s32 old = self->sid, tokens[4];
	struct dm_event e, f;
	pid_t p1, p2;
	__u32 n;

	p1 = dm_spawn_read(self->f.path, 0, 10);
	ASSERT_EQ(0, dm_next(old, &e, 5000));
	p2 = dm_spawn_read(self->f.path, 0, 10);
	ASSERT_TRUE(waiters(2));
	ASSERT_EQ(0, dmapi_create_session(old, "new", &self->sid));
	EXPECT_EQ(-EINVAL, dm_continue(old, e.token));
	EXPECT_EQ(0, dmapi_getall_tokens(self->sid, 4, tokens, &n));
	ASSERT_EQ(1, n);
	EXPECT_EQ(e.token, tokens[0]);
	ASSERT_EQ(0, dm_next(self->sid, &f, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(p1, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, f.token));
	EXPECT_EQ(0, dm_wait(p2, 5000));
}

/* A queued message stays with whom it was queued for. */
TEST_F(event, queued_messages_do_not_move)
{
	struct dm_event e;
	pid_t pid = dm_spawn_read(self->f.path, 0, 10);

	ASSERT_TRUE(waiters(1));
	dm_sleep_ms(20);
	ASSERT_EQ(0, dm_want(self->sid2, DM_BIT(READ)));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid2, &e, 20));
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	pid = dm_spawn_read(self->f.path, 0, 10);
	ASSERT_EQ(0, dm_next(self->sid2, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid2, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
}

/* --- Nobody wants to know ------------------------------------------------ */

TEST_F(event, policy_block)
{
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_want(self->sid, 0));
	pid = dm_spawn_read(self->f.path, 0, 10);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 100));
	ASSERT_EQ(0, dm_want(self->sid2, DM_BIT(READ)));
	ASSERT_EQ(0, dm_next(self->sid2, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid2, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
}

TEST_F(event, policy_fail)
{
	pid_t pid;

	ASSERT_EQ(0, dm_want(self->sid, 0));
	pid = dm_spawn_read(self->f.path, 0, 10);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 100));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	/* It ends those who wait already, too. */
	EXPECT_EQ(-EIO, dm_wait(pid, 5000));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 0, 10));
}

TEST_F(event, policy_continue)
{
	ASSERT_EQ(0, dm_want(self->sid, 0));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, 10));
	ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, DM_GRANULE, DM_GRANULE));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, 10));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, DM_GRANULE, 10));
}

TEST_F(event, policy_words)
{
	char buf[32];

	EXPECT_EQ(-EINVAL, dm_sysfs_set("data_policy", "whatever"));
	EXPECT_EQ(-EINVAL, dm_sysfs_set("interruptible", "perhaps"));
	ASSERT_EQ(0, dm_sysfs_get("data_policy", buf, sizeof(buf)));
	EXPECT_STREQ("block", buf);
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail\n"));
	ASSERT_EQ(0, dm_sysfs_get("data_policy", buf, sizeof(buf)));
	EXPECT_STREQ("fail", buf);
}

static long gentle_reader(void *arg)
{
	signal(SIGUSR1, SIG_DFL);
	return dm_read_check(arg, 0, 10);
}

TEST_F(event, signals)
{
	struct dm_event e;
	pid_t pid;

	/* To be stopped and to go on is no reason to give up. */
	pid = dm_spawn(gentle_reader, self->f.path);
	ASSERT_TRUE(waiters(1));
	kill(pid, SIGSTOP);
	kill(pid, SIGCONT);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 50));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, 5000));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));

	/* Any deadly signal is. */
	pid = dm_spawn(gentle_reader, self->f.path);
	ASSERT_TRUE(waiters(1));
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, 5000));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
}

static void on_signal(int sig)
{
	(void)sig;
}

static long handler_reader(void *arg)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	return dm_read_check(arg, 0, 10);
}

TEST_F(event, interruptible)
{
	struct dm_event e;
	pid_t pid;

	/* With a handler a signal kills nobody: the wait goes on. */
	pid = dm_spawn(handler_reader, self->f.path);
	ASSERT_TRUE(waiters(1));
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 100));
	/* Unless the administrator says so; this reaches who waits already. */
	ASSERT_EQ(0, dm_sysfs_set("interruptible", "1"));
	EXPECT_EQ(-EINTR, dm_wait(pid, 5000));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
}

TEST_F(event, list_of_waiters)
{
	unsigned long long ino = 0, len = 0;
	char line[512], event[32] = "", state[32] = "";
	long long off = 0, since;
	struct dm_event e;
	unsigned int gen;
	int pid = 0, token = 0, sid = 0, lines = 0;
	struct stat st;
	pid_t child;
	FILE *f;

	ASSERT_EQ(0, stat(self->f.path, &st));
	child = dm_spawn_read(self->f.path, 5, 10);
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	f = fopen("/proc/fs/xfs/dmapi_waiters", "r");
	ASSERT_NE(NULL, f);
	ASSERT_NE(NULL, fgets(line, sizeof(line), f));
	EXPECT_STREQ("pid comm fsid ino gen event offset length since state token session\n",
		     line);
	while (fgets(line, sizeof(line), f)) {
		lines++;
		EXPECT_EQ(11, sscanf(line, "%d %*s %*x %llu %u %31s %lld %llu %lld %31s %d %d",
				     &pid, &ino, &gen, event, &off, &len,
				     &since, state, &token, &sid) + 1);
	}
	fclose(f);
	EXPECT_EQ(1, lines);
	EXPECT_EQ(child, pid);
	EXPECT_EQ(st.st_ino, ino);
	EXPECT_STREQ("READ", event);
	EXPECT_EQ(5, off);
	EXPECT_EQ(10, len);
	EXPECT_STREQ("delivered", state);
	EXPECT_EQ(e.token, token);
	EXPECT_EQ(self->sid, sid);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(child, 5000));
}

TEST_F(event, count_of_events)
{
	char before[32], after[32];
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_sysfs_get("events", before, sizeof(before)));
	pid = dm_spawn_read(self->f.path, 0, 10);
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	ASSERT_EQ(0, dm_sysfs_get("events", after, sizeof(after)));
	EXPECT_EQ(atoll(before) + 1, atoll(after));
}

/* --- All of it ----------------------------------------------------------- */

TEST_F(event, recall)
{
	struct dm_event e;
	struct dmapi_object o;
	pid_t pid;

	ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, 0, 0));
	pid = dm_spawn_read(self->f.path, 0, self->f.size);
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	EXPECT_EQ(0, e.offset);
	EXPECT_EQ(self->f.size, e.length);
	/* By the handle and under the token that came with the event. */
	o = dm_obj_token(dm_obj(self->sid, &e.h), e.token);
	ASSERT_EQ(0, dmapi_request_right(&o, DMAPI_RR_WAIT, DMAPI_RIGHT_EXCL));
	ASSERT_EQ(0, dm_recall(&o, 0, self->f.size));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	/* No event any more. */
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
}

TEST_HARNESS_MAIN
