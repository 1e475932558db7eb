// SPDX-License-Identifier: GPL-2.0
/*
 * What does not stop a recall
 *
 * A user who is over his quota, a file that nobody may change, one that runs, and
 * a reader who may not write have data that is away, and it comes back: written,
 * or exchanged with a staged file's.  What the manager does besides, punching,
 * regions and DM attributes, is not stopped either, and the accounts are those
 * of a file that was never away.  No space is no space.
 *
 * The file system is one of its own on DM_DEV2, with exchange-range and quotas.
 */
#include <sys/quota.h>
#include <sys/socket.h>
#include <sys/swap.h>

#include "common.h"
#include "exchange.h"
#include "offline.h"

#include <linux/dqblk_xfs.h>
#include <linux/fs.h>

#define G	((__s64)DM_GRANULE)
#define TAIL	1000
#define SIZE	(6 * DM_GRANULE + TAIL)
#define DIR	"/mnt/recall"
#define BOUND	"/mnt/recall.ro"
#define OPTIONS	"dmapi,uquota,gquota,pquota"
#define SOON	15000			/* ms */

/* Who is over his quota, and his twin who is not. */
#define OWNER	6001
#define TWIN	6002

/* --- A program with something in its middle ----------------------------------- */

#define MIDDLE	(8 * DM_GRANULE)

/* Written to, or it would be a hole of zeros; never a zero. */
static const volatile unsigned char middle[MIDDLE] = { [0 ... MIDDLE - 1] = 7 };

/* Touches all of it, and waits as it is told. */
static void __attribute__((constructor)) program(void)
{
	unsigned long sum = 0;
	const char *s = getenv("RECALL_FD");
	char c;

	if (!s)
		return;
	if (write(atoi(s), "r", 1) != 1 || read(atoi(s), &c, 1) != 1)
		_exit(99);
	for (size_t i = 0; i < MIDDLE; i += 512)
		sum += middle[i];
	_exit(sum == MIDDLE / 512 * 7 ? 0 : 98);
}

static void __attribute__((constructor(1000))) world_make(void)
{
	const char *dev;

	if (getenv("RECALL_FD"))
		return;
	dev = env_need("DM_DEV2");
	if (run("mkdir -p %s %s && mkfs.xfs -q -f %s && sb_feature %s && "
		"mount -o %s %s %s", DIR, BOUND, dev, dev, OPTIONS, dev, DIR)) {
		printf("Bail out! no file system\n");
		exit(1);
	}
	setenv("DM_DEV", dev, 1);
	setenv("DM_MNT", DIR, 1);
}

/* --- Two ways ----------------------------------------------------------------------- */

FIXTURE(recall) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
	int		fd;		/* staged */
	bool		stage;
};

FIXTURE_VARIANT(recall)
{
	bool stage;
};

FIXTURE_VARIANT_ADD(recall, written) { .stage = false };
FIXTURE_VARIANT_ADD(recall, staged) { .stage = true };

typedef FIXTURE_DATA(recall) recall;

FIXTURE_SETUP(recall)
{
	char path[PATH_MAX];

	snprintf(self->dir, sizeof(self->dir), "%s/recall.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "recall_test", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", SIZE));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	snprintf(path, sizeof(path), "%s/staged", self->dir);
	self->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, self->fd);
	self->stage = variant->stage;
}

FIXTURE_TEARDOWN(recall)
{
	if (self->fd >= 0)
		close(self->fd);
	dm_want(self->sid, 0);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

static unsigned char buf[SIZE + DM_GRANULE];

/* All of [off, off + len) from the staged file, where it is at @off, too. */
static long bring(recall *t, const struct dmapi_object *o, __u64 off, __u64 len)
{
	long ret;

	if (!t->stage)
		return dm_recall(o, off, len);
	for (__u64 at = off; at < off + len; at += G) {
		size_t n = off + len - at < DM_GRANULE ? off + len - at : DM_GRANULE;

		dm_fill(buf, at, n, DM_SEED);
		if (pwrite(t->fd, buf, n, at) != (ssize_t)n)
			return -errno;
	}
	ret = dmapi_stage(o, t->fd, off, off, len, 0);
	return ret ? ret : dmapi_set_resident(o, off, len);
}

/* Somebody waits for all of it; it comes back in two pieces, and he has it. */
static long served(recall *t, pid_t pid)
{
	struct dm_event e = { };
	long ret = dm_next(t->sid, &e, SOON);

	if (!ret)
		ret = bring(t, &t->f.o, 0, 3 * G);
	if (!ret)
		ret = bring(t, &t->f.o, 3 * G, SIZE - 3 * G);
	if (ret) {
		dm_abort(t->sid, e.token, EIO);
		dm_wait(pid, SOON);
		return ret;
	}
	ret = dm_continue(t->sid, e.token);
	return ret ? ret : dm_wait(pid, SOON);
}

/* --- Quotas -------------------------------------------------------------------------- */

static const int types[] = { USRQUOTA, GRPQUOTA, 2 /* PRJQUOTA */ };

static int xfs_type(int type)
{
	return type == USRQUOTA ? FS_USER_QUOTA :
	       type == GRPQUOTA ? FS_GROUP_QUOTA : FS_PROJ_QUOTA;
}

/* Blocks of 512 bytes, and inodes; -1. */
static long long used(int type, unsigned int id, unsigned long long *inodes)
{
	struct fs_disk_quota q = { };

	if (quotactl(QCMD(Q_XGETQUOTA, type), dm_dev(), id, (void *)&q))
		return errno == ENOENT ? 0 : -1;
	if (inodes)
		*inodes = q.d_icount;
	return q.d_bcount;
}

static long limit(int type, unsigned int id, __u64 blocks, __u64 inodes)
{
	struct fs_disk_quota q = {
		.d_version = FS_DQUOT_VERSION, .d_flags = xfs_type(type), .d_id = id,
		.d_fieldmask = FS_DQ_BHARD | FS_DQ_BSOFT | FS_DQ_IHARD | FS_DQ_ISOFT,
		.d_blk_hardlimit = blocks, .d_blk_softlimit = blocks,
		.d_ino_hardlimit = inodes, .d_ino_softlimit = inodes,
	};

	return quotactl(QCMD(Q_XSETQLIM, type), dm_dev(), id, (void *)&q) ? -errno : 0;
}

static long owner_is(const char *path, unsigned int id)
{
	struct fsxattr x;
	int fd = open(path, O_RDONLY);
	long ret = -1;

	if (fd >= 0 && !ioctl(fd, FS_IOC_FSGETXATTR, &x)) {
		x.fsx_projid = id;
		ret = ioctl(fd, FS_IOC_FSSETXATTR, &x);
		if (!ret)
			ret = fchown(fd, id, id);
	}
	ret = ret ? -errno : 0;
	close(fd);
	return ret;
}

/* Is a user's write refused?  So limits are what they say. */
static long owner_writes(void *arg)
{
	int fd = open(arg, O_WRONLY);
	ssize_t n;

	memset(buf, 'x', G);
	if (fd < 0)
		return -errno;
	n = pwrite(fd, buf, G, 0);
	return n < 0 ? -errno : fsync(fd) ? -errno : 0;
}

static long owner_makes(void *arg)
{
	if (setgid(OWNER) || setuid(OWNER))
		return -errno;
	return open(arg, O_CREAT | O_WRONLY, 0600) < 0 ? -errno : 0;
}

static long owner_reads(void *arg)
{
	if (setgid(OWNER) || setuid(OWNER))
		return -errno;
	return dm_read_check(arg, 0, SIZE);
}

struct account {
	long long		blocks[ARRAY_SIZE(types)];
	unsigned long long	inodes[ARRAY_SIZE(types)];
};

static struct account account(unsigned int id)
{
	struct account a = { };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		a.blocks[i] = used(types[i], id, &a.inodes[i]);
	return a;
}

static bool same(const struct account *a, const struct account *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* The owner of the file has all quotas but this one's as he wants. */
static void over_quota(struct __test_metadata *_metadata, recall *t, int type,
		       bool later)
{
	static unsigned char value[DMAPI_MAX_ATTRIBUTE_SIZE];
	struct account resident, away, now, twin;
	struct dmapi_object *o = &t->f.o;
	char other[PATH_MAX + 8], attr[DMAPI_ATTR_NAME_SIZE] = "where";
	struct dm_waiter w;
	struct dm_file copy;
	int no = type == 2 ? ENOSPC : EDQUOT;
	pid_t pid;
	int fd;

	/* A file of his that he may not fill, and his twin's, which is resident. */
	snprintf(other, sizeof(other), "%s/other", t->dir);
	fd = open(other, O_CREAT | O_WRONLY, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, owner_is(other, OWNER));
	ASSERT_EQ(0, dm_make_file(&copy, t->sid, t->dir, "copy", SIZE));
	ASSERT_EQ(0, dm_arm(&copy.o, 0, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dm_disarm(&copy.o));
	ASSERT_EQ(0, owner_is(t->f.path, OWNER));
	resident = account(OWNER);
	ASSERT_LT(0, resident.blocks[0]);

	ASSERT_EQ(0, dm_make_offline(o));
	away = account(OWNER);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_GE(resident.blocks[i] - SIZE / 512, (__u64)away.blocks[i]);
		EXPECT_EQ(resident.inodes[i], away.inodes[i]);
	}
	/* He is over both limits as it is. */
	if (!later)
		ASSERT_EQ(0, limit(type, OWNER, 8, 1));
	pid = dm_spawn(owner_reads, t->f.path);
	if (later) {
		while (!dm_waiter(pid, "READ", NULL, &w) &&
		       dm_wait(pid, 5) == DM_RUNNING)
			;
		ASSERT_EQ(0, limit(type, OWNER, 8, 1));
	}
	EXPECT_EQ(-no, dm_wait(dm_spawn(owner_writes, other), SOON));
	if (type != 2) {
		strcat(other, ".new");
		EXPECT_EQ(0, chmod(t->dir, 0777));
		EXPECT_EQ(-EDQUOT, dm_wait(dm_spawn(owner_makes, other), SOON));
	}
	ASSERT_EQ(0, served(t, pid));
	now = account(OWNER);
	EXPECT_TRUE(same(&now, &resident));
	EXPECT_EQ(0, dm_disarm(o));

	/* Away and back, all at once, and with what a manager keeps. */
	EXPECT_EQ(0, dm_make_offline(o));
	now = account(OWNER);
	EXPECT_TRUE(same(&now, &away));
	dm_fill(value, 0, sizeof(value), 3);
	EXPECT_EQ(0, dmapi_set_dmattr(o, attr, 0, 60000, value));
	EXPECT_EQ(0, dmapi_set_dmattr(o, attr, 0, 100, value));
	EXPECT_EQ(0, dmapi_remove_dmattr(o, attr, 0));
	EXPECT_EQ(0, bring(t, o, 0, SIZE));
	EXPECT_EQ(0, dm_disarm(o));
	now = account(OWNER);
	EXPECT_EQ(resident.inodes[0], now.inodes[0]);
	/* An attribute fork stays in blocks. */
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_GE(resident.blocks[i] + 16, now.blocks[i]);

	/* The twin's account, of the same file, and what a quotacheck counts. */
	ASSERT_EQ(0, limit(type, OWNER, 0, 0));
	ASSERT_EQ(0, owner_is(copy.path, TWIN));
	twin = account(TWIN);
	EXPECT_EQ(resident.blocks[0], twin.blocks[0]);
	now = account(OWNER);
	close(t->fd);
	t->fd = -1;
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(0, dm_remount(0, OPTIONS));
	away = account(OWNER);
	EXPECT_TRUE(same(&now, &away));
	EXPECT_EQ(0, dm_read_check(t->f.path, 0, SIZE));
}

TEST_F_TIMEOUT(recall, user, 60)
{
	over_quota(_metadata, self, USRQUOTA, false);
}

TEST_F_TIMEOUT(recall, group, 60)
{
	over_quota(_metadata, self, GRPQUOTA, false);
}

/* Whose errno is ENOSPC. */
TEST_F_TIMEOUT(recall, project, 60)
{
	over_quota(_metadata, self, 2, false);
}

TEST_F_TIMEOUT(recall, limit_set_meanwhile, 60)
{
	over_quota(_metadata, self, USRQUOTA, true);
}

/* A file that grows under the manager's hands, and one without any state. */
TEST_F(recall, grown_over_quota)
{
	struct dmapi_object *o = &self->f.o;
	struct stat st;
	int fd;

	ASSERT_EQ(0, owner_is(self->f.path, OWNER));
	ASSERT_EQ(0, limit(USRQUOTA, OWNER, 8, 1));
	dm_fill(buf, SIZE, G, DM_SEED);
	EXPECT_EQ(G, dmapi_write_invis(o, 0, SIZE, G, buf));
	ASSERT_EQ(0, stat(self->f.path, &st));
	EXPECT_EQ((off_t)SIZE + G, st.st_size);
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE + G));
	/* Blocks that another file has, too, are copied. */
	ASSERT_EQ(0, run("cp --reflink=always %s %s/shared", self->f.path, self->dir));
	dm_fill(buf, 0, G, 44);
	EXPECT_EQ(G, dmapi_write_invis(o, DMAPI_WRITE_SYNC, 0, G, buf));
	dm_fill(buf, SIZE + 3 * G, G, DM_SEED);
	EXPECT_EQ(G, dmapi_write_invis(o, DMAPI_WRITE_SYNC, SIZE + 3 * G, G, buf));
	/* And it ended with that, for this very task. */
	fd = open(self->f.path, O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, pwrite(fd, buf, G, SIZE + 100 * G));
	EXPECT_EQ(EDQUOT, errno);
	close(fd);
	ASSERT_EQ(0, limit(USRQUOTA, OWNER, 0, 0));
}

/* --- Space ------------------------------------------------------------------------- */

/* Nothing is left; the blocks in reserve are for punching. */
TEST_F_TIMEOUT(recall, no_space, 60)
{
	struct dmapi_object *o = &self->f.o;
	char path[PATH_MAX];
	off_t pos = 0;
	int fd;

	ASSERT_EQ(0, dm_make_offline(o));
	snprintf(path, sizeof(path), "%s/ballast", self->dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, fd);
	for (off_t step = 64 << 20; step >= 4096; step /= 2)
		while (!fallocate(fd, 0, pos, step))
			pos += step;
	ASSERT_EQ(ENOSPC, errno);
	EXPECT_EQ(-ENOSPC, bring(self, o, 0, SIZE));
	ASSERT_EQ(0, dm_want(self->sid, 0));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, 4 * G, 4096));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
	EXPECT_EQ(0, dmapi_punch_hole(o, 0, 0));
	close(fd);
	ASSERT_EQ(0, unlink(path));
	EXPECT_EQ(0, bring(self, o, 0, SIZE));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
}

/* --- Files that nobody may change -------------------------------------------------- */

static long flags_set(const char *path, int flags)
{
	int fd = open(path, O_RDONLY);
	long ret = fd < 0 || ioctl(fd, FS_IOC_SETFLAGS, &flags) ? -errno : 0;

	close(fd);
	return ret;
}

TEST_F(recall, not_to_be_changed)
{
	static const int flags[] = {
		FS_IMMUTABLE_FL, FS_APPEND_FL, FS_IMMUTABLE_FL | FS_APPEND_FL,
	};
	struct dmapi_object *o = &self->f.o;
	char attr[DMAPI_ATTR_NAME_SIZE] = "where";
	__u64 list = DM_BIT(DESTROY), none = 0;
	struct dm_times t;

	for (size_t i = 0; i < ARRAY_SIZE(flags) * 2; i++) {
		int v = flags[i % ARRAY_SIZE(flags)];

		ASSERT_EQ(0, flags_set(self->f.path, v));
		if (i >= ARRAY_SIZE(flags))
			ASSERT_EQ(0, flags_set(self->dir, v));
		EXPECT_EQ(-1, open(self->f.path, O_WRONLY));
		EXPECT_EQ(EPERM, errno);
		t = dm_times(self->f.path);
		EXPECT_EQ(0, dm_make_offline(o));
		EXPECT_EQ(0, dmapi_set_dmattr(o, attr, 0, 5, "there"));
		EXPECT_EQ(0, dmapi_set_eventlist(o, &list, DMAPI_EVENT_MAX));
		DM_EXPECT_TIMES(self->f.path, t);
		EXPECT_EQ(0, served(self, dm_spawn_read(self->f.path, 0, SIZE)));
		EXPECT_EQ(0, dmapi_set_eventlist(o, &none, DMAPI_EVENT_MAX));
		EXPECT_EQ(0, dmapi_remove_dmattr(o, attr, 0));
		EXPECT_EQ(0, dm_disarm(o));
		ASSERT_EQ(0, flags_set(self->dir, 0));
		ASSERT_EQ(0, flags_set(self->f.path, 0));
	}
}

/* The mark is an attribute of a directory. */
TEST_F(recall, root_not_to_be_changed)
{
	struct dm_handle h;
	struct dmapi_object o;

	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &h));
	o = dm_obj(self->sid, &h);
	ASSERT_EQ(0, flags_set(dm_mnt(), FS_IMMUTABLE_FL));
	EXPECT_EQ(0, dmapi_set_managed(&o, 1));
	EXPECT_EQ(0, dmapi_set_managed(&o, 0));
	ASSERT_EQ(0, flags_set(dm_mnt(), 0));
}

/* --- Files that run ------------------------------------------------------------------ */

struct running {
	pid_t	pid;
	int	fd;			/* its other end */
};

static struct running start(const char *path)
{
	struct running r;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return (struct running) { .pid = -1 };
	r.pid = fork();
	if (!r.pid) {
		char s[20];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(s, sizeof(s), "%d", pair[1]);
		setenv("RECALL_FD", s, 1);
		execl(path, path, NULL);
		_exit(errno);
	}
	close(pair[1]);
	r.fd = pair[0];
	return r;
}

/* What is armed comes from the program's own file. */
static long bring_program(recall *t, const struct dmapi_object *o, int from,
			  __u64 size)
{
	unsigned char *p = malloc(size);
	long ret = -EIO;

	if (p && pread(from, p, size, 0) == (ssize_t)size) {
		if (!t->stage)
			ret = dmapi_write_invis(o, 0, 0, size, p);
		else if (pwrite(t->fd, p, size, 0) == (ssize_t)size)
			ret = dmapi_stage(o, t->fd, 0, 0, 0, 0);
		if (ret >= 0)
			ret = dmapi_set_resident(o, 0, 0);
	}
	free(p);
	return ret;
}

static void runs(struct __test_metadata *_metadata, recall *t, const char *how)
{
	struct dmapi_object o;
	struct dm_handle h;
	struct dm_event e;
	struct running r;
	char path[PATH_MAX];
	struct stat st;
	long ret = DM_RUNNING;
	int from;
	char c;

	ASSERT_EQ(0, dm_sysfs_set("mmap_mode", how));
	snprintf(path, sizeof(path), "%s/program", t->dir);
	from = open("/proc/self/exe", O_RDONLY);
	ASSERT_LE(0, from);
	ASSERT_EQ(0, run("cp /proc/%d/exe %s && sync -f %s", getpid(), path, path));
	ASSERT_EQ(0, stat(path, &st));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	o = dm_obj(t->sid, &h);
	/* It begins, as far as its headers go, and then it waits. */
	ASSERT_EQ(0, dm_arm(&o, G, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dmapi_punch_hole(&o, G, 0));
	r = start(path);
	ASSERT_LT(0, r.pid);
	ASSERT_EQ(0, dm_next(t->sid, &e, SOON));
	EXPECT_EQ(-1, open(path, O_WRONLY));
	EXPECT_EQ(ETXTBSY, errno);
	ASSERT_EQ(0, bring_program(t, &o, from, st.st_size));
	ASSERT_EQ(0, dm_continue(t->sid, e.token));

	/* It has begun; others may have been asked for meanwhile. */
	while (poll(&(struct pollfd) { .fd = r.fd, .events = POLLIN }, 1, 20) != 1) {
		while (!dm_next(t->sid, &e, 0))
			dm_continue(t->sid, e.token);
		ret = dm_wait(r.pid, 0);
		ASSERT_EQ(DM_RUNNING, ret);
	}
	ASSERT_EQ(1, read(r.fd, &c, 1));
	EXPECT_EQ(-1, open(path, O_WRONLY));
	EXPECT_EQ(ETXTBSY, errno);
	/* Nobody takes it away under it, or it would come back when touched. */
	if (!strcmp(how, "eager"))
		EXPECT_EQ(-EBUSY, dmapi_punch_hole(&o, 0, 0));
	/* What is there may be written again. */
	ASSERT_EQ(1, pread(from, buf, 1, st.st_size - 1));
	EXPECT_EQ(1, dmapi_write_invis(&o, 0, st.st_size - 1, 1, buf));
	ASSERT_EQ(1, write(r.fd, "g", 1));
	EXPECT_EQ(0, dm_wait(r.pid, SOON));
	EXPECT_EQ(0, dm_disarm(&o));
	EXPECT_EQ(0, run("cmp /proc/%d/exe %s", getpid(), path));
	close(r.fd);
	close(from);
	ASSERT_EQ(0, dm_sysfs_set("mmap_mode", "eager"));
}

TEST_F_TIMEOUT(recall, running, 60)
{
	runs(_metadata, self, "eager");
}

TEST_F_TIMEOUT(recall, running_lazy, 60)
{
	runs(_metadata, self, "lazy");
}

/* --- Readers who may not write ---------------------------------------------------------- */

TEST_F_TIMEOUT(recall, read_only, 60)
{
	struct dmapi_object *o = &self->f.o;
	char path[PATH_MAX];
	pid_t pid;
	int fd;

	ASSERT_EQ(0, chmod(self->f.path, 0444));
	ASSERT_EQ(0, dm_make_offline(o));
	EXPECT_EQ(0, served(self, dm_spawn(owner_reads, self->f.path)));

	/* A mount that cannot be written to, and in the end no other. */
	ASSERT_EQ(0, dm_make_offline(o));
	ASSERT_EQ(0, mount(dm_mnt(), BOUND, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, mount(NULL, BOUND, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	snprintf(path, sizeof(path), BOUND "%s", self->f.path + strlen(dm_mnt()));
	EXPECT_EQ(-1, open(path, O_WRONLY));
	EXPECT_EQ(EROFS, errno);
	EXPECT_EQ(0, served(self, dm_spawn(owner_reads, path)));
	ASSERT_EQ(0, dm_make_offline(o));
	fd = open(self->dir, O_PATH);
	ASSERT_EQ(0, umount2(dm_mnt(), MNT_DETACH));
	pid = dm_spawn(owner_reads, path);
	EXPECT_EQ(0, served(self, pid));
	EXPECT_EQ(0, dm_disarm(o));
	close(fd);
	ASSERT_EQ(0, mount(dm_dev(), dm_mnt(), "xfs", 0, OPTIONS));
	ASSERT_EQ(0, umount(BOUND));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
}

/* --- Swap -------------------------------------------------------------------------------- */

/* Its blocks are the kernel's, who asks nobody; it is never offline. */
TEST_F(recall, swap_file)
{
	struct dmapi_object *o = &self->f.o;

	if (run("mkswap %s > /dev/null 2>&1", self->f.path) || swapon(self->f.path, 0))
		SKIP(return, "no swap");
	EXPECT_EQ(-EOPNOTSUPP, dm_arm(o, 0, 0, DMAPI_REGION_READ));
	EXPECT_EQ(-EBUSY, dmapi_punch_hole(o, 0, 0));
	EXPECT_EQ(-EOPNOTSUPP, dmapi_write_invis(o, 0, 0, 1, buf));
	ASSERT_EQ(1, pwrite(self->fd, buf, 1, 0));
	EXPECT_EQ(-ETXTBSY, dmapi_stage(o, self->fd, 0, 0, 0, 0));
	ASSERT_EQ(0, swapoff(self->f.path));
	ASSERT_EQ(0, dm_make_offline(o));
	EXPECT_EQ(-1, swapon(self->f.path, 0));
}

TEST_HARNESS_MAIN
