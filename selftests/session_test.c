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
	struct dmapi_session a = { .sid = self->sid, .flags = 4 };

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

/* --- A session that ends with a descriptor ---------------------------------- */

/* A session with a descriptor of its own, which gets READ. */
static int bound(__s32 *sid)
{
	int fd;

	if (dmapi_create_session(0, "bound", sid) || dm_want(*sid, DM_BIT(READ)))
		return -1;
	fd = dmapi_open_session(*sid, DMAPI_FD_ENDS, 0, NULL);
	return fd;
}

/* A reader that does not hold what the test has open. */
static long reader(void *arg)
{
	closefrom(3);
	return dm_read_check(arg, 0, 4096);
}

static bool waits(pid_t pid, const char *state)
{
	struct dm_waiter w;
	int i;

	for (i = 0; i < 2500; i++) {
		if (dm_waiter(pid, NULL, state, &w))
			return true;
		dm_sleep_ms(2);
	}
	return false;
}

/* What is unread and what is unanswered goes to the next session. */
TEST_F(session, ends_and_nothing_is_lost)
{
	struct dmapi_object o;
	struct dm_file f;
	struct dm_event e;
	pid_t pid[2];
	__s32 sid;
	int fd, i;

	fd = bound(&sid);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	pid[0] = dm_spawn(reader, f.path);
	ASSERT_EQ(0, dm_next(sid, &e, 5000));
	o = dm_obj_token(dm_obj(sid, &f.h), e.token);
	ASSERT_EQ(0, dmapi_request_right(&o, 0, DMAPI_RIGHT_EXCL));
	EXPECT_TRUE(waits(pid[0], "delivered"));
	pid[1] = dm_spawn(reader, f.path);
	EXPECT_TRUE(waits(pid[1], NULL));

	EXPECT_EQ(0, close(fd));
	EXPECT_FALSE(exists(sid));
	EXPECT_EQ(-EINVAL, dm_continue(sid, e.token));
	EXPECT_EQ(-EINVAL, dm_next(sid, &e, 0));
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(waits(pid[i], "no-session"));
		EXPECT_EQ(DM_RUNNING, dm_wait(pid[i], 0));
	}

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	/* The right has gone with its token. */
	EXPECT_EQ(0, dm_recall(&f.o, 0, 4096));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
		EXPECT_EQ(0, memcmp(e.h.b, f.h.b, DMAPI_HANDLE_LEN));
		EXPECT_EQ(0, e.offset);
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, dm_wait(pid[i], 5000));
}

/* Policy is what it is for those who find nobody. */
TEST_F(session, ends_and_policy_decides)
{
	struct dm_file f;
	struct dm_event e;
	pid_t pid[2];
	__s32 sid;
	int fd, i;

	fd = bound(&sid);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	pid[0] = dm_spawn(reader, f.path);
	ASSERT_EQ(0, dm_next(sid, &e, 5000));
	pid[1] = dm_spawn(reader, f.path);
	EXPECT_TRUE(waits(pid[1], "queued"));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	EXPECT_EQ(0, close(fd));
	/* Not a byte that is away is let through. */
	for (i = 0; i < 2; i++)
		EXPECT_EQ(-EIO, dm_wait(pid[i], 5000));
	EXPECT_EQ(0, dm_sysfs_set("data_policy", "block"));
}

static long owner(void *arg)
{
	bound(arg);
	pause();
	return 0;
}

TEST_F(session, ends_with_a_killed_process)
{
	__s32 *sid = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct dm_file f;
	struct dm_event e;
	pid_t pid, reader;
	int i;

	ASSERT_NE(MAP_FAILED, sid);
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	pid = dm_spawn(owner, sid);
	for (i = 0; i < 500 && !*sid; i++)
		dm_sleep_ms(10);
	dm_sleep_ms(100);
	reader = dm_spawn_read(f.path, 0, 100);
	EXPECT_TRUE(waits(reader, "queued"));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, 5000));
	EXPECT_TRUE(waits(reader, "no-session"));
	EXPECT_FALSE(exists(*sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(reader, 5000));
}

/* A successor that comes in time has it without the descriptor. */
TEST_F(session, assumed_it_does_not_end)
{
	struct dmapi_session_state st;
	struct dm_file f;
	struct dm_event e;
	__s32 sid, new;
	__u64 rlen;
	pid_t pid;
	int fd;

	fd = bound(&sid);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, dmapi_get_session_state(sid, sizeof(st), &st, &rlen));
	EXPECT_EQ(DMAPI_SESSION_BOUND, st.flags);
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	pid = dm_spawn_read(f.path, 0, 100);
	ASSERT_EQ(0, dm_next(sid, &e, 5000));
	ASSERT_EQ(0, dmapi_create_session(sid, "successor", &new));
	ASSERT_EQ(0, dmapi_get_session_state(new, sizeof(st), &st, &rlen));
	EXPECT_EQ(0, st.flags);
	EXPECT_EQ(0, close(fd));
	EXPECT_TRUE(exists(new));
	EXPECT_EQ(0, dm_continue(new, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	EXPECT_EQ(0, dmapi_destroy_session(new));
}

/* Whoever has the descriptor holds the session, a call too. */
TEST_F(session, ends_with_the_last_reference)
{
	__s32 sid, by_fd;
	pid_t pid;
	int fd, copy;

	fd = bound(&sid);
	ASSERT_LE(0, fd);
	copy = dup(fd);
	by_fd = DMAPI_SID_FD(copy);
	EXPECT_EQ(0, close(fd));
	EXPECT_TRUE(exists(sid));
	pid = dm_spawn(getter, &by_fd);
	dm_sleep_ms(100);
	EXPECT_EQ(0, close(copy));
	EXPECT_TRUE(exists(sid));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, 5000));
	EXPECT_FALSE(exists(sid));

	/* By its id it is only used. */
	fd = bound(&sid);
	ASSERT_LE(0, fd);
	pid = fork();
	if (!pid) {
		close(fd);
		_exit(-getter(&sid));
	}
	dm_sleep_ms(100);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(-EINVAL, dm_wait(pid, 5000));
}

static long sender(void *arg)
{
	/* It is another process that has the descriptor. */
	closefrom(3);
	return dmapi_send_msg(*(__s32 *)arg, DMAPI_MSGTYPE_SYNC, 5, "hello");
}

TEST_F(session, ends_and_senders_are_told)
{
	__s32 sid;
	pid_t pid;
	int fd;

	fd = bound(&sid);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, dmapi_send_msg(sid, DMAPI_MSGTYPE_ASYNC, 5, "hello"));
	pid = dm_spawn(sender, &sid);
	EXPECT_TRUE(waits(pid, "queued"));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(-EINVAL, dm_wait(pid, 5000));
	EXPECT_FALSE(exists(sid));
}

static long getter_loop(void *arg)
{
	struct dm_event e;
	char buf[1024];
	__u64 rlen;
	__s32 sid = *(__s32 *)arg;
	long ret;

	closefrom(3);
	while (!(ret = dmapi_get_events(sid, 1, DMAPI_EV_WAIT, sizeof(buf), buf,
					&rlen))) {
		dm_unpack(buf, &e);
		/* Some are answered, some are left behind. */
		if (e.sequence % 3)
			dm_continue(sid, e.token);
	}
	return ret == -EINVAL ? 0 : ret;
}

static long reader_loop(void *arg)
{
	long ret = 0;
	int i;

	closefrom(3);
	for (i = 0; i < 30 && !ret; i++)
		ret = dm_read_check(arg, 0, 4096);
	return ret;
}

/* With getters and readers in the middle of everything */
TEST_F(session, ends_at_any_time)
{
	struct dm_file f;
	struct dm_event e;
	pid_t reader[4], get[2];
	bool done[4] = { };
	int fd, i, n, round;
	__s32 sid;
	long ret;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	for (i = 0; i < 4; i++)
		reader[i] = dm_spawn(reader_loop, f.path);
	for (round = 0; round < 40; round++) {
		fd = bound(&sid);
		ASSERT_LE(0, fd);
		for (i = 0; i < 2; i++)
			get[i] = dm_spawn(getter_loop, &sid);
		dm_sleep_ms(round % 7);
		EXPECT_EQ(0, close(fd));
		for (i = 0; i < 2; i++)
			EXPECT_EQ(0, dm_wait(get[i], 5000));
		EXPECT_FALSE(exists(sid));
	}
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	for (n = 0; n < 4;) {
		while (!dm_next(self->sid, &e, 0))
			EXPECT_EQ(0, dm_continue(self->sid, e.token));
		for (i = 0; i < 4; i++) {
			ret = done[i] ? DM_RUNNING : dm_wait(reader[i], 2);
			if (ret == DM_RUNNING)
				continue;
			EXPECT_EQ(0, ret);
			done[i] = true;
			n++;
		}
	}
}

/* --- How a session is -------------------------------------------------------- */

/* A line of /proc/fs/xfs/dmapi_sessions. */
static bool listed(__s32 sid, char *line, size_t size)
{
	FILE *f = fopen("/proc/fs/xfs/dmapi_sessions", "r");
	bool found = false;

	while (f && !found && fgets(line, size, f))
		found = atoi(line) == sid;
	if (f)
		fclose(f);
	return found;
}

TEST_F(session, state)
{
	struct dmapi_object everything = dm_obj_global(self->sid);
	struct dmapi_session_state st;
	char line[1000], flags[10], info[300], comm[40];
	unsigned int queued, delivered, getters;
	__u64 rlen = 0, set = DM_BIT(MOUNT);
	struct dm_file f;
	struct dm_event e;
	int tgid;
	pid_t pid[3];

	memset(&st, 0xa5, sizeof(st));
	ASSERT_EQ(0, dmapi_get_session_state(self->sid, sizeof(st), &st, &rlen));
	EXPECT_EQ(sizeof(st), rlen);
	EXPECT_EQ(self->sid, st.sid);
	EXPECT_EQ(0, st.flags);
	EXPECT_GT(10000000000ULL, st.created);
	EXPECT_EQ(DMAPI_NEVER, st.assumed);
	EXPECT_EQ(DMAPI_NEVER, st.got);
	EXPECT_EQ(DMAPI_NEVER, st.oldest_queued);
	EXPECT_EQ(DMAPI_NEVER, st.oldest_delivered);
	EXPECT_EQ(0, st.queued);
	EXPECT_EQ(0, st.delivered);
	EXPECT_EQ(0, st.getters);
	EXPECT_EQ(getpid(), st.tgid);
	EXPECT_EQ(0, strncmp(program_invocation_short_name, st.comm, 15));
	EXPECT_STREQ(_metadata->name, st.info);

	ASSERT_EQ(0, dmapi_set_disp(&everything, &set, DMAPI_EVENT_MAX));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	pid[0] = dm_spawn_read(f.path, 0, 100);
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	dm_sleep_ms(30);
	pid[1] = dm_spawn_read(f.path, 0, 100);
	EXPECT_TRUE(waits(pid[1], "queued"));
	dm_sleep_ms(30);
	ASSERT_EQ(0, dmapi_get_session_state(self->sid, sizeof(st), &st, &rlen));
	EXPECT_EQ(DMAPI_SESSION_MOUNT, st.flags);
	EXPECT_EQ(1, st.queued);
	EXPECT_EQ(1, st.delivered);
	EXPECT_LE(30000000ULL, st.oldest_queued);
	EXPECT_LE(60000000ULL, st.oldest_delivered);
	EXPECT_LE(60000000ULL, st.got);
	EXPECT_LE(st.oldest_delivered, st.created);
	EXPECT_LT(st.oldest_queued, st.oldest_delivered);

	ASSERT_TRUE(listed(self->sid, line, sizeof(line)));
	EXPECT_EQ(7, sscanf(line, "%*d %d %39s %9s %*s %*s %*s %u %*s %u %*s %u %299s",
			    &tgid, comm, flags, &queued, &delivered, &getters,
			    info)) {
		TH_LOG("%s", line);
	}
	EXPECT_EQ(getpid(), tgid);
	EXPECT_STREQ("m", flags);
	EXPECT_EQ(1, queued);
	EXPECT_EQ(1, delivered);
	EXPECT_EQ(0, getters);
	EXPECT_STREQ(_metadata->name, info);

	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid[0], 5000));
	EXPECT_EQ(0, dm_wait(pid[1], 5000));

	pid[2] = dm_spawn(getter, &self->sid);
	dm_sleep_ms(100);
	ASSERT_EQ(0, dmapi_get_session_state(self->sid, sizeof(st), &st, &rlen));
	EXPECT_EQ(1, st.getters);
	EXPECT_EQ(DMAPI_NEVER, st.oldest_queued);
	EXPECT_EQ(DMAPI_NEVER, st.oldest_delivered);
	ASSERT_EQ(0, dmapi_create_session(self->sid, "a b", &self->sid));
	EXPECT_EQ(-EINVAL, dm_wait(pid[2], 5000));
	ASSERT_EQ(0, dmapi_get_session_state(self->sid, sizeof(st), &st, &rlen));
	EXPECT_GT(st.created, st.assumed);
	ASSERT_TRUE(listed(self->sid, line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, "a\\040b\n"));
}

TEST_F(session, state_errors)
{
	struct dmapi_getall a = { .sid = self->sid, .pad = 1, .buflen = 4096 };
	struct dmapi_session_state st;
	__u64 rlen = 5;

	EXPECT_EQ(-EINVAL, dmapi_get_session_state(0, sizeof(st), &st, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_get_session_state(INT_MAX, sizeof(st), &st, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_get_session_state(self->sid, sizeof(st), NULL,
						   &rlen));
	EXPECT_EQ(5, rlen);
	EXPECT_EQ(-EFAULT, dmapi_get_session_state(self->sid, sizeof(st), &st,
						   NULL));
	memset(&st, 0xa5, sizeof(st));
	EXPECT_EQ(-E2BIG, dmapi_get_session_state(self->sid, sizeof(st) - 1, &st,
						  &rlen));
	EXPECT_EQ(sizeof(st), rlen);
	EXPECT_TRUE(dm_all(&st, 0xa5, sizeof(st)));
	a.bufp = DM_PTR(&st);
	a.rlenp = DM_PTR(&rlen);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_SESSION_STATE, a));
}

TEST_HARNESS_MAIN
