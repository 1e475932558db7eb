// SPDX-License-Identifier: GPL-2.0
/*
 * Operations that come from below something else
 *
 * A file that is offline is used through overlayfs, as the image of a loop
 * device, and as a program.  A thread is the manager: it brings back all of the
 * file at its first event.  Whoever uses the file sees nothing but the right
 * bytes, and lockdep that nothing was held meanwhile.
 */
#include "common.h"
#include "offline.h"
#include "overlay.h"

#include <linux/loop.h>
#include <sys/sendfile.h>

#define SIZE	(4 * GRAIN)
#define SOON	20000		/* ms */

/* The manager of one file, whose bytes are in another. */
struct manager {
	pthread_t thread;
	__s32 sid;
	struct dm_file *f;
	int orig;
	int events;
	int deny;		/* answer with this errno */
	bool exact;		/* bring back what is asked for, and no more */
	volatile bool end;
};

static long bring_back(struct manager *m)
{
	static unsigned char buf[GRAIN];
	__u64 pos;
	ssize_t n;
	long ret;

	for (pos = 0; pos < m->f->size; pos += n) {
		n = pread(m->orig, buf, sizeof(buf), pos);
		if (n <= 0)
			return -EIO;
		ret = dmapi_write_invis(&m->f->o, 0, pos, n, buf);
		if (ret != n)
			return ret < 0 ? ret : -EIO;
	}
	return dmapi_set_resident(&m->f->o, 0, 0);
}

static void *manage(void *arg)
{
	struct manager *m = arg;
	struct dm_event e;

	while (!m->end) {
		if (dm_next(m->sid, &e, 10))
			continue;
		m->events++;
		if (m->deny)
			dm_abort(m->sid, e.token, m->deny);
		else if (m->exact ? dm_recall(&m->f->o, e.offset, e.length) :
				    bring_back(m))
			dm_abort(m->sid, e.token, EREMOTEIO);
		else
			dm_continue(m->sid, e.token);
	}
	return NULL;
}

FIXTURE(stack)
{
	DM_FIXTURE_FIELDS;
	struct dm_file f;
	struct manager m;
	char orig[PATH_MAX];
	char merged[PATH_MAX];
};

FIXTURE_SETUP(stack)
{
	snprintf(self->dir, sizeof(self->dir), "%s/stack.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
	ASSERT_EQ(0, dmapi_create_session(0, "stack_test", &self->sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE)));
	snprintf(self->orig, sizeof(self->orig), "%s/orig", self->dir);
}

FIXTURE_TEARDOWN(stack)
{
	if (self->m.sid) {
		self->m.end = true;
		pthread_join(self->m.thread, NULL);
	}
	if (self->merged[0])
		umount2(self->merged, MNT_DETACH);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

#define FIX struct __test_metadata *_metadata, FIXTURE_DATA(stack) *self

/* Make @path a copy of @from (or the pattern), all of it offline and managed. */
static void stub(FIX, const char *path, const char *from, __u32 flags, int deny)
{
	struct dm_file *f = &self->f;
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = 0;
	if (from) {
		int in = open(from, O_RDONLY), out;
		struct stat st;

		ASSERT_EQ(0, fstat(in, &st));
		out = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
		ASSERT_LE(0, out);
		ASSERT_EQ(st.st_size, sendfile(out, in, NULL, st.st_size));
		ASSERT_EQ(0, fsync(out));
		close(in);
		close(out);
		snprintf(f->path, sizeof(f->path), "%s", path);
		f->size = st.st_size;
		ASSERT_EQ(0, dm_path_handle(path, &f->h));
		f->o = dm_obj(self->sid, &f->h);
		self->m.orig = open(from, O_RDONLY);
	} else {
		struct dm_file o;

		ASSERT_EQ(0, dm_make_file(&o, self->sid, self->dir, "orig", SIZE));
		ASSERT_EQ(0, dm_make_file(f, self->sid, dir, strrchr(path, '/') + 1, SIZE));
		self->m.orig = open(o.path, O_RDONLY);
	}
	ASSERT_LE(0, self->m.orig);
	ASSERT_EQ(0, dm_arm(&f->o, 0, 0, flags));
	ASSERT_EQ(0, dmapi_punch_hole(&f->o, 0, 0));
	self->m.sid = self->sid;
	self->m.f = f;
	self->m.deny = deny;
	ASSERT_EQ(0, pthread_create(&self->m.thread, NULL, manage, &self->m));
}

#define ALL	(DMAPI_REGION_READ | DMAPI_REGION_WRITE | DMAPI_REGION_TRUNCATE)

/* --- A program ---------------------------------------------------------------- */

static long run_program(void *arg)
{
	char *argv[] = { "true", NULL };

	execv(arg, argv);
	return -errno;
}

TEST_F(stack, exec)
{
	char path[PATH_MAX + 16];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/prog", self->dir);
	stub(_metadata, self, path, "/bin/true", DMAPI_REGION_READ, 0);
	pid = dm_spawn(run_program, path);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_LE(1, self->m.events);
}

TEST_F(stack, exec_refused)
{
	char path[PATH_MAX + 16];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/prog", self->dir);
	stub(_metadata, self, path, "/bin/true", DMAPI_REGION_READ, ENETDOWN);
	pid = dm_spawn(run_program, path);
	EXPECT_EQ(-ENETDOWN, dm_wait(pid, SOON));
}

/* --- A loop device ------------------------------------------------------------- */

TEST_F(stack, loop)
{
	unsigned char *buf = aligned_alloc(4096, SIZE);
	char path[PATH_MAX + 16], dev[32];
	int ctl = open("/dev/loop-control", O_RDWR), fd, n, img;

	ASSERT_LE(0, ctl);
	n = ioctl(ctl, LOOP_CTL_GET_FREE);
	ASSERT_LE(0, n);
	snprintf(dev, sizeof(dev), "/dev/loop%d", n);
	fd = open(dev, O_RDWR);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "%s/img", self->dir);
	stub(_metadata, self, path, NULL, DMAPI_REGION_READ, 0);
	img = open(path, O_RDWR);
	ASSERT_LE(0, img);
	ASSERT_EQ(0, ioctl(fd, LOOP_SET_FD, img));
	EXPECT_EQ((ssize_t)SIZE, pread(fd, buf, SIZE, 0));
	EXPECT_EQ(-1, dm_differs(buf, 0, SIZE, DM_SEED));
	EXPECT_LE(1, self->m.events);
	EXPECT_EQ(0, ioctl(fd, LOOP_CLR_FD, 0));
	close(img);
	close(fd);
	close(ctl);
	free(buf);
}

/* --- Overlayfs ------------------------------------------------------------------ */

/* What is done to the file over there; the rest is the pattern. */
struct use {
	const char *name;
	long (*fn)(const char *path, unsigned char *img, size_t *size);
};

static long use_read(const char *path, unsigned char *img, size_t *size)
{
	(void)img;
	(void)size;
	return dm_read_check(path, GRAIN, 8192);
}

static long use_write(const char *path, unsigned char *img, size_t *size)
{
	int fd = open(path, O_RDWR);

	(void)size;
	dm_fill(img + 100, 0, 5000, 3);
	return fd < 0 ? -errno : pwrite(fd, img + 100, 5000, 100) == 5000 ? 0 : -errno;
}

static long use_append(const char *path, unsigned char *img, size_t *size)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	dm_fill(img + *size, 0, 5000, 3);
	*size += 5000;
	return fd < 0 ? -errno : write(fd, img + *size - 5000, 5000) == 5000 ? 0 : -errno;
}

static long use_truncate(const char *path, unsigned char *img, size_t *size)
{
	int fd = open(path, O_RDWR);

	(void)img;
	*size = GRAIN + 100;
	return fd < 0 ? -errno : ftruncate(fd, *size) ? -errno : 0;
}

static long use_zero(const char *path, unsigned char *img, size_t *size)
{
	int fd = open(path, O_RDWR);

	(void)size;
	memset(img + GRAIN, 0, 5000);
	return fd < 0 ? -errno : fallocate(fd, FALLOC_FL_ZERO_RANGE, GRAIN, 5000) ? -errno : 0;
}

static long use_splice(const char *path, unsigned char *img, size_t *size)
{
	off_t pos = GRAIN;
	unsigned char buf[4096];
	int p[2];

	(void)img;
	(void)size;
	if (pipe(p))
		return -errno;
	if (splice(open(path, O_RDONLY), &pos, p[1], NULL, 4096, 0) != 4096)
		return -errno;
	if (read(p[0], buf, 4096) != 4096)
		return -ENODATA;
	return dm_differs(buf, GRAIN, 4096, DM_SEED) < 0 ? 0 : -EILSEQ;
}

static long use_map(const char *path, unsigned char *img, size_t *size)
{
	unsigned char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, open(path, O_RDONLY), GRAIN);

	(void)img;
	(void)size;
	return p == MAP_FAILED ? -errno :
	       dm_differs(p, GRAIN, 4096, DM_SEED) < 0 ? 0 : -EILSEQ;
}

static long use_map_write(const char *path, unsigned char *img, size_t *size)
{
	unsigned char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
				open(path, O_RDWR), GRAIN);

	(void)size;
	if (p == MAP_FAILED)
		return -errno;
	dm_fill(img + GRAIN, 0, 4096, 3);
	memcpy(p, img + GRAIN, 4096);
	return munmap(p, 4096);
}

static const struct use uses[] = {
	{ "read", use_read }, { "write", use_write }, { "append", use_append },
	{ "truncate", use_truncate }, { "zero", use_zero },
	{ "splice", use_splice }, { "map", use_map }, { "map_write", use_map_write },
};

struct use_args {
	const struct use *use;
	const char *path;
};

/* In a child, so that one that hangs can be told. */
static long use_child(void *arg)
{
	static unsigned char img[SIZE + 8192], buf[SIZE + 8192];
	struct use_args *a = arg;
	size_t size = SIZE;
	ssize_t n;
	long ret;

	dm_fill(img, 0, SIZE, DM_SEED);
	ret = a->use->fn(a->path, img, &size);
	if (ret)
		return ret;
	n = pread(open(a->path, O_RDONLY), buf, sizeof(buf), 0);
	return n < 0 ? -errno : n != (ssize_t)size ? -ENODATA : memcmp(img, buf, n) ? -EILSEQ : 0;
}

static void through_overlay(FIX, const struct use *use, const char *layer, __u32 flags)
{
	char path[PATH_MAX];
	struct use_args a = { use, path };
	pid_t pid;

	/* The layers first; the file is there before they are stacked. */
	ASSERT_EQ(0, dm_layers(self->dir));
	snprintf(path, sizeof(path), "%.3000s/%s/f", self->dir, layer);
	stub(_metadata, self, path, NULL, flags, 0);
	ASSERT_EQ(0, dm_overlay(self->dir, self->merged));
	snprintf(path, sizeof(path), "%.3000s/f", self->merged);
	pid = dm_spawn(use_child, &a);
	EXPECT_EQ(0, dm_wait(pid, SOON)) TH_LOG("%s of %s", use->name, layer);
	EXPECT_LE(1, self->m.events) TH_LOG("%s of %s", use->name, layer);
	kill(pid, SIGKILL);
}

#define TOP "/mnt/top"

/*
 * Copy-up to another file system reads all of a file in pieces and begins again
 * after each event.  It asks for more each time, or a large file would not come to
 * an end.
 */
TEST_F(stack, lower_big)
{
	static unsigned char img[8 << 20], buf[8 << 20];
	struct dm_file *f = &self->f;
	char path[PATH_MAX];
	int fd;

	if (mkdir(TOP, 0755) && errno != EEXIST)
		SKIP(return, "%s: %m", TOP);
	ASSERT_EQ(0, run("mkfs.xfs -q -f %s && mount %s %s", env_need("DM_DEV2"),
			 env_need("DM_DEV2"), TOP));
	ASSERT_EQ(0, dm_layers(TOP));
	ASSERT_EQ(0, dm_layers(self->dir));
	snprintf(path, sizeof(path), "%.3000s/lower", self->dir);
	ASSERT_EQ(0, dm_make_file(f, self->sid, path, "f", sizeof(img)));
	ASSERT_EQ(0, dm_arm(&f->o, 0, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dmapi_punch_hole(&f->o, 0, 0));
	self->m.sid = self->sid;
	self->m.f = f;
	self->m.exact = true;
	ASSERT_EQ(0, pthread_create(&self->m.thread, NULL, manage, &self->m));
	ASSERT_EQ(0, dm_overlay_on(self->dir, TOP, self->merged));
	snprintf(path, sizeof(path), "%.3000s/f", self->merged);
	fd = open(path, O_RDWR);
	ASSERT_LE(0, fd) TH_LOG("%m");
	EXPECT_EQ(1, pwrite(fd, "x", 1, 0));
	dm_fill(img, 0, sizeof(img), DM_SEED);
	img[0] = 'x';
	EXPECT_EQ((ssize_t)sizeof(buf), pread(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(img, buf, sizeof(img)));
	EXPECT_GE(10, self->m.events) TH_LOG("%d", self->m.events);
	close(fd);
	EXPECT_EQ(0, umount(self->merged));
	self->merged[0] = 0;
	EXPECT_EQ(0, umount(TOP));
}

#define THROUGH(_n, _use) \
	TEST_F(stack, upper_##_n) \
	{ \
		through_overlay(_metadata, self, &uses[_use], "upper", ALL); \
	} \
	TEST_F(stack, upper_only_read_##_n) \
	{ \
		through_overlay(_metadata, self, &uses[_use], "upper", \
				DMAPI_REGION_READ); \
	} \
	TEST_F(stack, lower_##_n) \
	{ \
		through_overlay(_metadata, self, &uses[_use], "lower", ALL); \
	}

THROUGH(read, 0)
THROUGH(write, 1)
THROUGH(append, 2)
THROUGH(truncate, 3)
THROUGH(zero, 4)
THROUGH(splice, 5)
THROUGH(map, 6)
THROUGH(map_write, 7)

TEST_HARNESS_MAIN
