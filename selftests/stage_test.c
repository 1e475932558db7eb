// SPDX-License-Identifier: GPL-2.0
/*
 * Recall from a staged file: DMAPI_STAGE
 *
 * Blocks of another file become those of offline ranges.  What is resident
 * stays, nobody notices, what the staged file does not have stays offline, and
 * a crash leaves each piece offline or complete.
 *
 * The file system is one of its own on DM_DEV2, with exchange-range and quotas.
 */
#include <sys/quota.h>

#include "common.h"
#include "exchange.h"
#include "offline.h"

#include <linux/dqblk_xfs.h>
#include <linux/fs.h>

#define G	((__s64)DM_GRANULE)
#define TAIL	1000
#define SIZE	(6 * DM_GRANULE + TAIL)
#define DIR	"/mnt/stage"
#define OTHER	77			/* pattern of what is not to be seen */
#define OPTIONS	"dmapi,uquota"

static char plain[100];			/* an XFS without exchange-range */

static void __attribute__((constructor)) world_make(void)
{
	const char *dev = env_need("DM_DEV2");

	snprintf(plain, sizeof(plain), "%s", dm_mnt());
	if (run("mkdir -p %s && mkfs.xfs -q -f %s && sb_feature %s && "
		"mount -o %s %s %s", DIR, dev, dev, OPTIONS, dev, DIR)) {
		printf("Bail out! no file system\n");
		exit(1);
	}
	setenv("DM_DEV", dev, 1);
	setenv("DM_MNT", DIR, 1);
}

static unsigned char buf[SIZE + 4 * DM_GRANULE];

FIXTURE(stage) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;		/* offline */
	char		path[PATH_MAX];	/* staged */
	int		fd;
	struct dm_times	t0;		/* of f */
};

/* [off, off + len) of the file's data at @pos of @fd, synced. */
static long fill_stage(int fd, __u64 pos, __u64 off, __u64 len, unsigned int seed)
{
	dm_fill(buf, off, len, seed);
	return pwrite(fd, buf, len, pos) == (ssize_t)len && !fsync(fd) ? 0 : -EIO;
}

FIXTURE_SETUP(stage)
{
	snprintf(self->dir, sizeof(self->dir), "%s/stage.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "stage_test", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", SIZE));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	self->t0 = dm_times(self->f.path);
	snprintf(self->path, sizeof(self->path), "%s/staged", self->dir);
	self->fd = open(self->path, O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fill_stage(self->fd, 0, 0, SIZE, DM_SEED));
	dm_sysfs_set("data_policy", "continue");
}

FIXTURE_TEARDOWN(stage)
{
	dm_sysfs_set("data_policy", "block");
	close(self->fd);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

static long remount(void)
{
	long ret = dm_remount(0, OPTIONS);

	return ret ? ret : dm_sysfs_set("data_policy", "continue");
}

/* Nobody reads a byte of it, nor a zero. */
static bool is_offline(const struct dm_file *f, __u64 off, __u64 len)
{
	__u64 pos;

	for (pos = off; pos < off + len; pos += 4096)
		if (dm_read_check(f->path, pos, 1) != -EIO)
			return false;
	return true;
}

/* --- What it does ------------------------------------------------------------ */

TEST_F(stage, all)
{
	struct dmapi_object *o = &self->f.o;
	struct dm_event e;
	struct stat st;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE)));
	dm_sleep_ms(20);
	ASSERT_EQ(0, dmapi_stage(o, self->fd, 0, 0, 0, 0));
	ASSERT_EQ(0, dmapi_set_resident(o, 0, 0));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 20));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE - 1));
	self->t0.a = dm_times(self->f.path).a;	/* it was read */
	DM_EXPECT_TIMES(self->f.path, self->t0);
	ASSERT_EQ(0, stat(self->f.path, &st));
	EXPECT_EQ(SIZE, (__u64)st.st_size);
	/* The staged file has the holes. */
	EXPECT_EQ((ssize_t)SIZE, pread(self->fd, buf, SIZE, 0));
	EXPECT_TRUE(dm_all(buf, 0, SIZE));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(0, st.st_blocks);
	close(self->fd);
	ASSERT_EQ(0, remount());
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
	EXPECT_EQ(0, run("rm %s", self->path));
	/* and away again, and back the usual way */
	EXPECT_EQ(0, dm_make_offline(o));
	EXPECT_TRUE(is_offline(&self->f, 0, SIZE));
	EXPECT_EQ(0, dm_recall(o, 0, SIZE));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
}

/* Somebody waits for it. */
TEST_F(stage, served)
{
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	pid = dm_spawn_read(self->f.path, G, G);
	ASSERT_EQ(0, dm_next(self->sid, &e, 8000));
	EXPECT_EQ(G, e.offset);
	ASSERT_EQ(0, dmapi_stage(&self->f.o, self->fd, e.offset, e.offset, e.length, 0));
	ASSERT_EQ(0, dmapi_set_resident(&self->f.o, e.offset, e.length));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 8000));
	ASSERT_EQ(0, dm_want(self->sid, 0));
	EXPECT_TRUE(is_offline(&self->f, 0, G));
	EXPECT_TRUE(is_offline(&self->f, 2 * G, SIZE - 2 * G));
}

/* A part, from elsewhere in the staged file; nothing is in memory or dirty only. */
TEST_F(stage, part)
{
	struct dmapi_object *o = &self->f.o;

	ASSERT_EQ(0, ftruncate(self->fd, 0));
	dm_fill(buf, 2 * G, 8192, DM_SEED);
	ASSERT_EQ(8192, pwrite(self->fd, buf, 8192, 20480));
	ASSERT_EQ(0, dmapi_stage(o, self->fd, 20480, 2 * G, 8192, 0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 2 * G, 8192));
	EXPECT_TRUE(is_offline(&self->f, 0, 2 * G));
	EXPECT_TRUE(is_offline(&self->f, 2 * G + 8192, SIZE - 2 * G - 8192));
	EXPECT_EQ(-ENODATA, dmapi_set_resident(o, 2 * G, G));
	EXPECT_EQ(0, dmapi_set_resident(o, 2 * G, 8192));
}

/* What is resident stays, in both files. */
TEST_F(stage, resident_stays)
{
	struct dmapi_object *o = &self->f.o;

	dm_fill(buf, G, G, OTHER);
	ASSERT_EQ(G, dmapi_write_invis(o, 0, G, G, buf));
	dm_fill(buf, 3 * G + 4096, 4096, OTHER);
	ASSERT_EQ(4096, dmapi_write_invis(o, 0, 3 * G + 4096, 4096, buf));
	ASSERT_EQ(0, dmapi_stage(o, self->fd, 0, 0, 0, 0));
	ASSERT_EQ(0, dmapi_set_resident(o, 0, 0));
	ASSERT_EQ((long)SIZE, dmapi_read_invis(o, 0, SIZE, buf));
	EXPECT_EQ(-1, dm_differs(buf, 0, G, DM_SEED));
	EXPECT_EQ(-1, dm_differs(buf + G, G, G, OTHER));
	EXPECT_EQ(-1, dm_differs(buf + 2 * G, 2 * G, G + 4096, DM_SEED));
	EXPECT_EQ(-1, dm_differs(buf + 3 * G + 4096, 3 * G + 4096, 4096, OTHER));
	EXPECT_EQ(-1, dm_differs(buf + 3 * G + 8192, 3 * G + 8192, SIZE - 3 * G - 8192,
				 DM_SEED));
	ASSERT_EQ((ssize_t)SIZE, pread(self->fd, buf, SIZE, 0));
	EXPECT_TRUE(dm_all(buf, 0, G));
	EXPECT_EQ(-1, dm_differs(buf + G, G, G, DM_SEED));
	EXPECT_TRUE(dm_all(buf + 2 * G, 0, G + 4096));
	EXPECT_EQ(-1, dm_differs(buf + 3 * G + 4096, 3 * G + 4096, 4096, DM_SEED));
	/* Nothing is offline: nothing to be done, whatever is staged. */
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	ASSERT_EQ(0, ftruncate(self->fd, SIZE));
	EXPECT_EQ(0, dmapi_stage(o, self->fd, 0, 0, 0, 0));
}

/* --- Where the staged file has nothing ----------------------------------------- */

TEST_F(stage, holes)
{
	struct dmapi_object *o = &self->f.o;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, fill_stage(self->fd, 0, 0, SIZE, DM_SEED));
		switch (i) {
		case 0:	/* a hole of one block */
			ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE |
					       FALLOC_FL_KEEP_SIZE, 4 * G + 4096, 4096));
			break;
		case 1:	/* space without data */
			ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_ZERO_RANGE |
					       FALLOC_FL_KEEP_SIZE, 4 * G + 4096, 4096));
			break;
		case 2:	/* it ends too early, in the last block */
			ASSERT_EQ(0, ftruncate(self->fd, SIZE - 1));
			break;
		}
		EXPECT_EQ(-ENODATA, dmapi_stage(o, self->fd, 0, 0, 0, 0));
		EXPECT_TRUE(is_offline(&self->f, 0, SIZE));
		EXPECT_EQ(-ENODATA, dmapi_set_resident(o, 0, 4096));
	}
	/* Before it there is something. */
	EXPECT_EQ(0, dmapi_stage(o, self->fd, 0, 0, 4 * G, 0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, 4 * G));
	EXPECT_TRUE(is_offline(&self->f, 4 * G, SIZE - 4 * G));
}

/* --- The block in which the file ends ------------------------------------------- */

TEST_F(stage, end)
{
	struct dmapi_object *o = &self->f.o;
	unsigned char *p;
	int fd, i;

	ASSERT_EQ(0, fill_stage(self->fd, 0, 0, SIZE + 2 * G, DM_SEED));
	ASSERT_EQ(0, dmapi_stage(o, self->fd, 0, 0, 0, 0));
	ASSERT_EQ(0, dmapi_set_resident(o, 0, 0));
	for (i = 0; i < 2; i++) {
		fd = open(self->f.path, O_RDONLY);
		p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 6 * G);
		ASSERT_NE(MAP_FAILED, p);
		EXPECT_EQ(-1, dm_differs(p, 6 * G, TAIL, DM_SEED));
		EXPECT_TRUE(dm_all(p + TAIL, 0, 4096 - TAIL));
		munmap(p, 4096);
		close(fd);
		ASSERT_EQ(0, run("echo 3 > /proc/sys/vm/drop_caches"));
	}
	ASSERT_EQ(0, truncate(self->f.path, SIZE + G));
	ASSERT_EQ((long)SIZE + G, dmapi_read_invis(o, 0, SIZE + G, buf));
	EXPECT_EQ(-1, dm_differs(buf, 0, SIZE, DM_SEED));
	EXPECT_TRUE(dm_all(buf + SIZE, 0, G));
	/* What the staged file has behind it is left. */
	EXPECT_EQ(2 * G - 3096, pread(self->fd, buf, sizeof(buf), 6 * G + 4096));
	EXPECT_EQ(-1, dm_differs(buf, 6 * G + 4096, 2 * G - 3096, DM_SEED));
}

/* --- Versions -------------------------------------------------------------------- */

TEST_F(stage, version)
{
	struct dmapi_object *o = &self->f.o;
	__u64 n, m;

	ASSERT_EQ(0, dmapi_get_change(o, &n));
	EXPECT_EQ(-ESTALE, dmapi_stage(o, self->fd, 0, 0, 0, n - 1));
	EXPECT_TRUE(is_offline(&self->f, 0, SIZE));
	EXPECT_EQ(0, dmapi_stage(o, self->fd, 0, 0, 2 * G, n));
	EXPECT_EQ(0, dmapi_set_resident(o, 0, 2 * G));
	EXPECT_EQ(0, dmapi_get_change(o, &m));
	EXPECT_EQ(n, m);
	EXPECT_EQ(0, run("printf x | dd of=%s conv=notrunc 2> /dev/null", self->f.path));
	EXPECT_EQ(-ESTALE, dmapi_stage(o, self->fd, 2 * G, 2 * G, 0, n));
	EXPECT_TRUE(is_offline(&self->f, 2 * G, SIZE - 2 * G));
	EXPECT_EQ(0, dmapi_stage(o, self->fd, 2 * G, 2 * G, 0, 0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 1, SIZE - 1));
}

/* --- Errors ----------------------------------------------------------------------- */

TEST_F(stage, errors)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_stage a = { .obj = *o, .fd = self->fd, .pad = 1 };
	char path[PATH_MAX + 2];
	struct dm_file g;
	int fd, v;
	void *p;

	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_STAGE, a));
	EXPECT_EQ(-EBADF, dmapi_stage(o, -1, 0, 0, 0, 0));
	EXPECT_EQ(-EINVAL, dmapi_stage(o, self->fd, -1, 0, 0, 0));
	EXPECT_EQ(-EINVAL, dmapi_stage(o, self->fd, 0, -4096, 0, 0));
	EXPECT_EQ(-EINVAL, dmapi_stage(o, self->fd, 0, 0, ~0ULL, 0));
	EXPECT_EQ(-EINVAL, dmapi_stage(o, self->fd, INT64_MAX, 0, 0, 0));
	EXPECT_EQ(-EINVAL, dmapi_stage(o, self->fd, 512, 0, G, 0));
	EXPECT_EQ(-EINVAL, dmapi_stage(o, self->fd, 0, 512, G, 0));
	EXPECT_EQ(-EINVAL, dmapi_stage(o, self->fd, 0, 0, 512, 0));
	EXPECT_EQ(-EINVAL, dmapi_stage(o, self->fd, 0, 7 * G, 0, 0));
	EXPECT_EQ(-ENODATA, dmapi_stage(o, self->fd, 8 * G, 0, G, 0));

	fd = open(self->path, O_RDONLY);
	EXPECT_EQ(-EBADF, dmapi_stage(o, fd, 0, 0, 0, 0));
	close(fd);
	fd = open(self->path, O_RDWR | O_APPEND);
	EXPECT_EQ(-EBADF, dmapi_stage(o, fd, 0, 0, 0, 0));
	close(fd);
	fd = open(self->dir, O_RDONLY);
	EXPECT_EQ(-EINVAL, dmapi_stage(o, fd, 0, 0, 0, 0));
	close(fd);
	fd = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	EXPECT_EQ(-EXDEV, dmapi_stage(o, fd, 0, 0, 0, 0));
	close(fd);
	ASSERT_EQ(0, dm_make_file(&g, self->sid, self->dir, "g", SIZE));
	ASSERT_EQ(0, dm_arm(&g.o, 0, 0, DMAPI_REGION_TRUNCATE));
	fd = open(g.path, O_RDWR);
	EXPECT_EQ(-EINVAL, dmapi_stage(o, fd, 0, 0, 0, 0));
	EXPECT_EQ(-EINVAL, dmapi_stage(&g.o, fd, 0, 0, 0, 0));
	close(fd);

	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0);
	EXPECT_EQ(-EBUSY, dmapi_stage(o, self->fd, 0, 0, 0, 0));
	munmap(p, 4096);
	v = FS_IMMUTABLE_FL;
	ASSERT_EQ(0, ioctl(self->fd, FS_IOC_SETFLAGS, &v));
	EXPECT_EQ(-EPERM, dmapi_stage(o, self->fd, 0, 0, 0, 0));
	v = 0;
	ASSERT_EQ(0, ioctl(self->fd, FS_IOC_SETFLAGS, &v));
	EXPECT_TRUE(is_offline(&self->f, 0, SIZE));

	/* no exchange-range there */
	snprintf(path, sizeof(path), "%s/stage", plain);
	mkdir(path, 0755);
	ASSERT_EQ(0, dm_make_file(&g, self->sid, path, "g", SIZE));
	ASSERT_EQ(0, dm_make_offline(&g.o));
	fd = open(path, O_RDWR | O_TMPFILE, 0600);
	EXPECT_EQ(-EOPNOTSUPP, dmapi_stage(&g.o, fd, 0, 0, 0, 0));
	close(fd);
	dm_rm_rf(path);
	EXPECT_EQ(0, dmapi_stage(o, self->fd, 0, 0, 0, 0));
}

/* --- Shared blocks ------------------------------------------------------------------ */

TEST_F(stage, shared)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s.clone", self->path);
	if (run("cp --reflink=always %s %s", self->path, path))
		SKIP(return, "no reflink");
	ASSERT_EQ(0, dmapi_stage(&self->f.o, self->fd, 0, 0, 0, 0));
	ASSERT_EQ(0, dmapi_set_resident(&self->f.o, 0, 0));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
	EXPECT_EQ(0, run("tr '\\0' x < /dev/zero | dd of=%s bs=64k count=3 iflag=fullblock "
			 "conv=notrunc,fsync 2> /dev/null", self->f.path));
	EXPECT_EQ(0, dm_read_check(path, 0, SIZE));
	EXPECT_EQ(0, dm_read_check(self->f.path, 3 * G, SIZE - 3 * G));
}

/* --- Quotas --------------------------------------------------------------------------- */

#define FILES_UID	5001
#define STAGED_UID	5002

/* Blocks of 512 bytes, or -1. */
static long long used(unsigned int uid)
{
	struct fs_disk_quota q = { };

	if (quotactl(QCMD(Q_XGETQUOTA, USRQUOTA), dm_dev(), uid, (void *)&q))
		return errno == ENOENT ? 0 : -1;
	return q.d_bcount;
}

static long limit(unsigned int uid, __u64 blocks)
{
	struct fs_disk_quota q = {
		.d_version = FS_DQUOT_VERSION, .d_flags = FS_USER_QUOTA, .d_id = uid,
		.d_fieldmask = FS_DQ_BHARD | FS_DQ_BSOFT, .d_blk_hardlimit = blocks,
		.d_blk_softlimit = blocks,
	};

	return quotactl(QCMD(Q_XSETQLIM, USRQUOTA), dm_dev(), uid, (void *)&q) ? -errno : 0;
}

TEST_F(stage, quota)
{
	const long long all = (SIZE + 4095) / 4096 * 8;
	long long f, s;

	if (used(0) < 0)
		SKIP(return, "no quotas");
	ASSERT_EQ(0, chown(self->f.path, FILES_UID, 0));
	ASSERT_EQ(0, fchown(self->fd, STAGED_UID, 0));
	f = used(FILES_UID);
	s = used(STAGED_UID);
	EXPECT_EQ(all, s);
	/* Too much for the file's owner, and accounted all the same. */
	ASSERT_EQ(0, limit(FILES_UID, f + all - 8));
	EXPECT_EQ(0, dmapi_stage(&self->f.o, self->fd, 0, 0, 0, 0));
	EXPECT_EQ(f + all, used(FILES_UID));
	EXPECT_EQ(s - all, used(STAGED_UID));
	ASSERT_EQ(0, limit(FILES_UID, 0));
	EXPECT_EQ(0, dm_make_offline(&self->f.o));
	EXPECT_EQ(f, used(FILES_UID));
}

/* --- Crashes ---------------------------------------------------------------------------- */

/* Every other block of a staged file of its own, so that a piece takes many steps. */
static long fragment(int fd, int other, __u64 size)
{
	unsigned char *p = aligned_alloc(4096, 4096);
	__u64 pos;
	long ret = 0;

	for (pos = 0; !ret && pos < size; pos += 4096) {
		dm_fill(p, pos, 4096, DM_SEED);
		if (pwrite(fd, p, 4096, pos) != 4096 || pwrite(other, p, 4096, pos) != 4096)
			ret = -EIO;
	}
	free(p);
	return ret ? ret : fsync(fd) ? -errno : 0;
}

static void *shut_down(void *arg)
{
	__u32 flags = DM_NOLOGFLUSH;
	int *fd = arg;

	dm_sleep_ms(fd[1]);
	ioctl(fd[0], DM_GOINGDOWN, &flags);
	return NULL;
}

/* In pieces: how many are back, or -1 if there is anything but offline and right. */
static int pieces_back(const struct dm_file *f)
{
	int back = 0;
	__u64 pos;

	for (pos = 0; pos < f->size; pos += G) {
		size_t len = f->size - pos < (__u64)G ? f->size - pos : (__u64)G;
		long ret = dm_read_check(f->path, pos, len);

		if (ret && (ret != -EIO || !is_offline(f, pos, len)))
			return -1;
		back += !ret;
	}
	return back;
}

/* Pieces are single granules here: what lies between is resident. */
static long pieces_make(struct dm_file *f, __s32 sid, const char *dir)
{
	long ret = dm_make_file(f, sid, dir, "pieces", 40 * DM_GRANULE);
	__u64 pos;

	if (!ret)
		ret = dm_arm(&f->o, 0, 0, DMAPI_REGION_READ);
	for (pos = 0; !ret && pos < f->size; pos += 2 * G)
		ret = dmapi_punch_hole(&f->o, pos, G);
	return ret;
}

TEST_F_TIMEOUT(stage, crash, 120)
{
	int round, partly = 0;

	close(self->fd);
	for (round = 0; round < 8; round++) {
		struct dm_file f;
		pthread_t thread;
		int arg[2], fd, other, back;
		long ret;

		ASSERT_EQ(0, pieces_make(&f, self->sid, self->dir));
		fd = open(self->path, O_RDWR | O_DIRECT);
		other = open(self->dir, O_RDWR | O_TMPFILE | O_DIRECT, 0600);
		ASSERT_EQ(0, fragment(fd, other, f.size));
		close(other);
		if (round & 1) {
			/* Each piece is in the log when it is done. */
			close(fd);
			ASSERT_EQ(0, dm_remount(0, OPTIONS ",wsync"));
			fd = open(self->path, O_RDWR);
		}
		arg[0] = open(self->dir, O_RDONLY);
		arg[1] = round & 1 ? 4 * round : round;
		ASSERT_EQ(0, pthread_create(&thread, NULL, shut_down, arg));
		ret = dmapi_stage(&f.o, fd, 0, 0, 0, 0);
		pthread_join(thread, NULL);
		close(fd);
		close(arg[0]);
		ASSERT_EQ(0, remount());
		back = pieces_back(&f);
		EXPECT_LE(20, back) {
			TH_LOG("round %d: staging said %ld", round, ret);
		}
		partly += back > 20 && back < 40;
		/* and the rest of it */
		fd = open(self->path, O_RDWR);
		EXPECT_EQ(0, dmapi_stage(&f.o, fd, 0, 0, 0, 0));
		close(fd);
		EXPECT_EQ(40, pieces_back(&f));
		EXPECT_EQ(0, dmapi_set_resident(&f.o, 0, 0));
		EXPECT_EQ(0, dm_read_check(f.path, 0, f.size));
	}
	TH_LOG("%d times some of the pieces", partly);
	self->fd = -1;
}

/* In the midst of a piece: recovery finishes what the log has. */
TEST_F(stage, crash_in_a_piece)
{
	char tag[200];
	const char *dev = strrchr(dm_dev(), '/') + 1;
	int fd, other;
	long ret;

	snprintf(tag, sizeof(tag), "/sys/fs/xfs/%s/errortag/exchmaps_finish_one", dev);
	if (access(tag, W_OK))
		SKIP(return, "XFS cannot inject errors");
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	fd = open(self->path, O_RDWR | O_DIRECT);
	other = open(self->dir, O_RDWR | O_TMPFILE | O_DIRECT, 0600);
	ASSERT_EQ(0, fragment(fd, other, SIZE));
	close(other);
	close(fd);
	close(self->fd);
	/* Each transaction is in the log when it is done. */
	ASSERT_EQ(0, dm_remount(0, OPTIONS ",wsync"));
	dm_sysfs_set("data_policy", "continue");
	self->fd = open(self->path, O_RDWR);
	ASSERT_EQ(0, run("sync; echo 1 > %s", tag));
	/* It will speak of corruption: scripts/klog-scan is told. */
	ASSERT_EQ(0, run("echo 'dmvm: XFS errors provoked' > /dev/kmsg"));
	ret = dmapi_stage(&self->f.o, self->fd, 0, 0, 0, 0);
	ASSERT_EQ(0, run("echo 'dmvm: XFS errors end' > /dev/kmsg"));
	EXPECT_EQ(-EIO, ret);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, remount());
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
}

TEST_HARNESS_MAIN
