// SPDX-License-Identifier: GPL-2.0-only
/*
 * The edges of a span, and what the page cache holds around them
 *
 * A folio of the page cache may be 2 MiB large.  One that is there already may
 * reach over both edges of what is punched: it has to go as a whole, with what
 * is dirty in it written, and what comes back for the resident bytes must not
 * reach over an edge again.  A file of 4 MiB and a bit is brought into the cache
 * in several ways, a granule in the midst of it goes away and comes back, and
 * the file is looked at as a whole after each step.
 *
 * Without CONFIG_TRANSPARENT_HUGEPAGE all folios are as small as a page (or
 * block).  Then the same is tested with these; with it, the test sees to it that
 * they are large.  Nothing here depends on the granule or the block size.
 */
#include "common.h"
#include "offline.h"

#define MIB	(1024 * KIB)
#define SIZE	(4 * MIB + 1000)
#define MID	(MIB)			/* where the granule that goes away is */
#define SOON	10000			/* ms */

enum cached { WRITTEN, DIRTY, READ_AHEAD, MAPPED };

FIXTURE(edge)
{
	DM_FIXTURE_FIELDS;
	struct dm_file f;
	struct model m;
	__u64 granule;
	int fd;
};

FIXTURE_VARIANT(edge)
{
	enum cached cached;
};

FIXTURE_VARIANT_ADD(edge, written) { .cached = WRITTEN };
FIXTURE_VARIANT_ADD(edge, dirty) { .cached = DIRTY };
FIXTURE_VARIANT_ADD(edge, read_ahead) { .cached = READ_AHEAD };
FIXTURE_VARIANT_ADD(edge, mapped) { .cached = MAPPED };

static unsigned char *whole(void)
{
	static unsigned char *p;

	if (!p) {
		p = aligned_alloc(65536, 5 * MIB);
		dm_fill(p, 0, 5 * MIB, DM_SEED);
	}
	return p;
}

/* Get all of the file into the cache. */
static long fill_cache(int fd, enum cached how)
{
	unsigned char *p;
	long sum = 0;

	if (how == READ_AHEAD || how == MAPPED) {
		if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
			return -errno;
	} else {
		/* In one go, as then the folios are as large as can be. */
		if (pwrite(fd, whole(), SIZE, 0) != SIZE)
			return -EIO;
		return how == DIRTY ? 0 : neg(fsync(fd));
	}
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	p = how == MAPPED ? mmap(NULL, SIZE, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0) :
			    malloc(SIZE);
	if (p == MAP_FAILED || !p)
		return -ENOMEM;
	if (how == MAPPED) {
		for (off_t pos = 0; pos < SIZE; pos += 4096)
			sum += ((volatile unsigned char *)p)[pos] ? 0 : 1;
		munmap(p, SIZE);
	} else {
		sum = readahead(fd, 0, SIZE) || pread(fd, p, SIZE, 0) != SIZE;
		free(p);
	}
	return sum ? -EIO : 0;
}

FIXTURE_SETUP(edge)
{
	__u64 len;
	__s64 off;

	snprintf(self->dir, sizeof(self->dir), "%s/edge.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	ASSERT_EQ(0, dmapi_create_session(0, "edge_test", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", SIZE));
	ASSERT_EQ(0, dmapi_probe_hole(&self->f.o, 1, 0, &off, &len));
	self->granule = off;
	self->m.size = SIZE;
	self->fd = open(self->f.path, O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, dm_arm(&self->f.o, MID, self->granule, DMAPI_REGION_READ));
	/* Arming alone would make readers wait. */
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	ASSERT_EQ(0, fill_cache(self->fd, variant->cached));
}

FIXTURE_TEARDOWN(edge)
{
	const char *why = model_verify(&self->m, self->f.path);

	EXPECT_EQ(NULL, why) TH_LOG("afterwards: %s", why);
	dm_sysfs_set("data_policy", "block");
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

#define FIX struct __test_metadata *_metadata, FIXTURE_DATA(edge) *self

static void check(FIX, const char *when)
{
	const char *why = model_verify(&self->m, self->f.path);

	ASSERT_EQ(NULL, why) TH_LOG("%s: %s", when, why);
}

static void punch(FIX)
{
	ASSERT_EQ(0, dm_arm(&self->f.o, MID, self->granule, DMAPI_REGION_READ));
	ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, MID, self->granule));
	model_set(&self->m, MID, MID + self->granule, OFFLINE);
}

static void recall(FIX)
{
	ASSERT_EQ(0, dm_recall(&self->f.o, MID, self->granule));
	model_set(&self->m, MID, MID + self->granule, RESIDENT);
}

/* --- How large are the folios? --------------------------------------------- */

#define KPF_COMPOUND_HEAD	(1ULL << 15)
#define KPF_COMPOUND_TAIL	(1ULL << 16)

static __u64 proc_u64(const char *path, __u64 index)
{
	int fd = open(path, O_RDONLY);
	__u64 v = 0;

	if (pread(fd, &v, sizeof(v), index * sizeof(v)) != sizeof(v))
		v = 0;
	close(fd);
	return v;
}

/* Pages of the largest folio in [start, end): read through a mapping. */
static unsigned int folio_pages(int fd, off_t start, off_t end)
{
	const size_t len = end - start;
	unsigned int most = 0, run = 0;
	unsigned char *p = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, start);

	if (p == MAP_FAILED)
		return 0;
	for (size_t i = 0; i < len; i += 4096) {
		__u64 entry, flags;

		if (!*(volatile unsigned char *)(p + i))
			break;
		entry = proc_u64("/proc/self/pagemap", (uintptr_t)(p + i) / 4096);
		flags = proc_u64("/proc/kpageflags", entry & ((1ULL << 55) - 1));
		run = flags & KPF_COMPOUND_TAIL ? run + 1 : 1;
		most = run > most ? run : most;
	}
	munmap(p, len);
	return most;
}

static bool have_thp(void)
{
	return !access("/sys/kernel/mm/transparent_hugepage", F_OK);
}

/* Otherwise this program tests less than it says. */
TEST_F(edge, folios_are_large)
{
	struct statvfs st;
	unsigned int before, after, least;

	ASSERT_EQ(0, statvfs(self->dir, &st));
	least = st.f_bsize > 4096 ? st.f_bsize / 4096 : 1;
	before = folio_pages(self->fd, 0, SIZE);
	punch(_metadata, self);
	check(_metadata, self, "punched");
	/* What was in the cache and was not punched may stay as it is. */
	ASSERT_EQ(0, fsync(self->fd));
	ASSERT_EQ(0, posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED));
	ASSERT_EQ(MID, pread(self->fd, whole(), MID, 0));
	after = folio_pages(self->fd, 0, MID);
	TH_LOG("largest folio: %u KiB, with a span %u KiB", before * 4, after * 4);
	EXPECT_EQ(least, after);
	/* readahead(2) and a first fault begin with small ones. */
	if (variant->cached == WRITTEN || variant->cached == DIRTY)
		EXPECT_LE(have_thp() ? 16 : least, before);
}

/* --- Going away and coming back ----------------------------------------------- */

TEST_F(edge, away_and_back)
{
	for (int i = 0; i < 3; i++) {
		punch(_metadata, self);
		check(_metadata, self, "punched");
		recall(_metadata, self);
		check(_metadata, self, "recalled");
		/* No span now: large folios again. */
		ASSERT_EQ(0, fill_cache(self->fd, variant->cached));
	}
}

/* A window that reaches over the edges, from both sides. */
TEST_F(edge, window_over_it)
{
	unsigned char *buf = poisoned(SIZE);

	punch(_metadata, self);
	for (int i = 0; i < 3; i++) {
		posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED);
		posix_fadvise(self->fd, 0, 0, i ? POSIX_FADV_NORMAL : POSIX_FADV_SEQUENTIAL);
		if (i == 1)
			readahead(self->fd, MID - 256 * KIB, MIB);
		if (i == 2)
			posix_fadvise(self->fd, 0, SIZE, POSIX_FADV_WILLNEED);
		EXPECT_EQ(MID, pread(self->fd, buf, MID, 0));
		EXPECT_EQ(-1, dm_differs(buf, 0, MID, DM_SEED));
		EXPECT_EQ(-1, pread(self->fd, buf, 1, MID));
		EXPECT_EQ(EIO, errno);
		check(_metadata, self, "after a window");
	}
	free(buf);
}

/* All but what is away is dirty; nothing of it is lost. */
TEST_F(edge, dirty_around)
{
	ASSERT_EQ(SIZE, pwrite(self->fd, whole(), SIZE, 0));
	punch(_metadata, self);
	ASSERT_EQ(MID, pwrite(self->fd, whole(), MID, 0));
	ASSERT_EQ((ssize_t)(SIZE - MID - self->granule),
		  pwrite(self->fd, whole() + MID + self->granule, SIZE - MID - self->granule,
			 MID + self->granule));
	check(_metadata, self, "dirty");
	ASSERT_EQ(0, fsync(self->fd));
	posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED);
	check(_metadata, self, "from the device");
	/* A write over an edge is refused, whichever end of it is resident. */
	EXPECT_EQ(-1, pwrite(self->fd, whole() + MID - 4096, 8192, MID - 4096));
	EXPECT_EQ(-1, pwrite(self->fd, whole() + MID + self->granule - 4096, 8192,
			     MID + self->granule - 4096));
	EXPECT_EQ(EIO, errno);
}

/* Who maps the bytes before it goes on to see them, and so do those behind. */
TEST_F(edge, mapped_beside)
{
	off_t end = MID + self->granule;
	unsigned char *a = mmap(NULL, MID, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	unsigned char *b = mmap(NULL, SIZE - end, PROT_READ, MAP_SHARED, self->fd, end);

	ASSERT_NE(MAP_FAILED, a);
	ASSERT_NE(MAP_FAILED, b);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(-1, dm_differs(a, 0, MID, DM_SEED));
		ASSERT_EQ(-1, dm_differs(b, end, SIZE - end, DM_SEED));
		/* Dirty next to the edge, by the mapping. */
		dm_fill(a + MID - 5000, MID - 5000, 5000, DM_SEED);
		punch(_metadata, self);
		ASSERT_EQ(-1, dm_differs(a, 0, MID, DM_SEED));
		ASSERT_EQ(-1, dm_differs(b, end, SIZE - end, DM_SEED));
		check(_metadata, self, "mapped beside");
		recall(_metadata, self);
	}
	munmap(a, MID);
	munmap(b, SIZE - end);
}

/* Pages that somebody holds in a pipe: the punch says EBUSY or leaves them be. */
TEST_F(edge, held_in_a_pipe)
{
	unsigned char buf[8192];
	loff_t pos = MID - sizeof(buf);
	long ret;
	int p[2];

	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ((ssize_t)sizeof(buf), splice(self->fd, &pos, p[1], NULL, sizeof(buf), 0));
	ASSERT_EQ(0, dm_arm(&self->f.o, MID, self->granule, DMAPI_REGION_READ));
	ret = dmapi_punch_hole(&self->f.o, MID, self->granule);
	EXPECT_TRUE(!ret || ret == -EBUSY);
	if (!ret)
		model_set(&self->m, MID, MID + self->granule, OFFLINE);
	check(_metadata, self, "with pages in a pipe");
	ASSERT_EQ((ssize_t)sizeof(buf), read(p[0], buf, sizeof(buf)));
	EXPECT_EQ(-1, dm_differs(buf, MID - sizeof(buf), sizeof(buf), DM_SEED));
	close(p[0]);
	close(p[1]);
	if (ret)
		punch(_metadata, self);
}

/* Comes back block by block, each time between bytes that are away. */
TEST_F(edge, back_in_blocks)
{
	struct statvfs st;
	__u64 step;

	ASSERT_EQ(0, statvfs(self->dir, &st));
	step = st.f_bsize > 4096 ? st.f_bsize : 4096;
	punch(_metadata, self);
	for (int odd = 1; odd >= 0; odd--) {
		for (__u64 at = odd * step; at < self->granule; at += 2 * step) {
			ASSERT_EQ((long)step, dmapi_write_invis(&self->f.o, 0, MID + at, step,
								whole() + MID + at));
			model_set(&self->m, MID + at, MID + at + step, RESIDENT);
			readahead(self->fd, MID - 4096, 2 * self->granule);
		}
		check(_metadata, self, odd ? "every other block" : "all blocks");
	}
	ASSERT_EQ(0, dmapi_set_resident(&self->f.o, MID, self->granule));
}

/* A record laid over what the cache shows as its owner's zeros. */
TEST_F(edge, record_over_a_hole)
{
	struct span s = { MID, MID + self->granule };
	struct record rec = record_make(NULL, 0, &s, 1);
	unsigned char *buf = poisoned(SIZE);

	ASSERT_EQ(0, dm_disarm(&self->f.o));
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, MID,
			       self->granule));
	ASSERT_EQ(SIZE, pread(self->fd, buf, SIZE, 0));
	ASSERT_TRUE(dm_all(buf + MID, 0, self->granule));
	ASSERT_EQ(0, record_set(self->f.path, &rec, 0));
	model_set(&self->m, MID, MID + self->granule, OFFLINE);
	free(buf);
}

/* --- Against others ---------------------------------------------------------- */

struct beside {
	const char *path;
	__u64 end;
};

/* Write what is there already close to both edges, and read it. */
static long write_beside(void *arg)
{
	const struct beside *b = arg;
	int fd = open(b->path, O_RDWR);
	unsigned char buf[8192];

	for (unsigned int i = 0; ; i++) {
		off_t at = i % 2 ? (off_t)b->end : MID - (off_t)sizeof(buf);

		if (pwrite(fd, whole() + at, sizeof(buf), at) != sizeof(buf))
			return errno == EIO ? -EIO : -EILSEQ;
		if (pread(fd, buf, sizeof(buf), at) != sizeof(buf))
			return -ENODATA;
		if (dm_differs(buf, at, sizeof(buf), DM_SEED) >= 0)
			return -EILSEQ;
		if (i % 8 == 7)
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	}
	return 0;
}

TEST_F(edge, written_beside_meanwhile)
{
	struct beside b = { self->f.path, MID + self->granule };
	pid_t pid = dm_spawn(write_beside, &b);

	for (int i = 0; i < 15; i++) {
		punch(_metadata, self);
		EXPECT_EQ(-EIO, dm_read_check(self->f.path, MID, 4096));
		recall(_metadata, self);
		EXPECT_EQ(0, dm_read_check(self->f.path, MID - 4096, self->granule + 8192));
		ASSERT_EQ(DM_RUNNING, dm_wait(pid, 1));
	}
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
}

TEST_HARNESS_MAIN
