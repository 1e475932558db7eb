// SPDX-License-Identifier: GPL-2.0-only
/* Making stubs: what can be punched, what then is there, what stays. */
#include "common.h"

#define G	((__s64)DM_GRANULE)
#define R	DMAPI_REGION_READ
#define RES	DMAPI_EXTENT_RES
#define HOLE	DMAPI_EXTENT_HOLE
#define TAIL	1000			/* bytes in the last granule */

FIXTURE(punch) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;		/* 4 granules and TAIL bytes */
};

FIXTURE_SETUP(punch)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "punch", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f",
				  4 * DM_GRANULE + TAIL));
	dm_sysfs_set("data_policy", "fail");
}

FIXTURE_TEARDOWN(punch)
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

static __u64 blocks(const char *path)
{
	struct stat st;

	return stat(path, &st) ? ~0ULL : (__u64)st.st_blocks * 512;
}

/* --- DMAPI_PROBE_HOLE ---------------------------------------------------- */

#define PROBE(off, len, woff, wlen)					\
	do {								\
		__s64 ro = -9;						\
		__u64 rl = 99;						\
									\
		EXPECT_EQ(0, dmapi_probe_hole(o, off, len, &ro, &rl));	\
		EXPECT_EQ((__s64)(woff), ro);				\
		EXPECT_EQ((__u64)(wlen), rl);				\
	} while (0)

#define NOPROBE(err, off, len)						\
	do {								\
		__s64 ro = -9;						\
		__u64 rl = 99;						\
									\
		EXPECT_EQ(-(err), dmapi_probe_hole(o, off, len, &ro, &rl)); \
		EXPECT_EQ(-9, ro);					\
		EXPECT_EQ(99, rl);					\
	} while (0)

TEST_F(punch, probe)
{
	struct dmapi_object *o = &self->f.o;
	const __u64 size = self->f.size;

	PROBE(0, 0, 0, 0);
	PROBE(0, size, 0, 0);
	PROBE(0, size - 1, 0, 4 * G);
	PROBE(1, 0, G, 0);
	PROBE(G, G, G, G);
	PROBE(G - 1, G + 2, G, G);
	PROBE(1, 2 * G, G, G);
	PROBE(4 * G, 0, 4 * G, 0);
	PROBE(4 * G, TAIL, 4 * G, 0);
	PROBE(3 * G + 1, G - 1 + TAIL, 4 * G, 0);
	NOPROBE(EINVAL, 1, G);
	NOPROBE(EINVAL, 0, G - 1);
	NOPROBE(EINVAL, 1, 1);
	NOPROBE(EINVAL, 4 * G + 1, 0);
	NOPROBE(EINVAL, 4 * G, TAIL - 1);
	NOPROBE(EINVAL, -1, 0);
	NOPROBE(EINVAL, INT64_MIN, 5);
	NOPROBE(E2BIG, size, 0);
	NOPROBE(E2BIG, size + 1, 0);
	NOPROBE(E2BIG, INT64_MAX, 0);
	NOPROBE(E2BIG, 0, size + 1);
	NOPROBE(E2BIG, 0, ~0ULL);
	NOPROBE(E2BIG, G, -G);
}

TEST_F(punch, probe_bad_pointers)
{
	__s64 roff = 0;
	__u64 rlen = 0;

	EXPECT_EQ(-EFAULT, dmapi_probe_hole(&self->f.o, 0, 0, NULL, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_probe_hole(&self->f.o, 0, 0, &roff, NULL));
}

TEST_F(punch, empty_file)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_extent e;
	__s64 off = 0;
	__u32 n = 9;

	ASSERT_EQ(0, truncate(self->f.path, 0));
	NOPROBE(E2BIG, 0, 0);
	EXPECT_EQ(-E2BIG, dmapi_punch_hole(o, 0, 0));
	EXPECT_EQ(0, dmapi_get_allocinfo(o, &off, 1, &e, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(0, off);
}

/* --- DMAPI_PUNCH_HOLE ---------------------------------------------------- */

TEST_F(punch, what_probe_says_can_be_punched)
{
	struct dmapi_object *o = &self->f.o;
	__u64 unit = dm_alloc_unit();
	__u64 before = blocks(self->f.path), rlen;
	__s64 roff;

	ASSERT_EQ(0, dm_arm(o, 0, 0, R));
	ASSERT_EQ(0, dmapi_probe_hole(o, 5, 3 * G, &roff, &rlen));
	ASSERT_EQ(0, dmapi_punch_hole(o, roff, rlen));
	EXPECT_EQ(before - 2 * G, blocks(self->f.path));
	ASSERT_EQ(0, dmapi_probe_hole(o, 3 * G + 1, 0, &roff, &rlen));
	ASSERT_EQ(0, dmapi_punch_hole(o, roff, rlen));
	EXPECT_EQ(before - 2 * G - (TAIL + unit - 1) / unit * unit,
		  blocks(self->f.path));
}

TEST_F(punch, errors)
{
	struct dmapi_object *o = &self->f.o;
	__u64 before = blocks(self->f.path);
	const __u64 size = self->f.size;

	ASSERT_EQ(0, dm_arm(o, 0, 0, R));
	EXPECT_EQ(-EAGAIN, dmapi_punch_hole(o, 1, 0));
	EXPECT_EQ(-EAGAIN, dmapi_punch_hole(o, 4096, G));
	EXPECT_EQ(-EAGAIN, dmapi_punch_hole(o, 0, G - 1));
	EXPECT_EQ(-EAGAIN, dmapi_punch_hole(o, 0, G + 4096));
	EXPECT_EQ(-EAGAIN, dmapi_punch_hole(o, 0, size - 1));
	EXPECT_EQ(-EAGAIN, dmapi_punch_hole(o, 1, size - 1));
	EXPECT_EQ(-EINVAL, dmapi_punch_hole(o, -G, G));
	EXPECT_EQ(-EINVAL, dmapi_punch_hole(o, INT64_MIN, 0));
	EXPECT_EQ(-E2BIG, dmapi_punch_hole(o, size, 0));
	EXPECT_EQ(-E2BIG, dmapi_punch_hole(o, 5 * G, 0));
	EXPECT_EQ(-E2BIG, dmapi_punch_hole(o, 0, 5 * G));
	EXPECT_EQ(-E2BIG, dmapi_punch_hole(o, 0, size + 1));
	EXPECT_EQ(-E2BIG, dmapi_punch_hole(o, 0, ~0ULL));
	EXPECT_EQ(-E2BIG, dmapi_punch_hole(o, G, -G));
	EXPECT_EQ(-E2BIG, dmapi_punch_hole(o, INT64_MAX, 0));
	EXPECT_EQ(before, blocks(self->f.path));
	ASSERT_EQ(0, dm_disarm(o));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, size));
}

/* Nobody can tell by the looks of it. */
TEST_F(punch, invisible)
{
	struct dmapi_object *o = &self->f.o;
	struct dm_times t0 = dm_times(self->f.path);
	struct stat st;

	dm_sleep_ms(20);
	ASSERT_EQ(0, dm_make_offline(o));
	EXPECT_EQ(512, blocks(self->f.path));
	DM_EXPECT_TIMES(self->f.path, t0);
	ASSERT_EQ(0, stat(self->f.path, &st));
	EXPECT_EQ(self->f.size, (__u64)st.st_size);
	ASSERT_EQ(0, fail_remount(0));
	DM_EXPECT_TIMES(self->f.path, t0);
	ASSERT_EQ(0, stat(self->f.path, &st));
	EXPECT_EQ(self->f.size, (__u64)st.st_size);
}

TEST_F(punch, armed_is_offline_and_stays_so)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_region r = { };
	__u32 n = 0;

	ASSERT_EQ(0, dm_make_offline(o));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 0, 1));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, self->f.size - 1, 1));
	ASSERT_EQ(0, fail_remount(0));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 0, 1));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, self->f.size - 1, 1));
	EXPECT_EQ(0, dmapi_get_region(o, 1, &r, &n));
	EXPECT_EQ(1, n);
	EXPECT_EQ(R, r.flags);
	EXPECT_EQ(0, r.offset);
	EXPECT_EQ(0, r.size);
	ASSERT_EQ(0, dm_recall(o, 0, self->f.size));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
	ASSERT_EQ(0, fail_remount(0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

/* Without the option no one can be asked, but no zeros pass either. */
TEST_F(punch, plain_mount)
{
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	ASSERT_EQ(0, dm_remount(0, ""));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 0, 1));
	ASSERT_EQ(0, dm_remount(MS_RDONLY, ""));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 0, 1));
	ASSERT_EQ(0, fail_remount(0));
	ASSERT_EQ(0, dm_recall(&self->f.o, 0, self->f.size));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

/* Nobody asked to be asked: an honest hole. */
TEST_F(punch, unarmed_reads_as_zeros)
{
	static char buf[DM_GRANULE];
	int fd;

	ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, G, G));
	fd = open(self->f.path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(G, pread(fd, buf, G, G));
	EXPECT_TRUE(dm_all(buf, 0, G));
	close(fd);
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, G));
	EXPECT_EQ(0, dm_read_check(self->f.path, 2 * G, 2 * G + TAIL));
}

TEST_F(punch, partly_armed)
{
	struct dmapi_object *o = &self->f.o;

	ASSERT_EQ(0, dm_arm(o, 2 * G, G, R));
	ASSERT_EQ(0, dmapi_punch_hole(o, 0, 0));
	EXPECT_EQ(-EILSEQ, dm_read_check(self->f.path, 0, 2 * G));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 2 * G, G));
	EXPECT_EQ(-EILSEQ, dm_read_check(self->f.path, 3 * G, G));
}

TEST_F(punch, in_pieces)
{
	struct dmapi_object *o = &self->f.o;
	int i;

	/* The last in the first place, so that all can be seen. */
	ASSERT_EQ(0, dm_arm(o, G, 2 * G, R));
	ASSERT_EQ(0, dmapi_punch_hole(o, 2 * G, G));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, G));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, G, 1));	/* policy */
	EXPECT_EQ(0, dm_read_check(self->f.path, 3 * G, G + TAIL));
	ASSERT_EQ(0, dmapi_punch_hole(o, G, G));
	/* again, over what is punched */
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, dmapi_punch_hole(o, G, 2 * G));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, G));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, G, 1));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 3 * G - 1, 1));
	EXPECT_EQ(0, dm_read_check(self->f.path, 3 * G, G + TAIL));
	ASSERT_EQ(0, dm_recall(o, G, 2 * G));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

/* Dirty pages are not lost on the way; other ranges keep theirs. */
TEST_F(punch, dirty_pages)
{
	struct dmapi_object *o = &self->f.o;
	static unsigned char buf[5 * DM_GRANULE];
	int fd;

	fd = open(self->f.path, O_RDWR);
	ASSERT_LE(0, fd);
	dm_fill(buf, 0, self->f.size, 99);
	ASSERT_EQ((ssize_t)self->f.size, pwrite(fd, buf, self->f.size, 0));
	ASSERT_EQ(0, dm_arm(o, G, G, R));
	ASSERT_EQ(0, dmapi_punch_hole(o, G, G));
	memset(buf, 0, sizeof(buf));
	ASSERT_EQ(G, pread(fd, buf, G, 0));
	EXPECT_EQ(-1, dm_differs(buf, 0, G, 99));
	ASSERT_EQ(2 * G + TAIL, pread(fd, buf, 2 * G + TAIL, 2 * G));
	EXPECT_EQ(-1, dm_differs(buf, 2 * G, 2 * G + TAIL, 99));
	EXPECT_EQ(-1, pread(fd, buf, 1, G));
	EXPECT_EQ(EIO, errno);
	close(fd);
}

/* What was allocated beyond the end goes, too. */
TEST_F(punch, preallocation)
{
	int fd = open(self->f.path, O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 16 * G));
	ASSERT_EQ(0, fsync(fd));
	EXPECT_LE(16 * G, blocks(self->f.path));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	EXPECT_EQ(512, blocks(self->f.path));
	close(fd);
}

TEST_F(punch, mapped)
{
	struct dmapi_object *o = &self->f.o;
	int fd = open(self->f.path, O_RDONLY);
	volatile char *v;
	char *p;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, dm_arm(o, 0, 0, DMAPI_REGION_WRITE));
	p = mmap(NULL, G, PROT_READ, MAP_SHARED, fd, G);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-EBUSY, dmapi_punch_hole(o, 0, 0));
	EXPECT_EQ(-EBUSY, dmapi_punch_hole(o, G, G));
	EXPECT_EQ(-EBUSY, dmapi_punch_hole(o, 0, 2 * G));
	v = p;
	EXPECT_EQ(dm_pat(G, DM_SEED), (unsigned char)v[0]);
	/* beside it */
	EXPECT_EQ(0, dmapi_punch_hole(o, 0, G));
	EXPECT_EQ(0, dmapi_punch_hole(o, 2 * G, G));
	munmap(p, G);
	EXPECT_EQ(0, dmapi_punch_hole(o, G, G));

	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-EBUSY, dmapi_punch_hole(o, 3 * G, G));
	munmap(p, 4096);
	EXPECT_EQ(0, dmapi_punch_hole(o, 3 * G, G));
	close(fd);
}

TEST_F(punch, read_only)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_extent e;
	__s64 off = 0, roff;
	__u64 rlen;
	__u32 n;

	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(-EROFS, dmapi_punch_hole(o, 0, 0));
	EXPECT_EQ(0, dmapi_probe_hole(o, 0, 0, &roff, &rlen));
	EXPECT_EQ(0, dmapi_get_allocinfo(o, &off, 1, &e, &n));
	ASSERT_EQ(0, fail_remount(0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

/* What grows over an old end are zeros, not something from before. */
TEST_F(punch, truncated_and_extended)
{
	static char buf[DM_GRANULE];
	int fd;

	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	ASSERT_EQ(0, truncate(self->f.path, 0));
	ASSERT_EQ(0, dm_disarm(&self->f.o));
	ASSERT_EQ(0, truncate(self->f.path, 4 * G));
	fd = open(self->f.path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(G, pread(fd, buf, G, G));
	EXPECT_TRUE(dm_all(buf, 0, G));
	close(fd);
}

/* --- DMAPI_GET_ALLOCINFO ------------------------------------------------- */

static bool extent_is(const struct dmapi_extent *e, __u32 type, __s64 off,
		      __u64 len)
{
	return e->type == type && !e->pad && e->offset == off &&
	       e->length == len;
}

TEST_F(punch, allocinfo)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_extent e[8];
	__s64 off = 0;
	__u32 n = 9;

	memset(e, 0xa5, sizeof(e));
	ASSERT_EQ(0, dmapi_get_allocinfo(o, &off, 8, e, &n));
	ASSERT_EQ(1, n);
	EXPECT_TRUE(extent_is(&e[0], RES, 0, self->f.size));
	EXPECT_TRUE(dm_all(&e[1], 0xa5, 7 * sizeof(e[0])));
	EXPECT_EQ(0, off);

	ASSERT_EQ(0, dm_arm(o, 0, 0, R));
	ASSERT_EQ(0, dmapi_punch_hole(o, G, G));
	ASSERT_EQ(0, dmapi_punch_hole(o, 3 * G, 0));
	memset(e, 0xa5, sizeof(e));
	ASSERT_EQ(0, dmapi_get_allocinfo(o, &off, 8, e, &n));
	ASSERT_EQ(4, n);
	EXPECT_TRUE(extent_is(&e[0], RES, 0, G));
	EXPECT_TRUE(extent_is(&e[1], HOLE, G, G));
	EXPECT_TRUE(extent_is(&e[2], RES, 2 * G, G));
	EXPECT_TRUE(extent_is(&e[3], HOLE, 3 * G, G + TAIL));
	EXPECT_TRUE(dm_all(&e[4], 0xa5, 4 * sizeof(e[0])));
	EXPECT_EQ(0, off);

	/* exactly as much room as needed */
	ASSERT_EQ(0, dmapi_get_allocinfo(o, &off, 4, e, &n));
	EXPECT_EQ(4, n);
	EXPECT_EQ(0, off);
	/* one by one */
	ASSERT_EQ(1, dmapi_get_allocinfo(o, &off, 1, e, &n));
	EXPECT_EQ(1, n);
	EXPECT_TRUE(extent_is(&e[0], RES, 0, G));
	EXPECT_EQ(G, off);
	ASSERT_EQ(1, dmapi_get_allocinfo(o, &off, 2, e, &n));
	EXPECT_EQ(2, n);
	EXPECT_TRUE(extent_is(&e[0], HOLE, G, G));
	EXPECT_TRUE(extent_is(&e[1], RES, 2 * G, G));
	EXPECT_EQ(3 * G, off);
	ASSERT_EQ(0, dmapi_get_allocinfo(o, &off, 1, e, &n));
	EXPECT_EQ(1, n);
	EXPECT_TRUE(extent_is(&e[0], HOLE, 3 * G, G + TAIL));
	EXPECT_EQ(0, off);
	/* from the middle of one */
	off = G + 4096;
	ASSERT_EQ(1, dmapi_get_allocinfo(o, &off, 1, e, &n));
	EXPECT_TRUE(extent_is(&e[0], HOLE, G + 4096, G - 4096));

	/* recalled in part */
	ASSERT_EQ(0, dm_recall(o, G, 8192));
	off = 0;
	ASSERT_EQ(0, dmapi_get_allocinfo(o, &off, 8, e, &n));
	ASSERT_EQ(4, n);
	EXPECT_TRUE(extent_is(&e[0], RES, 0, G + 8192));
	EXPECT_TRUE(extent_is(&e[1], HOLE, G + 8192, G - 8192));
	ASSERT_EQ(0, fail_remount(0));
	ASSERT_EQ(0, dmapi_get_allocinfo(o, &off, 8, e, &n));
	ASSERT_EQ(4, n);
	EXPECT_TRUE(extent_is(&e[0], RES, 0, G + 8192));
	EXPECT_TRUE(extent_is(&e[3], HOLE, 3 * G, G + TAIL));
}

TEST_F(punch, allocinfo_of_users_holes)
{
	struct dmapi_object *o = &self->f.o;
	const __s64 unit = dm_alloc_unit();
	static unsigned char buf[DM_GRANULE];
	struct dmapi_extent e[8];
	__s64 off = 0;
	__u32 n = 9;
	int fd = open(self->f.path, O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_GE(G, unit);
	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       unit, 3 * unit));
	/* allocated and not written is resident */
	ASSERT_EQ(0, fallocate(fd, 0, 2 * unit, unit));
	/* so is what is only in the page cache */
	dm_fill(buf, 0, unit, DM_SEED);
	ASSERT_EQ(unit, pwrite(fd, buf, unit, 3 * unit));
	ASSERT_EQ(0, dmapi_get_allocinfo(o, &off, 8, e, &n));
	ASSERT_EQ(3, n);
	EXPECT_TRUE(extent_is(&e[0], RES, 0, unit));
	EXPECT_TRUE(extent_is(&e[1], HOLE, unit, unit));
	EXPECT_TRUE(extent_is(&e[2], RES, 2 * unit, self->f.size - 2 * unit));
	close(fd);
}

TEST_F(punch, allocinfo_errors)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_extent e;
	struct dmapi_get_allocinfo a = {
		.obj = *o, .nelem = 1, .pad = 1, .extentp = DM_PTR(&e),
	};
	struct statvfs st;
	__s64 off = 0, block;
	__u32 n = 9;

	ASSERT_EQ(0, statvfs(self->dir, &st));
	block = st.f_bsize;
	memset(&e, 0xa5, sizeof(e));
#define BAD(err, at, room, buf, np)					\
	do {								\
		off = (at);						\
		EXPECT_EQ(-(err), dmapi_get_allocinfo(o, &off, room, buf, np)); \
		EXPECT_EQ((__s64)(at), off);				\
	} while (0)
	BAD(EINVAL, 0, 0, &e, &n);
	BAD(EINVAL, 1, 1, &e, &n);
	BAD(EINVAL, 511, 1, &e, &n);
	BAD(EINVAL, block / 2, 1, &e, &n);
	BAD(EINVAL, -4096, 1, &e, &n);
	BAD(EINVAL, INT64_MIN, 1, &e, &n);
	BAD(EINVAL, 5 * G, 1, &e, &n);
	BAD(EINVAL, INT64_MAX & ~4095LL, 1, &e, &n);
	BAD(EFAULT, 0, 1, NULL, &n);
	EXPECT_TRUE(dm_all(&e, 0xa5, sizeof(e)));
	BAD(EFAULT, 0, 1, &e, NULL);
	EXPECT_EQ(-EFAULT, dmapi_get_allocinfo(o, NULL, 1, &e, &n));
	off = 0;
	a.offp = DM_PTR(&off);
	a.nelemp = DM_PTR(&n);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_ALLOCINFO, a));
#undef BAD
	/* exactly at an end that is a block's */
	ASSERT_EQ(0, truncate(self->f.path, 4 * G));
	off = 4 * G;
	EXPECT_EQ(0, dmapi_get_allocinfo(o, &off, 1, &e, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(0, off);
	/* more room than there is memory for */
	EXPECT_EQ(0, dmapi_get_allocinfo(o, &off, ~0U, &e, &n));
	EXPECT_EQ(1, n);
}

/* More pieces than the kernel hands over at a time. */
TEST_F(punch, allocinfo_of_many)
{
	static struct dmapi_extent e[2048];
	const __s64 unit = dm_alloc_unit();
	struct dmapi_object *o = &self->f.o;
	__s64 off = 0, want = 0;
	__u32 n, total = 0, i;
	int fd = open(self->f.path, O_RDWR | O_TRUNC);
	long ret;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 1500 * 2 * unit));
	for (i = 0; i < 1500; i++)
		ASSERT_EQ(1, pwrite(fd, "x", 1, i * 2 * unit));
	do {
		ret = dmapi_get_allocinfo(o, &off, 2048, e, &n);
		ASSERT_LE(0, ret);
		for (i = 0; i < n; i++) {
			EXPECT_TRUE(extent_is(&e[i], want / unit % 2 ? HOLE : RES,
					      want, unit));
			want += unit;
		}
		total += n;
	} while (ret == 1);
	EXPECT_EQ(3000, total);
	EXPECT_EQ(0, off);
	close(fd);
}

TEST_HARNESS_MAIN
