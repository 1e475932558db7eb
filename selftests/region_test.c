// SPDX-License-Identifier: GPL-2.0-only
/* Managed regions: set, got, kept, and taken away piece by piece. */
#include "common.h"

#define MAX		DMAPI_MAX_REGIONS
#define ALL		DMAPI_REGION_ALL
#define R		DMAPI_REGION_READ
#define W		DMAPI_REGION_WRITE
#define T		DMAPI_REGION_TRUNCATE

FIXTURE(region) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
};

FIXTURE_SETUP(region)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "regions", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f",
				  4 * DM_GRANULE));
}

DM_FIXTURE_TEARDOWN(region)

static long set(const struct dmapi_object *o, const struct dmapi_region *r,
		__u32 n)
{
	__u32 exact = 9;
	long ret = dmapi_set_region(o, n, r, &exact);

	return !ret && exact != 1 ? -EPROTO : ret;
}

/* Are these the file's regions, in this order, with zero pads? */
static bool are(const struct dmapi_object *o, const struct dmapi_region *want,
		__u32 n)
{
	static struct dmapi_region got[MAX + 1];
	__u32 have = ~0U;

	memset(got, 0xa5, sizeof(got));
	if (dmapi_get_region(o, MAX, got, &have) || have != n)
		return false;
	return !memcmp(got, want, n * sizeof(*want)) &&
	       dm_all(got + n, 0xa5, (MAX + 1 - n) * sizeof(*got));
}

static void dump(const struct dmapi_object *o)
{
	static struct dmapi_region got[MAX];
	__u32 i, n = 0;

	if (dmapi_get_region(o, MAX, got, &n))
		return;
	for (i = 0; i < n && i < 8; i++)
		fprintf(stderr, "#   %lld + %llu: %u\n",
			(long long)got[i].offset,
			(unsigned long long)got[i].size, got[i].flags);
}

#define EXPECT_REGIONS(o, ...)						\
	do {								\
		struct dmapi_region want[] = { __VA_ARGS__ };		\
									\
		EXPECT_TRUE(are(o, want, ARRAY_SIZE(want))) {		\
			dump(o);					\
		}							\
	} while (0)

TEST_F(region, none)
{
	struct dmapi_region r[2];
	__u32 n = 9;

	memset(r, 0xa5, sizeof(r));
	EXPECT_EQ(0, dmapi_get_region(&self->f.o, 2, r, &n));
	EXPECT_EQ(0, n);
	EXPECT_TRUE(dm_all(r, 0xa5, sizeof(r)));
	n = 9;
	EXPECT_EQ(0, dmapi_get_region(&self->f.o, 0, NULL, &n));
	EXPECT_EQ(0, n);
	/* To take away what is not there is no error. */
	EXPECT_EQ(0, dm_disarm(&self->f.o));
}

TEST_F(region, exact_and_in_order)
{
	static const struct dmapi_region r[] = {
		{ 100000, 1, R, 0 },
		{ 0, 0, W, 0 },			/* without end */
		{ 3, 70000, R | T, 0 },		/* overlapping */
		{ 3, 70000, R | T, 0 },		/* twice */
		{ 5, 5, 0, 0 },			/* no event */
		{ INT64_MAX, 0, W, 0 },
		{ INT64_MAX - 1, 1, ALL, 0 },
		{ 0, INT64_MAX, T, 0 },
		{ 1ULL << 60, 4096, R, 0 },	/* beyond the end */
	};

	ASSERT_EQ(0, set(&self->f.o, r, ARRAY_SIZE(r)));
	EXPECT_TRUE(are(&self->f.o, r, ARRAY_SIZE(r)));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(are(&self->f.o, r, ARRAY_SIZE(r)));
	/* A new set replaces all of the old one. */
	ASSERT_EQ(0, set(&self->f.o, r + 2, 1));
	EXPECT_TRUE(are(&self->f.o, r + 2, 1));
	ASSERT_EQ(0, dmapi_set_region(&self->f.o, 0, NULL,
				      (__u32 *)&self->f.size));
	EXPECT_TRUE(are(&self->f.o, r, 0));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(are(&self->f.o, r, 0));
}

TEST_F(region, most)
{
	static struct dmapi_region r[MAX + 1];
	__u32 n = 0, exact = 9;
	int i;

	for (i = 0; i <= MAX; i++) {
		r[i].offset = (MAX - i) * 10ULL;
		r[i].size = 1 + i % 7;
		r[i].flags = i % 8;
	}
	ASSERT_EQ(0, set(&self->f.o, r, MAX));
	EXPECT_TRUE(are(&self->f.o, r, MAX));
	EXPECT_EQ(-E2BIG, set(&self->f.o, r, MAX + 1));
	/* The number is looked at first. */
	EXPECT_EQ(-E2BIG, dmapi_set_region(&self->f.o, MAX + 1, NULL, &exact));
	EXPECT_EQ(-E2BIG, dmapi_set_region(&self->f.o, ~0U, NULL, NULL));
	EXPECT_EQ(9, exact);
	EXPECT_EQ(-E2BIG, dmapi_get_region(&self->f.o, MAX - 1, r, &n));
	EXPECT_EQ(MAX, n);
	n = 0;
	EXPECT_EQ(-E2BIG, dmapi_get_region(&self->f.o, 0, NULL, &n));
	EXPECT_EQ(MAX, n);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(are(&self->f.o, r, MAX));
}

TEST_F(region, too_little_room)
{
	struct dmapi_region r[2] = { { 0, 1, R, 0 }, { 5, 1, W, 0 } }, got[2];
	__u32 n = 0;

	ASSERT_EQ(0, set(&self->f.o, r, 2));
	memset(got, 0xa5, sizeof(got));
	EXPECT_EQ(-E2BIG, dmapi_get_region(&self->f.o, 1, got, &n));
	EXPECT_EQ(2, n);
	EXPECT_TRUE(dm_all(got, 0xa5, sizeof(got)));
	EXPECT_EQ(0, dmapi_get_region(&self->f.o, 2, got, &n));
	EXPECT_EQ(0, dmapi_get_region(&self->f.o, ~0U, got, &n));
}

TEST_F(region, refused_and_nothing_changes)
{
	static const struct dmapi_region bad[] = {
		{ 0, 10, 8, 0 },
		{ 0, 10, ~0U, 0 },
		{ 0, 10, R | 1U << 31, 0 },
		{ -1, 10, R, 0 },
		{ INT64_MIN, 10, R, 0 },
		{ INT64_MAX, 1, R, 0 },
		{ 1, INT64_MAX, R, 0 },
		{ 0, ~0ULL, R, 0 },
		{ 0, 1ULL << 63, R, 0 },
		{ 4096, -4096ULL, R, 0 },
	};
	struct dmapi_region good = { 7, 9, R | W, 0 }, both[2] = { good };
	struct dmapi_set_region a = {
		.obj = self->f.o, .nelem = 0, .pad = 1,
		.exactp = DM_PTR(&both),
	};
	struct dmapi_get_region g = {
		.obj = self->f.o, .nelem = 0, .pad = 1, .nelemp = DM_PTR(&both),
	};
	__u32 exact = 9;
	unsigned int i;

	ASSERT_EQ(0, set(&self->f.o, &good, 1));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		both[1] = bad[i];
		EXPECT_EQ(-EINVAL, set(&self->f.o, bad + i, 1)) {
			TH_LOG("region %u", i);
		}
		EXPECT_EQ(-EINVAL, set(&self->f.o, both, 2));
	}
	EXPECT_EQ(-EFAULT, dmapi_set_region(&self->f.o, 1, NULL, &exact));
	EXPECT_EQ(-EFAULT, dmapi_set_region(&self->f.o, 1, DM_BAD_PTR, &exact));
	EXPECT_EQ(9, exact);
	EXPECT_EQ(-EFAULT, dmapi_set_region(&self->f.o, 0, NULL, NULL));
	EXPECT_EQ(-EFAULT, dmapi_set_region(&self->f.o, 1, both, DM_BAD_PTR));
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SET_REGION, a));
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_REGION, g));
	EXPECT_EQ(-EFAULT, dmapi_get_region(&self->f.o, 1, NULL, &exact));
	EXPECT_EQ(-EFAULT, dmapi_get_region(&self->f.o, 1, both, NULL));
	EXPECT_TRUE(are(&self->f.o, &good, 1));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(are(&self->f.o, &good, 1));
}

TEST_F(region, time_stamps)
{
	struct dm_times t0 = dm_times(self->f.path);

	dm_sleep_ms(20);
	EXPECT_EQ(0, dm_arm(&self->f.o, 0, 0, ALL));
	EXPECT_EQ(0, dm_arm(&self->f.o, 1, 5, R));
	EXPECT_EQ(0, dmapi_set_resident(&self->f.o, 0, 3));
	EXPECT_EQ(0, dm_disarm(&self->f.o));
	DM_EXPECT_TIMES(self->f.path, t0);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	DM_EXPECT_TIMES(self->f.path, t0);
}

TEST_F(region, read_only)
{
	struct dmapi_region r = { 1, 2, R, 0 };

	ASSERT_EQ(0, set(&self->f.o, &r, 1));
	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_TRUE(are(&self->f.o, &r, 1));
	EXPECT_EQ(-EROFS, dm_disarm(&self->f.o));
	EXPECT_EQ(-EROFS, dmapi_set_resident(&self->f.o, 0, 0));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(are(&self->f.o, &r, 1));
	EXPECT_EQ(0, dm_disarm(&self->f.o));
}

TEST_F(region, not_inherited)
{
	struct dmapi_region r = { 1, 2, R, 0 };
	struct dm_file g;
	struct stat st, st2;
	char name[16];
	int i;

	ASSERT_EQ(0, set(&self->f.o, &r, 1));
	ASSERT_EQ(0, stat(self->f.path, &st));
	ASSERT_EQ(0, unlink(self->f.path));
	/* Not by the next file in the same inode either. */
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		ASSERT_EQ(0, dm_make_file(&g, self->sid, self->dir, name, 1));
		EXPECT_TRUE(are(&g.o, NULL, 0));
		ASSERT_EQ(0, stat(g.path, &st2));
		if (st.st_ino == st2.st_ino)
			break;
		dm_sleep_ms(5);
	}
	EXPECT_EQ(st.st_ino, st2.st_ino);
}

TEST_F(region, truncation_leaves_them)
{
	struct dmapi_region r = { 8192, 4096, W, 0 };

	ASSERT_EQ(0, set(&self->f.o, &r, 1));
	ASSERT_EQ(0, truncate(self->f.path, 0));
	EXPECT_TRUE(are(&self->f.o, &r, 1));
	ASSERT_EQ(0, truncate(self->f.path, 100000));
	EXPECT_TRUE(are(&self->f.o, &r, 1));
}

/* --- Mappings ------------------------------------------------------------ */

TEST_F(region, mapped)
{
	int fd = open(self->f.path, O_RDWR);
	char *p;

	ASSERT_LE(0, fd);
	p = mmap(NULL, DM_GRANULE, PROT_READ, MAP_SHARED, fd, DM_GRANULE);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-EBUSY, dm_arm(&self->f.o, 0, 0, R));
	EXPECT_EQ(-EBUSY, dm_arm(&self->f.o, DM_GRANULE, 1, R));
	EXPECT_EQ(-EBUSY, dm_arm(&self->f.o, 0, DM_GRANULE + 1, R));
	EXPECT_EQ(-EBUSY, dm_arm(&self->f.o, 2 * DM_GRANULE - 1, 1, R));
	EXPECT_TRUE(are(&self->f.o, NULL, 0));
	/* Beside it, or where reading is not the question. */
	EXPECT_EQ(0, dm_arm(&self->f.o, 0, DM_GRANULE, R));
	EXPECT_EQ(0, dm_arm(&self->f.o, 2 * DM_GRANULE, 0, R));
	EXPECT_EQ(0, dm_arm(&self->f.o, 0, 0, W | T));
	EXPECT_EQ(0, dm_disarm(&self->f.o));
	munmap(p, DM_GRANULE);
	EXPECT_EQ(0, dm_arm(&self->f.o, 0, 0, R));
	EXPECT_EQ(0, dm_disarm(&self->f.o));

	/* A private mapping shows the file's bytes as well. */
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-EBUSY, dm_arm(&self->f.o, 0, 1, R));
	munmap(p, 4096);

	/* A program's, wherever it is. */
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-EBUSY, dm_arm(&self->f.o, 3 * DM_GRANULE, 0, R));
	EXPECT_EQ(0, dm_arm(&self->f.o, 0, 0, W));
	munmap(p, 4096);
	close(fd);
}

/* What is armed already may be armed again, and less of it. */
TEST_F(region, armed_and_mapped)
{
	int fd;
	char *p;

	ASSERT_EQ(0, dm_want(self->sid, 0));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 2 * DM_GRANULE, R));
	fd = open(self->f.path, O_RDWR);
	ASSERT_LE(0, fd);
	/* armed, and nobody asks to be asked */
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	p = mmap(NULL, DM_GRANULE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
	EXPECT_EQ(0, dm_arm(&self->f.o, 0, 2 * DM_GRANULE, R | W));
	EXPECT_EQ(0, dm_arm(&self->f.o, 0, 100, R));
	EXPECT_EQ(-EBUSY, dm_arm(&self->f.o, 0, 101, R));
	EXPECT_EQ(0, dm_disarm(&self->f.o));
	munmap(p, DM_GRANULE);
	close(fd);
}

/* --- DMAPI_SET_RESIDENT -------------------------------------------------- */

TEST_F(region, resident_splits)
{
	struct dmapi_object *o = &self->f.o;

	ASSERT_EQ(0, dm_arm(o, 0, 0, R));
	ASSERT_EQ(0, dmapi_set_resident(o, 1000, 500));
	EXPECT_REGIONS(o, { 0, 1000, R, 0 }, { 1500, 0, R, 0 });
	/* again: nothing is left to be done */
	ASSERT_EQ(0, dmapi_set_resident(o, 1000, 500));
	EXPECT_REGIONS(o, { 0, 1000, R, 0 }, { 1500, 0, R, 0 });
	/* over both edges */
	ASSERT_EQ(0, dmapi_set_resident(o, 900, 1000));
	EXPECT_REGIONS(o, { 0, 900, R, 0 }, { 1900, 0, R, 0 });
	/* the beginning, the end, all */
	ASSERT_EQ(0, dmapi_set_resident(o, 0, 1));
	EXPECT_REGIONS(o, { 1, 899, R, 0 }, { 1900, 0, R, 0 });
	ASSERT_EQ(0, dmapi_set_resident(o, 5000, 0));
	EXPECT_REGIONS(o, { 1, 899, R, 0 }, { 1900, 3100, R, 0 });
	ASSERT_EQ(0, dmapi_set_resident(o, 0, 0));
	EXPECT_TRUE(are(o, NULL, 0));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(are(o, NULL, 0));
}

TEST_F(region, resident_keeps_other_flags)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_region r[] = {
		{ 0, 100, R | W, 0 }, { 50, 100, T, 0 }, { 120, 100, R, 0 },
		{ 0, 0, 0, 0 },
	};

	ASSERT_EQ(0, set(o, r, 4));
	ASSERT_EQ(0, dmapi_set_resident(o, 40, 100));
	EXPECT_REGIONS(o, { 0, 40, R | W, 0 }, { 40, 60, W, 0 },
		       { 50, 100, T, 0 }, { 140, 80, R, 0 }, { 0, 0, 0, 0 });
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_REGIONS(o, { 0, 40, R | W, 0 }, { 40, 60, W, 0 },
		       { 50, 100, T, 0 }, { 140, 80, R, 0 }, { 0, 0, 0, 0 });
}

/* A file recalled from front to back does not collect pieces. */
TEST_F(region, resident_merges)
{
	struct dmapi_object *o = &self->f.o;
	int i;

	ASSERT_EQ(0, dm_arm(o, 0, 0, R | W));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, dmapi_set_resident(o, i * 100, 100));
	EXPECT_REGIONS(o, { 0, 1000, W, 0 }, { 1000, 0, R | W, 0 });
	/* and from back to front */
	for (i = 20; i > 10; i--)
		ASSERT_EQ(0, dmapi_set_resident(o, i * 100, 100));
	EXPECT_REGIONS(o, { 0, 1000, W, 0 }, { 1000, 100, R | W, 0 },
		       { 1100, 1000, W, 0 }, { 2100, 0, R | W, 0 });
	ASSERT_EQ(0, dmapi_set_resident(o, 1000, 100));
	EXPECT_REGIONS(o, { 0, 2100, W, 0 }, { 2100, 0, R | W, 0 });
	ASSERT_EQ(0, dmapi_set_resident(o, 0, 0));
	EXPECT_REGIONS(o, { 0, 0, W, 0 });
}

TEST_F(region, resident_too_many_pieces)
{
	static struct dmapi_region r[MAX];
	struct dmapi_object *o = &self->f.o;
	int i;

	for (i = 0; i < MAX; i++) {
		r[i].offset = i * 20;
		r[i].size = 10;
		r[i].flags = R;
	}
	ASSERT_EQ(0, set(o, r, MAX));
	EXPECT_EQ(-E2BIG, dmapi_set_resident(o, 100 * 20 + 5, 1));
	EXPECT_TRUE(are(o, r, MAX));
	/* The same with something left in the middle. */
	for (i = 0; i < MAX; i++)
		r[i].flags = R | W;
	ASSERT_EQ(0, set(o, r, MAX));
	EXPECT_EQ(-E2BIG, dmapi_set_resident(o, 0, 5));
	EXPECT_TRUE(are(o, r, MAX));
	/* One less is as many as there may be. */
	ASSERT_EQ(0, set(o, r, MAX - 1));
	EXPECT_EQ(0, dmapi_set_resident(o, 0, 5));
	EXPECT_EQ(-E2BIG, dmapi_set_resident(o, 20, 5));
	/* An edge that only moves needs no room. */
	EXPECT_EQ(0, dmapi_set_resident(o, 5, 2));
	EXPECT_EQ(0, dmapi_set_resident(o, 0, 10));
	EXPECT_EQ(0, dmapi_set_resident(o, 0, 0));
}

TEST_F(region, resident_only_if_it_is)
{
	struct dmapi_object *o = &self->f.o;

	ASSERT_EQ(0, dm_arm(o, 0, 0, R));
	ASSERT_EQ(0, dmapi_punch_hole(o, DM_GRANULE, DM_GRANULE));
	EXPECT_EQ(-ENODATA, dmapi_set_resident(o, 0, 0));
	EXPECT_EQ(-ENODATA, dmapi_set_resident(o, DM_GRANULE, 1));
	EXPECT_EQ(-ENODATA, dmapi_set_resident(o, 0, DM_GRANULE + 1));
	EXPECT_EQ(-ENODATA, dmapi_set_resident(o, 2 * DM_GRANULE - 1, 1));
	EXPECT_REGIONS(o, { 0, 0, R, 0 });
	EXPECT_EQ(0, dmapi_set_resident(o, 0, DM_GRANULE));
	EXPECT_EQ(0, dmapi_set_resident(o, 2 * DM_GRANULE, 0));
	EXPECT_REGIONS(o, { DM_GRANULE, DM_GRANULE, R, 0 });
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, DM_GRANULE));
	EXPECT_EQ(0, dm_read_check(self->f.path, 2 * DM_GRANULE,
				   2 * DM_GRANULE));
	ASSERT_EQ(0, dm_recall(o, DM_GRANULE, DM_GRANULE));
	EXPECT_TRUE(are(o, NULL, 0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

TEST_F(region, resident_errors)
{
	struct dmapi_object *o = &self->f.o;

	ASSERT_EQ(0, dm_arm(o, 0, 0, R));
	EXPECT_EQ(-EINVAL, dmapi_set_resident(o, -1, 5));
	EXPECT_EQ(-EINVAL, dmapi_set_resident(o, INT64_MIN, 0));
	EXPECT_EQ(-EINVAL, dmapi_set_resident(o, 1, INT64_MAX));
	EXPECT_EQ(-EINVAL, dmapi_set_resident(o, 0, ~0ULL));
	EXPECT_EQ(-EINVAL, dmapi_set_resident(o, 0, 1ULL << 63));
	EXPECT_REGIONS(o, { 0, 0, R, 0 });
	/* the most that there is */
	EXPECT_EQ(0, dmapi_set_resident(o, 0, INT64_MAX));
	EXPECT_REGIONS(o, { INT64_MAX, 0, R, 0 });
	EXPECT_EQ(0, dmapi_set_resident(o, INT64_MAX, 0));
	EXPECT_TRUE(are(o, NULL, 0));
}

/* Nothing of it can be seen without privilege, or taken away behind our back. */
TEST_F(region, attribute)
{
	char buf[4096];

	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, R));
	EXPECT_LT(0, getxattr(self->f.path, "trusted.XDSM_RECORD", buf,
			      sizeof(buf)));
	ASSERT_EQ(0, dm_disarm(&self->f.o));
	EXPECT_EQ(-1, getxattr(self->f.path, "trusted.XDSM_RECORD", buf,
			       sizeof(buf)));
	EXPECT_EQ(ENODATA, errno);
}

TEST_HARNESS_MAIN
