// SPDX-License-Identifier: GPL-2.0-only
/* Sessions: made, found, assumed, destroyed, and held as descriptors. */
#include "common.h"

#define MAX_SESSIONS	4096

DM_FIXTURE(session)

static __u32 count(void)
{
	static __s32 ids[MAX_SESSIONS];
	__u32 n = 0;

	return dmapi_getall_sessions(MAX_SESSIONS, ids, &n) ? ~0U : n;
}

static bool exists(__s32 sid)
{
	static __s32 ids[MAX_SESSIONS];
	__u32 n = 0, i;

	dmapi_getall_sessions(MAX_SESSIONS, ids, &n);
	for (i = 0; i < n; i++)
		if (ids[i] == sid)
			return true;
	return false;
}

/* A child that waits for an event; its exit status is the result's errno. */
static long getter(void *arg)
{
	char buf[256];
	__u64 rlen;

	return dmapi_get_events(*(__s32 *)arg, 1, DMAPI_EV_WAIT, sizeof(buf),
				buf, &rlen);
}

TEST_F(session, version)
{
	unsigned int v = 0;
	FILE *f;

	EXPECT_EQ(DMAPI_VERSION, dmapi_get_version());
	f = fopen("/sys/kernel/dmapi/version", "r");
	ASSERT_NE(NULL, f);
	ASSERT_EQ(1, fscanf(f, "%x", &v));
	fclose(f);
	EXPECT_EQ(DMAPI_VERSION, v);
	EXPECT_EQ(-EINVAL, sys_dmapi(DMAPI_GET_VERSION, &v, 0, 0));
	EXPECT_EQ(-EINVAL, sys_dmapi(DMAPI_GET_VERSION, NULL, 8, 0));
	EXPECT_EQ(-EINVAL, sys_dmapi(DMAPI_GET_VERSION, NULL, 0, 1));
}

TEST_F(session, create_and_destroy)
{
	__u32 before = count();
	__s32 sid = 0, again = 0;

	ASSERT_EQ(0, dmapi_create_session(DMAPI_NO_SESSION, "x", &sid));
	EXPECT_LT(0, sid);
	EXPECT_EQ(before + 1, count());
	EXPECT_TRUE(exists(sid));
	/* The same words are no reason to refuse. */
	ASSERT_EQ(0, dmapi_create_session(DMAPI_NO_SESSION, "x", &again));
	EXPECT_NE(sid, again);
	EXPECT_EQ(0, dmapi_destroy_session(again));
	EXPECT_EQ(0, dmapi_destroy_session(sid));
	EXPECT_EQ(-EINVAL, dmapi_destroy_session(sid));
	EXPECT_EQ(before, count());
	EXPECT_FALSE(exists(sid));
}

TEST_F(session, create_errors)
{
	struct dmapi_create_session a = { .pad = 1, .info = DM_PTR("x") };
	__u32 before = count();
	__s32 sid = 99;

	EXPECT_EQ(-EFAULT, dmapi_create_session(0, NULL, &sid));
	EXPECT_EQ(-EFAULT, dmapi_create_session(0, DM_BAD_PTR, &sid));
	EXPECT_EQ(-EFAULT, dmapi_create_session(0, "x", NULL));
	EXPECT_EQ(-EFAULT, dmapi_create_session(0, "x", DM_BAD_PTR));
	EXPECT_EQ(-EINVAL, dmapi_create_session(-1, "x", &sid));
	EXPECT_EQ(-EINVAL, dmapi_create_session(INT_MAX, "x", &sid));
	EXPECT_EQ(-EINVAL, dmapi_create_session(INT_MIN, "x", &sid));
	a.newsidp = DM_PTR(&sid);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_CREATE_SESSION, a));
	EXPECT_EQ(99, sid);
	EXPECT_EQ(before, count());
}

TEST_F(session, info_string)
{
	char info[DMAPI_SESSION_INFO_LEN + 1], buf[512];
	__u32 before = count();
	__u64 rlen = 0;
	__s32 sid = 0;

	memset(info, 'i', sizeof(info));
	info[DMAPI_SESSION_INFO_LEN] = 0;
	EXPECT_EQ(-E2BIG, dmapi_create_session(0, info, &sid));
	EXPECT_EQ(0, sid);
	EXPECT_EQ(before, count());

	info[DMAPI_SESSION_INFO_LEN - 1] = 0;
	ASSERT_EQ(0, dmapi_create_session(0, info, &sid));
	memset(buf, 0xa5, sizeof(buf));
	EXPECT_EQ(0, dmapi_query_session(sid, DMAPI_SESSION_INFO_LEN, buf,
					 &rlen));
	EXPECT_EQ(DMAPI_SESSION_INFO_LEN, rlen);
	EXPECT_STREQ(info, buf);
	EXPECT_TRUE(dm_all(buf + rlen, 0xa5, sizeof(buf) - rlen));

	memset(buf, 0xa5, sizeof(buf));
	rlen = 0;
	EXPECT_EQ(-E2BIG, dmapi_query_session(sid, DMAPI_SESSION_INFO_LEN - 1,
					      buf, &rlen));
	EXPECT_EQ(DMAPI_SESSION_INFO_LEN, rlen);
	EXPECT_TRUE(dm_all(buf, 0xa5, sizeof(buf)));
	rlen = 0;
	EXPECT_EQ(-E2BIG, dmapi_query_session(sid, 0, NULL, &rlen));
	EXPECT_EQ(DMAPI_SESSION_INFO_LEN, rlen);
	EXPECT_EQ(0, dmapi_destroy_session(sid));

	ASSERT_EQ(0, dmapi_create_session(0, "", &sid));
	memset(buf, 0xa5, sizeof(buf));
	EXPECT_EQ(0, dmapi_query_session(sid, sizeof(buf), buf, &rlen));
	EXPECT_EQ(1, rlen);
	EXPECT_EQ(0, buf[0]);
	EXPECT_TRUE(dm_all(buf + 1, 0xa5, sizeof(buf) - 1));
	EXPECT_EQ(0, dmapi_destroy_session(sid));
}

TEST_F(session, query_errors)
{
	struct dmapi_getall a = { .sid = self->sid, .pad = 1, .buflen = 256 };
	char buf[256];
	__u64 rlen = 5;

	EXPECT_EQ(-EINVAL, dmapi_query_session(0, 256, buf, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_query_session(-1, 256, buf, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_query_session(INT_MAX, 256, buf, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_query_session(self->sid, 256, NULL, &rlen));
	EXPECT_EQ(5, rlen);
	EXPECT_EQ(-EFAULT, dmapi_query_session(self->sid, 256, buf, NULL));
	EXPECT_EQ(-EFAULT, dmapi_query_session(self->sid, 0, buf, NULL));
	a.bufp = DM_PTR(buf);
	a.rlenp = DM_PTR(&rlen);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_QUERY_SESSION, a));
	EXPECT_EQ(5, rlen);
}

TEST_F(session, getall)
{
	__s32 ids[MAX_SESSIONS], sid[3];
	struct dmapi_getall_ids a = { .sid = self->sid };
	__u32 n = 0, i, found = 0;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, dmapi_create_session(0, "g", &sid[i]));
	memset(ids, 0xa5, sizeof(ids));
	ASSERT_EQ(0, dmapi_getall_sessions(MAX_SESSIONS, ids, &n));
	ASSERT_LE(4, n);
	for (i = 0; i < n; i++) {
		if (i)
			EXPECT_LT(ids[i - 1], ids[i]);
		found += ids[i] == sid[0] || ids[i] == sid[1] ||
			 ids[i] == sid[2] || ids[i] == self->sid;
	}
	EXPECT_EQ(4, found);
	EXPECT_TRUE(dm_all(ids + n, 0xa5, sizeof(ids) - n * sizeof(ids[0])));

	memset(ids, 0xa5, sizeof(ids));
	i = 0;
	EXPECT_EQ(-E2BIG, dmapi_getall_sessions(n - 1, ids, &i));
	EXPECT_EQ(n, i);
	EXPECT_TRUE(dm_all(ids, 0xa5, sizeof(ids)));
	i = 0;
	EXPECT_EQ(-E2BIG, dmapi_getall_sessions(0, NULL, &i));
	EXPECT_EQ(n, i);
	EXPECT_EQ(0, dmapi_getall_sessions(n, ids, &i));
	i = 7;
	EXPECT_EQ(-EFAULT, dmapi_getall_sessions(n, NULL, &i));
	EXPECT_EQ(7, i);
	EXPECT_EQ(-EFAULT, dmapi_getall_sessions(n, ids, NULL));
	a.bufp = DM_PTR(ids);
	a.nelem = MAX_SESSIONS;
	a.nelemp = DM_PTR(&i);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GETALL_SESSIONS, a));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, dmapi_destroy_session(sid[i]));
}

TEST_F(session, most)
{
	static __s32 ids[MAX_SESSIONS];
	__u32 before = count(), n = 0, i;
	__s32 sid = 0;
	long ret;

	for (i = before; i < MAX_SESSIONS; i++)
		if (dmapi_create_session(0, "many", &ids[n++]))
			break;
	EXPECT_EQ(MAX_SESSIONS, i);
	ret = dmapi_create_session(0, "one too many", &sid);
	EXPECT_EQ(-ENOMEM, ret);
	EXPECT_EQ(0, sid);
	EXPECT_EQ(MAX_SESSIONS, count());
	/* To assume one needs no room. */
	EXPECT_EQ(0, dmapi_create_session(ids[0], "mine", &ids[0]));
	while (n)
		EXPECT_EQ(0, dmapi_destroy_session(ids[--n]));
	EXPECT_EQ(before, count());
	ASSERT_EQ(0, dmapi_create_session(0, "room again", &sid));
	EXPECT_EQ(0, dmapi_destroy_session(sid));
}

TEST_F(session, destroy_errors)
{
	struct dmapi_session a = { .sid = self->sid, .flags = 1 };

	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_DESTROY_SESSION, a));
	EXPECT_EQ(-EINVAL, dmapi_destroy_session(0));
	EXPECT_EQ(-EINVAL, dmapi_destroy_session(-1));
	EXPECT_EQ(-EINVAL, dmapi_destroy_session(INT_MAX));
	EXPECT_TRUE(exists(self->sid));
}

TEST_F(session, assume)
{
	char buf[64];
	__u64 rlen, set;
	__s32 old, new = 0;
	struct dm_handle fs;
	struct dmapi_object o;
	char disp[32];
	struct dmapi_dispinfo d;

	ASSERT_EQ(0, dmapi_create_session(0, "old", &old));
	ASSERT_EQ(0, dm_want(old, DM_BIT(READ)));
	ASSERT_EQ(0, dmapi_create_session(old, "new", &new));
	EXPECT_LT(0, new);
	EXPECT_NE(old, new);
	EXPECT_FALSE(exists(old));
	EXPECT_TRUE(exists(new));
	EXPECT_EQ(-EINVAL, dmapi_query_session(old, sizeof(buf), buf, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_destroy_session(old));
	EXPECT_EQ(-EINVAL, dmapi_create_session(old, "late", &old));
	ASSERT_EQ(0, dmapi_query_session(new, sizeof(buf), buf, &rlen));
	EXPECT_STREQ("new", buf);
	/* Dispositions have come along; the old name sets none. */
	ASSERT_EQ(0, dmapi_getall_disp(new, sizeof(disp), disp, &rlen));
	ASSERT_EQ(sizeof(disp), rlen);
	memcpy(&d, disp, sizeof(d));
	EXPECT_EQ(DM_BIT(READ), d.eventset);
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &fs));
	o = dm_obj(old, &fs);
	set = 0;
	EXPECT_EQ(-EINVAL, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(0, dmapi_destroy_session(new));
}

TEST_F(session, assume_fails_and_nothing_changes)
{
	char info[DMAPI_SESSION_INFO_LEN + 1], buf[64];
	__u32 before = count();
	__s32 sid = 5;
	__u64 rlen;

	memset(info, 'x', sizeof(info));
	info[DMAPI_SESSION_INFO_LEN] = 0;
	EXPECT_EQ(-E2BIG, dmapi_create_session(self->sid, info, &sid));
	EXPECT_EQ(-EFAULT, dmapi_create_session(self->sid, NULL, &sid));
	EXPECT_EQ(5, sid);
	EXPECT_EQ(-EFAULT, dmapi_create_session(self->sid, "x", DM_BAD_PTR));
	EXPECT_EQ(before, count());
	ASSERT_EQ(0, dmapi_query_session(self->sid, sizeof(buf), buf, &rlen));
	EXPECT_STREQ(_metadata->name, buf);
}

/* Where the new id goes may be where the old one was read from. */
TEST_F(session, assume_in_place)
{
	__s32 sid = self->sid;

	ASSERT_EQ(0, dmapi_create_session(self->sid, "x", &self->sid));
	EXPECT_NE(sid, self->sid);
	EXPECT_TRUE(exists(self->sid));
	EXPECT_FALSE(exists(sid));
}

TEST_F(session, assume_sends_waiters_away)
{
	__s32 old = self->sid;
	pid_t pid[3];
	int i;

	for (i = 0; i < 3; i++)
		pid[i] = dm_spawn(getter, &old);
	dm_sleep_ms(50);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(DM_RUNNING, dm_wait(pid[i], 0));
	ASSERT_EQ(0, dmapi_create_session(old, "x", &self->sid));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EINVAL, dm_wait(pid[i], 5000));
}

static void on_signal(int sig)
{
	(void)sig;
}

static long getter_interrupted(void *arg)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct itimerval it = { .it_value.tv_usec = 50000 };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	return getter(arg);
}

TEST_F(session, wait_ends_with_a_signal)
{
	__s32 sid = self->sid;

	EXPECT_EQ(-EINTR, dm_wait(dm_spawn(getter_interrupted, &sid), 5000));
}

TEST_F(session, busy)
{
	struct dm_file f;
	struct dm_event e;
	__s32 sid;
	pid_t pid;

	ASSERT_EQ(0, dmapi_create_session(0, "busy", &sid));
	/* somebody waits */
	pid = dm_spawn(getter, &sid);
	dm_sleep_ms(100);
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(sid));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, 5000));

	/* an unread message, then one without an answer */
	ASSERT_EQ(0, dm_want(sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_make_file(&f, sid, self->dir, "f", 4096));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	pid = dm_spawn_read(f.path, 0, 100);
	dm_sleep_ms(100);
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(sid));
	ASSERT_EQ(0, dm_next(sid, &e, 5000));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(sid));
	EXPECT_EQ(0, dm_continue(sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	EXPECT_EQ(0, dmapi_destroy_session(sid));
}

/* What a session had goes with it: the event waits for the next. */
TEST_F(session, destroy_drops_dispositions)
{
	struct dm_file f;
	struct dm_event e;
	__s32 sid;
	pid_t pid;

	ASSERT_EQ(0, dmapi_create_session(0, "first", &sid));
	ASSERT_EQ(0, dm_want(sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dmapi_destroy_session(sid));
	pid = dm_spawn_read(f.path, 0, 100);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 100));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
}

static short ready(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDNORM };

	return poll(&p, 1, ms) < 0 ? -1 : p.revents;
}

TEST_F(session, descriptor_errors)
{
	struct dmapi_session a = { .sid = self->sid, .flags = 1 };

	EXPECT_EQ(-EINVAL, dmapi_session_fd(0));
	EXPECT_EQ(-EINVAL, dmapi_session_fd(-1));
	EXPECT_EQ(-EINVAL, dmapi_session_fd(INT_MAX));
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SESSION_FD, a));
}

TEST_F(session, descriptor)
{
	struct dm_file f;
	struct dm_event e;
	char path[64], buf[512], want[64];
	pid_t pid;
	int fd, in;
	ssize_t n;

	fd = dmapi_session_fd(self->sid);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, ready(fd, 0));
	EXPECT_EQ(-1, read(fd, buf, 8));
	EXPECT_EQ(-1, write(fd, buf, 8));

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	in = open(path, O_RDONLY);
	ASSERT_LE(0, in);
	n = read(in, buf, sizeof(buf) - 1);
	ASSERT_LT(0, n);
	buf[n] = 0;
	close(in);
	snprintf(want, sizeof(want), "dmapi-session:\t%d\n", self->sid);
	EXPECT_NE(NULL, strstr(buf, want));

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	pid = dm_spawn_read(f.path, 0, 100);
	EXPECT_EQ(POLLIN | POLLRDNORM, ready(fd, 5000));
	ASSERT_EQ(0, dm_next(self->sid, &e, 0));
	EXPECT_EQ(0, ready(fd, 0));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	close(fd);
}

TEST_F(session, descriptor_of_a_dead_session)
{
	__s32 sid, new;
	int fd, fd2;

	ASSERT_EQ(0, dmapi_create_session(0, "x", &sid));
	fd = dmapi_session_fd(sid);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ready(fd, 0));
	ASSERT_EQ(0, dmapi_create_session(sid, "y", &new));
	EXPECT_EQ(POLLERR | POLLHUP, ready(fd, 5000));
	fd2 = dmapi_session_fd(new);
	ASSERT_LE(0, fd2);
	EXPECT_EQ(0, ready(fd2, 0));
	ASSERT_EQ(0, dmapi_destroy_session(new));
	EXPECT_EQ(POLLERR | POLLHUP, ready(fd2, 5000));
	EXPECT_EQ(POLLERR | POLLHUP, ready(fd, 0));
	close(fd);
	close(fd2);
}

static long poller(void *arg)
{
	return ready(*(int *)arg, 5000) == (POLLERR | POLLHUP) ? 0 : -EIO;
}

TEST_F(session, destroy_wakes_pollers)
{
	__s32 sid;
	pid_t pid;
	int fd;

	ASSERT_EQ(0, dmapi_create_session(0, "x", &sid));
	fd = dmapi_session_fd(sid);
	ASSERT_LE(0, fd);
	pid = dm_spawn(poller, &fd);
	dm_sleep_ms(50);
	ASSERT_EQ(0, dmapi_destroy_session(sid));
	EXPECT_EQ(0, dm_wait(pid, 2000));
	close(fd);
}

/* A session outlives the process that made it. */
static long creator(void *arg)
{
	return dmapi_create_session(0, "orphan", arg);
}

TEST_F(session, outlives_its_maker)
{
	__s32 *sid = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, sid);
	ASSERT_EQ(0, dm_wait(dm_spawn(creator, sid), 5000));
	ASSERT_LT(0, *sid);
	EXPECT_TRUE(exists(*sid));
	EXPECT_EQ(0, dmapi_destroy_session(*sid));
}

TEST_HARNESS_MAIN
