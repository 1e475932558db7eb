// SPDX-License-Identifier: GPL-2.0
/*
 * O_NONBLOCK and dm_pending
 *
 * Who has opened a file with O_NONBLOCK waits for the manager like everybody,
 * as long as that takes no time: not for what somebody else waits for already,
 * and not for what the manager has said will take long.  Then it is EAGAIN, and
 * no second event, until the answer is there.
 */
#include "common.h"

#define SIZE	(4 * DM_GRANULE)
#define SOON	10000
#define AWHILE	60

FIXTURE(nonblock)
{
	DM_FIXTURE_FIELDS;
	struct dm_file f;
};

FIXTURE_SETUP(nonblock)
{
	snprintf(self->dir, sizeof(self->dir), "%s/nonblock.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "nonblock_test", &self->sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE)));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", SIZE));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
}

DM_FIXTURE_TEARDOWN(nonblock)

/* --- What a child does by a descriptor with O_NONBLOCK ---------------------- */

static long nb_read(void *arg)
{
	const struct dm_read_args *a = arg;
	int fd = open(a->path, O_RDONLY | O_NONBLOCK);
	unsigned char *p = malloc(a->len);
	ssize_t n = pread(fd, p, a->len, a->off);

	if (n < 0)
		return -errno;
	return n == (ssize_t)a->len && dm_differs(p, a->off, n, DM_SEED) < 0 ? 0 : -EILSEQ;
}

static long nb_direct(void *arg)
{
	const struct dm_read_args *a = arg;
	int fd = open(a->path, O_RDONLY | O_NONBLOCK | O_DIRECT);
	unsigned char *p = aligned_alloc(4096, a->len);
	ssize_t n = pread(fd, p, a->len, a->off);

	if (n < 0)
		return -errno;
	return n == (ssize_t)a->len && dm_differs(p, a->off, n, DM_SEED) < 0 ? 0 : -EILSEQ;
}

static long nb_splice(void *arg)
{
	const struct dm_read_args *a = arg;
	int fd = open(a->path, O_RDONLY | O_NONBLOCK), p[2];
	unsigned char *buf = malloc(a->len);
	off_t pos = a->off;
	ssize_t n;

	if (pipe(p))
		return -errno;
	n = splice(fd, &pos, p[1], NULL, a->len, 0);
	if (n < 0)
		return -errno;
	return read(p[0], buf, a->len) == n && dm_differs(buf, a->off, n, DM_SEED) < 0 ?
		0 : -EILSEQ;
}

/* The same bytes, so that a later read finds them. */
static long nb_write(void *arg)
{
	const struct dm_read_args *a = arg;
	int fd = open(a->path, O_RDWR | O_NONBLOCK);
	unsigned char *p = malloc(a->len);
	ssize_t n;

	dm_fill(p, a->off, a->len, DM_SEED);
	n = pwrite(fd, p, a->len, a->off);
	return n < 0 ? -errno : n == (ssize_t)a->len ? 0 : -ENODATA;
}

FIXTURE_VARIANT(nonblock)
{
	long (*run)(void *arg);
};

FIXTURE_VARIANT_ADD(nonblock, read) { .run = nb_read };
FIXTURE_VARIANT_ADD(nonblock, direct) { .run = nb_direct };
FIXTURE_VARIANT_ADD(nonblock, splice) { .run = nb_splice };
FIXTURE_VARIANT_ADD(nonblock, write) { .run = nb_write };

#define START(_fn, _off, _len) ({					\
	struct dm_read_args a_ = { self->f.path, _off, _len };		\
									\
	dm_spawn(_fn, &a_);						\
})

/* It waits if that is short. */
TEST_F(nonblock, short_wait)
{
	struct dm_event e;
	pid_t pid = START(variant->run, DM_GRANULE, 8192);

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(DM_GRANULE, e.offset);
	EXPECT_EQ(8192, e.length);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dm_recall(&self->f.o, DM_GRANULE, 8192));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

TEST_F(nonblock, pending)
{
	struct dm_event e, e2;
	pid_t pid, other;

	pid = START(variant->run, DM_GRANULE, 8192);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, dmapi_pending(self->sid, e.token, 3600, 0));
	EXPECT_EQ(-EAGAIN, dm_wait(pid, SOON));

	/* All of it, or a part, again: no event. */
	EXPECT_EQ(-EAGAIN, dm_wait(START(variant->run, DM_GRANULE, 8192), SOON));
	EXPECT_EQ(-EAGAIN, dm_wait(START(variant->run, DM_GRANULE + 4096, 4096), SOON));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e2, AWHILE));
	EXPECT_EQ(0, system("grep -q ' pending ' /proc/fs/xfs/dmapi_waiters"));

	/* Another place is another matter, and so is who has time. */
	pid = START(variant->run, 2 * DM_GRANULE, 8192);
	ASSERT_EQ(0, dm_next(self->sid, &e2, SOON));
	EXPECT_EQ(2 * DM_GRANULE, e2.offset);
	EXPECT_EQ(0, dm_recall(&self->f.o, 2 * DM_GRANULE, 8192));
	EXPECT_EQ(0, dm_continue(self->sid, e2.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	other = dm_spawn_read(self->f.path, DM_GRANULE, 8192);
	ASSERT_EQ(0, dm_next(self->sid, &e2, SOON));
	EXPECT_EQ(0, dmapi_pending(self->sid, e2.token, 0, 999999999));
	EXPECT_EQ(DM_RUNNING, dm_wait(other, AWHILE));

	EXPECT_EQ(0, dm_recall(&self->f.o, DM_GRANULE, 8192));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_continue(self->sid, e2.token));
	EXPECT_EQ(0, dm_wait(other, SOON));
	EXPECT_EQ(0, dm_wait(START(variant->run, DM_GRANULE, 8192), SOON));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e2, 0));
	EXPECT_NE(0, system("grep -q pending /proc/fs/xfs/dmapi_waiters"));
}

/* An answer that is no ends it, too: the next one asks again. */
TEST_F(nonblock, pending_abort)
{
	struct dm_event e;
	pid_t pid = START(variant->run, DM_GRANULE, 8192);

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, dmapi_pending(self->sid, e.token, 1, 0));
	EXPECT_EQ(-EAGAIN, dm_wait(pid, SOON));
	EXPECT_EQ(0, dm_abort(self->sid, e.token, ENETDOWN));
	pid = START(variant->run, DM_GRANULE, 8192);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, dm_abort(self->sid, e.token, ENETDOWN));
	EXPECT_EQ(-ENETDOWN, dm_wait(pid, SOON));
}

/* Somebody waits for it already. */
TEST_F(nonblock, outstanding)
{
	struct dm_event e, e2;
	pid_t other = dm_spawn_read(self->f.path, 0, SIZE);

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	if (variant->run != nb_write) {
		EXPECT_EQ(-EAGAIN, dm_wait(START(variant->run, DM_GRANULE, 8192), SOON));
		EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e2, AWHILE));
	}
	EXPECT_EQ(0, dm_recall(&self->f.o, 0, SIZE));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(other, SOON));
	EXPECT_EQ(0, dm_wait(START(variant->run, DM_GRANULE, 8192), SOON));
}

/* What is pending outlives the application. */
TEST_F(nonblock, assumed)
{
	__s32 sid;
	struct dm_event e;
	pid_t pid = START(variant->run, DM_GRANULE, 8192);

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, dmapi_pending(self->sid, e.token, 1, 0));
	EXPECT_EQ(-EAGAIN, dm_wait(pid, SOON));
	ASSERT_EQ(0, dmapi_create_session(self->sid, "nonblock_test again", &sid));
	self->sid = sid;
	self->f.o.sid = sid;
	EXPECT_EQ(-EAGAIN, dm_wait(START(variant->run, DM_GRANULE, 8192), SOON));
	EXPECT_EQ(0, dm_recall(&self->f.o, DM_GRANULE, 8192));
	EXPECT_EQ(0, dm_continue(sid, e.token));
	EXPECT_EQ(0, dm_wait(START(variant->run, DM_GRANULE, 8192), SOON));
}

/* The file system goes while something is pending. */
TEST_F(nonblock, unmounted)
{
	struct dm_event e;
	pid_t pid = START(variant->run, DM_GRANULE, 8192);

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, dmapi_pending(self->sid, e.token, 1, 0));
	EXPECT_EQ(-EAGAIN, dm_wait(pid, SOON));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_NE(0, system("grep -q pending /proc/fs/xfs/dmapi_waiters"));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
}

TEST_F(nonblock, errors)
{
	struct dm_event e;
	pid_t pid = START(variant->run, DM_GRANULE, 8192);

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(-EINVAL, dmapi_pending(0, e.token, 1, 0));
	EXPECT_EQ(-EINVAL, dmapi_pending(self->sid, 0, 1, 0));
	EXPECT_EQ(-EINVAL, dmapi_pending(self->sid, DMAPI_NO_TOKEN, 1, 0));
	EXPECT_EQ(-EINVAL, dmapi_pending(self->sid, e.token, -1, 0));
	EXPECT_EQ(-EINVAL, dmapi_pending(self->sid, e.token, 0, 1000000000));
	EXPECT_EQ(-ESRCH, dmapi_pending(self->sid, e.token + 1, 1, 0));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dm_abort(self->sid, e.token, EIO));
	EXPECT_EQ(-EIO, dm_wait(pid, SOON));
	EXPECT_EQ(-ESRCH, dmapi_pending(self->sid, e.token, 1, 0));
}

TEST_HARNESS_MAIN
