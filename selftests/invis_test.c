// SPDX-License-Identifier: GPL-2.0-only
/* Invisible reads and writes, and sync. */
#include "common.h"

#include <linux/fs.h>

#define G	((__s64)DM_GRANULE)
#define R	DMAPI_REGION_READ
#define TAIL	1000

FIXTURE(invis) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;		/* 2 granules and TAIL bytes */
};

FIXTURE_SETUP(invis)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "invis", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f",
				  2 * DM_GRANULE + TAIL));
	dm_sysfs_set("data_policy", "fail");
}

FIXTURE_TEARDOWN(invis)
{
	dm_sysfs_set("data_policy", "block");
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

static long fail_remount(unsigned long flags)
{
	long ret = dm_remount(flags, "dmapi");

	return ret ? ret : dm_sysfs_set("data_policy", "fail");
}

static unsigned char buf[4 << 20];

/* --- Reading ------------------------------------------------------------- */

TEST_F(invis, read)
{
	struct dmapi_object *o = &self->f.o;
	const __u64 size = self->f.size;

	memset(buf, 0xa5, sizeof(buf));
	EXPECT_EQ((long)size, dmapi_read_invis(o, 0, sizeof(buf), buf));
	EXPECT_EQ(-1, dm_differs(buf, 0, size, DM_SEED));
	EXPECT_TRUE(dm_all(buf + size, 0xa5, sizeof(buf) - size));
	memset(buf, 0xa5, sizeof(buf));
	EXPECT_EQ(77, dmapi_read_invis(o, 12345, 77, buf));
	EXPECT_EQ(-1, dm_differs(buf, 12345, 77, DM_SEED));
	EXPECT_TRUE(dm_all(buf + 77, 0xa5, sizeof(buf) - 77));
	EXPECT_EQ(1, dmapi_read_invis(o, size - 1, ~0ULL, buf));
	EXPECT_EQ(0, dmapi_read_invis(o, size, 10, buf));
	EXPECT_EQ(0, dmapi_read_invis(o, 0, 0, NULL));
	EXPECT_EQ(0, dmapi_read_invis(o, size, 10, NULL));
}

TEST_F(invis, read_errors)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_io a = { .obj = *o, .len = 1, .bufp = DM_PTR(buf) };

	EXPECT_EQ(-EINVAL, dmapi_read_invis(o, self->f.size + 1, 1, buf));
	EXPECT_EQ(-EINVAL, dmapi_read_invis(o, INT64_MAX, 1, buf));
	EXPECT_EQ(-EINVAL, dmapi_read_invis(o, -1, 1, buf));
	EXPECT_EQ(-EINVAL, dmapi_read_invis(o, INT64_MIN, 1, buf));
	EXPECT_EQ(-EFAULT, dmapi_read_invis(o, 0, 1, NULL));
	EXPECT_EQ(-EFAULT, dmapi_read_invis(o, 0, 1, DM_BAD_PTR));
	EXPECT_EQ(-EFAULT, dmapi_read_invis(o, 0, 1, (void *)~0xfffUL));
	a.flags = DMAPI_WRITE_SYNC;
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_READ_INVIS, a));
	a.flags = 2;
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_READ_INVIS, a));
	a.flags = 0;
	a.pad = 1;
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_READ_INVIS, a));
	a.pad = 0;
	EXPECT_EQ(1, DM_CALL(DMAPI_READ_INVIS, a));
}

/* A buffer that ends too early is filled up to there. */
TEST_F(invis, read_up_to_a_fault)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	munmap(p + 2 * page, page);
	EXPECT_EQ((long)(2 * page), dmapi_read_invis(&self->f.o, 0, G, p));
	EXPECT_EQ(-1, dm_differs(p, 0, 2 * page, DM_SEED));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	memset(p, 0xa5, 2 * page);
	EXPECT_EQ((long)(2 * page), dmapi_read_invis(&self->f.o, 0, G, p));
	EXPECT_TRUE(dm_all(p, 0, 2 * page));
}

/* No event, and zeros only for him who reads this way. */
TEST_F(invis, read_of_what_is_not_there)
{
	struct dmapi_object *o = &self->f.o;
	struct dm_event e;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_arm(o, 0, 0, R));
	ASSERT_EQ(0, dmapi_punch_hole(o, G, G));
	memset(buf, 0xa5, sizeof(buf));
	EXPECT_EQ((long)self->f.size, dmapi_read_invis(o, 0, sizeof(buf), buf));
	EXPECT_EQ(-1, dm_differs(buf, 0, G, DM_SEED));
	EXPECT_TRUE(dm_all(buf + G, 0, G));
	EXPECT_EQ(-1, dm_differs(buf + 2 * G, 2 * G, TAIL, DM_SEED));
	EXPECT_TRUE(dm_all(buf + self->f.size, 0xa5,
			   sizeof(buf) - self->f.size));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 20));
	/* The page cache has not got them. */
	ASSERT_EQ(0, dm_want(self->sid, 0));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, G, 10));
	EXPECT_EQ(10, dmapi_read_invis(o, G, 10, buf));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, G, 10));
}

TEST_F(invis, read_of_a_hole)
{
	int fd = open(self->f.path, O_RDWR | O_TRUNC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 3 * G));
	memset(buf, 0xa5, sizeof(buf));
	EXPECT_EQ(3 * G, dmapi_read_invis(&self->f.o, 0, sizeof(buf), buf));
	EXPECT_TRUE(dm_all(buf, 0, 3 * G));
	close(fd);
}

/* What somebody wrote a moment ago, and what is not written yet. */
TEST_F(invis, read_sees_dirty_pages)
{
	int fd = open(self->f.path, O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(5, pwrite(fd, "hello", 5, 10));
	ASSERT_EQ(5, dmapi_read_invis(&self->f.o, 10, 5, buf));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
	close(fd);
}

TEST_F(invis, read_leaves_atime)
{
	struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	struct dm_times t0, t1;

	ASSERT_EQ(0, utimensat(AT_FDCWD, self->f.path, old, 0));
	t0 = dm_times(self->f.path);
	EXPECT_EQ(10, dmapi_read_invis(&self->f.o, 0, 10, buf));
	DM_EXPECT_TIMES(self->f.path, t0);
	/* An ordinary read does not. */
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, 10));
	t1 = dm_times(self->f.path);
	EXPECT_FALSE(dm_time_eq(t0.a, t1.a));
}

/* --- Writing ------------------------------------------------------------- */

TEST_F(invis, write)
{
	struct dmapi_object *o = &self->f.o;
	struct dm_event e;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE)));
	ASSERT_EQ(0, dm_arm(o, 0, 0, DMAPI_REGION_ALL));
	dm_fill(buf, 100, G, 3);
	EXPECT_EQ(G, dmapi_write_invis(o, 0, 100, G, buf));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 20));
	ASSERT_EQ((long)self->f.size, dmapi_read_invis(o, 0, sizeof(buf), buf));
	EXPECT_EQ(-1, dm_differs(buf, 0, 100, DM_SEED));
	EXPECT_EQ(-1, dm_differs(buf + 100, 100, G, 3));
	EXPECT_EQ(-1, dm_differs(buf + 100 + G, 100 + G, G - 100, DM_SEED));
	EXPECT_EQ(0, dmapi_write_invis(o, 0, 0, 0, NULL));
	EXPECT_EQ(0, dmapi_write_invis(o, 0, INT64_MAX, 0, NULL));
	/* It is on the device after a sync. */
	EXPECT_EQ(0, dmapi_sync_by_handle(o));
	ASSERT_EQ(0, fail_remount(0));
	memset(buf, 0, sizeof(buf));
	ASSERT_EQ(G, dmapi_read_invis(o, 100, G, buf));
	EXPECT_EQ(-1, dm_differs(buf, 100, G, 3));
}

TEST_F(invis, write_errors)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_io a = { .obj = *o, .len = 1, .bufp = DM_PTR(buf) };
	int i;

	for (i = 1; i < 32; i++)
		EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 1U << i, 0, 1, buf));
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, -1, 1, buf));
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, INT64_MIN, 1, buf));
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, 0, ~0ULL, buf));
	EXPECT_EQ(-EFBIG, dmapi_write_invis(o, 0, INT64_MAX, 1, buf));
	EXPECT_EQ(-EFBIG, dmapi_write_invis(o, 0, INT64_MAX - 5, 6, buf));
	EXPECT_EQ(-EFBIG, dmapi_write_invis(o, 0, 1, INT64_MAX, buf));
	EXPECT_EQ(-EFBIG, dmapi_write_invis(o, 0, 0, ~0ULL - 1, buf));
	EXPECT_EQ(-EFAULT, dmapi_write_invis(o, 0, 0, 1, NULL));
	EXPECT_EQ(-EFAULT, dmapi_write_invis(o, 0, 0, 1, DM_BAD_PTR));
	EXPECT_EQ(-EFAULT, dmapi_write_invis(o, 0, 0, 1, (void *)~0xfffUL));
	a.pad = 1;
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_WRITE_INVIS, a));
	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(-EROFS, dmapi_write_invis(o, 0, 0, 1, buf));
	EXPECT_EQ(0, dmapi_sync_by_handle(o));
	ASSERT_EQ(0, fail_remount(0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

/* No one can tell that the file was written. */
TEST_F(invis, write_leaves_no_trace)
{
	struct timespec old[2] = { { 1000, 1 }, { 2000, 2 } };
	struct dm_times t0;
	struct stat st;

	ASSERT_EQ(0, chmod(self->f.path, 06755));
	ASSERT_EQ(0, utimensat(AT_FDCWD, self->f.path, old, 0));
	t0 = dm_times(self->f.path);
	dm_sleep_ms(20);
	EXPECT_EQ(5, dmapi_write_invis(&self->f.o, 0, 7, 5, "aaaaa"));
	EXPECT_EQ(5, dmapi_write_invis(&self->f.o, DMAPI_WRITE_SYNC, 7, 5,
				       "aaaaa"));
	EXPECT_EQ(5, dmapi_write_invis(&self->f.o, 0, 5 * G, 5, "aaaaa"));
	EXPECT_EQ(0, dmapi_sync_by_handle(&self->f.o));
	DM_EXPECT_TIMES(self->f.path, t0);
	ASSERT_EQ(0, stat(self->f.path, &st));
	EXPECT_EQ(06755, st.st_mode & 07777);
	ASSERT_EQ(0, fail_remount(0));
	DM_EXPECT_TIMES(self->f.path, t0);
}

TEST_F(invis, recall_leaves_no_trace)
{
	struct dm_times t0 = dm_times(self->f.path);

	dm_sleep_ms(20);
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	ASSERT_EQ(0, dm_recall(&self->f.o, 0, self->f.size));
	DM_EXPECT_TIMES(self->f.path, t0);
	ASSERT_EQ(0, fail_remount(0));
	DM_EXPECT_TIMES(self->f.path, t0);
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

TEST_F(invis, write_extends)
{
	struct dmapi_object *o = &self->f.o;
	const __u64 size = self->f.size;
	struct stat st;

	EXPECT_EQ(3, dmapi_write_invis(o, 0, size, 3, "abc"));
	ASSERT_EQ(0, stat(self->f.path, &st));
	EXPECT_EQ(size + 3, (__u64)st.st_size);
	/* with a gap, which is zeros */
	EXPECT_EQ(3, dmapi_write_invis(o, DMAPI_WRITE_SYNC, 10 * G, 3, "def"));
	ASSERT_EQ(10 * G + 3, dmapi_read_invis(o, 0, sizeof(buf), buf));
	EXPECT_EQ(-1, dm_differs(buf, 0, size, DM_SEED));
	EXPECT_EQ(0, memcmp(buf + size, "abc", 3));
	EXPECT_TRUE(dm_all(buf + size + 3, 0, 10 * G - size - 3));
	EXPECT_EQ(0, memcmp(buf + 10 * G, "def", 3));
	ASSERT_EQ(0, fail_remount(0));
	ASSERT_EQ(10 * G + 3, dmapi_read_invis(o, 0, sizeof(buf), buf));
	EXPECT_TRUE(dm_all(buf + size + 3, 0, 10 * G - size - 3));
	EXPECT_EQ(0, memcmp(buf + 10 * G, "def", 3));
}

/* More than goes through the kernel's memory at a time, at an odd place. */
TEST_F(invis, write_much)
{
	size_t n = sizeof(buf) - 12345;

	dm_fill(buf, 777, n, 5);
	ASSERT_EQ((long)n, dmapi_write_invis(&self->f.o, 0, 777, n, buf));
	memset(buf, 0, sizeof(buf));
	ASSERT_EQ((long)n, dmapi_read_invis(&self->f.o, 777, sizeof(buf), buf));
	EXPECT_EQ(-1, dm_differs(buf, 777, n, 5));
}

/* What was read before a fault has been written, or nothing; never garbage. */
TEST_F(invis, write_up_to_a_fault)
{
	const size_t mb = 1 << 20;
	unsigned char *p = mmap(NULL, 2 * mb, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long n;

	ASSERT_NE(MAP_FAILED, p);
	munmap(p + mb + 4096, mb - 4096);
	dm_fill(p, 0, mb + 4096, 6);
	n = dmapi_write_invis(&self->f.o, 0, 0, 2 * mb, p);
	ASSERT_LT(0, n);
	EXPECT_GE((long)mb + 4096, n);
	ASSERT_LE(n, dmapi_read_invis(&self->f.o, 0, 2 * mb, buf));
	EXPECT_EQ(-1, dm_differs(buf, 0, n, 6));
}

/* Memory that is swapped out, or never was touched, is as good as any. */
TEST_F(invis, write_from_what_is_not_at_hand)
{
	struct dmapi_object *o = &self->f.o;
	const size_t size = self->f.size;
	char path[300];
	unsigned char *p;
	int fd;

	snprintf(path, sizeof(path), "%s/source", self->dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	dm_fill(buf, 0, size, 7);
	ASSERT_EQ((ssize_t)size, write(fd, buf, size));
	p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, madvise(p, size, MADV_RANDOM));
	for (int offline = 0; offline < 2; offline++) {
		ASSERT_EQ(0, madvise(p, size, MADV_DONTNEED));
		/* the first bytes are at hand */
		EXPECT_EQ(buf[0], *(volatile unsigned char *)p);
		EXPECT_EQ((long)size, dmapi_write_invis(o, 0, 0, size, p));
		ASSERT_EQ(0, dmapi_set_resident(o, 0, 0));
		memset(buf, 0, size);
		EXPECT_EQ((long)size, dmapi_read_invis(o, 0, size, buf));
		EXPECT_EQ(-1, dm_differs(buf, 0, size, 7));
		ASSERT_EQ(0, dm_make_offline(o));
	}
	munmap(p, size);
	close(fd);
}

/* A block of which a part is all there is was not brought back. */
TEST_F(invis, recall_up_to_a_fault)
{
	struct dmapi_object *o = &self->f.o;
	unsigned char *p = mmap(NULL, 12288, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, dm_make_offline(o));
	dm_fill(p, 0, 8192, DM_SEED);
	munmap(p + 8192, 4096);
	EXPECT_EQ(-EFAULT, dmapi_write_invis(o, 0, 0, 8192, p + 2048));
	EXPECT_EQ(-ENODATA, dmapi_set_resident(o, 0, 4096));
	EXPECT_EQ(-ENODATA, dmapi_set_resident(o, 4096, 4096));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 0, 1));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 4096, 1));
	munmap(p, 8192);
}

/* Where bytes are offline a block is written as a whole. */
TEST_F(invis, write_offline)
{
	struct dmapi_object *o = &self->f.o;
	const __u64 size = self->f.size;

	ASSERT_EQ(0, dm_make_offline(o));
	dm_fill(buf, 0, size, DM_SEED);
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, 0, 1, buf));
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, 0, 4095, buf));
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, 1, 4095, buf));
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, 0, 4097, buf));
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, size - 1, 1, buf));
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, 2 * G, TAIL - 1, buf));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 0, 1));
	/* The block in which the file ends is full at its end. */
	EXPECT_EQ(TAIL, dmapi_write_invis(o, 0, 2 * G, TAIL, buf + 2 * G));
	EXPECT_EQ(0, dmapi_set_resident(o, 2 * G, 0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 2 * G, TAIL));
	EXPECT_EQ(4096, dmapi_write_invis(o, 0, G, 4096, buf + G));
	/* Beside what is there now, too. */
	EXPECT_EQ(-EINVAL, dmapi_write_invis(o, 0, G + 4000, 4096,
					     buf + G + 4000));
	EXPECT_EQ(4096 + 96, dmapi_write_invis(o, 0, G + 4000, 4192,
					       buf + G + 4000));
	EXPECT_EQ(-ENODATA, dmapi_set_resident(o, G, 8193));
	EXPECT_EQ(0, dmapi_set_resident(o, G, 8192));
	EXPECT_EQ(0, dm_read_check(self->f.path, G, 8192));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, G + 8192, 1));
	ASSERT_EQ(0, fail_remount(0));
	EXPECT_EQ(0, dm_read_check(self->f.path, G, 8192));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, G + 8192, 1));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, G - 1, 1));
}

/* A recall that failed half way has changed nothing for readers. */
TEST_F(invis, written_is_not_resident)
{
	struct dmapi_object *o = &self->f.o;
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_make_offline(o));
	dm_fill(buf, 0, G, DM_SEED);
	ASSERT_EQ(G, dmapi_write_invis(o, 0, 0, G, buf));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	pid = dm_spawn_read(self->f.path, 0, 10);
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 5000));
	/* CONTINUE without the bytes is no way to get zeros. */
	pid = dm_spawn_read(self->f.path, G, 10);
	ASSERT_EQ(0, dm_next(self->sid, &e, 5000));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(-EIO, dm_wait(pid, 5000));
}

/* What was called resident and is not on the device would be zeros tomorrow. */
TEST_F(invis, resident_is_on_the_device)
{
	struct dmapi_object *o = &self->f.o;

	ASSERT_EQ(0, dm_make_offline(o));
	dm_fill(buf, 0, G, DM_SEED);
	ASSERT_EQ(G, dmapi_write_invis(o, 0, 0, G, buf));
	EXPECT_EQ(0, dmapi_set_resident(o, 0, G));
	ASSERT_EQ(0, dm_shutdown(dm_mnt(), DM_LOGFLUSH));
	ASSERT_EQ(0, fail_remount(0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, G));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, G, 1));
}

/* --- In spite of others -------------------------------------------------- */

TEST_F(invis, immutable_and_append_only)
{
	static const int flags[] = { FS_IMMUTABLE_FL, FS_APPEND_FL };
	struct dmapi_object *o = &self->f.o;
	unsigned int i;
	int fd, v;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		fd = open(self->f.path, O_RDONLY);
		ASSERT_LE(0, fd);
		v = flags[i];
		ASSERT_EQ(0, ioctl(fd, FS_IOC_SETFLAGS, &v));
		EXPECT_EQ(-1, open(self->f.path, O_WRONLY));
		EXPECT_EQ(0, dm_make_offline(o));
		EXPECT_EQ(0, dm_recall(o, 0, self->f.size));
		EXPECT_EQ(0, dm_disarm(o));
		v = 0;
		ASSERT_EQ(0, ioctl(fd, FS_IOC_SETFLAGS, &v));
		close(fd);
	}
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

TEST_F(invis, nobody_else_is_disturbed)
{
	struct dmapi_object *o = &self->f.o;
	int fd = open(self->f.path, O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fcntl(fd, F_SETSIG, SIGIO));
	signal(SIGIO, SIG_DFL);
	close(fd);
	fd = open(self->f.path, O_RDONLY);
	ASSERT_EQ(0, fcntl(fd, F_SETLEASE, F_RDLCK));
	/* A lease is not broken; the signal would kill us. */
	EXPECT_EQ(5, dmapi_write_invis(o, 0, 0, 5, "hello"));
	EXPECT_EQ(5, dmapi_read_invis(o, 0, 5, buf));
	EXPECT_EQ(F_RDLCK, fcntl(fd, F_GETLEASE));
	close(fd);
}

/* A shared block is not written through. */
TEST_F(invis, reflink)
{
	char path[PATH_MAX + 2];
	int fd, fd2, ret;

	snprintf(path, sizeof(path), "%s2", self->f.path);
	fd = open(self->f.path, O_RDONLY);
	fd2 = open(path, O_RDWR | O_CREAT, 0644);
	ASSERT_LE(0, fd2);
	ret = ioctl(fd2, FICLONE, fd);
	close(fd);
	close(fd2);
	if (ret)
		SKIP(return, "no reflink");
	dm_fill(buf, 0, G, 9);
	ASSERT_EQ(G, dmapi_write_invis(&self->f.o, 0, 0, G, buf));
	EXPECT_EQ(0, dm_read_check(path, 0, self->f.size));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	EXPECT_EQ(0, dm_read_check(path, 0, self->f.size));
	ASSERT_EQ(0, dm_recall(&self->f.o, 0, self->f.size));
	EXPECT_EQ(0, dm_read_check(path, 0, self->f.size));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

/* --- DMAPI_SYNC_BY_HANDLE ------------------------------------------------ */

TEST_F(invis, sync)
{
	EXPECT_EQ(0, dmapi_sync_by_handle(&self->f.o));
	EXPECT_EQ(3, dmapi_write_invis(&self->f.o, 0, 0, 3, "abc"));
	EXPECT_EQ(0, dmapi_sync_by_handle(&self->f.o));
}

TEST_HARNESS_MAIN
