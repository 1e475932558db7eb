// SPDX-License-Identifier: GPL-2.0
/*
 * The version of a file's data
 *
 * DMAPI_GET_CHANGE tells a number that stays as long as nobody changes the data,
 * and DMAPI_PUNCH_IF punches only what still has it.  Everything that changes
 * data has to end it, before it does, and nothing else must: an archive that
 * missed a change loses data, one that sees changes where there are none copies
 * for ever.
 *
 * The file system is one of its own on DM_DEV2, so that it can be shut down, and
 * that it has exchange-range.
 *
 *	LOOP_SECONDS	how long each race is run (3)
 */
#include <sys/sendfile.h>
#include <sys/swap.h>

#include "common.h"
#include "exchange.h"
#include "offline.h"

#include <linux/fs.h>

#define G	((__s64)DM_GRANULE)
#define SIZE	(4 * DM_GRANULE + 1000)
#define DIR	"/mnt/change"
#define OTHER	77			/* pattern of what is written */

static void __attribute__((constructor)) world_make(void)
{
	const char *dev = env_need("DM_DEV2");

	if (run("mkdir -p %s && mkfs.xfs -q -f %s && sb_feature %s && "
		"mount -o dmapi %s %s", DIR, dev, dev, dev, DIR)) {
		printf("Bail out! no file system\n");
		exit(1);
	}
	setenv("DM_DEV", dev, 1);
	setenv("DM_MNT", DIR, 1);
}

FIXTURE(change) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
	char		other[PATH_MAX];	/* as large, other bytes */
	__u64		n;			/* the first number */
};

FIXTURE_SETUP(change)
{
	struct dm_file o;

	snprintf(self->dir, sizeof(self->dir), "%s/change.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "change_test", &self->sid));
	ASSERT_EQ(0, dm_make_file(&o, self->sid, self->dir, "other", SIZE));
	memcpy(self->other, o.path, sizeof(o.path));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", SIZE));
	ASSERT_EQ(0, dmapi_get_change(&self->f.o, &self->n));
	ASSERT_NE(0, self->n);
}

DM_FIXTURE_TEARDOWN(change)

/* --- What changes data ----------------------------------------------------- */

typedef FIXTURE_DATA(change) change;

/* Each returns 0, or a negated errno; EOPNOTSUPP if the kernel has no such thing. */
typedef long doing(change *t);

static unsigned char *bytes(size_t len)
{
	unsigned char *p = aligned_alloc(4096, (len + 4095) & ~4095UL);

	dm_fill(p, 0, len, OTHER);
	return p;
}

static long wrote(ssize_t got, ssize_t want)
{
	return got == want ? 0 : got < 0 ? -errno : -EIO;
}

#define BY_FD(_flags, _do)						\
	({								\
		int fd = open(t->f.path, _flags);			\
		long r_ = fd < 0 ? -errno : (_do);			\
									\
		close(fd);						\
		r_;							\
	})

static long by_write(change *t)
{
	return BY_FD(O_RDWR, wrote(pwrite(fd, "x", 1, 100), 1));
}

static long by_writev2(change *t)
{
	struct iovec v = { (void *)"xyz", 3 };

	return BY_FD(O_RDWR, wrote(pwritev2(fd, &v, 1, 5000, RWF_DSYNC), 3));
}

static long by_append(change *t)
{
	return BY_FD(O_RDWR | O_APPEND, wrote(write(fd, "x", 1), 1));
}

static long by_write_beyond(change *t)
{
	return BY_FD(O_RDWR, wrote(pwrite(fd, "x", 1, SIZE + 100000), 1));
}

/* Overwrites, which share the IOLOCK. */
static long by_direct(change *t)
{
	return BY_FD(O_RDWR | O_DIRECT, wrote(pwrite(fd, bytes(8192), 8192, G), 8192));
}

static long by_direct_unaligned(change *t)
{
	return BY_FD(O_RDWR | O_DIRECT, wrote(pwrite(fd, bytes(4096), 512, G + 512), 512));
}

static long by_aio(change *t)
{
	return BY_FD(O_RDWR | O_DIRECT, aio_rw(IOCB_CMD_PWRITE, fd, bytes(4096), G, 4096) == 4096 ?
		     0 : -EIO);
}

static long by_uring(change *t)
{
	int r = 0;
	long ret = BY_FD(O_RDWR, (r = ring_rw(IORING_OP_WRITE, fd, bytes(4096), G, 4096,
					      false, 0)) == 4096 ? 0 : r < 0 ? r : -EIO);

	return ret == -ENOSYS ? -EOPNOTSUPP : ret;
}

static long by_uring_direct(change *t)
{
	int r = 0;
	long ret = BY_FD(O_RDWR | O_DIRECT, (r = ring_rw(IORING_OP_WRITE, fd, bytes(4096), G,
							 4096, false, 0)) == 4096 ?
			 0 : r < 0 ? r : -EIO);

	return ret == -ENOSYS ? -EOPNOTSUPP : ret;
}

static long by_splice(change *t)
{
	int p[2];
	loff_t pos = 7;
	long ret = pipe(p) || write(p[1], "hello", 5) != 5 ? -EIO :
		BY_FD(O_RDWR, wrote(splice(p[0], NULL, fd, &pos, 5, 0), 5));

	close(p[0]);
	close(p[1]);
	return ret;
}

static long by_sendfile(change *t)
{
	int in = open(t->other, O_RDONLY);
	long ret = BY_FD(O_RDWR, wrote(sendfile(fd, in, NULL, 100), 100));

	close(in);
	return ret;
}

static long by_copy_range(change *t)
{
	int in = open(t->other, O_RDONLY);
	loff_t a = 10, b = 20;
	long ret = BY_FD(O_RDWR, wrote(copy_file_range(in, &a, fd, &b, 100, 0), 100));

	close(in);
	return ret;
}

static long by_store(change *t)
{
	char *p = MAP_FAILED;
	long ret = BY_FD(O_RDWR, (p = mmap(NULL, G, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
					   0)) == MAP_FAILED ? -errno : 0);

	if (!ret) {
		p[5000] = 'x';
		munmap(p, G);
	}
	return ret;
}

static long by_truncate(change *t)
{
	return truncate(t->f.path, G + 5) ? -errno : 0;
}

static long by_truncate_0(change *t)
{
	long ret = BY_FD(O_RDWR | O_TRUNC, 0);

	return ret ? ret : by_append(t);
}

static long by_extend(change *t)
{
	return truncate(t->f.path, SIZE + 5) ? -errno : 0;
}

static long allocate(change *t, int mode, off_t off, off_t len)
{
	return BY_FD(O_RDWR, fallocate(fd, mode, off, len) ? -errno : 0);
}

static long by_prealloc(change *t)
{
	return allocate(t, 0, SIZE, G);
}

static long by_keep_size(change *t)
{
	return allocate(t, FALLOC_FL_KEEP_SIZE, SIZE, G);
}

static long by_punch(change *t)
{
	return allocate(t, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, G, G);
}

static long by_zero(change *t)
{
	return allocate(t, FALLOC_FL_ZERO_RANGE, G + 5, G);
}

static long by_collapse(change *t)
{
	return allocate(t, FALLOC_FL_COLLAPSE_RANGE, G, G);
}

static long by_insert(change *t)
{
	return allocate(t, FALLOC_FL_INSERT_RANGE, G, G);
}

static long by_unshare(change *t)
{
	return allocate(t, FALLOC_FL_UNSHARE_RANGE, G, G);
}

static long by_clone(change *t)
{
	int in = open(t->other, O_RDONLY);
	struct file_clone_range c = { .src_fd = in, .src_offset = G, .src_length = G };
	long ret = BY_FD(O_RDWR, ioctl(fd, FICLONERANGE, &c) ? -errno : 0);

	close(in);
	return ret;
}

static long by_dedupe(change *t)
{
	union {
		struct file_dedupe_range r;
		char room[sizeof(struct file_dedupe_range) +
			  sizeof(struct file_dedupe_range_info)];
	} d = { .r = { .src_length = G, .dest_count = 1 } };
	int in = open(t->other, O_RDONLY);
	long ret = BY_FD(O_RDWR, (d.r.info[0].dest_fd = fd,
				  ioctl(in, FIDEDUPERANGE, &d) ? -errno : d.r.info[0].status));

	close(in);
	return ret;
}

static long exchange(change *t, enum how how, bool first)
{
	struct job j = {
		.how = how,
		.path = { first ? t->f.path : t->other, first ? t->other : t->f.path },
		.x = { .file1_offset = G, .file2_offset = 2 * G, .length = G },
	};
	long ret = job_run(&j);

	return ret == -ENOTTY ? -EOPNOTSUPP : ret;
}

static long by_exchange_1(change *t)
{
	return exchange(t, EXCHANGE, true);
}

static long by_exchange_2(change *t)
{
	return exchange(t, EXCHANGE, false);
}

static long by_commit(change *t)
{
	return exchange(t, COMMIT, false);
}

static long by_swapon(change *t)
{
	if (run("fallocate -l 2M %s && chmod 600 %s && mkswap -q %s > /dev/null && sync",
		t->f.path, t->f.path, t->f.path))
		return -EOPNOTSUPP;
	if (dmapi_get_change(&t->f.o, &t->n))
		return -EIO;
	if (swapon(t->f.path, 0))
		return errno == ENOSYS ? -EOPNOTSUPP : -errno;
	return swapoff(t->f.path) ? -errno : 0;
}

/* The manager's own writing counts, where it is no recall. */
static long by_write_invis(change *t)
{
	return wrote(dmapi_write_invis(&t->f.o, 0, 5, 5, "hello"), 5);
}

static long by_write_invis_beyond(change *t)
{
	return wrote(dmapi_write_invis(&t->f.o, 0, SIZE + 1000, 5, "hello"), 5);
}

/* Others' records: whatever number is in them, nobody was told it. */
static long by_foreign_record(change *t)
{
	struct armed a = { 0, 0, 4 };
	struct record rec = record_make(&a, 1, NULL, 0);

	return record_set(t->f.path, &rec, 0) ? -errno : 0;
}

static long by_record_removed(change *t)
{
	return removexattr(t->f.path, RECORD_NAME) ? -errno : 0;
}

FIXTURE_VARIANT(change) {
	doing	*change;
};

#define CHANGE(name)	FIXTURE_VARIANT_ADD(change, name) { .change = by_##name }

CHANGE(write);
CHANGE(writev2);
CHANGE(append);
CHANGE(write_beyond);
CHANGE(direct);
CHANGE(direct_unaligned);
CHANGE(aio);
CHANGE(uring);
CHANGE(uring_direct);
CHANGE(splice);
CHANGE(sendfile);
CHANGE(copy_range);
CHANGE(store);
CHANGE(truncate);
CHANGE(truncate_0);
CHANGE(extend);
CHANGE(prealloc);
CHANGE(keep_size);
CHANGE(punch);
CHANGE(zero);
CHANGE(collapse);
CHANGE(insert);
CHANGE(unshare);
CHANGE(clone);
CHANGE(dedupe);
CHANGE(exchange_1);
CHANGE(exchange_2);
CHANGE(commit);
CHANGE(swapon);
CHANGE(write_invis);
CHANGE(write_invis_beyond);
CHANGE(foreign_record);
CHANGE(record_removed);

TEST_F(change, changes)
{
	struct dmapi_object *o = &self->f.o;
	__u64 n, m;
	long ret;

	ret = variant->change(self);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no such operation");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(-ESTALE, dmapi_punch_if(o, 0, 0, self->n));
	ASSERT_EQ(0, dmapi_get_change(o, &n));
	EXPECT_LT(self->n, n);
	EXPECT_EQ(0, dmapi_get_change(o, &m));
	EXPECT_EQ(n, m);
	/* The old one is gone for good. */
	EXPECT_EQ(-ESTALE, dmapi_punch_if(o, 0, 0, self->n));
	EXPECT_EQ(-ESTALE, dmapi_punch_if(o, 0, 0, 0));
	/* and once more, with a state that others have left */
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ret = by_write(self);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(-ESTALE, dmapi_punch_if(o, 0, 0, n));
	EXPECT_EQ(0, dmapi_get_change(o, &m));
	EXPECT_LT(n, m);
	EXPECT_EQ(0, dm_arm(o, 0, 0, DMAPI_REGION_READ));
	EXPECT_EQ(0, dmapi_punch_if(o, 0, 0, m));
}

/* --- What does not ---------------------------------------------------------- */

FIXTURE(same) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
	__u64		n;
};

FIXTURE_SETUP(same)
{
	snprintf(self->dir, sizeof(self->dir), "%s/same.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "change_test", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", SIZE));
	ASSERT_EQ(0, dmapi_get_change(&self->f.o, &self->n));
}

DM_FIXTURE_TEARDOWN(same)

#define EXPECT_SAME()							\
	do {								\
		__u64 n_ = 0;						\
									\
		EXPECT_EQ(0, dmapi_get_change(&self->f.o, &n_));	\
		EXPECT_EQ(self->n, n_);					\
	} while (0)

TEST_F(same, reads)
{
	char buf[100], *p;
	int fd = open(self->f.path, O_RDWR), d = open(self->f.path, O_RDONLY | O_DIRECT);

	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
	EXPECT_EQ(4096, pread(d, bytes(4096), 4096, 0));
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-1, dm_differs(p, 0, SIZE, DM_SEED));
	EXPECT_SAME();
	munmap(p, SIZE);
	/* a store into a copy of one's own */
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	p[5] = 5;
	EXPECT_SAME();
	munmap(p, SIZE);
	EXPECT_EQ(100, dmapi_read_invis(&self->f.o, 5, 100, buf));
	EXPECT_LE(0, lseek(fd, 0, SEEK_HOLE));
	EXPECT_EQ(0, fsync(fd));
	EXPECT_EQ(0, run("cp --reflink=always %s %s/clone", self->f.path, self->dir));
	close(fd);
	close(d);
	EXPECT_SAME();
}

TEST_F(same, metadata)
{
	struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	char path[PATH_MAX + 8];

	EXPECT_EQ(0, chmod(self->f.path, 0600));
	EXPECT_EQ(0, chown(self->f.path, 1, 2));
	EXPECT_EQ(0, utimensat(AT_FDCWD, self->f.path, old, 0));
	EXPECT_EQ(0, setxattr(self->f.path, "user.x", "y", 1, 0));
	EXPECT_EQ(0, removexattr(self->f.path, "user.x"));
	snprintf(path, sizeof(path), "%s.new", self->f.path);
	EXPECT_EQ(0, link(self->f.path, path));
	EXPECT_EQ(0, rename(path, self->f.path));
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(0, dmapi_set_dmattr(&self->f.o, "attrname", 0, 5, "value"));
	EXPECT_SAME();
}

/* Regions, punching, and bringing back what is the same. */
TEST_F(same, manager)
{
	struct dmapi_object *o = &self->f.o;

	EXPECT_EQ(0, dm_arm(o, 0, 0, DMAPI_REGION_ALL));
	EXPECT_SAME();
	EXPECT_EQ(0, dmapi_punch_if(o, G, 2 * G, self->n));
	EXPECT_SAME();
	EXPECT_EQ(0, dmapi_punch_if(o, 0, 0, self->n));
	EXPECT_SAME();
	EXPECT_EQ(0, dm_recall(o, 0, G));
	EXPECT_SAME();
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(0, dm_recall(o, G, SIZE - G));
	EXPECT_SAME();
	EXPECT_EQ(0, dm_disarm(o));
	EXPECT_SAME();
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
	/* What is back can go again without being copied. */
	EXPECT_EQ(0, dm_arm(o, 0, 0, DMAPI_REGION_READ));
	EXPECT_EQ(0, dmapi_punch_if(o, 0, 0, self->n));
	/* A write into a stub is one, though it waits for a recall first. */
	EXPECT_EQ(0, dm_recall(o, 0, SIZE));
	EXPECT_EQ(0, run("printf x | dd of=%s conv=notrunc 2> /dev/null", self->f.path));
	EXPECT_EQ(-ESTALE, dmapi_punch_if(o, 0, 0, self->n));
}

/* A stretch of a recall that makes the file longer is more than that. */
TEST_F(same, recall_over_the_end)
{
	struct dmapi_object *o = &self->f.o;
	__u64 n;

	ASSERT_EQ(0, dm_make_offline(o));
	EXPECT_EQ(8192, dmapi_write_invis(o, 0, 4 * G, 8192, bytes(8192)));
	EXPECT_EQ(0, dmapi_get_change(o, &n));
	EXPECT_LT(self->n, n);
}

TEST_F(same, remount)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
		EXPECT_SAME();
	}
	/* Nobody manages it, and it counts nevertheless. */
	ASSERT_EQ(0, dm_remount(0, ""));
	EXPECT_EQ(0, run("printf x >> %s", self->f.path));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(-ESTALE, dmapi_punch_if(&self->f.o, 0, 0, self->n));
}

/* A file that has a number and nothing else is a file like any other. */
TEST_F(same, costs_nothing)
{
	struct dmapi_object *o = &self->f.o;
	struct dm_event e;
	__u32 block = 0, n = 5;
	int fd = open(self->f.path, O_RDWR);

	EXPECT_EQ(0, dmapi_get_region(o, 0, NULL, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE)));
	EXPECT_EQ(0, ioctl(fd, FIBMAP, &block));
	EXPECT_NE(0, block);
	EXPECT_SAME();
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
	EXPECT_EQ(1, pwrite(fd, "x", 1, 0));
	EXPECT_EQ(0, ftruncate(fd, G));
	EXPECT_EQ(0, ftruncate(fd, 0));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 20));
	EXPECT_EQ(0, dm_disarm(o));
	EXPECT_EQ(0, dmapi_get_change(o, &self->n));
	EXPECT_EQ(0, dm_arm(o, 0, 0, DMAPI_REGION_READ));
	EXPECT_EQ(0, dm_disarm(o));
	EXPECT_SAME();
	close(fd);
}

/* --- Mappings --------------------------------------------------------------- */

/* A page that was written through a mapping, and still is mapped. */
TEST_F(same, store_after_store)
{
	struct dmapi_object *o = &self->f.o;
	int fd = open(self->f.path, O_RDWR), i;
	char *p = mmap(NULL, G, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	__u64 n;

	ASSERT_NE(MAP_FAILED, p);
	for (i = 0; i < 4; i++) {
		p[100] = i + 1;
		EXPECT_EQ(0, dmapi_get_change(o, &n));
		EXPECT_LT(self->n, n);
		self->n = n;
		if (i == 2)
			EXPECT_EQ(0, fsync(fd));
		EXPECT_SAME();
	}
	p[100] = 99;
	munmap(p, G);
	close(fd);
	EXPECT_EQ(-ESTALE, dmapi_punch_if(o, 0, 0, n));
}

/* Of a mapped file it is EBUSY, as for any punch. */
TEST_F(same, mapped)
{
	int fd = open(self->f.path, O_RDONLY);
	char *p = mmap(NULL, G, PROT_READ, MAP_SHARED, fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-EBUSY, dmapi_punch_if(&self->f.o, 0, 0, self->n));
	munmap(p, G);
	close(fd);
	EXPECT_EQ(0, dmapi_punch_if(&self->f.o, 0, 0, self->n));
}

/* --- Errors ------------------------------------------------------------------ */

TEST_F(same, errors)
{
	struct dmapi_object *o = &self->f.o;
	struct dm_handle h;
	struct dmapi_object d;
	__u64 n;

	EXPECT_EQ(-EFAULT, dmapi_get_change(o, DM_BAD_PTR));
	EXPECT_EQ(-ESTALE, dmapi_punch_if(o, 0, 0, 0));
	EXPECT_EQ(-ESTALE, dmapi_punch_if(o, 0, 0, self->n + 1));
	EXPECT_EQ(-ESTALE, dmapi_punch_if(o, 0, 0, self->n - 1));
	EXPECT_EQ(-EAGAIN, dmapi_punch_if(o, 5, 0, self->n));
	EXPECT_EQ(-E2BIG, dmapi_punch_if(o, SIZE, 0, self->n));
	EXPECT_EQ(-EINVAL, dmapi_punch_if(o, -1, 0, self->n));
	ASSERT_EQ(0, dm_path_handle(self->dir, &h));
	d = dm_obj(self->sid, &h);
	EXPECT_EQ(-EINVAL, dmapi_get_change(&d, &n));
	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(-EROFS, dmapi_get_change(o, &n));
	EXPECT_EQ(-EROFS, dmapi_punch_if(o, 0, 0, self->n));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_SAME();
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
}

/* What must not block says EAGAIN, once. */
TEST_F(same, nowait)
{
	int fd = open(self->f.path, O_RDWR | O_DIRECT);
	struct iovec v = { bytes(4096), 4096 };
	int tries = 100;
	ssize_t n;

	EXPECT_EQ(-1, pwritev2(fd, &v, 1, 0, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_SAME();
	/* A clock that has moved on would have to be written, too. */
	do {
		EXPECT_EQ(4096, pwritev2(fd, &v, 1, 0, 0));
		n = pwritev2(fd, &v, 1, 0, RWF_NOWAIT);
	} while (n < 0 && errno == EAGAIN && tries--);
	EXPECT_EQ(4096, n);
	close(fd);
}

/* --- Crashes ------------------------------------------------------------------ */

static long crash(const char *path)
{
	long ret = dm_shutdown(path, DM_NOLOGFLUSH);

	return ret ? ret : dm_remount(0, "dmapi");
}

/* A number that somebody was told is still the data's. */
TEST_F(same, crash_keeps)
{
	struct dmapi_object *o = &self->f.o;
	__u64 n;

	ASSERT_EQ(0, crash(self->dir));
	EXPECT_SAME();
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
	/* and what it was told of */
	EXPECT_EQ(0, run("head -c 65536 /dev/zero | tr '\\0' x | "
			 "dd of=%s conv=notrunc bs=65536 2> /dev/null", self->f.path));
	ASSERT_EQ(0, dmapi_get_change(o, &n));
	ASSERT_EQ(0, crash(self->dir));
	self->n = n;
	EXPECT_SAME();
	EXPECT_EQ(0, run("head -c 65536 %s | tr -d x | cmp - /dev/null", self->f.path));
	EXPECT_EQ(0, dm_arm(o, 0, 0, DMAPI_REGION_READ));
	EXPECT_EQ(0, dmapi_punch_if(o, 0, 0, n));
}

/* Data that reached the device without its log is not the old version. */
TEST_F(same, crash_changed)
{
	int fd, i;

	for (i = 0; i < 4; i++) {
		__u64 n;

		fd = open(self->f.path, i & 1 ? O_RDWR | O_DIRECT : O_RDWR);
		if (i < 2) {
			ASSERT_EQ(4096, pwrite(fd, bytes(4096), 4096, i * G));
		} else {
			char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

			ASSERT_NE(MAP_FAILED, p);
			p[i * G] = 1;
			munmap(p, SIZE);
		}
		ASSERT_EQ(0, sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE |
					     SYNC_FILE_RANGE_WAIT_AFTER));
		close(fd);
		ASSERT_EQ(0, crash(self->dir));
		EXPECT_EQ(-EILSEQ, dm_read_check(self->f.path, i * G, 4096));
		EXPECT_EQ(-ESTALE, dmapi_punch_if(&self->f.o, 0, 0, self->n));
		ASSERT_EQ(0, dmapi_get_change(&self->f.o, &n));
		EXPECT_LT(self->n, n);
		self->n = n;
	}
}

/* --- The race for which it is there -------------------------------------------- */

/**
 * struct race - a writer and a manager on one file
 * @now: what the writer wrote, which nobody else writes
 * @stop: it is enough
 * @writes: how many
 * @error: of the writer: what he wrote is not there
 */
struct race {
	const char	*path;
	unsigned char	now[SIZE];
	int		how;
	bool		stop;
	unsigned long	writes;
	long		error;
};

enum { BUFFERED, DIRECT, MAPPED, ALLOCATE, LAZY, HOWS };

static void *writer(void *arg)
{
	static __thread unsigned char buf[SIZE];
	struct race *r = arg;
	int fd = open(r->path, r->how == DIRECT ? O_RDWR | O_DIRECT : O_RDWR);
	int look = open(r->path, O_RDONLY);
	unsigned char *p = aligned_alloc(4096, 4096), *map = NULL;
	unsigned int seed = 1;

	if (r->how == LAZY) {
		map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			r->error = -errno;
	}

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED) && !r->error) {
		__u64 off = rand_r(&seed) % (SIZE / 4096) * 4096ULL;

		dm_fill(p, off, 4096, rand_r(&seed) % 251);
		switch (r->how) {
		case MAPPED:
			map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, off);
			if (map == MAP_FAILED) {
				r->error = -errno;
				break;
			}
			memcpy(map, p, 4096);
			/* It stays as it is while the manager looks. */
			if (rand_r(&seed) % 4 == 0)
				dm_sleep_ms(3);
			memcpy(map + 2048, p + 2048, 2048);
			munmap(map, 4096);
			break;
		case LAZY:
			/*
			 * Mapped all the time, while pages come and go.  What is read
			 * first can be mapped before it is on the device.
			 */
			if (rand_r(&seed) % 2)
				(void)*(volatile unsigned char *)(map + off);
			memcpy(map + off, p, 2048);
			if (rand_r(&seed) % 4 == 0)
				dm_sleep_ms(3);
			memcpy(map + off + 2048, p + 2048, 2048);
			break;
		case ALLOCATE:
			memset(p, 0, 4096);
			if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, 4096))
				r->error = -errno;
			memset(r->now + off, 0, 4096);
			off = rand_r(&seed) % (SIZE / 4096) * 4096ULL;
			dm_fill(p, off, 4096, rand_r(&seed) % 251);
			/* fall through */
		default:
			if (pwrite(fd, p, 4096, off) != 4096)
				r->error = errno ? -errno : -EIO;
		}
		memcpy(r->now + off, p, 4096);
		r->writes++;
		if (rand_r(&seed) % 8 == 0 && !r->error &&
		    (pread(look, buf, SIZE, 0) != (ssize_t)SIZE ||
		     memcmp(buf, r->now, SIZE)))
			r->error = -EILSEQ;
		if (rand_r(&seed) % 16 == 0)
			dm_sleep_ms(rand_r(&seed) % 20);
	}
	close(fd);
	close(look);
	return NULL;
}

static void answer(__s32 sid)
{
	struct dm_event e;

	while (!dm_next(sid, &e, 0))
		dm_continue(sid, e.token);
}

/* Copy, punch if it is still that, bring the copy back: 1 if it was punched. */
static long archive_once(const struct dmapi_object *o, unsigned char *copy)
{
	long ret;
	__u64 n;

	do {
		ret = dmapi_get_change(o, &n);
	} while (ret == -EBUSY);
	if (ret)
		return ret;
	if (dmapi_read_invis(o, 0, SIZE, copy) != (long)SIZE)
		return -EIO;
	ret = dmapi_punch_if(o, 0, 0, n);
	if (ret == -ESTALE || ret == -EBUSY)
		return 0;
	if (ret)
		return ret;
	ret = dmapi_write_invis(o, 0, 0, SIZE, copy);
	if (ret != (long)SIZE)
		return ret < 0 ? ret : -EIO;
	/* READ stays armed and the spans stay: nothing of it is offline. */
	return 1;
}

FIXTURE(change_race) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
};

DM_FIXTURE_SETUP(change_race)
DM_FIXTURE_TEARDOWN(change_race)

FIXTURE_VARIANT(change_race) {
	int how;
};

FIXTURE_VARIANT_ADD(change_race, buffered) { .how = BUFFERED };
FIXTURE_VARIANT_ADD(change_race, direct) { .how = DIRECT };
FIXTURE_VARIANT_ADD(change_race, mapped) { .how = MAPPED };
FIXTURE_VARIANT_ADD(change_race, allocate) { .how = ALLOCATE };
FIXTURE_VARIANT_ADD(change_race, lazy) { .how = LAZY };

TEST_F_TIMEOUT(change_race, nothing_is_lost, 200)
{
	static unsigned char copy[SIZE];
	const char *s = getenv("LOOP_SECONDS");
	time_t end = time(NULL) + (s ? atoi(s) : 3);
	static struct race r;
	unsigned long punched = 0, tries = 0;
	pthread_t thread;
	long ret = 0;

	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", SIZE));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_sysfs_set("mmap_mode", variant->how == LAZY ? "lazy" : "eager"));
	dm_fill(r.now, 0, SIZE, DM_SEED);
	r.path = self->f.path;
	r.how = variant->how;
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, pthread_create(&thread, NULL, writer, &r));
	while ((time(NULL) < end || !punched || punched == tries) &&
	       time(NULL) < end + 60 && ret >= 0 && !__atomic_load_n(&r.error, __ATOMIC_RELAXED)) {
		ret = archive_once(&self->f.o, copy);
		answer(self->sid);
		punched += ret > 0;
		tries++;
	}
	EXPECT_LE(0, ret);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	do {
		answer(self->sid);
		dm_sleep_ms(1);
	} while (pthread_tryjoin_np(thread, NULL));
	EXPECT_EQ(0, r.error);
	TH_LOG("%lu writes, punched %lu times, %lu times not", r.writes, punched,
	       tries - punched);
	EXPECT_LT(0, punched);
	EXPECT_LT(punched, tries);
	EXPECT_EQ((long)SIZE, dmapi_read_invis(&self->f.o, 0, SIZE, copy));
	EXPECT_EQ(0, memcmp(copy, r.now, SIZE));
}

TEST_HARNESS_MAIN
