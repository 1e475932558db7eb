// SPDX-License-Identifier: GPL-2.0-only
/*
 * READ events: who waits, for what, and how it ends
 *
 * The test is the manager; readers are children.  A file is four pieces of
 * 64 KiB and a bit, all of it armed and offline unless a test does otherwise.
 */
#include "common.h"
#include "offline.h"

#define PIECES		4
#define SIZE		(PIECES * GRAIN + 1000)
#define SOON		5000	/* ms: what must happen happens within this */
#define AWHILE		120	/* ms: what must not happen does not in this */

FIXTURE(read)
{
	DM_FIXTURE_FIELDS;
	struct dm_file f;
};

FIXTURE_SETUP(read)
{
	snprintf(self->dir, sizeof(self->dir), "%s/read.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
	ASSERT_EQ(0, dmapi_create_session(0, "read_test", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", SIZE));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
}

DM_FIXTURE_TEARDOWN(read)

#define FIX struct __test_metadata *_metadata, FIXTURE_DATA(read) *self

/* Bring back all that an event asks for, in whole blocks. */
static long recall(const struct dm_file *f, const struct dm_event *e)
{
	__u64 start = e->offset & ~4095ULL;
	__u64 end = (e->offset + e->length + 4095) & ~4095ULL;

	if (end > f->size)
		end = f->size;
	return dm_recall(&f->o, start, end - start);
}

/* Get an event and check what it says. */
static void event_get(FIX, struct dm_event *e, __s64 offset, __u64 length)
{
	ASSERT_EQ(0, dm_next(self->sid, e, SOON));
	EXPECT_EQ(DMAPI_EVENT_READ, e->type);
	EXPECT_LT(0, e->token);
	EXPECT_EQ(offset, e->offset);
	EXPECT_EQ(length, e->length);
	ASSERT_EQ(self->f.h.len, e->h.len);
	EXPECT_EQ(0, memcmp(self->f.h.b, e->h.b, e->h.len));
}

static void event_none(FIX)
{
	struct dm_event e;

	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, AWHILE));
}

static void event_serve(FIX, __s64 offset, __u64 length)
{
	struct dm_event e;

	event_get(_metadata, self, &e, offset, length);
	EXPECT_EQ(0, recall(&self->f, &e));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
}

/* --- Every way to read ------------------------------------------------------ */

struct job {
	const char *path;
	off_t pos;
	size_t len;
	ssize_t (*fn)(const char *path, void *buf, off_t pos, size_t len);
};

static long job_run(void *arg)
{
	struct job *j = arg;
	unsigned char *buf = poisoned(j->len);
	ssize_t n = j->fn(j->path, buf, j->pos, j->len);
	ssize_t want = j->pos + (off_t)j->len > SIZE ? SIZE - j->pos : (ssize_t)j->len;

	if (n < 0)
		return n;
	if (n != want)
		return -ENODATA;
	return dm_differs(buf, j->pos, n, DM_SEED) < 0 ? 0 : -EILSEQ;
}

static void reader_waits(FIX, ssize_t (*fn)(const char *, void *, off_t, size_t),
			 off_t pos, size_t len)
{
	struct job j = { self->f.path, pos, len, fn };
	pid_t pid = dm_spawn(job_run, &j);
	struct dm_event e;

	ASSERT_LT(0, pid);
	event_get(_metadata, self, &e, pos, len);
	/* It sleeps until the answer, and an answer before the data is early. */
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 20));
	EXPECT_EQ(0, recall(&self->f, &e));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 20));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

#define READER(_name) \
	static ssize_t reader_##_name(const char *path, void *buf, off_t pos, \
				      size_t len); \
	TEST_F(read, by_##_name) \
	{ \
		reader_waits(_metadata, self, reader_##_name, 0, 4096); \
		reader_waits(_metadata, self, reader_##_name, 2 * GRAIN, 8192); \
		reader_waits(_metadata, self, reader_##_name, 3 * GRAIN, 2 * GRAIN); \
	} \
	static ssize_t reader_##_name(const char *path, void *buf, off_t pos, \
				      size_t len)

READER(read)
{
	int fd = open(path, O_RDONLY);

	lseek(fd, pos, SEEK_SET);
	return neg(read(fd, buf, len));
}

READER(pread)
{
	return neg(pread(open(path, O_RDONLY), buf, len, pos));
}

READER(nonblock)
{
	return neg(pread(open(path, O_RDONLY | O_NONBLOCK), buf, len, pos));
}

READER(readv)
{
	struct iovec iov[2] = { { buf, 100 }, { (char *)buf + 100, len - 100 } };
	int fd = open(path, O_RDONLY);

	lseek(fd, pos, SEEK_SET);
	return neg(readv(fd, iov, 2));
}

READER(preadv2)
{
	struct iovec iov = { buf, len };

	return neg(preadv2(open(path, O_RDONLY), &iov, 1, pos, 0));
}

READER(direct)
{
	return neg(pread(open(path, O_RDONLY | O_DIRECT), buf, len, pos));
}

READER(aio)
{
	return aio_rw(IOCB_CMD_PREAD, open(path, O_RDONLY), buf, pos, len);
}

READER(aio_direct)
{
	return aio_rw(IOCB_CMD_PREAD, open(path, O_RDONLY | O_DIRECT), buf, pos, len);
}

READER(uring)
{
	return ring_rw(IORING_OP_READ, open(path, O_RDONLY), buf, pos, len, false, 0);
}

READER(uring_direct)
{
	return ring_rw(IORING_OP_READ, open(path, O_RDONLY | O_DIRECT), buf, pos,
		       len, false, 0);
}

READER(uring_fixed)
{
	return ring_rw(IORING_OP_READ_FIXED, open(path, O_RDONLY), buf, pos, len,
		       true, 0);
}

/* Whoever has submitted to a ring is not held up, nor are other requests. */
TEST_F(read, uring_submitter_goes_on)
{
	unsigned char *buf = poisoned(4096);
	int fd = open(self->f.path, O_RDONLY);
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ, .fd = fd, .off = GRAIN,
		.addr = (uintptr_t)buf, .len = 4096, .user_data = 1,
	}, nop = { .opcode = IORING_OP_NOP };
	struct ring r;

	ASSERT_EQ(0, ring_init(&r));
	ASSERT_EQ(1, ring_submit(&r, &sqe));
	ASSERT_EQ(1, ring_submit(&r, &nop));
	EXPECT_EQ(0, ring_wait(&r));
	event_serve(_metadata, self, GRAIN, 4096);
	EXPECT_EQ(4096, ring_wait(&r));
	EXPECT_EQ(-1, dm_differs(buf, GRAIN, 4096, DM_SEED));
	ring_exit(&r);
	close(fd);
}

/* Who must not wait does not, and raises nothing. */
TEST_F(read, nowait)
{
	int fd = open(self->f.path, O_RDONLY), dfd = open(self->f.path, O_RDONLY | O_DIRECT);
	unsigned char *buf = poisoned(4096);
	struct iovec iov = { buf, 4096 };

	EXPECT_EQ(-1, preadv2(fd, &iov, 1, 0, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, preadv2(dfd, &iov, 1, 0, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-EAGAIN, ring_rw(IORING_OP_READ, fd, buf, 0, 4096, false, RWF_NOWAIT));
	event_none(_metadata, self);
	EXPECT_TRUE(dm_all(buf, POISON, 4096));
	close(fd);
	close(dfd);
}

/* --- What an event says ------------------------------------------------------- */

TEST_F(read, range_is_as_asked)
{
	struct job j = { self->f.path, 100, 1 << 20, reader_pread };
	pid_t pid = dm_spawn(job_run, &j);

	event_serve(_metadata, self, 100, 1 << 20);
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

TEST_F(read, nothing_to_read)
{
	int fd = open(self->f.path, O_RDONLY);
	char c;

	EXPECT_EQ(0, pread(fd, &c, 1, SIZE));
	EXPECT_EQ(0, pread(fd, &c, 1, SIZE + (1LL << 40)));
	EXPECT_EQ(0, pread(fd, &c, 0, 0));
	event_none(_metadata, self);
	close(fd);
}

TEST_F(read, last_byte)
{
	struct job j = { self->f.path, SIZE - 1, 100, reader_pread };
	pid_t pid = dm_spawn(job_run, &j);

	event_serve(_metadata, self, SIZE - 1, 100);
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* The region says it, not whether the bytes are there. */
TEST_F(read, armed_and_resident)
{
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_recall(&self->f.o, 0, SIZE));
	ASSERT_EQ(0, dm_arm(&self->f.o, GRAIN, GRAIN, DMAPI_REGION_READ));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, GRAIN));
	EXPECT_EQ(0, dm_read_check(self->f.path, 2 * GRAIN, 5000));
	for (int i = 0; i < 2; i++) {
		pid = dm_spawn_read(self->f.path, GRAIN - 1, 2);
		event_get(_metadata, self, &e, GRAIN - 1, 2);
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		EXPECT_EQ(0, dm_wait(pid, SOON));
	}
	event_none(_metadata, self);
	/* other flags are not READ */
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_WRITE | DMAPI_REGION_TRUNCATE));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
	event_none(_metadata, self);
}

TEST_F(read, recalled_is_free)
{
	pid_t pid = dm_spawn_read(self->f.path, GRAIN, GRAIN);

	event_serve(_metadata, self, GRAIN, GRAIN);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(0, dm_read_check(self->f.path, GRAIN, GRAIN));
	event_none(_metadata, self);
}

/* --- How a wait ends ----------------------------------------------------------- */

TEST_F(read, continue_without_recall)
{
	struct dm_event e;
	pid_t pid = dm_spawn_read(self->f.path, 0, 4096);

	event_get(_metadata, self, &e, 0, 4096);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(-EIO, dm_wait(pid, SOON));

	/*
	 * With half of it there is one more event: the file is not as it was,
	 * and so the other half may have gone offline this moment.
	 */
	struct job j = { self->f.path, GRAIN - 4096, 8192, reader_direct };

	pid = dm_spawn(job_run, &j);
	event_get(_metadata, self, &e, GRAIN - 4096, 8192);
	EXPECT_EQ(0, dm_recall(&self->f.o, 0, GRAIN));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	event_get(_metadata, self, &e, GRAIN - 4096, 8192);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(-EIO, dm_wait(pid, SOON));
	event_none(_metadata, self);
}

TEST_F(read, abort)
{
	const int errs[] = { EIO, EPERM, EACCES, ENOSPC, ESTALE, ETIMEDOUT, EDQUOT };
	struct dm_event e;
	pid_t pid;

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		pid = dm_spawn_read(self->f.path, 0, 4096);
		event_get(_metadata, self, &e, 0, 4096);
		EXPECT_EQ(0, dm_abort(self->sid, e.token, errs[i]));
		EXPECT_EQ(-errs[i], dm_wait(pid, SOON));
	}
}

TEST_F(read, killed_while_queued)
{
	pid_t pid = dm_spawn_read(self->f.path, 0, 4096);

	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	event_none(_metadata, self);
}

TEST_F(read, killed_while_delivered)
{
	struct dm_event e;
	pid_t pid = dm_spawn_read(self->f.path, 0, 4096);

	event_get(_metadata, self, &e, 0, 4096);
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	/* The manager may be in the midst of it: its token stays good. */
	EXPECT_EQ(0, recall(&self->f, &e));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, 4096));
}

TEST_F(read, killed_while_answered)
{
	struct dm_event e;

	for (int i = 0; i < 20; i++) {
		pid_t pid = dm_spawn_read(self->f.path, 0, 4096);
		long ret;

		event_get(_metadata, self, &e, 0, 4096);
		if (i & 1)
			kill(pid, SIGKILL);
		EXPECT_EQ(0, dm_abort(self->sid, e.token, ENOSPC));
		kill(pid, SIGKILL);
		ret = dm_wait(pid, SOON);
		EXPECT_TRUE(ret == DM_SIGNALLED || ret == -ENOSPC);
	}
	event_none(_metadata, self);
}

static void noop(int sig)
{
	(void)sig;
}

/* A signal that is handled does not end a wait by default. */
TEST_F(read, signal_ignored)
{
	pid_t pid = fork();

	if (!pid) {
		struct sigaction sa = { .sa_handler = noop };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigaction(SIGUSR1, &sa, NULL);
		_exit(-dm_read_check(self->f.path, 0, 4096));
	}
	dm_sleep_ms(AWHILE);
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	event_serve(_metadata, self, 0, 4096);
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* --- Several at once -------------------------------------------------------------- */

TEST_F(read, many_on_one_range)
{
	struct dm_event e[8];
	pid_t pid[8];

	/* Each has an event of its own, the first may bring it all back. */
	for (int i = 0; i < 8; i++)
		pid[i] = dm_spawn_read(self->f.path, 0, 4096);
	for (int i = 0; i < 8; i++)
		event_get(_metadata, self, &e[i], 0, 4096);
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(0, recall(&self->f, &e[i]));
		EXPECT_EQ(0, dm_continue(self->sid, e[i].token));
	}
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(0, dm_wait(pid[i], SOON));
	event_none(_metadata, self);
}

TEST_F(read, disjoint_ranges)
{
	struct dm_event e[PIECES];
	pid_t pid[PIECES];

	for (int i = 0; i < PIECES; i++)
		pid[i] = dm_spawn_read(self->f.path, i * GRAIN, GRAIN);
	for (int i = 0; i < PIECES; i++)
		ASSERT_EQ(0, dm_next(self->sid, &e[i], SOON));
	/* Answered in the other order; nobody waits for anybody else's. */
	for (int i = PIECES - 1; i >= 0; i--) {
		EXPECT_EQ(0, recall(&self->f, &e[i]));
		EXPECT_EQ(0, dm_continue(self->sid, e[i].token));
		EXPECT_EQ(0, dm_wait(pid[e[i].offset / GRAIN], SOON));
	}
	event_none(_metadata, self);
}

struct worker {
	struct dm_file *f;
	int first;
};

static long worker_run(void *arg)
{
	struct worker *w = arg;
	long ret = 0;

	for (off_t pos = w->first * 4096; !ret && pos < SIZE; pos += 8192) {
		size_t n = SIZE - pos < 4096 ? SIZE - pos : 4096;

		ret = dm_recall(&w->f->o, pos, n);
	}
	return ret;
}

/* Two workers bring back every other block; a reader of all of it waits. */
TEST_F(read, recall_in_pieces)
{
	struct worker w[2] = { { &self->f, 0 }, { &self->f, 1 } };
	pid_t pid = dm_spawn_read(self->f.path, 0, SIZE), wp[2];
	struct dmapi_region r[4];
	struct dm_event e;
	__u32 n;

	event_get(_metadata, self, &e, 0, SIZE);
	for (int i = 0; i < 2; i++)
		wp[i] = dm_spawn(worker_run, &w[i]);
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(0, dm_wait(wp[i], 20000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(0, dmapi_get_region(&self->f.o, 4, r, &n));
	/* What lies behind the end may still be armed, nothing else */
	for (__u32 i = 0; i < n && i < 4; i++)
		EXPECT_LE(SIZE, r[i].offset);
}

/* What goes offline after the answer needs another one, and is no zero. */
TEST_F(read, punched_again)
{
	for (int i = 0; i < 25; i++) {
		pid_t pid = dm_spawn_read(self->f.path, 0, GRAIN);
		struct dm_event e;
		long ret;

		event_get(_metadata, self, &e, 0, GRAIN);
		ASSERT_EQ(0, recall(&self->f, &e));
		ASSERT_EQ(0, dm_continue(self->sid, e.token));
		ASSERT_EQ(0, dm_make_offline(&self->f.o));
		for (int t = 0; t < SOON; t += 2) {
			ret = dm_wait(pid, 2);
			if (ret != DM_RUNNING)
				break;
			if (!dm_next(self->sid, &e, 0)) {
				EXPECT_EQ(0, recall(&self->f, &e));
				EXPECT_EQ(0, dm_continue(self->sid, e.token));
			}
		}
		ASSERT_EQ(0, ret);
		ASSERT_EQ(0, dm_make_offline(&self->f.o));
	}
}

TEST_F(read, session_assumed)
{
	pid_t one = dm_spawn_read(self->f.path, 0, 4096), two;
	struct dm_event e, e2;
	__s32 old = self->sid;
	char buf[256];
	__u64 rlen;

	event_get(_metadata, self, &e, 0, 4096);
	two = dm_spawn_read(self->f.path, GRAIN, 4096);
	EXPECT_EQ(DM_RUNNING, dm_wait(two, AWHILE));
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid));
	EXPECT_NE(old, self->sid);
	EXPECT_EQ(-EINVAL, dm_continue(old, e.token));
	self->f.o.sid = self->sid;

	/* What was delivered is found by its token, the rest comes by itself. */
	EXPECT_EQ(0, dmapi_find_eventmsg(self->sid, e.token, sizeof(buf), buf, &rlen));
	dm_unpack(buf, &e2);
	EXPECT_EQ(e.token, e2.token);
	EXPECT_EQ(0, e2.offset);
	EXPECT_EQ(4096, e2.length);
	EXPECT_EQ(0, recall(&self->f, &e2));
	EXPECT_EQ(0, dm_continue(self->sid, e2.token));
	event_serve(_metadata, self, GRAIN, 4096);
	EXPECT_EQ(0, dm_wait(one, SOON));
	EXPECT_EQ(0, dm_wait(two, SOON));

	/* and so does what is raised from now on */
	one = dm_spawn_read(self->f.path, 2 * GRAIN, 10);
	event_serve(_metadata, self, 2 * GRAIN, 10);
	EXPECT_EQ(0, dm_wait(one, SOON));
}

/* Nobody wants it now, somebody does later. */
TEST_F(read, disposition_taken_away)
{
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_want(self->sid, 0));
	pid = dm_spawn_read(self->f.path, 0, 4096);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	event_serve(_metadata, self, 0, 4096);
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* --- Invisible, and visible --------------------------------------------------------- */

TEST_F(read, invisible)
{
	unsigned char *buf = poisoned(GRAIN);
	struct dm_times t0 = dm_times(self->f.path);

	EXPECT_EQ(GRAIN, dmapi_read_invis(&self->f.o, 0, GRAIN, buf));
	EXPECT_TRUE(dm_all(buf, 0, GRAIN));
	EXPECT_EQ(0, dm_recall(&self->f.o, 0, GRAIN));
	EXPECT_EQ(GRAIN, dmapi_read_invis(&self->f.o, 0, GRAIN, buf));
	EXPECT_EQ(-1, dm_differs(buf, 0, GRAIN, DM_SEED));
	EXPECT_EQ(0, dm_make_offline(&self->f.o));
	EXPECT_EQ(0, dm_recall(&self->f.o, 0, SIZE));
	event_none(_metadata, self);
	DM_EXPECT_TIMES(self->f.path, t0);
}

TEST_F(read, times)
{
	struct dm_times t0 = dm_times(self->f.path), t1;
	int fd = open(self->f.path, O_RDONLY | O_NOATIME);
	char c;
	pid_t pid;

	dm_sleep_ms(20);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(pread(fd, &c, 1, 0) == 1 ? 0 : 1);
	}
	event_serve(_metadata, self, 0, 1);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	t1 = dm_times(self->f.path);
	EXPECT_TRUE(dm_time_eq(t0.a, t1.a));
	EXPECT_TRUE(dm_time_eq(t0.m, t1.m));
	EXPECT_TRUE(dm_time_eq(t0.c, t1.c));
	close(fd);
}

TEST_F(read, listed)
{
	pid_t pid = dm_spawn_read(self->f.path, GRAIN + 7, 77);
	struct dm_waiter w;
	struct dm_event e;
	struct stat st;
	char number[20];

	ASSERT_EQ(0, stat(self->f.path, &st));
	for (int delivered = 0; delivered < 2; delivered++) {
		for (int i = 0; i < 100; i++) {
			if (dm_waiter(pid, NULL, NULL, &w) && strcmp(w.state, "no-session"))
				break;
			dm_sleep_ms(10);
		}
		EXPECT_EQ(st.st_ino, w.ino);
		EXPECT_STREQ("READ", w.event);
		EXPECT_EQ(GRAIN + 7, w.offset);
		EXPECT_EQ(77, w.length);
		EXPECT_EQ(self->sid, w.sid);
		EXPECT_STREQ(delivered ? "delivered" : "queued", w.state);
		if (!delivered)
			event_get(_metadata, self, &e, GRAIN + 7, 77);
	}
	EXPECT_EQ(e.token, w.token);
	ASSERT_EQ(0, dm_sysfs_get("waiters", number, sizeof(number)));
	EXPECT_STREQ("1", number);
	EXPECT_EQ(0, recall(&self->f, &e));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_FALSE(dm_waiter(pid, NULL, NULL, &w));
	ASSERT_EQ(0, dm_sysfs_get("waiters", number, sizeof(number)));
	EXPECT_STREQ("0", number);
}

/* --- A program ------------------------------------------------------------------------ */

TEST_F(read, exec)
{
	char path[400];
	unsigned char *copy;
	struct dm_handle h;
	struct dmapi_object o;
	struct dm_event e;
	struct stat st;
	int fd, served = 0;
	long ret;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/true", self->dir);
	ASSERT_EQ(0, run("cp /bin/true %s && chmod 755 %s && sync", path, path));
	ASSERT_EQ(0, stat(path, &st));
	copy = malloc(st.st_size);
	fd = open(path, O_RDONLY);
	ASSERT_EQ(st.st_size, read(fd, copy, st.st_size));
	close(fd);
	ASSERT_EQ(0, dm_path_handle(path, &h));
	o = dm_obj(self->sid, &h);
	ASSERT_EQ(0, dm_make_offline(&o));

	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, NULL);
		_exit(errno);
	}
	while ((ret = dm_wait(pid, 2)) == DM_RUNNING) {
		if (dm_next(self->sid, &e, 0))
			continue;
		served++;
		/* All of it, while it is being executed */
		EXPECT_EQ(st.st_size, dmapi_write_invis(&o, 0, 0, st.st_size, copy));
		EXPECT_EQ(0, dmapi_set_resident(&o, 0, 0));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
	}
	EXPECT_EQ(0, ret);
	EXPECT_EQ(1, served);
}

/* --- Freeze, shutdown, umount ------------------------------------------------------------ */

static long recall_all(void *arg)
{
	struct dm_file *f = arg;

	return dm_recall(&f->o, 0, SIZE);
}

TEST_F(read, frozen)
{
	int dir = open(dm_mnt(), O_RDONLY);
	struct dm_event e;
	pid_t pid, worker;

	/* A waiter does not stop a freeze, nor a freeze a reader's event. */
	pid = dm_spawn_read(self->f.path, 0, GRAIN);
	event_get(_metadata, self, &e, 0, GRAIN);
	alarm(20);
	ASSERT_EQ(0, ioctl(dir, FIFREEZE, 0));
	worker = dm_spawn(recall_all, &self->f);
	EXPECT_EQ(DM_RUNNING, dm_wait(worker, AWHILE));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 20));
	ASSERT_EQ(0, ioctl(dir, FITHAW, 0));
	EXPECT_EQ(0, dm_wait(worker, SOON));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));

	ASSERT_EQ(0, ioctl(dir, FIFREEZE, 0));
	pid = dm_spawn_read(self->f.path, 0, GRAIN);
	EXPECT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, dm_abort(self->sid, e.token, EAGAIN));
	EXPECT_EQ(-EAGAIN, dm_wait(pid, SOON));
	ASSERT_EQ(0, ioctl(dir, FITHAW, 0));
	close(dir);
}

/* Freezing and recalling against each other. */
TEST_F(read, freeze_race)
{
	int dir = open(dm_mnt(), O_RDONLY);
	pid_t freezer = fork();

	if (!freezer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < 15; i++) {
			if (ioctl(dir, FIFREEZE, 0))
				_exit(1);
			dm_sleep_ms(3);
			if (ioctl(dir, FITHAW, 0))
				_exit(2);
		}
		_exit(0);
	}
	alarm(25);
	for (int i = 0; i < 8; i++) {
		pid_t pid = dm_spawn_read(self->f.path, 0, GRAIN);

		event_serve(_metadata, self, 0, GRAIN);
		EXPECT_EQ(0, dm_wait(pid, SOON));
		ASSERT_EQ(0, dm_make_offline(&self->f.o));
	}
	EXPECT_EQ(0, dm_wait(freezer, 20000));
	close(dir);
}

/* A file system that can go. */
FIXTURE(going)
{
	__s32 sid;
	struct dm_file f;
};

#define GOING_DIR "/mnt/going"

FIXTURE_SETUP(going)
{
	__u64 set = DM_BIT(READ);
	struct dm_handle h;
	struct dmapi_object o;

	ASSERT_EQ(0, run("umount %s 2> /dev/null; mkdir -p %s && mkfs.xfs -q -f %s && "
			 "mount -o dmapi %s %s", GOING_DIR, GOING_DIR,
			 env_need("DM_DEV2"), env_need("DM_DEV2"), GOING_DIR));
	ASSERT_EQ(0, dmapi_create_session(0, "going", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, GOING_DIR, "f", SIZE));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	ASSERT_EQ(0, dm_fs_handle(GOING_DIR, &h));
	o = dm_obj(self->sid, &h);
	ASSERT_EQ(0, dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX));
}

FIXTURE_TEARDOWN(going)
{
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	run("umount %s 2> /dev/null", GOING_DIR);
}

TEST_F(going, shutdown)
{
	int dir = open(GOING_DIR, O_RDONLY);
	pid_t pid[3];
	struct dm_event e;
	__u32 flags = 2;	/* do not flush the log */

	for (int i = 0; i < 3; i++)
		pid[i] = dm_spawn_read(self->f.path, i * GRAIN, 4096);
	/* one delivered, the others queued */
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	dm_sleep_ms(AWHILE);
	ASSERT_EQ(0, ioctl(dir, _IOR('X', 125, __u32), &flags));
	close(dir);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(-EIO, dm_wait(pid[i], SOON));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 0, 4096));
	dm_abort(self->sid, e.token, EIO);
	EXPECT_EQ(0, run("umount %s", GOING_DIR));
}

TEST_F(going, lazy_umount)
{
	pid_t pid = dm_spawn_read(self->f.path, 0, SIZE);
	struct dm_event e;
	int ret;

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	ASSERT_EQ(0, umount2(GOING_DIR, MNT_DETACH));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dm_recall(&self->f.o, 0, SIZE));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	/* Then it goes by itself, and its data is as it was left. */
	for (int i = 0; i < 100; i++) {
		ret = run("mount -o dmapi %s %s 2> /dev/null", env_need("DM_DEV2"),
			  GOING_DIR);
		if (!ret)
			break;
		dm_sleep_ms(20);
	}
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
}

/* The last one to leave is killed. */
TEST_F(going, killed_after_lazy_umount)
{
	pid_t pid = dm_spawn_read(self->f.path, 0, SIZE);
	struct dm_event e;

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	ASSERT_EQ(0, umount2(GOING_DIR, MNT_DETACH));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	EXPECT_EQ(0, dm_abort(self->sid, e.token, EIO));
}

TEST_F(going, busy)
{
	pid_t pid = dm_spawn_read(self->f.path, 0, 4096);
	struct dm_event e;

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(-1, umount(GOING_DIR));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(0, dm_recall(&self->f.o, 0, 4096));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(0, umount(GOING_DIR));
}

TEST_HARNESS_MAIN
