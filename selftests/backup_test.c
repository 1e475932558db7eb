// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes that backup programs copy, in every order, and values that nobody
 * in his senses would write
 *
 * A restored file is offline where its copy was, whether the record comes before
 * the data or after it, and never zeros.  What an object was born with can be
 * read.  Offline bytes are holes to a program that has the record, if the
 * administrator wants that, and to no other.  What is no value of an attribute of
 * ours is refused, or harmless.
 */
#include <grp.h>

#include "offline.h"

#define EVENTS		"trusted.XDSM_EVENTS"
#define GROUP		4243
#define GROUP_S		"4243"

FIXTURE(backup) {
	DM_FIXTURE_FIELDS;
	char		path[300];
	struct model	m;
};

/* Nobody does, and nobody waits for that. */
static long nobody_answers(void)
{
	long ret = dm_sysfs_set("data_policy", "continue");

	if (!ret)
		ret = dm_sysfs_set("namespace_policy", "continue");
	return ret ? ret : dm_sysfs_set("async_policy", "continue");
}

FIXTURE_SETUP(backup)
{
	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/backup.%d", dm_mnt(), getpid());
	snprintf(self->path, sizeof(self->path), "%s/file", self->dir);
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "backup_test", &self->sid));
	ASSERT_EQ(0, nobody_answers());
	/* Data, away, data, a hole, away, data, away */
	self->m.size = 8 * GRAIN - 1000;
	model_set(&self->m, 2 * GRAIN, 3 * GRAIN, OFFLINE);
	model_set(&self->m, 4 * GRAIN, 5 * GRAIN, ZEROS);
	model_set(&self->m, 5 * GRAIN, 6 * GRAIN, OFFLINE);
	model_set(&self->m, 7 * GRAIN, 8 * GRAIN, OFFLINE);
}

FIXTURE_TEARDOWN(backup)
{
	dm_sysfs_set("backup_gid", "-1");
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
	dm_sysfs_set("data_policy", "block");
	dm_sysfs_set("namespace_policy", "block");
	dm_sysfs_set("async_policy", "block");
}

/* --- Restored ------------------------------------------------------------------- */

#define RESTORE_RECORD(m) ({						\
	struct record rec_ = record_of(m);				\
	ASSERT_EQ(0, record_set(self->path, &rec_, 0));			\
})

#define MAKE() ({							\
	int fd_ = open(self->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644); \
	ASSERT_LE(0, fd_);						\
	fd_;								\
})

#define REMOUNT(opts) ({						\
	ASSERT_EQ(0, dm_remount(0, opts));				\
	if (*(opts))							\
		ASSERT_EQ(0, nobody_answers());				\
})

#define VERIFY(m) ({							\
	const char *why_ = model_verify(m, self->path);			\
	EXPECT_EQ(NULL, why_) TH_LOG("%s", why_);			\
})

TEST_F(backup, record_after_data)
{
	int fd = MAKE();

	ASSERT_EQ(0, model_write(&self->m, fd, false));
	close(fd);
	RESTORE_RECORD(&self->m);
	VERIFY(&self->m);
	REMOUNT("dmapi");
	VERIFY(&self->m);
}

TEST_F(backup, record_before_data)
{
	int fd = MAKE();

	RESTORE_RECORD(&self->m);
	ASSERT_EQ(0, model_write(&self->m, fd, false));
	VERIFY(&self->m);
	close(fd);
	REMOUNT("dmapi");
	VERIFY(&self->m);
	REMOUNT("");
	VERIFY(&self->m);
	REMOUNT("dmapi");
}

TEST_F(backup, nothing_but_the_size)
{
	int fd = MAKE();

	model_set(&self->m, 0, self->m.size, OFFLINE);
	RESTORE_RECORD(&self->m);
	ASSERT_EQ(0, ftruncate(fd, self->m.size));
	VERIFY(&self->m);
	close(fd);
	REMOUNT("dmapi");
	VERIFY(&self->m);
}

/* The dump brought back what the record calls offline. */
TEST_F(backup, all_of_the_data_comes)
{
	struct model all = self->m;
	char state[20] = "";
	int fd = MAKE();

	model_set(&all, 0, all.size, RESIDENT);
	RESTORE_RECORD(&self->m);
	/* Pieces as tar has them, which end in the midst of pages. */
	for (off_t pos = 0; pos < all.size; pos += 10240) {
		unsigned char buf[10240];
		size_t n = all.size - pos < 10240 ? all.size - pos : 10240;

		dm_fill(buf, pos, n, DM_SEED);
		ASSERT_EQ((ssize_t)n, pwrite(fd, buf, n, pos));
		/* at once, and not when it has reached the device */
		ASSERT_EQ((ssize_t)n, pread(fd, buf, n, pos));
	}
	VERIFY(&all);
	close(fd);
	EXPECT_EQ(8, getxattr(self->path, "system.dmapi.state", state, sizeof(state)));
	EXPECT_STREQ("resident", state);
	REMOUNT("dmapi");
	VERIFY(&all);
}

/* Forgotten between one step of a restore and the next. */
TEST_F(backup, in_many_pieces)
{
	unsigned char buf[GRAIN];
	int fd = MAKE();

	close(fd);
	RESTORE_RECORD(&self->m);
	for (off_t pos = 0; pos < self->m.size; pos += GRAIN) {
		size_t n = self->m.size - pos < GRAIN ? self->m.size - pos : GRAIN;

		if (model_unit(&self->m, pos) != RESIDENT)
			continue;
		REMOUNT(pos % (2 * GRAIN) ? "dmapi" : "");
		fd = open(self->path, O_WRONLY);
		ASSERT_LE(0, fd);
		dm_fill(buf, pos, n, DM_SEED);
		ASSERT_EQ((ssize_t)n, pwrite(fd, buf, n, pos));
		close(fd);
	}
	REMOUNT("dmapi");
	ASSERT_EQ(0, truncate(self->path, self->m.size));
	VERIFY(&self->m);
}

/* What a crash takes from an unfinished restore is no zeros. */
TEST_F(backup, crash)
{
	unsigned char *buf = poisoned(self->m.size);
	struct stat st;
	int fd = MAKE();
	ssize_t n;

	model_set(&self->m, 0, self->m.size, OFFLINE);
	RESTORE_RECORD(&self->m);
	dm_fill(buf, 0, GRAIN, DM_SEED);
	ASSERT_EQ(GRAIN, pwrite(fd, buf, GRAIN, 0));
	ASSERT_EQ(0, fsync(fd));
	ASSERT_EQ(0, ftruncate(fd, self->m.size));
	ASSERT_EQ(0, fsync(fd));
	close(fd);
	ASSERT_EQ(0, dm_shutdown(dm_mnt(), DM_NOLOGFLUSH));
	REMOUNT("dmapi");
	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(self->m.size, st.st_size);
	model_set(&self->m, 0, GRAIN, RESIDENT);
	VERIFY(&self->m);
	fd = open(self->path, O_RDONLY);
	n = pread(fd, buf, GRAIN, GRAIN);
	EXPECT_EQ(-1, n);
	close(fd);
	free(buf);
}

/* A page cannot be data in part and left out in part. */
TEST_F(backup, edges_within_a_page)
{
	struct span s = { 0, 4 * GRAIN };
	struct record rec = record_make(NULL, 0, &s, 1);
	int fd = MAKE();

	ASSERT_EQ(0, record_set(self->path, &rec, 0));
	ASSERT_EQ(24, pwrite(fd, rec.bytes, 24, 0));
	EXPECT_EQ(-EIO, neg(ftruncate(fd, GRAIN)));
	EXPECT_EQ(-EIO, neg(ftruncate(fd, 25)));
	EXPECT_EQ(-EIO, neg(pwrite(fd, "x", 1, GRAIN)));
	EXPECT_EQ(24, lseek(fd, 0, SEEK_END));
	close(fd);
	fd = MAKE();
	ASSERT_EQ(0, record_set(self->path, &rec, 0));
	EXPECT_EQ(-EIO, neg(pwrite(fd, "x", 1, GRAIN + 1)));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(1, pwrite(fd, "x", 1, GRAIN));
	EXPECT_EQ(-EIO, neg(pread(fd, &s, 1, 0)));
	EXPECT_EQ(1, pread(fd, &s, 1, GRAIN));
	close(fd);
}

/* What could not be written is not written. */
TEST_F(backup, failed_write)
{
	struct span s = { 0, 4 * GRAIN };
	struct record rec = record_make(NULL, 0, &s, 1);
	const char *volatile bad = DM_BAD_PTR;
	int fd = MAKE();
	char c;

	ASSERT_EQ(0, record_set(self->path, &rec, 0));
	EXPECT_EQ(-EFAULT, neg(pwrite(fd, bad, 2 * GRAIN, 0)));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_END));
	ASSERT_EQ(1, pwrite(fd, "x", 1, GRAIN));
	EXPECT_EQ(-EIO, neg(pread(fd, &c, 1, 0)));
	EXPECT_EQ(1, pread(fd, &c, 1, GRAIN));
	EXPECT_EQ('x', c);
	close(fd);
	fd = MAKE();
	ASSERT_EQ(0, record_set(self->path, &rec, 0));
	EXPECT_EQ(-EFAULT, neg(pwrite(fd, bad, 2 * GRAIN, 0)));
	ASSERT_EQ(0, ftruncate(fd, 4 * GRAIN));
	EXPECT_EQ(-EIO, neg(pread(fd, &c, 1, 0)));
	EXPECT_EQ(-EIO, neg(pread(fd, &c, 1, 4 * GRAIN - 1)));
	close(fd);
}

/* The owner has begun to use it: what he makes of the end is zeros. */
TEST_F(backup, owner)
{
	struct model zeros = { .size = 4 * GRAIN };
	struct span s = { 0, 4 * GRAIN };
	struct record rec = record_make(NULL, 0, &s, 1);
	int fd = MAKE();

	memset(zeros.unit, ZEROS, sizeof(zeros.unit));
	ASSERT_EQ(0, record_set(self->path, &rec, 0));
	ASSERT_EQ(4096, pwrite(fd, self->m.unit, 4096, 0));
	ASSERT_EQ(0, ftruncate(fd, 0));
	ASSERT_EQ(0, ftruncate(fd, zeros.size));
	VERIFY(&zeros);
	close(fd);
	REMOUNT("dmapi");
	VERIFY(&zeros);
	/* Spans that lie in the file are not to come. */
	fd = MAKE();
	ASSERT_EQ(0, ftruncate(fd, zeros.size));
	ASSERT_EQ(0, record_set(self->path, &rec, 0));
	close(fd);
	EXPECT_EQ(0, truncate(self->path, 0));
	EXPECT_EQ(0, truncate(self->path, zeros.size));
	VERIFY(&zeros);
}

/* --- What an object was born with -------------------------------------------------- */

/* How often a name is in an object's list. */
static int listed(const char *path, const char *name)
{
	char buf[4096];
	ssize_t n = listxattr(path, buf, sizeof(buf));
	int found = 0;

	if (n != listxattr(path, NULL, 0))
		return -1;
	for (char *p = buf; p < buf + n; p += strlen(p) + 1)
		found += !strcmp(p, name);
	return found;
}

static long as_user(void *arg)
{
	long ret = dm_drop_cap(21 /* CAP_SYS_ADMIN */);

	if (ret)
		return ret;
	return listed(arg, RECORD_NAME) || listed(arg, EVENTS) ||
	       getxattr(arg, RECORD_NAME, NULL, 0) >= 0 ? -EILSEQ : 0;
}

TEST_F(backup, born)
{
	static const char *const name[] = { RECORD_NAME, EVENTS };
	unsigned char shown[2][100], made[100];
	char path[400], sub[400];
	struct dmapi_object o;
	struct dmapi_region r[2];
	struct dm_handle h, fs;
	ssize_t len[2];
	__u64 set = DM_BIT(DESTROY) | DM_BIT(CLOSE), got = 0;
	__u32 n, exact;
	int fd;

	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &fs));
	ASSERT_EQ(0, dm_path_handle(self->dir, &h));
	o = dm_obj(self->sid, &h);
	ASSERT_EQ(0, dmapi_set_born(&o, set, DMAPI_REGION_WRITE | DMAPI_REGION_TRUNCATE));
	snprintf(path, sizeof(path), "%s/born", self->dir);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	ASSERT_LE(0, fd);
	close(fd);
	snprintf(sub, sizeof(sub), "%s/sub", self->dir);
	ASSERT_EQ(0, mkdir(sub, 0755));
	ASSERT_EQ(0, dmapi_set_born(&o, 0, 0));

	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(1, listed(path, name[i]));
		EXPECT_EQ(i, listed(sub, name[i]));
		len[i] = getxattr(path, name[i], shown[i], 100);
		ASSERT_LT(0, len[i]);
		EXPECT_EQ(len[i], getxattr(path, name[i], NULL, 0));
		EXPECT_EQ(-ERANGE, neg(getxattr(path, name[i], made, len[i] - 1)));
	}
	EXPECT_EQ(-ENODATA, neg(getxattr(sub, RECORD_NAME, NULL, 0)));
	EXPECT_EQ(0, setxattr(path, "user.x", "x", 1, 0));
	EXPECT_EQ(1, listed(path, "user.x"));
	EXPECT_EQ(0, dm_wait(dm_spawn(as_user, path), 5000));

	/* A copy has it. */
	ASSERT_EQ(0, run("cp -a %s %s", path, self->path));
	ASSERT_EQ(0, dm_path_handle(self->path, &h));
	o = dm_obj(self->sid, &h);
	EXPECT_EQ(0, dmapi_get_region(&o, 2, r, &n));
	EXPECT_EQ(1, n);
	EXPECT_EQ(DMAPI_REGION_WRITE | DMAPI_REGION_TRUNCATE, r[0].flags);
	EXPECT_EQ(0, r[0].offset);
	EXPECT_EQ(0, r[0].size);
	EXPECT_EQ(0, dmapi_get_eventlist(&o, 32, &got, &n));
	/* A region's events are an object's, too. */
	EXPECT_EQ(set | DM_BIT(WRITE) | DM_BIT(TRUNCATE), got);

	/* Made real, it is the same, and there once. */
	ASSERT_EQ(0, dm_path_handle(path, &h));
	o = dm_obj(self->sid, &h);
	ASSERT_EQ(0, dmapi_get_region(&o, 2, r, &n));
	ASSERT_EQ(0, dmapi_set_region(&o, n, r, &exact));
	ASSERT_EQ(0, dmapi_set_eventlist(&o, &set, DMAPI_EVENT_MAX));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(1, listed(path, name[i]));
		EXPECT_EQ(len[i], getxattr(path, name[i], made, 100));
		EXPECT_EQ(0, memcmp(made, shown[i], len[i]));
	}
	ASSERT_EQ(0, dm_disarm(&o));
	EXPECT_EQ(0, listed(path, RECORD_NAME));
}

/* --- Holes for those who have the record --------------------------------------------- */

struct dumper {
	const char	*path;
	__s32		sid;
	bool		member;
};

/* What SEEK_HOLE says of the first offline granule: 1 a hole, 0 data. */
static int sees_hole(int fd)
{
	off_t hole = lseek(fd, 2 * GRAIN, SEEK_HOLE);
	off_t data = lseek(fd, 2 * GRAIN, SEEK_DATA);
	char c;

	if (pread(fd, &c, 1, 2 * GRAIN) != -1)
		return -1;
	if (hole == 2 * GRAIN && data == 3 * GRAIN)
		return 1;
	return data == 2 * GRAIN && hole > 3 * GRAIN ? 0 : -2;
}

static long dump_child(void *arg)
{
	const struct dumper *d = arg;
	int fd = open(d->path, O_RDONLY | O_CLOEXEC), status;
	gid_t gid = GROUP;
	struct dmapi_object o;
	struct dm_handle h;
	char buf[1000];
	pid_t pid;

	if (fd < 0 || setgroups(d->member, &gid) || dm_path_handle(d->path, &h))
		return -errno;
	o = dm_obj(d->sid, &h);
	if (sees_hole(fd))
		return -1001;
	/* To list it, or to ask for its length, is not to have it. */
	if (flistxattr(fd, buf, sizeof(buf)) < 0 || fgetxattr(fd, RECORD_NAME, NULL, 0) < 0 ||
	    fgetxattr(fd, RECORD_NAME, buf, 10) != -1 || sees_hole(fd))
		return -1002;
	if (fgetxattr(fd, RECORD_NAME, buf, sizeof(buf)) < 0)
		return -errno;
	if (sees_hole(fd) != d->member)
		return -1003;
	if (!d->member)
		return 0;
	/* Nor is to be its child. */
	pid = fork();
	if (!pid)
		_exit(sees_hole(fd));
	if (waitpid(pid, &status, 0) != pid || status)
		return -1004;
	/* The state that it has read is gone. */
	if (dm_arm(&o, 0, 0, DMAPI_REGION_READ) || sees_hole(fd))
		return -1005;
	if (fgetxattr(fd, RECORD_NAME, buf, sizeof(buf)) < 0 || sees_hole(fd) != 1)
		return -1006;
	if (dmapi_punch_hole(&o, 6 * GRAIN, GRAIN) || sees_hole(fd) ||
	    lseek(fd, 6 * GRAIN, SEEK_DATA) != 6 * GRAIN)
		return -1007;
	close(fd);
	return 0;
}

TEST_F(backup, group)
{
	struct dumper d = { .path = self->path, .sid = self->sid };
	char value[40];
	int fd = MAKE();

	ASSERT_EQ(0, model_write(&self->m, fd, false));
	close(fd);
	RESTORE_RECORD(&self->m);
	EXPECT_EQ(0, dm_sysfs_get("backup_gid", value, sizeof(value)));
	EXPECT_STREQ("-1", value);
	EXPECT_GT(0, dm_sysfs_set("backup_gid", "-2"));
	EXPECT_GT(0, dm_sysfs_set("backup_gid", "x"));
	/* No group, not in it, in it */
	EXPECT_EQ(0, dm_wait(dm_spawn(dump_child, &d), 10000));
	ASSERT_EQ(0, dm_sysfs_set("backup_gid", GROUP_S));
	EXPECT_EQ(0, dm_wait(dm_spawn(dump_child, &d), 10000));
	d.member = true;
	EXPECT_EQ(0, dm_wait(dm_spawn(dump_child, &d), 10000));
	EXPECT_EQ(0, dm_sysfs_get("waiters", value, sizeof(value)));
	EXPECT_STREQ("0", value);
}

/* --- DM attributes of others -------------------------------------------------------- */

TEST_F_TIMEOUT(backup, dm_attributes, 100)
{
	static const char *const name[][2] = {
		{ "DMFATTR\0", "trusted.SGI_DMI_DMFATTR" },
		{ "\x80\xff/\n \x01\x7f=", "trusted.SGI_DMI_\x80\xff/\n \x01\x7f=" },
		{ "\xc3\x28\0\0\0\0\0\0", "trusted.SGI_DMI_\xc3\x28" },
		{ "a\0b\0\0\0\0\xff", "trusted.SGI_DMX_61006200000000ff" },
	};
	static const size_t size[] = { 0, 1, 49, 255, 256, 4000, 65535, 65536 };
	static unsigned char want[65536], got[65537];
	char path[400];
	const char *obj[3] = { self->path, self->dir, path };
	struct dmapi_object o;
	struct dm_handle h;
	__u64 len;
	int fd = MAKE();

	close(fd);
	snprintf(path, sizeof(path), "%s/link", self->dir);
	ASSERT_EQ(0, symlink("nowhere", path));
	for (size_t i = 0; i < 3 * ARRAY_SIZE(name) * ARRAY_SIZE(size); i++) {
		const char *p = obj[i % 3];
		const char *const *nm = name[i / 3 % ARRAY_SIZE(name)];
		size_t n = size[i / 3 / ARRAY_SIZE(name)];

		ASSERT_EQ(0, dm_path_handle(p, &h));
		o = dm_obj(self->sid, &h);
		dm_fill(want, 0, n, i);
		/* Another tool's, */
		EXPECT_EQ(0, lsetxattr(p, nm[1], want, n, 0));
		EXPECT_EQ(0, dmapi_get_dmattr(&o, nm[0], sizeof(got), got, &len));
		EXPECT_EQ(n, len);
		EXPECT_EQ(0, memcmp(want, got, n));
		/* and the way back */
		dm_fill(want, 0, n, i + 1);
		EXPECT_EQ(0, dmapi_set_dmattr(&o, nm[0], 0, n, want));
		EXPECT_EQ((ssize_t)n, lgetxattr(p, nm[1], got, sizeof(got)));
		EXPECT_EQ(0, memcmp(want, got, n));
	}
}

/* --- Hostile values ------------------------------------------------------------------- */

static unsigned int seed;

static unsigned int rnd(unsigned int below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void put(unsigned char *p, int bytes, __u64 v)
{
	while (bytes--)
		*p++ = v >> (8 * bytes);
}

/* A value that is one, of an attribute of ours; returns its length. */
static size_t good_value(int kind, unsigned char *v)
{
	static const struct armed r[] = { { 0, 0, 3 }, { GRAIN, GRAIN, 7 } };
	static const struct span s[] = { { 2 * GRAIN, 3 * GRAIN }, { 5 * GRAIN, 8 * GRAIN } };
	struct record rec;

	memset(v, 0, 256);
	switch (kind) {
	case 0:
		rec = record_make(r, 2, s, 2);
		memcpy(v, rec.bytes, rec.len);
		return rec.len;
	case 1:
		put(v, 4, 0x58444d4c);
		put(v + 4, 2, 1);
		put(v + 8, 8, DM_BIT(DESTROY));
		return 24;
	case 2:
		put(v, 4, 0x58444d49);
		put(v + 4, 2, 1);
		put(v + 6, 2, 2);
		memcpy(v + 8, "one", 3);
		memcpy(v + 24, "two", 3);
		return 40;
	default:
		put(v, 4, 0x58444d4d);
		put(v + 4, 2, 1);
		return 8;
	}
}

static size_t bad_value(int kind, unsigned char *v)
{
	static const __u64 number[] = {
		0, 1, 2, 3, 0x7f, 0xff, 0xffff, GRAIN, 128, 129, 1024, 1025,
		1ULL << 31, 1ULL << 32, (1ULL << 63) - 1, 1ULL << 63, ~0ULL,
	};
	size_t len = good_value(kind, v);

	switch (rnd(4)) {
	case 0:
		len = rnd(200);
		for (size_t i = 0; i < len; i++)
			v[i] = rnd(256);
		break;
	case 1:
		v[rnd(len)] ^= 1 << rnd(8);
		break;
	case 2:
		put(v + rnd(len / 4) * 4, 4, number[rnd(ARRAY_SIZE(number))]);
		break;
	default:
		put(v + rnd(len / 8) * 8, 8, number[rnd(ARRAY_SIZE(number))]);
		if (!rnd(3))
			len = rnd(256);
	}
	return len;
}

TEST_F_TIMEOUT(backup, hostile, 150)
{
	const struct {
		const char	*name;
		const char	*path;
		int		kind;
	} a[] = {
		{ RECORD_NAME, self->path, 0 },
		{ EVENTS, self->path, 1 },
		{ EVENTS, self->dir, 1 },
		{ "trusted.XDSM_BORN", self->dir, 1 },
		{ "trusted.XDSM_FS_EVENTS", dm_mnt(), 1 },
		{ "trusted.XDSM_FS_BORN", dm_mnt(), 1 },
		{ "trusted.XDSM_INHERIT", dm_mnt(), 2 },
		{ "trusted.XDSM_MANAGED", dm_mnt(), 3 },
		{ RECORD_NAME, self->dir, 0 },
	};
	unsigned char v[512], buf[16];
	unsigned int taken = 0, refused = 0, failed = 0;
	struct stat st;
	size_t len;
	int fd = MAKE();

	ASSERT_EQ(0, model_write(&self->m, fd, false));
	RESTORE_RECORD(&self->m);
	/* Every length but the right one */
	for (unsigned int i = 0; i < ARRAY_SIZE(a); i++) {
		len = good_value(a[i].kind, v);
		for (size_t n = 0; n <= len + 1; n++) {
			if (n == len)
				continue;
			EXPECT_EQ(-EINVAL, neg(setxattr(a[i].path, a[i].name, v, n, 0))) {
				TH_LOG("%s of %s, %zu bytes", a[i].name, a[i].path, n);
			}
		}
	}
	VERIFY(&self->m);

	seed = 20;
	for (int round = 0; round < 6000; round++) {
		unsigned int i = rnd(ARRAY_SIZE(a));
		int flags = rnd(8) ? 0 : rnd(2) ? XATTR_CREATE : XATTR_REPLACE;
		long ret;

		len = bad_value(a[i].kind, v);
		ret = neg(setxattr(a[i].path, a[i].name, v, len, flags));
		if (!ret)
			taken++;
		else if (ret == -EINVAL)
			refused++;
		else if (ret != -EPERM && ret != -EEXIST && ret != -ENODATA)
			failed++;
		if (i) {
			/* Nobody is there to answer what it would raise. */
			removexattr(a[i].path, a[i].name);
			continue;
		}
		memset(buf, POISON, sizeof(buf));
		for (int k = 2; k < 8; k++) {
			if (model_unit(&self->m, k * GRAIN) != OFFLINE)
				continue;
			EXPECT_EQ(-1, pread(fd, buf, sizeof(buf), k * GRAIN));
			EXPECT_TRUE(dm_all(buf, POISON, sizeof(buf)));
		}
		EXPECT_EQ(0, fstat(fd, &st));
		EXPECT_EQ(self->m.size, st.st_size);
	}
	TH_LOG("%u taken, %u refused", taken, refused);
	EXPECT_LT(50, taken);
	EXPECT_LT(2000, refused);
	EXPECT_EQ(0, failed);
	EXPECT_EQ(-EPERM, neg(removexattr(self->path, RECORD_NAME)));
	close(fd);
	REMOUNT("dmapi");
	/* The honest hole may be in a span by now. */
	if (model_verify(&self->m, self->path)) {
		model_set(&self->m, 4 * GRAIN, 5 * GRAIN, OFFLINE);
		VERIFY(&self->m);
	}
}

TEST_HARNESS_MAIN
