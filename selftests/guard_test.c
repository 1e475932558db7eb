// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guard: never a zero for an offline byte
 *
 * No event answers anything here: nobody manages, or the policy is to fail.
 * Every reader, every way to learn or to share the extent map, and every writer
 * is tried on files that are offline in part, and after each the whole file is
 * looked at.  Files become offline by a record that the test writes over holes,
 * or by a punch; on blocks of 4 KiB and of 1 KiB; with the mount option and
 * without.
 */
#include "common.h"
#include "offline.h"

#include <linux/fiemap.h>
#include <sys/sendfile.h>
#include <sys/swap.h>

#ifndef RWF_UNCACHED
#define RWF_DONTCACHE	0x80
#else
#define RWF_DONTCACHE	RWF_UNCACHED
#endif

#define PUNCHED		120	/* files made beforehand for each such mount */

/*
 * The mounts, made once and left to the end of the machine: managed and not,
 * with blocks of 4 KiB and 1 KiB.  What is not managed was while its files were
 * punched.
 */
struct place {
	const char *dir;
	const char *mkfs;
	bool managed;
};

static const struct place places[] = {
	{ NULL, NULL, true },
	{ "/mnt/m1", "-b size=1024", true },
	{ "/mnt/u4", "-b size=4096", false },
	{ "/mnt/u1", "-b size=1024", false },
};

enum { M4, M1, U4, U1 };

static const char *place_dir(int i)
{
	return places[i].dir ? : env_need("DM_MNT");
}

/*
 * Five pieces of 64 KiB, the second and the fourth offline, and a tail that
 * fills no block.
 */
static struct model model_usual(void)
{
	struct model m = { .size = 5 * GRAIN + 1000 };

	model_set(&m, GRAIN, 2 * GRAIN, OFFLINE);
	model_set(&m, 3 * GRAIN, 4 * GRAIN, OFFLINE);
	return m;
}

static int model_plant(const struct model *m, const char *path)
{
	struct record rec = record_of(m);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	int ret = -1;

	if (fd < 0)
		return -1;
	if (!model_write(m, fd, false))
		ret = record_set(path, &rec, 0);
	close(fd);
	return ret;
}

static int model_punch(const struct model *m, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct dmapi_region r[64];
	struct dm_handle h;
	struct dmapi_object o;
	unsigned int n = 0;
	__u32 exact;
	__s32 sid;
	long ret = -1;

	if (fd < 0)
		return -1;
	if (!model_write(m, fd, true))
		ret = dmapi_create_session(0, "guard_test", &sid);
	close(fd);
	if (ret)
		return -1;
	for (off_t pos = 0; pos < m->size; pos += GRAIN) {
		if (model_unit(m, pos) == OFFLINE)
			r[n++] = (struct dmapi_region){
				.offset = pos, .size = GRAIN,
				.flags = DMAPI_REGION_READ,
			};
	}
	ret = dm_path_handle(path, &h);
	o = dm_obj(sid, &h);
	if (!ret)
		ret = dmapi_set_region(&o, n, r, &exact);
	for (unsigned int i = 0; !ret && i < n; i++)
		ret = dmapi_punch_hole(&o, r[i].offset, r[i].size);
	dmapi_destroy_session(sid);
	errno = -ret;
	return ret ? -1 : 0;
}

static void world_fail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void world_place(int i)
{
	const char *dir = places[i].dir;
	const char *dev = i == M1 && !getenv("DM_RTDEV") ? env_need("DM_DEV2") : NULL;
	struct model m = model_usual();
	char path[100], img[100];

	if (!dev) {
		snprintf(img, sizeof(img), "/tmp/%s.img", dir + 5);
		if (run("truncate -s 320M %s", img))
			world_fail(img);
		dev = img;
	}
	if (run("mkdir -p %s && mkfs.xfs -q -f %s %s && mount -o dmapi%s %s %s",
		dir, places[i].mkfs, dev, dev == img ? ",loop" : "", dev, dir))
		world_fail(dir);
	if (places[i].managed)
		return;
	for (int n = 0; n < PUNCHED && i == U4; n++) {
		snprintf(path, sizeof(path), "%s/punched.%d", dir, n);
		if (model_punch(&m, path))
			world_fail(path);
	}
	if (run("umount %s && mount -o loop %s %s", dir, dev, dir))
		world_fail(dir);
}

static int *punched_next;	/* shared with the tests, which are children */

static void __attribute__((constructor)) world_make(void)
{
	env_need("DM_DEV");
	punched_next = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (unsigned int i = M1; i <= U1; i++)
		world_place(i);
	for (unsigned int i = 0; i <= U1; i++) {
		if (places[i].managed && policy_set(place_dir(i), "data_policy", "fail"))
			world_fail("data_policy");
	}
}

FIXTURE(guard)
{
	struct model m;
	char path[100];
	char dir[60];
	char other[120];
	int fd, dfd;
};

/* Regions outlive what is cut off: armed and resident is to be allowed. */
#define ALLOW_RESIDENT() \
	if (places[variant->place].managed) { \
		ASSERT_EQ(0, policy_set(self->dir, "data_policy", "continue")); \
	}

FIXTURE_VARIANT(guard)
{
	int place;
	bool punch;
};

#define VARIANT(_name, _place, _punch) \
	FIXTURE_VARIANT_ADD(guard, _name) { .place = _place, .punch = _punch }

/* clang-format off */
VARIANT(managed_planted, M4, false);
VARIANT(managed_punched, M4, true);
VARIANT(managed_1k_punched, M1, true);
VARIANT(plain_punched, U4, true);
VARIANT(plain_1k_planted, U1, false);
/* clang-format on */

FIXTURE_SETUP(guard)
{
	self->m = model_usual();
	snprintf(self->dir, sizeof(self->dir), "%s", place_dir(variant->place));
	snprintf(self->path, sizeof(self->path), "%s/guard.%d", self->dir,
		 getpid());
	snprintf(self->other, sizeof(self->other), "%s.other", self->path);
	if (!variant->punch) {
		ASSERT_EQ(0, model_plant(&self->m, self->path));
	} else if (places[variant->place].managed) {
		ASSERT_EQ(0, model_punch(&self->m, self->path));
	} else {
		snprintf(self->path, sizeof(self->path), "%s/punched.%d",
			 self->dir,
			 __atomic_fetch_add(punched_next, 1, __ATOMIC_SEQ_CST));
	}
	self->fd = open(self->path, O_RDWR);
	ASSERT_LE(0, self->fd);
	self->dfd = open(self->path, O_RDWR | O_DIRECT);
	ASSERT_LE(0, self->dfd);
}

FIXTURE_TEARDOWN(guard)
{
	const char *why = model_verify(&self->m, self->path);

	EXPECT_EQ(NULL, why)
	{
		TH_LOG("afterwards: %s", why);
	}
	close(self->fd);
	close(self->dfd);
	unlink(self->other);
	unlink(self->path);
	if (places[variant->place].managed) {
		ASSERT_EQ(0, policy_set(self->dir, "data_policy", "fail"));
	}
}

#define FIX struct __test_metadata *_metadata, FIXTURE_DATA(guard) *self

/* --- Readers ---------------------------------------------------------------- */

/* Reads [pos, pos + len) into @buf somehow: bytes or a negated errno. */
typedef ssize_t reader_t(FIXTURE_DATA(guard) *self, unsigned char *buf,
			 off_t pos, size_t len);

/*
 * Ranges to read: all kinds of positions relative to the edges at 64, 128, 192
 * and 256 KiB.  Multiples of 4 KiB, except that readers which can get more.
 */
static const struct {
	off_t pos;
	size_t len;
} ranges[] = {
	{ 0, 4096 }, { 60 * KIB, 4096 }, { 64 * KIB, 4096 },
	{ 60 * KIB, 8192 }, { 124 * KIB, 8192 }, { 128 * KIB, 4096 },
	{ 100 * KIB, 4096 }, { 0, 128 * KIB }, { 64 * KIB, 64 * KIB },
	{ 128 * KIB, 64 * KIB }, { 252 * KIB, 8192 }, { 0, 324 * KIB },
	{ 320 * KIB, 4096 }, { 192 * KIB, 132 * KIB },
}, odd_ranges[] = {
	{ 64 * KIB, 1 }, { 64 * KIB - 1, 1 }, { 64 * KIB - 1, 2 },
	{ 128 * KIB - 1, 2 }, { 128 * KIB, 1 }, { 70001, 100 },
	{ 63 * KIB + 7, 3 * KIB }, { 5 * GRAIN + 999, 10 },
};

static void reader_range(FIX, reader_t *reader, off_t pos, size_t len)
{
	unsigned char *buf = poisoned(len);
	ssize_t n = reader(self, buf, pos, len);
	const char *why = model_judge(&self->m, buf, pos, len, n);

	EXPECT_EQ(NULL, why)
	{
		TH_LOG("[%lld, +%zu): %s", (long long)pos, len, why);
	}
	if (n < 0) {
		EXPECT_TRUE(n == -EIO || n == -EFAULT || n == -EAGAIN)
		{
			TH_LOG("[%lld, +%zu): %s", (long long)pos, len, strerror(-n));
		}
	}
	free(buf);
}

static void reader_ranges(FIX, reader_t *reader, bool odd)
{
	/* Twice: what the first round left in the cache, the second finds. */
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
			reader_range(_metadata, self, reader, ranges[i].pos,
				     ranges[i].len);
		for (size_t i = 0; odd && i < sizeof(odd_ranges) / sizeof(odd_ranges[0]); i++)
			reader_range(_metadata, self, reader, odd_ranges[i].pos,
				     odd_ranges[i].len);
	}
}

#define READER(_name, _odd) \
	static reader_t reader_##_name; \
	TEST_F(guard, _name) \
	{ \
		reader_ranges(_metadata, self, reader_##_name, _odd); \
	} \
	static ssize_t reader_##_name(FIXTURE_DATA(guard) *self, \
				      unsigned char *buf, off_t pos, size_t len)

READER(read, true)
{
	lseek(self->fd, pos, SEEK_SET);
	return neg(read(self->fd, buf, len));
}

READER(pread, true)
{
	return neg(pread(self->fd, buf, len, pos));
}

READER(readv, true)
{
	struct iovec iov[2] = { { buf, len / 2 }, { buf + len / 2, len - len / 2 } };

	lseek(self->fd, pos, SEEK_SET);
	return neg(readv(self->fd, iov, 2));
}

READER(preadv2, true)
{
	struct iovec iov = { buf, len };

	return neg(preadv2(self->fd, &iov, 1, pos, 0));
}

/* What may not wait may also say so: then it is asked again, as others do. */
READER(preadv2_nowait, true)
{
	struct iovec iov = { buf, len };
	ssize_t n = neg(preadv2(self->fd, &iov, 1, pos, RWF_NOWAIT));

	if (n == -EAGAIN)
		n = neg(preadv2(self->fd, &iov, 1, pos, 0));
	return n;
}

READER(preadv2_hipri, false)
{
	struct iovec iov = { buf, len };
	ssize_t n = neg(preadv2(self->dfd, &iov, 1, pos, RWF_HIPRI));

	return n == -EOPNOTSUPP ? -EIO : n;
}

READER(direct, false)
{
	return neg(pread(self->dfd, buf, len, pos));
}

READER(direct_nowait, false)
{
	struct iovec iov = { buf, len };
	ssize_t n = neg(preadv2(self->dfd, &iov, 1, pos, RWF_NOWAIT));

	return n == -EAGAIN ? neg(pread(self->dfd, buf, len, pos)) : n;
}

READER(dontcache, false)
{
	struct iovec iov = { buf, len };
	ssize_t n = neg(preadv2(self->fd, &iov, 1, pos, RWF_DONTCACHE));

	return n == -EOPNOTSUPP ? neg(preadv2(self->fd, &iov, 1, pos, 0)) : n;
}

READER(aio, true)
{
	return aio_rw(IOCB_CMD_PREAD, self->fd, buf, pos, len);
}

READER(aio_direct, false)
{
	return aio_rw(IOCB_CMD_PREAD, self->dfd, buf, pos, len);
}

READER(uring, true)
{
	return ring_rw(IORING_OP_READ, self->fd, buf, pos, len, false, 0);
}

READER(uring_direct, false)
{
	return ring_rw(IORING_OP_READ, self->dfd, buf, pos, len, false, 0);
}

READER(uring_fixed, true)
{
	return ring_rw(IORING_OP_READ_FIXED, self->fd, buf, pos, len, true, 0);
}

READER(uring_fixed_direct, false)
{
	return ring_rw(IORING_OP_READ_FIXED, self->dfd, buf, pos, len, true, 0);
}

/* Everything that @fn puts into the pipe, a piece at a time. */
static ssize_t through_pipe(ssize_t (*fn)(int in, off_t *pos, int out, size_t len),
			    int in, unsigned char *buf, off_t pos, size_t len)
{
	size_t done = 0;
	ssize_t n = 0;
	int p[2];

	if (pipe(p))
		return -errno;
	while (done < len) {
		size_t want = len - done > 32768 ? 32768 : len - done;

		n = neg(fn(in, &pos, p[1], want));
		if (n <= 0)
			break;
		if (read(p[0], buf + done, n) != n) {
			n = -EPIPE;
			break;
		}
		done += n;
	}
	close(p[0]);
	close(p[1]);
	return done ? (ssize_t)done : n;
}

static ssize_t do_splice(int in, off_t *pos, int out, size_t len)
{
	return splice(in, pos, out, NULL, len, 0);
}

static ssize_t do_sendfile(int in, off_t *pos, int out, size_t len)
{
	return sendfile(out, in, pos, len);
}

static ssize_t do_tee(int in, off_t *pos, int out, size_t len)
{
	char dev_null[32768];
	ssize_t n, t;
	int p[2];

	if (pipe(p))
		return -1;
	n = splice(in, pos, p[1], NULL, len, 0);
	if (n > 0) {
		t = tee(p[0], out, n, 0);
		if (t != n || read(p[0], dev_null, n) != n)
			n = -1;
	}
	close(p[0]);
	close(p[1]);
	return n;
}

READER(splice, true)
{
	return through_pipe(do_splice, self->fd, buf, pos, len);
}

READER(splice_direct, false)
{
	return through_pipe(do_splice, self->dfd, buf, pos, len);
}

READER(sendfile, true)
{
	return through_pipe(do_sendfile, self->fd, buf, pos, len);
}

READER(tee, true)
{
	return through_pipe(do_tee, self->fd, buf, pos, len);
}

/* Copy to @out at 0 by @fn until there is no more, then look at the copy. */
static ssize_t through_file(int out, ssize_t n, unsigned char *buf, size_t len)
{
	struct stat st;
	ssize_t got;

	if (out < 0)
		return -EBADF;
	if (fstat(out, &st) || st.st_size > (off_t)len)
		got = -EPROTO;
	else if (st.st_size)
		got = neg(pread(out, buf, len, 0));
	else
		got = n;
	close(out);
	return got;
}

static ssize_t copy_range(int in, int out, unsigned char *buf, off_t pos, size_t len)
{
	size_t done = 0;
	ssize_t n = 0;

	if (out < 0)
		return -errno;
	while (done < len) {
		n = neg(copy_file_range(in, &pos, out, NULL, len - done, 0));
		if (n <= 0)
			break;
		done += n;
	}
	return through_file(out, n, buf, len);
}

READER(copy_file_range, true)
{
	return copy_range(self->fd, open(self->other, O_RDWR | O_CREAT | O_TRUNC, 0600),
			  buf, pos, len);
}

/* Not a clone: to another file system, by splice. */
READER(copy_file_range_away, true)
{
	int out = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	size_t done = 0;
	ssize_t n = 0;

	while (done < len) {
		n = neg(copy_file_range(self->fd, &pos, out, NULL, len - done, 0));
		if (n == -EXDEV)
			n = neg(sendfile(out, self->fd, &pos, len - done));
		if (n <= 0)
			break;
		done += n;
	}
	return through_file(out, n, buf, len);
}

READER(sendfile_to_file, true)
{
	int out = open(self->other, O_RDWR | O_CREAT | O_TRUNC, 0600);
	size_t done = 0;
	ssize_t n = 0;

	while (done < len) {
		n = neg(sendfile(out, self->fd, &pos, len - done));
		if (n <= 0)
			break;
		done += n;
	}
	return through_file(out, n, buf, len);
}

READER(clone_range, false)
{
	int out = open(self->other, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct file_clone_range fcr = {
		.src_fd = self->fd, .src_offset = pos, .src_length = len,
	};
	ssize_t n;

	if (pos + (off_t)len > self->m.size)
		fcr.src_length = 0;
	n = neg(ioctl(out, FICLONERANGE, &fcr));
	return through_file(out, n, buf, len);
}

/* Where a fault could not wait, nothing is mapped: no SIGBUS in the midst of it. */
READER(map_shared, true)
{
	ssize_t n = map_read(self->fd, buf, pos, len, PROT_READ, MAP_SHARED, self->m.size);
	off_t end = pos + (off_t)len < self->m.size ? pos + (off_t)len : self->m.size;

	return n >= 0 && n < end - pos ? -EPROTO : n;
}

READER(map_private, true)
{
	return map_read(self->fd, buf, pos, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE, self->m.size);
}

READER(map_populate, true)
{
	return map_read(self->fd, buf, pos, len, PROT_READ,
			MAP_SHARED | MAP_POPULATE, self->m.size);
}

/* A program needs all of its file, so where it is asked for a part may fail. */
READER(map_exec, true)
{
	ssize_t n = map_read(self->fd, buf, pos, len, PROT_READ | PROT_EXEC,
			     MAP_PRIVATE, self->m.size);

	if (n == -EIO)
		n = map_read(self->fd, buf, pos, len, PROT_READ, MAP_PRIVATE,
			     self->m.size);
	return n;
}

/* Over something that was mapped there before. */
READER(map_fixed, true)
{
	off_t first = pos & ~4095LL;
	size_t size = len + (pos - first);
	ssize_t n;
	char *p;

	if (pos + (off_t)len > self->m.size)
		len = self->m.size - pos;
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	if (mmap(p, size, PROT_READ, MAP_SHARED | MAP_FIXED, self->fd, first) ==
	    MAP_FAILED)
		return -errno;
	n = touch_copy(buf, p + (pos - first), len);
	munmap(p, size);
	return n;
}

/* A mapping of resident bytes grows over what follows them. */
READER(mremap, false)
{
	ssize_t n;
	char *p;

	if (!model_page_clear(&self->m, pos))
		return -EIO;
	if (pos + (off_t)len > self->m.size)
		len = self->m.size - pos;
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, pos);
	if (p == MAP_FAILED)
		return -errno;
	if (len > 4096)
		p = mremap(p, 4096, len, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		return -errno;
	n = touch_copy(buf, p, len);
	munmap(p, len);
	return n;
}

/* The kernel looks through a mapping that grew: EFAULT, and nothing written. */
READER(write_from_map, false)
{
	int out = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	ssize_t n;
	char *p;

	if (!model_page_clear(&self->m, pos))
		return -EIO;
	if (pos + (off_t)len > self->m.size)
		len = self->m.size - pos;
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, pos);
	if (p == MAP_FAILED)
		return -errno;
	if (len > 4096)
		p = mremap(p, 4096, len, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		return -errno;
	n = neg(write(out, p, len));
	munmap(p, len);
	return through_file(out, n, buf, len);
}

/* --- Advice, and what it leaves in the cache -------------------------------- */

/*
 * Get a mapping of what cannot be mapped.  Where somebody manages, this asks,
 * too, and there is no such mapping.
 */
#define GROW(_p, _old, _new) \
	do { \
		(_p) = mremap(_p, _old, _new, MREMAP_MAYMOVE); \
		if (places[variant->place].managed) { \
			EXPECT_EQ(MAP_FAILED, _p); \
			EXPECT_EQ(EIO, errno); \
			return; \
		} \
		ASSERT_NE(MAP_FAILED, _p); \
	} while (0)

TEST_F(guard, advice)
{
	unsigned char *buf = poisoned(324 * KIB);
	char *p;

	/* May fail or not; the teardown looks at what it left. */
	readahead(self->fd, 0, self->m.size);
	posix_fadvise(self->fd, 0, 0, POSIX_FADV_WILLNEED);
	posix_fadvise(self->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	for (off_t pos = 0; pos < self->m.size; pos += 4096)
		reader_range(_metadata, self, reader_pread, pos, 4096);

	p = mmap(NULL, GRAIN, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	GROW(p, GRAIN, 5 * GRAIN);
	madvise(p, 5 * GRAIN, MADV_WILLNEED);
	madvise(p, 5 * GRAIN, MADV_SEQUENTIAL);
	madvise(p, 5 * GRAIN, MADV_POPULATE_READ);
	for (int i = 0; i < 5; i++) {
		ssize_t n = touch_copy(buf, p + i * GRAIN, GRAIN);

		EXPECT_EQ(i & 1 ? -EFAULT : GRAIN, n);
	}
	munmap(p, 5 * GRAIN);
	free(buf);
}

/*
 * A read of the last resident page reads ahead into what is offline.  A fault
 * on the resident side of the edge then maps whatever is around it.
 */
TEST_F(guard, fault_around)
{
	unsigned char *buf = poisoned(4096);
	char *p;

	posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED);
	p = mmap(NULL, GRAIN, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	for (off_t pos = 0; pos < GRAIN; pos += 4096)
		reader_range(_metadata, self, reader_pread, pos, 4096);
	GROW(p, GRAIN, 2 * GRAIN);

	ASSERT_EQ(4096, touch_copy(buf, p + GRAIN - 4096, 4096));
	EXPECT_EQ(NULL, model_judge(&self->m, buf, GRAIN - 4096, 4096, 4096));
	EXPECT_EQ(-EFAULT, touch_copy(buf, p + GRAIN, 4096));
	EXPECT_EQ(-EFAULT, touch_copy(buf, p + GRAIN + 4096, 4096));
	EXPECT_EQ(4096, touch_copy(buf, p, 4096));
	munmap(p, 2 * GRAIN);
	free(buf);
}

TEST_F(guard, cache_holds_nothing_offline)
{
	unsigned char vec[16];
	char *p;

	readahead(self->fd, 0, self->m.size);
	reader_range(_metadata, self, reader_read, 0, 128 * KIB);
	dm_sleep_ms(50);
	p = mmap(NULL, GRAIN, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	GROW(p, GRAIN, 2 * GRAIN);
	/* mincore() tells of pages that are up to date */
	ASSERT_EQ(0, mincore(p + GRAIN, GRAIN, vec));
	for (int i = 0; i < 16; i++)
		EXPECT_EQ(0, vec[i] & 1);
	ASSERT_EQ(0, mincore(p, GRAIN, vec));
	for (int i = 0; i < 16; i++)
		EXPECT_EQ(1, vec[i] & 1);
	munmap(p, 2 * GRAIN);
}

/* A mapping that reaches over the edge is refused when it is made. */
TEST_F(guard, map_over_the_edge)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * GRAIN, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, self->fd, GRAIN));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
				   self->fd, 2 * GRAIN - 4096));
	EXPECT_EQ(EIO, errno);
}

/* remap_file_pages() makes a mapping without mmap(). */
TEST_F(guard, remap_file_pages)
{
	unsigned char buf[4096];
	char *p = mmap(NULL, GRAIN, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	if (!syscall(__NR_remap_file_pages, p, 4096, 0, GRAIN / 4096, 0)) {
		EXPECT_EQ(-EFAULT, touch_copy(buf, p, 4096));
	}
	munmap(p, GRAIN);
}

TEST_F(guard, exec)
{
	struct model m = { .size = 0 };
	struct stat st;
	int status;
	pid_t pid;

	/* The program's first page is there, the others are not. */
	ASSERT_EQ(0, run("cp /bin/true %s && chmod 755 %s", self->other, self->other));
	ASSERT_EQ(0, stat(self->other, &st));
	ASSERT_EQ(0, run("sync && fallocate -p -o 4096 -l %lld %s",
			 (long long)st.st_size, self->other));
	m.size = st.st_size;
	model_set(&m, 4096, m.size, OFFLINE);
	struct record rec = record_of(&m);

	ASSERT_EQ(0, record_set(self->other, &rec, 0));
	pid = fork();
	if (!pid) {
		execl(self->other, self->other, NULL);
		_exit(errno == EIO ? 99 : 98);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	/* EIO from exec; or too late for that, and the program is killed */
	EXPECT_TRUE((WIFEXITED(status) && WEXITSTATUS(status) == 99) ||
		    WIFSIGNALED(status))
	{
		TH_LOG("status 0x%x", status);
	}

	/* And with the header gone as well */
	model_set(&m, 0, m.size, OFFLINE);
	rec = record_of(&m);
	ASSERT_EQ(0, run("fallocate -p -o 0 -l 4096 %s 2> /dev/null", self->other));
	ASSERT_EQ(0, record_set(self->other, &rec, 0));
	pid = fork();
	if (!pid) {
		execl(self->other, self->other, NULL);
		_exit(errno == EIO ? 99 : 98);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 99);
}

TEST_F(guard, swapon)
{
	/* A swap file whose header is resident, and one whose is not. */
	ASSERT_EQ(0, run("fallocate -l 2M %s && chmod 600 %s && mkswap -q %s > /dev/null && "
			 "sync && fallocate -p -o 1M -l 1M %s",
			 self->other, self->other, self->other, self->other));
	struct span s = { 1024 * KIB, 2048 * KIB };
	struct record rec = record_make(NULL, 0, &s, 1);

	ASSERT_EQ(0, record_set(self->other, &rec, 0));
	EXPECT_EQ(-1, swapon(self->other, 0));
	EXPECT_TRUE(errno == EBUSY || errno == EIO)
	{
		TH_LOG("%s", strerror(errno));
	}
	EXPECT_EQ(-1, swapon(self->path, 0));
	EXPECT_TRUE(errno == EBUSY || errno == EIO || errno == EINVAL);
}

/* A loop device's bytes are an image's. */
TEST_F(guard, loop_device)
{
	char dev[40] = "";
	FILE *f;
	char cmd[200];

	snprintf(cmd, sizeof(cmd), "losetup -r -f --show %s", self->path);
	f = popen(cmd, "r");
	ASSERT_NE(NULL, f);
	if (fscanf(f, "%39s", dev) != 1)
		dev[0] = 0;
	ASSERT_EQ(0, pclose(f));
	for (int direct = 0; direct < 2; direct++) {
		int fd = open(dev, O_RDONLY | (direct ? O_DIRECT : 0));
		unsigned char *buf = poisoned(4096);

		ASSERT_LE(0, fd);
		for (off_t pos = 0; pos < 5 * GRAIN; pos += 4096) {
			ssize_t n;
			const char *why;

			memset(buf, POISON, 4096);
			n = neg(pread(fd, buf, 4096, pos));
			why = model_judge(&self->m, buf, pos, 4096, n);
			EXPECT_EQ(NULL, why)
			{
				TH_LOG("direct %d: %s", direct, why);
			}
		}
		close(fd);
		free(buf);
	}
	EXPECT_EQ(0, run("losetup -d %s", dev));
}

/* --- Where data is ----------------------------------------------------------- */

TEST_F(guard, seek)
{
	off_t end = self->m.size;

	for (off_t pos = 0; pos < end; pos += 3 * KIB + 11) {
		EXPECT_EQ(pos, lseek(self->fd, pos, SEEK_DATA));
		EXPECT_EQ(end, lseek(self->fd, pos, SEEK_HOLE));
	}
	/* A real hole beside it stays one. */
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       2 * GRAIN, GRAIN));
	model_set(&self->m, 2 * GRAIN, 3 * GRAIN, ZEROS);
	EXPECT_EQ(2 * GRAIN, lseek(self->fd, 0, SEEK_HOLE));
	EXPECT_EQ(3 * GRAIN, lseek(self->fd, 2 * GRAIN, SEEK_DATA));
	EXPECT_EQ(end, lseek(self->fd, 3 * GRAIN, SEEK_HOLE));
}

TEST_F(guard, fiemap)
{
	struct {
		struct fiemap fm;
		struct fiemap_extent e[40];
	} map;
	struct fiemap *fm = &map.fm;
	uint64_t pos;

	for (int sync = 0; sync < 2; sync++) {
		memset(&map, 0, sizeof(map));
		fm->fm_length = FIEMAP_MAX_OFFSET;
		fm->fm_flags = sync ? FIEMAP_FLAG_SYNC : 0;
		fm->fm_extent_count = 40;
		ASSERT_EQ(0, ioctl(self->fd, FS_IOC_FIEMAP, &map));
		ASSERT_LT(0, fm->fm_mapped_extents);
		pos = 0;
		for (unsigned int i = 0; i < fm->fm_mapped_extents; i++) {
			struct fiemap_extent *e = &map.fm.fm_extents[i];

			/* no gap, and what is offline has no place */
			EXPECT_EQ(pos, e->fe_logical);
			EXPECT_EQ(model_unit(&self->m, e->fe_logical) == OFFLINE,
				  !!(e->fe_flags & FIEMAP_EXTENT_UNKNOWN));
			pos = e->fe_logical + e->fe_length;
		}
		EXPECT_LE((uint64_t)self->m.size, pos);
	}
}

TEST_F(guard, fibmap)
{
	for (int block = 0; block < 20; block++) {
		int b = block * 16;

		if (!ioctl(self->fd, FIBMAP, &b)) {
			EXPECT_EQ(0, b);
		}
	}
}

/* --- Sharing and exchanging --------------------------------------------------- */

TEST_F(guard, clone_whole)
{
	int out = open(self->other, O_RDWR | O_CREAT, 0600);
	struct stat st;

	EXPECT_EQ(-1, ioctl(out, FICLONE, self->fd));
	EXPECT_EQ(EIO, errno);
	ASSERT_EQ(0, fstat(out, &st));
	EXPECT_EQ(0, st.st_size);
	close(out);
}

TEST_F(guard, clone_over)
{
	int in = open(self->other, O_RDWR | O_CREAT, 0600);
	struct file_clone_range fcr = { .src_fd = in, .src_length = GRAIN };
	static char zeros[GRAIN];

	ASSERT_EQ(GRAIN, pwrite(in, zeros, GRAIN, 0));
	fcr.dest_offset = GRAIN;
	EXPECT_EQ(-1, ioctl(self->fd, FICLONERANGE, &fcr));
	EXPECT_EQ(EIO, errno);
	fcr.dest_offset = 2 * GRAIN - 4096;
	EXPECT_EQ(-1, ioctl(self->fd, FICLONERANGE, &fcr));
	EXPECT_EQ(EIO, errno);
	/* within the file onto itself */
	fcr.src_fd = self->fd;
	fcr.dest_offset = GRAIN;
	EXPECT_EQ(-1, ioctl(self->fd, FICLONERANGE, &fcr));
	EXPECT_EQ(EIO, errno);
	/* resident bytes onto resident bytes */
	fcr.src_fd = in;
	fcr.dest_offset = 2 * GRAIN;
	EXPECT_EQ(0, ioctl(self->fd, FICLONERANGE, &fcr));
	model_set(&self->m, 2 * GRAIN, 3 * GRAIN, ZEROS);
	close(in);
}

/* Equal zeros would be said to be the same. */
TEST_F(guard, dedupe)
{
	int in = open(self->other, O_RDWR | O_CREAT, 0600);
	struct {
		struct file_dedupe_range r;
		struct file_dedupe_range_info i;
	} d;
	struct { int src; off_t from; int dst; off_t to; } c[] = {
		{ in, 0, self->fd, GRAIN },
		{ self->fd, GRAIN, in, 0 },
		{ self->fd, GRAIN, self->fd, 3 * GRAIN },
		{ in, 0, self->fd, 2 * GRAIN - 4096 },
	};

	ASSERT_EQ(0, ftruncate(in, GRAIN));
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		memset(&d, 0, sizeof(d));
		d.r.src_offset = c[i].from;
		d.r.src_length = GRAIN;
		d.r.dest_count = 1;
		d.i.dest_fd = c[i].dst;
		d.i.dest_offset = c[i].to;
		if (!ioctl(c[i].src, FIDEDUPERANGE, &d)) {
			EXPECT_EQ(-EIO, d.i.status)
			{
				TH_LOG("case %zu", i);
			}
			EXPECT_EQ(0, d.i.bytes_deduped);
		} else {
			EXPECT_EQ(EIO, errno);
		}
	}
	close(in);
}

struct exchange_range {
	int32_t file1_fd;
	uint32_t pad;
	uint64_t file1_offset;
	uint64_t file2_offset;
	uint64_t length;
	uint64_t flags;
};

#define IOC_EXCHANGE_RANGE	_IOW('X', 129, struct exchange_range)

TEST_F(guard, exchange_range)
{
	int in = open(self->other, O_RDWR | O_CREAT, 0600);
	struct exchange_range x = { .file1_fd = in, .length = GRAIN };

	ASSERT_EQ(0, ftruncate(in, self->m.size));
	for (int i = 0; i < 5; i++) {
		x.file1_offset = x.file2_offset = i * GRAIN;
		EXPECT_EQ(-1, ioctl(self->fd, IOC_EXCHANGE_RANGE, &x));
		EXPECT_TRUE(errno == EBUSY || errno == EOPNOTSUPP);
		x.file1_fd = self->fd;
		EXPECT_EQ(-1, ioctl(in, IOC_EXCHANGE_RANGE, &x));
		EXPECT_TRUE(errno == EBUSY || errno == EOPNOTSUPP);
		x.file1_fd = in;
	}
	close(in);
}

/* As in xfs_fs.h, which need not be installed. */
struct swapext {
	int64_t		version, fdtarget, fdtmp, offset, length;
	char		pad[16];
	struct bstat	stat;
};

#define IOC_SWAPEXT	_IOWR('X', 109, struct swapext)

TEST_F(guard, swapext)
{
	int tmp = open(self->other, O_RDWR | O_CREAT, 0600);

	ASSERT_EQ(0, ftruncate(tmp, self->m.size));
	ASSERT_EQ(0, fsync(self->fd));
	for (int i = 0; i < 2; i++) {
		struct swapext x = {
			.fdtarget = i ? tmp : self->fd,
			.fdtmp = i ? self->fd : tmp,
			.length = self->m.size,
		};

		ASSERT_EQ(0, bulkstat(self->dir, i ? self->other : self->path, &x.stat));
		EXPECT_EQ(-1, ioctl(self->fd, IOC_SWAPEXT, &x));
		EXPECT_EQ(EBUSY, errno);
	}
	close(tmp);
	/* It says nothing and exits 0 in any case: the teardown looks. */
	run("xfs_fsr -v %s > /dev/null 2>&1", self->path);
}

/* --- Writers ------------------------------------------------------------------- */

/* Writes something at @pos: bytes or a negated errno. */
typedef ssize_t writer_t(FIXTURE_DATA(guard) *self, unsigned char *buf,
			 off_t pos, size_t len);

static void writer_refused(FIX, writer_t *writer, off_t pos, size_t len)
{
	unsigned char *buf = poisoned(len);
	ssize_t n;

	memset(buf, 0x77, len);
	n = writer(self, buf, pos, len);
	EXPECT_EQ(-EIO, n)
	{
		TH_LOG("write to [%lld, +%zu)", (long long)pos, len);
	}
	free(buf);
}

static void writer_allowed(FIX, writer_t *writer, off_t pos, size_t len)
{
	unsigned char *buf = poisoned(len);

	dm_fill(buf, pos, len, DM_SEED);
	EXPECT_EQ((ssize_t)len, writer(self, buf, pos, len))
	{
		TH_LOG("write to [%lld, +%zu)", (long long)pos, len);
	}
	free(buf);
}

static void writer_ranges(FIX, writer_t *writer, bool odd)
{
	writer_refused(_metadata, self, writer, GRAIN, 4096);
	writer_refused(_metadata, self, writer, 2 * GRAIN - 4096, 4096);
	writer_refused(_metadata, self, writer, GRAIN, GRAIN);
	writer_refused(_metadata, self, writer, GRAIN - 4096, 8192);
	writer_refused(_metadata, self, writer, 2 * GRAIN - 4096, 8192);
	writer_refused(_metadata, self, writer, 0, 5 * GRAIN);
	if (odd) {
		writer_refused(_metadata, self, writer, GRAIN, 1);
		writer_refused(_metadata, self, writer, GRAIN + 4097, 100);
		writer_refused(_metadata, self, writer, GRAIN - 1, 2);
		writer_refused(_metadata, self, writer, 2 * GRAIN - 1, 1);
	}
	/* neighbours */
	writer_allowed(_metadata, self, writer, GRAIN - 4096, 4096);
	writer_allowed(_metadata, self, writer, 2 * GRAIN, 4096);
	if (odd) {
		writer_allowed(_metadata, self, writer, GRAIN - 1, 1);
		writer_allowed(_metadata, self, writer, 2 * GRAIN, 1);
		writer_allowed(_metadata, self, writer, 2 * GRAIN + 5000, 3);
	}
}

#define WRITER(_name, _odd) \
	static writer_t writer_##_name; \
	TEST_F(guard, write_##_name) \
	{ \
		writer_ranges(_metadata, self, writer_##_name, _odd); \
	} \
	static ssize_t writer_##_name(FIXTURE_DATA(guard) *self, \
				      unsigned char *buf, off_t pos, size_t len)

WRITER(write, true)
{
	lseek(self->fd, pos, SEEK_SET);
	return neg(write(self->fd, buf, len));
}

WRITER(pwrite, true)
{
	return neg(pwrite(self->fd, buf, len, pos));
}

WRITER(pwritev2_nowait, true)
{
	struct iovec iov = { buf, len };
	ssize_t n = neg(pwritev2(self->fd, &iov, 1, pos, RWF_NOWAIT));

	return n == -EAGAIN ? neg(pwritev2(self->fd, &iov, 1, pos, RWF_DSYNC)) : n;
}

WRITER(direct, false)
{
	return neg(pwrite(self->dfd, buf, len, pos));
}

/* Not a whole block: shares or does not share the lock. */
WRITER(direct_512, false)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = neg(pwrite(self->dfd, buf + done, 512, pos + done));

		/* The part before the edge is written: look at the rest. */
		if (n < 0 && done) {
			dm_fill(buf, pos, done, DM_SEED);
			if (pwrite(self->dfd, buf, done, pos) != (ssize_t)done)
				return -EPROTO;
		}
		if (n < 0)
			return n;
		done += n;
	}
	return done;
}

WRITER(aio, true)
{
	return aio_rw(IOCB_CMD_PWRITE, self->fd, buf, pos, len);
}

WRITER(aio_direct, false)
{
	return aio_rw(IOCB_CMD_PWRITE, self->dfd, buf, pos, len);
}

WRITER(uring, true)
{
	return ring_rw(IORING_OP_WRITE, self->fd, buf, pos, len, false, 0);
}

WRITER(uring_direct, false)
{
	return ring_rw(IORING_OP_WRITE, self->dfd, buf, pos, len, false, 0);
}

WRITER(uring_fixed, true)
{
	return ring_rw(IORING_OP_WRITE_FIXED, self->fd, buf, pos, len, true, 0);
}

WRITER(copy_file_range, true)
{
	int same = open(self->other, O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t from = 0, to = pos;
	ssize_t n;

	/* What comes before the edge may be copied. */
	dm_fill(buf, pos, model_clear(&self->m, pos, len), DM_SEED);
	if (pwrite(same, buf, len, 0) != (ssize_t)len)
		return -EPROTO;
	n = neg(copy_file_range(same, &from, self->fd, &to, len, 0));
	close(same);
	if (n > 0 && n < (ssize_t)len && n <= (ssize_t)model_clear(&self->m, pos, len))
		return -EIO;
	return n;
}

WRITER(sendfile, false)
{
	int in = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	off_t from = 0;
	ssize_t n;

	/* It writes what comes before the edge, and that is well. */
	dm_fill(buf, pos, model_clear(&self->m, pos, len), DM_SEED);
	if (pwrite(in, buf, len, 0) != (ssize_t)len)
		return -EPROTO;
	lseek(self->fd, pos, SEEK_SET);
	n = neg(sendfile(self->fd, in, &from, len));
	close(in);
	if (n >= 0 && n <= (ssize_t)model_clear(&self->m, pos, len) && n < (ssize_t)len)
		return -EIO;
	return n;
}

WRITER(splice, false)
{
	size_t done = 0;
	ssize_t n;
	int p[2];

	if (pipe(p))
		return -errno;
	dm_fill(buf, pos, model_clear(&self->m, pos, len), DM_SEED);
	do {
		size_t want = len - done > 4096 ? 4096 : len - done;
		loff_t to = pos + done;

		if (write(p[1], buf + done, want) != (ssize_t)want)
			return -EPROTO;
		n = neg(splice(p[0], NULL, self->fd, &to, want, 0));
		if (n > 0)
			done += n;
	} while (n > 0 && done < len);
	close(p[0]);
	close(p[1]);
	return n < 0 ? n : (ssize_t)done;
}

WRITER(clone, false)
{
	int in = open(self->other, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct file_clone_range fcr = {
		.src_fd = in, .src_length = len, .dest_offset = pos,
	};
	ssize_t n;

	if (pwrite(in, buf, len, 0) != (ssize_t)len)
		return -EPROTO;
	n = neg(ioctl(self->fd, FICLONERANGE, &fcr));
	close(in);
	return n ? : (ssize_t)len;
}

WRITER(map, true)
{
	off_t first = pos & ~4095LL;
	size_t size = len + (pos - first);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, first);
	ssize_t n;

	if (p == MAP_FAILED)
		return -errno;
	n = touch_copy(p + (pos - first), buf, len);
	munmap(p, size);
	return n;
}

/* Stores through a mapping that grew over the edge. */
TEST_F(guard, store_behind_mremap)
{
	char *p = mmap(NULL, GRAIN, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	char x[4096] = "x";

	ASSERT_NE(MAP_FAILED, p);
	GROW(p, GRAIN, 3 * GRAIN);
	EXPECT_EQ(-EFAULT, touch_copy(p + GRAIN, x, 1));
	EXPECT_EQ(-EFAULT, touch_copy(p + 2 * GRAIN - 1, x, 1));
	/* private copies begin with the page's bytes */
	EXPECT_EQ(-1, pwrite(self->fd, p + GRAIN, 100, 0));
	EXPECT_EQ(EFAULT, errno);
	munmap(p, 3 * GRAIN);
}

TEST_F(guard, fallocate)
{
	const struct { int mode; off_t pos; off_t len; } bad[] = {
		{ 0, GRAIN, 4096 },
		{ 0, 0, 5 * GRAIN },
		{ 0, GRAIN + 5000, 1 },
		{ FALLOC_FL_KEEP_SIZE, GRAIN, GRAIN },
		{ FALLOC_FL_KEEP_SIZE, GRAIN - 4096, 8192 },
		{ FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, GRAIN, GRAIN },
		{ FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 5 * GRAIN },
		{ FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, GRAIN + 100, 50 },
		{ FALLOC_FL_ZERO_RANGE, GRAIN, GRAIN },
		{ FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, GRAIN + 100, 50 },
		{ FALLOC_FL_ZERO_RANGE, 0, 8 * GRAIN },
		{ FALLOC_FL_UNSHARE_RANGE, GRAIN, GRAIN },
		{ FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE, 0, 5 * GRAIN },
		{ FALLOC_FL_COLLAPSE_RANGE, 0, GRAIN },
		{ FALLOC_FL_COLLAPSE_RANGE, GRAIN, GRAIN },
		{ FALLOC_FL_COLLAPSE_RANGE, 2 * GRAIN, GRAIN },
		{ FALLOC_FL_INSERT_RANGE, 0, GRAIN },
		{ FALLOC_FL_INSERT_RANGE, GRAIN, GRAIN },
		{ FALLOC_FL_INSERT_RANGE, 2 * GRAIN, GRAIN },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		EXPECT_EQ(-1, fallocate(self->fd, bad[i].mode, bad[i].pos, bad[i].len))
		{
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(!places[variant->place].managed && i >= 13 ? EBUSY : EIO, errno)
		{
			TH_LOG("case %zu: %s", i, strerror(errno));
		}
	}

	/* neighbours */
	EXPECT_EQ(0, fallocate(self->fd, 0, 0, GRAIN));
	EXPECT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       GRAIN - 4096, 4096));
	EXPECT_EQ(0, fallocate(self->fd, FALLOC_FL_ZERO_RANGE, 2 * GRAIN, 4096));
	model_set(&self->m, GRAIN - 4096, GRAIN, ZEROS);
	model_set(&self->m, 2 * GRAIN, 2 * GRAIN + 4096, ZEROS);
}

TEST_F(guard, truncate)
{
	/* inside an offline block there is no page to zero the rest of */
	const off_t bad[] = { GRAIN + 1, GRAIN + 1000, 2 * GRAIN - 1, 3 * GRAIN + 5000 };

	ALLOW_RESIDENT();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-1, ftruncate(self->fd, bad[i]));
		EXPECT_EQ(EIO, errno);
		EXPECT_EQ(-1, truncate(self->path, bad[i]));
		EXPECT_EQ(EIO, errno);
	}
	/* where a resident tail is zeroed, it may grow */
	ASSERT_EQ(0, ftruncate(self->fd, 6 * GRAIN));
	model_set(&self->m, 5 * GRAIN + KIB, 6 * GRAIN, ZEROS);
	self->m.size = 5 * GRAIN + 1000;
	ASSERT_EQ(0, ftruncate(self->fd, 5 * GRAIN + 1000));

	/* what is cut off comes back as zeros, and only that */
	ASSERT_EQ(0, ftruncate(self->fd, 3 * GRAIN + 8192));
	ASSERT_EQ(0, ftruncate(self->fd, 3 * GRAIN));
	ASSERT_EQ(0, ftruncate(self->fd, 5 * GRAIN));
	self->m.size = 5 * GRAIN;
	model_set(&self->m, 3 * GRAIN, 5 * GRAIN, ZEROS);
	ASSERT_EQ(NULL, model_verify(&self->m, self->path));
	EXPECT_EQ(4 * GRAIN, pwrite(self->fd, poisoned(4 * GRAIN), 4 * GRAIN, 5 * GRAIN));
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	ASSERT_EQ(0, ftruncate(self->fd, 5 * GRAIN));
	model_set(&self->m, 0, 5 * GRAIN, ZEROS);
}

TEST_F(guard, open_truncate)
{
	int fd = open(self->path, O_RDWR | O_TRUNC);

	ALLOW_RESIDENT();
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, ftruncate(self->fd, 5 * GRAIN));
	self->m.size = 5 * GRAIN;
	model_set(&self->m, 0, 5 * GRAIN, ZEROS);
}

TEST_F(guard, append_to_resident_tail)
{
	int fd = open(self->path, O_WRONLY | O_APPEND);
	unsigned char buf[5000];

	dm_fill(buf, self->m.size, sizeof(buf), DM_SEED);
	ASSERT_EQ(sizeof(buf), write(fd, buf, sizeof(buf)));
	self->m.size += sizeof(buf);
	close(fd);
}

/* --- Files that end offline ---------------------------------------------------- */

static void tail_make(FIX, struct model *m, off_t size)
{
	memset(m, 0, sizeof(*m));
	m->size = size;
	model_set(m, GRAIN, size, OFFLINE);
	ASSERT_EQ(0, model_plant(m, self->other));
}

TEST_F(guard, tail_grows)
{
	unsigned char *buf = poisoned(8192);
	struct model m;
	int fd, dfd;

	/* in the midst of a block: nothing may come behind it */
	tail_make(_metadata, self, &m, 2 * GRAIN + 1000);
	fd = open(self->other, O_RDWR);
	dfd = open(self->other, O_RDWR | O_DIRECT);
	EXPECT_EQ(-1, ftruncate(fd, 3 * GRAIN));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, pwrite(fd, buf, 10, 2 * GRAIN + 1000));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, pwrite(fd, buf, 10, 4 * GRAIN));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, pwrite(dfd, buf, 4096, 4 * GRAIN));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, fallocate(fd, 0, 4 * GRAIN, GRAIN));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, fallocate(fd, FALLOC_FL_ZERO_RANGE, 4 * GRAIN, GRAIN));
	EXPECT_EQ(EIO, errno);
	close(fd);
	fd = open(self->other, O_RDWR | O_APPEND);
	EXPECT_EQ(-1, write(fd, buf, 10));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(NULL, model_verify(&m, self->other));
	close(fd);
	close(dfd);
	free(buf);
}

TEST_F(guard, tail_cut)
{
	struct model m;
	int fd;

	tail_make(_metadata, self, &m, 3 * GRAIN);
	fd = open(self->other, O_RDWR);
	/* at a block's end: honest zeros come behind it, offline stays so */
	ASSERT_EQ(0, ftruncate(fd, 2 * GRAIN));
	ASSERT_EQ(0, ftruncate(fd, 3 * GRAIN + 10));
	m.size = 3 * GRAIN + 10;
	model_set(&m, 2 * GRAIN, m.size, ZEROS);
	EXPECT_EQ(NULL, model_verify(&m, self->other));
	close(fd);
	ASSERT_EQ(0, run("sync && echo 3 > /proc/sys/vm/drop_caches"));
	EXPECT_EQ(NULL, model_verify(&m, self->other));
}

/* The same by writes that jump over the end, which share a lock otherwise. */
TEST_F(guard, tail_jump)
{
	struct model m;
	int fd;

	for (int direct = 0; direct < 2; direct++) {
		unsigned char *buf = poisoned(4096);

		tail_make(_metadata, self, &m, 3 * GRAIN);
		fd = open(self->other, O_RDWR | (direct ? O_DIRECT : 0));
		ASSERT_EQ(0, ftruncate(fd, 2 * GRAIN));
		dm_fill(buf, 3 * GRAIN, 4096, DM_SEED);
		ASSERT_EQ(4096, pwrite(fd, buf, 4096, 3 * GRAIN));
		m.size = 3 * GRAIN + 4096;
		model_set(&m, 2 * GRAIN, 3 * GRAIN, ZEROS);
		model_set(&m, 3 * GRAIN, m.size, RESIDENT);
		EXPECT_EQ(NULL, model_verify(&m, self->other));
		close(fd);
		free(buf);
	}
}

/* --- Zeros and data that come to lie in a span --------------------------------- */

/*
 * A span may cover more than is offline.  Bytes that are there are the user's:
 * what he punches or zeroes are zeros from then on.
 */
TEST_F(guard, punch_in_span)
{
	struct span s = { 0, 5 * GRAIN };
	struct record rec = record_make(NULL, 0, &s, 1);
	static char zeros[GRAIN];

	ASSERT_EQ(0, record_set(self->path, &rec, 0));
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       8192, 8192));
	model_set(&self->m, 8192, 16384, ZEROS);
	ASSERT_EQ(NULL, model_verify(&self->m, self->path))
	{
		TH_LOG("punch: %s", model_verify(&self->m, self->path));
	}
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_ZERO_RANGE, 2 * GRAIN, 8192));
	model_set(&self->m, 2 * GRAIN, 2 * GRAIN + 8192, ZEROS);
	ASSERT_EQ(NULL, model_verify(&self->m, self->path))
	{
		TH_LOG("zero: %s", model_verify(&self->m, self->path));
	}
	(void)zeros;
}

TEST_F(guard, clone_hole_in_span)
{
	struct span s = { 0, 5 * GRAIN };
	struct record rec = record_make(NULL, 0, &s, 1);
	int in = open(self->other, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct file_clone_range fcr = {
		.src_fd = in, .src_length = GRAIN, .dest_offset = 2 * GRAIN,
	};

	ASSERT_EQ(0, ftruncate(in, GRAIN));
	ASSERT_EQ(0, record_set(self->path, &rec, 0));
	ASSERT_EQ(0, ioctl(self->fd, FICLONERANGE, &fcr));
	model_set(&self->m, 2 * GRAIN, 3 * GRAIN, ZEROS);
	close(in);
}

/*
 * A page holds a resident block and offline ones.  A hole cloned onto the first
 * must not take the span from the others.
 */
TEST_F(guard, clone_hole_in_page)
{
	struct model m = { .size = 3 * GRAIN };
	char path[PATH_MAX + 8];
	struct file_clone_range fcr = {
		.src_length = KIB, .dest_offset = GRAIN,
	};
	struct stat st;
	int fd;

	ASSERT_EQ(0, fstat(self->fd, &st));
	if (st.st_blksize != KIB && !(places[variant->place].mkfs &&
				      strstr(places[variant->place].mkfs, "1024")))
		return;
	snprintf(path, sizeof(path), "%s.page", self->path);
	model_set(&m, GRAIN + KIB, 2 * GRAIN, OFFLINE);
	ASSERT_EQ(0, model_plant(&m, path));
	fcr.src_fd = open(self->other, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ASSERT_EQ(0, ftruncate(fcr.src_fd, KIB));
	fd = open(path, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, ioctl(fd, FICLONERANGE, &fcr));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(NULL, model_verify(&m, path));
	close(fd);
	close(fcr.src_fd);
	unlink(path);
}

/* Space that is allocated and not written holds nothing. */
TEST_F(guard, unwritten)
{
	struct model m = { .size = 3 * GRAIN };
	struct record rec;
	int fd = open(self->other, O_RDWR | O_CREAT, 0600);

	ASSERT_EQ(0, fallocate(fd, 0, 0, m.size));
	model_set(&m, 0, GRAIN, ZEROS);
	model_set(&m, GRAIN, 2 * GRAIN, OFFLINE);
	model_set(&m, 2 * GRAIN, 3 * GRAIN, ZEROS);
	rec = record_of(&m);
	ASSERT_EQ(0, record_set(self->other, &rec, 0));
	EXPECT_EQ(NULL, model_verify(&m, self->other));
	close(fd);
}

/* Dirty pages over space that is only reserved, when the record comes. */
TEST_F(guard, delalloc)
{
	struct model m = { .size = 3 * GRAIN };
	struct record rec;
	unsigned char buf[8192];
	int fd = open(self->other, O_RDWR | O_CREAT, 0600);

	ASSERT_EQ(0, ftruncate(fd, m.size));
	dm_fill(buf, GRAIN, sizeof(buf), DM_SEED);
	ASSERT_EQ(sizeof(buf), pwrite(fd, buf, sizeof(buf), GRAIN));
	model_set(&m, 0, m.size, OFFLINE);
	rec = record_of(&m);
	ASSERT_EQ(0, record_set(self->other, &rec, 0));
	model_set(&m, GRAIN, GRAIN + 8192, RESIDENT);
	EXPECT_EQ(NULL, model_verify(&m, self->other));
	close(fd);
}

/* --- The record ------------------------------------------------------------------ */

TEST_F(guard, record_protects)
{
	struct model less = self->m;
	struct record rec;

	EXPECT_EQ(-1, removexattr(self->path, RECORD_NAME));
	EXPECT_EQ(EPERM, errno);
	model_set(&less, 3 * GRAIN, 4 * GRAIN, RESIDENT);
	rec = record_of(&less);
	EXPECT_EQ(-1, record_set(self->path, &rec, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, record_set(self->path, &rec, XATTR_REPLACE));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, record_set(self->path, &rec, XATTR_CREATE));
	EXPECT_EQ(EEXIST, errno);
	rec = record_make(NULL, 0, NULL, 0);
	EXPECT_EQ(-1, record_set(self->path, &rec, 0));
	EXPECT_EQ(EPERM, errno);

	/* More is welcome */
	model_set(&less, 0, self->m.size, OFFLINE);
	rec = record_of(&less);
	EXPECT_EQ(0, record_set(self->path, &rec, 0));
	EXPECT_EQ(0, record_set(self->path, &rec, XATTR_REPLACE));
	/* and can be taken back while nothing there is offline */
	rec = record_of(&self->m);
	EXPECT_EQ(-1, record_set(self->path, &rec, 0));
	EXPECT_EQ(EPERM, errno);
}

TEST_F(guard, record_mapped)
{
	struct record rec = record_of(&self->m);
	char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-1, record_set(self->path, &rec, 0));
	EXPECT_EQ(EBUSY, errno);
	munmap(p, 4096);
	EXPECT_EQ(0, record_set(self->path, &rec, 0));
}

TEST_F(guard, record_garbage)
{
	struct span s[2] = { { 0, GRAIN }, { 2 * GRAIN, 3 * GRAIN } };
	struct armed a = { GRAIN, GRAIN, 1 };
	struct record good = record_make(&a, 1, s, 2);
	struct record rec;

	ASSERT_EQ(0, run("echo x > %s", self->other));
#define REFUSED(_change) \
	do { \
		rec = good; \
		_change; \
		EXPECT_EQ(-1, record_set(self->other, &rec, 0)); \
		EXPECT_EQ(EINVAL, errno); \
		EXPECT_EQ(-1, record_set(self->path, &rec, 0)); \
		EXPECT_EQ(EINVAL, errno); \
	} while (0)
	REFUSED(rec.len = 0);
	REFUSED(rec.len = 15);
	REFUSED(rec.len -= 1);
	REFUSED(rec.len += 1);
	REFUSED(rec.len = 24);
	REFUSED(rec.bytes[0] ^= 1);		/* magic */
	REFUSED(rec.bytes[5] = 2);		/* version */
	REFUSED(rec.bytes[7] = 2);		/* flags */
	REFUSED(rec.bytes[8] = 0xff);		/* regions */
	REFUSED(rec.bytes[12] = 0xff);		/* spans */
	REFUSED(rec.bytes[16] = 0x80);		/* version of the data */
	REFUSED(rec.bytes[24] = 0x80);		/* region's offset */
	REFUSED(rec.bytes[32] = 0x7f; rec.bytes[24] = 0x7f);
	REFUSED(rec.bytes[43] = 8);		/* region's flags */
	REFUSED(rec.bytes[47] = 1);		/* region's padding */
	REFUSED(rec.bytes[48 + 8] = 0xff);	/* span's end */
	REFUSED(memset(rec.bytes + 48 + 8, 0, 8)); /* empty span */
	REFUSED(memcpy(rec.bytes + 64, rec.bytes + 48 + 8, 8)); /* touching */
	REFUSED(memcpy(rec.bytes + 64, rec.bytes + 48, 16)); /* same */
#undef REFUSED
	/* and it is a file's, not a directory's */
	EXPECT_EQ(-1, record_set(self->dir, &good, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, run("cd %s && ! setfattr -h -n %s -v 0x00 nothing 2> /dev/null",
			 self->dir, RECORD_NAME));
}

TEST_F(guard, record_without_offline_bytes)
{
	struct span s = { 0, GRAIN };
	struct record rec = record_make(NULL, 0, &s, 1);
	struct model m = { .size = 2 * GRAIN };
	int fd = open(self->other, O_RDWR | O_CREAT, 0600);

	ASSERT_EQ(0, model_write(&m, fd, true));
	EXPECT_EQ(-1, removexattr(self->other, RECORD_NAME));
	EXPECT_EQ(ENODATA, errno);
	EXPECT_EQ(-1, record_set(self->other, &rec, XATTR_REPLACE));
	EXPECT_EQ(ENODATA, errno);
	EXPECT_EQ(0, record_set(self->other, &rec, XATTR_CREATE));
	EXPECT_EQ(NULL, model_verify(&m, self->other));
	EXPECT_EQ(0, removexattr(self->other, RECORD_NAME));
	EXPECT_EQ(-1, removexattr(self->other, RECORD_NAME));
	EXPECT_EQ(ENODATA, errno);
	EXPECT_EQ(NULL, model_verify(&m, self->other));
	close(fd);
}

/* The tool that goes round the VFS. */
TEST_F(guard, record_by_handle)
{
	/* xfs_io has no command for it; xfs_fsr and xfsdump use the ioctl. */
	struct {
		uint32_t opcode;
		int32_t error;
		void *name;
		void *value;
		uint32_t length;
		uint32_t flags;
	} op = { 3, 0, (void *)"XDSM_RECORD", NULL, 0, 2 /* ROOT */ };
	struct {
		int fd;
		void *path;
		uint32_t oflags;
		void *ihandle;
		uint32_t ihandlen;
		void *ohandle;
		uint32_t *ohandlen;
	} h = { .fd = self->fd };
	struct {
		typeof(h) hreq;
		uint32_t opcount;
		void *ops;
	} am;
	unsigned char handle[64];
	uint32_t len = sizeof(handle);
	int dir = open(self->dir, O_RDONLY | O_DIRECTORY);
	struct record rec = record_make(NULL, 0, NULL, 0);

	h.ohandle = handle;
	h.ohandlen = &len;
	ASSERT_EQ(0, ioctl(self->fd, _IOWR('X', 106, typeof(h)), &h));
	memset(&am, 0, sizeof(am));
	am.hreq.ihandle = handle;
	am.hreq.ihandlen = len;
	am.opcount = 1;
	am.ops = &op;
	ASSERT_EQ(0, ioctl(dir, _IOW('X', 123, typeof(am)), &am));
	EXPECT_EQ(-EPERM, op.error);
	op.opcode = 2;
	op.value = rec.bytes;
	op.length = rec.len;
	op.error = 0;
	ASSERT_EQ(0, ioctl(dir, _IOW('X', 123, typeof(am)), &am));
	EXPECT_EQ(-EPERM, op.error);
	close(dir);
}

/* Copies of the record are as good as the original. */
TEST_F(guard, record_copied)
{
	struct record rec = { .len = 0 };
	ssize_t n = getxattr(self->path, RECORD_NAME, rec.bytes, sizeof(rec.bytes));
	int fd;

	ASSERT_LT(16, n);
	rec.len = n;
	fd = open(self->other, O_RDWR | O_CREAT, 0600);
	ASSERT_EQ(0, model_write(&self->m, fd, false));
	ASSERT_EQ(0, record_set(self->other, &rec, 0));
	EXPECT_EQ(NULL, model_verify(&self->m, self->other));
	close(fd);
}

/* --- Memory, remount, repair, and what others do to the disk --------------------- */

TEST_F(guard, inode_evicted)
{
	close(self->fd);
	close(self->dfd);
	ASSERT_EQ(0, run("sync && echo 3 > /proc/sys/vm/drop_caches"));
	ASSERT_EQ(NULL, model_verify(&self->m, self->path));
	ASSERT_EQ(0, run("echo 3 > /proc/sys/vm/drop_caches"));
	/* truncate by path needs no open */
	EXPECT_EQ(-1, truncate(self->path, GRAIN + 1));
	EXPECT_EQ(EIO, errno);
	self->fd = self->dfd = -1;
}

/* A file system of its own, which is unmounted and looked at with xfs_db. */
FIXTURE(disk)
{
	struct model m;
	char path[100];
	const char *opt;
	unsigned long ino;
};

FIXTURE_VARIANT(disk)
{
	const char *opt;
};

FIXTURE_VARIANT_ADD(disk, managed) { .opt = "dmapi" };
FIXTURE_VARIANT_ADD(disk, plain) { .opt = "defaults" };

#define DISK_IMG	"/tmp/disk.img"
#define DISK_DIR	"/mnt/disk"

static int disk_mount(const char *opt)
{
	if (run("mount -o loop,%s %s %s", opt, DISK_IMG, DISK_DIR))
		return -1;
	return strcmp(opt, "dmapi") ? 0 : policy_set(DISK_DIR, "data_policy", "fail");
}

static int disk_umount(void)
{
	return run("umount %s", DISK_DIR);
}

static int disk_db(unsigned long ino, const char *cmds)
{
	return run("xfs_db -x -c 'inode %lu' %s %s > /tmp/db.out 2>&1", ino, cmds,
		   DISK_IMG);
}

FIXTURE_SETUP(disk)
{
	struct stat st;

	self->opt = variant->opt;
	self->m = model_usual();
	snprintf(self->path, sizeof(self->path), "%s/f", DISK_DIR);
	ASSERT_EQ(0, run("mkdir -p %s; umount %s 2> /dev/null; rm -f %s; truncate -s 320M %s && "
			 "mkfs.xfs -q -f %s", DISK_DIR, DISK_DIR, DISK_IMG, DISK_IMG,
			 DISK_IMG));
	ASSERT_EQ(0, disk_mount(self->opt));
	ASSERT_EQ(0, model_plant(&self->m, self->path));
	ASSERT_EQ(0, stat(self->path, &st));
	self->ino = st.st_ino;
}

FIXTURE_TEARDOWN(disk)
{
	run("umount %s 2> /dev/null", DISK_DIR);
	unlink(DISK_IMG);
}

TEST_F(disk, remount_and_repair)
{
	ASSERT_EQ(0, disk_umount());
	EXPECT_EQ(0, run("xfs_repair -n %s > /tmp/repair.out 2>&1", DISK_IMG));
	ASSERT_EQ(0, disk_mount(self->opt));
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));

	/* the other way round, read-only, and after a real repair */
	ASSERT_EQ(0, disk_umount());
	ASSERT_EQ(0, disk_mount(strcmp(self->opt, "dmapi") ? "dmapi" : "defaults"));
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));
	ASSERT_EQ(0, disk_umount());
	EXPECT_EQ(0, run("xfs_repair %s > /tmp/repair.out 2>&1", DISK_IMG));
	ASSERT_EQ(0, disk_mount("ro"));
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));
	ASSERT_EQ(0, disk_umount());
	ASSERT_EQ(0, disk_mount("ro,norecovery"));
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));
}

/* Holes that were honest are offline now: the kernel cannot know. */
static void disk_broken(struct model *m)
{
	model_set(m, 2 * GRAIN, 2 * GRAIN + 8192, OFFLINE);
}

TEST_F(disk, record_lost)
{
	struct record rec;

	ASSERT_EQ(0, run("fallocate -p -o %d -l 8192 %s", 2 * GRAIN, self->path));
	model_set(&self->m, 2 * GRAIN, 2 * GRAIN + 8192, ZEROS);
	ASSERT_EQ(NULL, model_verify(&self->m, self->path));
	ASSERT_EQ(0, disk_umount());
	ASSERT_EQ(0, disk_db(self->ino, "-c 'attr_remove -r XDSM_RECORD'"));
	ASSERT_EQ(0, disk_mount(self->opt));
	EXPECT_EQ(-1, getxattr(self->path, RECORD_NAME, NULL, 0));
	disk_broken(&self->m);
	EXPECT_EQ(NULL, model_verify(&self->m, self->path))
	{
		TH_LOG("%s", model_verify(&self->m, self->path));
	}
	EXPECT_EQ(-1, truncate(self->path, 10 * GRAIN));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, truncate(self->path, GRAIN + 100));
	EXPECT_EQ(EIO, errno);

	/* A record mends it, but only one that protects what is offline. */
	rec = record_make(NULL, 0, NULL, 0);
	EXPECT_EQ(-1, record_set(self->path, &rec, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, removexattr(self->path, RECORD_NAME));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));
}

TEST_F(disk, record_garbled)
{
	ASSERT_EQ(0, disk_umount());
	ASSERT_EQ(0, disk_db(self->ino, "-c 'attr_remove -r XDSM_RECORD' -c 'attr_set -r XDSM_RECORD -v 20'"));
	ASSERT_EQ(0, disk_mount(self->opt));
	model_set(&self->m, 2 * GRAIN, 2 * GRAIN, RESIDENT);
	EXPECT_LE(0, getxattr(self->path, RECORD_NAME, NULL, 0));
	EXPECT_EQ(NULL, model_verify(&self->m, self->path))
	{
		TH_LOG("%s", model_verify(&self->m, self->path));
	}
	ASSERT_EQ(0, disk_umount());
	EXPECT_EQ(0, run("xfs_repair -n %s > /tmp/repair.out 2>&1", DISK_IMG));
	ASSERT_EQ(0, disk_mount(self->opt));
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));
}

/* An inode reused by a kernel that knows nothing keeps the words of another. */
TEST_F(disk, foreign_witness)
{
	struct model m = { .size = 3 * GRAIN };
	char path[100];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/g", DISK_DIR);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	model_set(&m, GRAIN, 2 * GRAIN, ZEROS);
	ASSERT_EQ(0, model_write(&m, fd, false));
	close(fd);
	ASSERT_EQ(0, stat(path, &st));
	ASSERT_EQ(0, disk_umount());
	ASSERT_EQ(0, run("xfs_db -c 'inode %lu' -c 'print core.dmevmask' %s | sed 's/.*= //' > /tmp/mask",
			 self->ino, DISK_IMG));
	ASSERT_EQ(0, run("! grep -qx 0 /tmp/mask"));
	ASSERT_EQ(0, run("xfs_db -x -c 'inode %lu' -c \"write core.dmevmask $(cat /tmp/mask)\" "
			 "-c 'write core.dmstate 0x1234' %s > /tmp/db.out 2>&1",
			 (unsigned long)st.st_ino, DISK_IMG));
	ASSERT_EQ(0, disk_mount(self->opt));
	EXPECT_EQ(NULL, model_verify(&m, path));
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));
}

/* The witness lost, the record there: believed where somebody manages. */
TEST_F(disk, witness_lost)
{
	ASSERT_EQ(0, disk_umount());
	ASSERT_EQ(0, disk_db(self->ino, "-c 'write core.dmevmask 0' -c 'write core.dmstate 0'"));
	ASSERT_EQ(0, disk_mount("dmapi"));
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));
}

TEST_F(disk, cut_and_remounted)
{
	ASSERT_EQ(0, truncate(self->path, 3 * GRAIN));
	ASSERT_EQ(0, disk_umount());
	ASSERT_EQ(0, disk_mount(self->opt));
	ASSERT_EQ(0, truncate(self->path, 5 * GRAIN));
	self->m.size = 5 * GRAIN;
	model_set(&self->m, 3 * GRAIN, 5 * GRAIN, ZEROS);
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));
	ASSERT_EQ(0, disk_umount());
	ASSERT_EQ(0, disk_mount(self->opt));
	EXPECT_EQ(NULL, model_verify(&self->m, self->path));
}

TEST_F(disk, freed_and_reused)
{
	struct model m = { .size = 3 * GRAIN };
	struct stat st;
	int fd;

	/* The same inode number, most likely at once. */
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, unlink(self->path));
		fd = open(self->path, O_RDWR | O_CREAT, 0600);
		model_set(&m, 0, m.size, ZEROS);
		ASSERT_EQ(0, model_write(&m, fd, false));
		close(fd);
		ASSERT_EQ(0, stat(self->path, &st));
		EXPECT_EQ(NULL, model_verify(&m, self->path));
		EXPECT_EQ(-1, getxattr(self->path, RECORD_NAME, NULL, 0));
		ASSERT_EQ(0, run("sync && echo 3 > /proc/sys/vm/drop_caches"));
		EXPECT_EQ(NULL, model_verify(&m, self->path));
		ASSERT_EQ(0, unlink(self->path));
		ASSERT_EQ(0, model_plant(&self->m, self->path));
	}
	/* A witness that stayed would be corruption in an inode for metadata. */
	ASSERT_EQ(0, stat(self->path, &st));
	ASSERT_EQ(0, unlink(self->path));
	ASSERT_EQ(0, disk_umount());
	EXPECT_EQ(0, run("xfs_db -c 'inode %lu' -c 'print core.dmevmask core.dmstate' %s > /tmp/mask && "
			 "[ $(grep -c ' = 0$' /tmp/mask) = 2 ]", (unsigned long)st.st_ino, DISK_IMG));
}

TEST_HARNESS_MAIN
