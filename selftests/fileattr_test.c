// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of files: what is told, what changes the change indicator and what
 * does not, and setting them without a trace.
 */
#include "common.h"

#include <sys/quota.h>
#include <sys/sysmacros.h>

#include <linux/dqblk_xfs.h>
#include <linux/fs.h>

#define G	DM_GRANULE
#define SIZE	(4 * G + 1000)
#define GET	(DMAPI_AT_DTIME | DMAPI_AT_EMASK | DMAPI_AT_PMANR | \
		 DMAPI_AT_PATTR | DMAPI_AT_STAT | DMAPI_AT_CFLAG)
#define SET	(DMAPI_AT_MODE | DMAPI_AT_UID | DMAPI_AT_GID | DMAPI_AT_ATIME | \
		 DMAPI_AT_MTIME | DMAPI_AT_CTIME | DMAPI_AT_DTIME | DMAPI_AT_SIZE)

static struct dmapi_stat st, zero;

FIXTURE(fileattr) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
};

FIXTURE_SETUP(fileattr)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "fileattr", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", SIZE));
}

DM_FIXTURE_TEARDOWN(fileattr)

/* --- What is told ---------------------------------------------------------- */

TEST_F(fileattr, as_stat)
{
	static const char *const names[] = { "f", "", "fifo", "link", "dev", "hard" };
	char path[PATH_MAX], other[PATH_MAX];
	struct dmapi_object o;
	struct dm_handle h;
	struct stat s;
	unsigned int i;

	snprintf(path, sizeof(path), "%s/fifo", self->dir);
	ASSERT_EQ(0, mkfifo(path, 0601));
	snprintf(path, sizeof(path), "%s/link", self->dir);
	ASSERT_EQ(0, symlink("nowhere", path));
	snprintf(path, sizeof(path), "%s/dev", self->dir);
	ASSERT_EQ(0, mknod(path, S_IFCHR | 0600, makedev(259, 70000)));
	snprintf(other, sizeof(other), "%s/other", self->dir);
	snprintf(path, sizeof(path), "%s/hard", self->dir);
	ASSERT_EQ(0, mknod(other, S_IFREG | 02755, 0));
	ASSERT_EQ(0, link(other, path));
	ASSERT_EQ(0, truncate(path, 123456789012LL));
	ASSERT_EQ(0, chown(path, 70001, 70002));
	ASSERT_EQ(0, chmod(path, 06711));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", self->dir, names[i]);
		ASSERT_EQ(0, dm_path_handle(path, &h));
		o = dm_obj(self->sid, &h);
		memset(&st, 0xa5, sizeof(st));
		EXPECT_EQ(0, dmapi_get_fileattr(&o, 0, &st));
		ASSERT_EQ(0, lstat(path, &s));
		EXPECT_EQ((__s64)s.st_dev, st.dev);
		EXPECT_EQ(s.st_ino, st.ino);
		EXPECT_EQ(s.st_mode, (mode_t)st.mode);
		EXPECT_EQ(s.st_nlink, (nlink_t)st.nlink);
		EXPECT_EQ(s.st_uid, st.uid);
		EXPECT_EQ(s.st_gid, st.gid);
		EXPECT_EQ((__s64)s.st_rdev, st.rdev);
		EXPECT_EQ(s.st_size, st.size);
		EXPECT_EQ(s.st_atime, st.atime);
		EXPECT_EQ(s.st_mtime, st.mtime);
		EXPECT_EQ(s.st_ctime, st.ctime);
		EXPECT_EQ((__u64)s.st_blocks, st.blocks);
		EXPECT_LE(512, st.blksize);
		EXPECT_EQ(0, memcmp(h.b + 12, &st.igen, sizeof(st.igen)));
		EXPECT_EQ(23, st.nevents);
		EXPECT_EQ(0, st.emask);
		EXPECT_EQ(0, st.pers);
		EXPECT_EQ(0, st.pmanreg);
		EXPECT_EQ(0, st.dtime);
		EXPECT_EQ(0, st.link);
		EXPECT_EQ(0, st.handle.length);
		EXPECT_EQ(0, st.compname.length);
		EXPECT_EQ(0, st.pad1 | st.pad2 | st.pad3 | st.pad4 | st.pad5);
		EXPECT_EQ(0, st.fstype);
	}
	ASSERT_EQ(0, dmapi_get_fileattr(&self->f.o, DMAPI_AT_STAT, &st));
	EXPECT_LE(1, st.extents);
}

/* Nothing but the group that was asked for. */
TEST_F(fileattr, groups)
{
	static const __u32 bits[] = {
		DMAPI_AT_DTIME, DMAPI_AT_EMASK, DMAPI_AT_PMANR, DMAPI_AT_PATTR,
		DMAPI_AT_STAT, DMAPI_AT_CFLAG,
	};
	struct dmapi_object *o = &self->f.o;
	struct dmapi_stat all, sum = { };
	unsigned int i, j;

	ASSERT_EQ(0, dm_arm(o, 5, 5, DMAPI_REGION_WRITE | DMAPI_REGION_READ));
	ASSERT_EQ(0, dm_set_list(self->sid, self->f.path, DM_BIT(DESTROY)));
	ASSERT_EQ(0, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, 1, "x"));
	ASSERT_EQ(0, dmapi_get_fileattr(o, 0, &all));
	EXPECT_EQ(DM_BIT(DESTROY) | DM_BIT(READ) | DM_BIT(WRITE), all.emask);
	EXPECT_EQ(1, all.pmanreg);
	EXPECT_EQ(1, all.pers);
	EXPECT_EQ(all.ctime, all.dtime);
	EXPECT_NE(0, all.change);
	EXPECT_NE(0, all.xflags & DMAPI_XFLAG_HASATTR);
	EXPECT_NE(0, all.dmstate);
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		memset(&st, 0xa5, sizeof(st));
		ASSERT_EQ(0, dmapi_get_fileattr(o, bits[i], &st));
		if (bits[i] != DMAPI_AT_STAT)
			EXPECT_TRUE(dm_all((void *)&st.dev, 0,
					   sizeof(st) - offsetof(struct dmapi_stat, dev)));
		if (bits[i] != DMAPI_AT_EMASK)
			EXPECT_EQ(0, st.emask | st.nevents);
		EXPECT_EQ(bits[i] == DMAPI_AT_PMANR, st.pmanreg);
		EXPECT_EQ(bits[i] == DMAPI_AT_PATTR, st.pers);
		EXPECT_EQ(bits[i] == DMAPI_AT_DTIME ? all.dtime : 0, st.dtime);
		EXPECT_EQ(bits[i] == DMAPI_AT_CFLAG ? all.change : 0, st.change);
		for (j = 0; j < sizeof(st); j++)
			((char *)&sum)[j] |= ((char *)&st)[j];
	}
	EXPECT_EQ(0, memcmp(&all, &sum, sizeof(all)));
	/* Other attributes are none of the application's. */
	ASSERT_EQ(0, dmapi_remove_dmattr(o, "a\0\0\0\0\0\0", 0));
	ASSERT_EQ(0, setxattr(self->f.path, "user.x", "x", 1, 0));
	ASSERT_EQ(0, setxattr(self->f.path, "user.SGI_DMI_x", "x", 1, 0));
	ASSERT_EQ(0, dmapi_get_fileattr(o, DMAPI_AT_PATTR | DMAPI_AT_DTIME, &st));
	EXPECT_EQ(0, st.pers);
	EXPECT_EQ(0, st.dtime);
	/* Among many, in a tree of blocks. */
	for (i = 0; i < 200; i++) {
		char name[40];

		snprintf(name, sizeof(name), "user.long.name.of.number.%u", i);
		ASSERT_EQ(0, setxattr(self->f.path, name, &all, sizeof(all), 0));
	}
	ASSERT_EQ(0, dmapi_get_fileattr(o, DMAPI_AT_PATTR, &st));
	EXPECT_EQ(0, st.pers);
	ASSERT_EQ(0, dmapi_set_dmattr(o, "a\0b\0\0\0\0", 0, 1, "x"));
	ASSERT_EQ(0, dmapi_get_fileattr(o, DMAPI_AT_PATTR, &st));
	EXPECT_EQ(1, st.pers);
}

TEST_F(fileattr, flags)
{
	struct fsxattr fx = { };
	int fd = open(self->f.path, O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, FS_IOC_FSGETXATTR, &fx));
	fx.fsx_xflags |= FS_XFLAG_NODUMP | FS_XFLAG_SYNC | FS_XFLAG_NODEFRAG;
	ASSERT_EQ(0, ioctl(fd, FS_IOC_FSSETXATTR, &fx));
	close(fd);
	ASSERT_EQ(0, dmapi_get_fileattr(&self->f.o, DMAPI_AT_STAT, &st));
	EXPECT_EQ(DMAPI_XFLAG_NODUMP | DMAPI_XFLAG_SYNC,
		  st.xflags & ~DMAPI_XFLAG_HASATTR);
	snprintf(self->f.path, sizeof(self->f.path), "%s/hint", self->dir);
	fd = open(self->f.path, O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, FS_IOC_FSGETXATTR, &fx));
	fx.fsx_xflags |= FS_XFLAG_EXTSIZE;
	fx.fsx_extsize = 1 << 20;
	ASSERT_EQ(0, ioctl(fd, FS_IOC_FSSETXATTR, &fx));
	close(fd);
	ASSERT_EQ(0, dm_path_handle(self->f.path, &self->f.h));
	ASSERT_EQ(0, dmapi_get_fileattr(&self->f.o, DMAPI_AT_STAT, &st));
	EXPECT_EQ(1 << 20, st.extsize);
}

/* What is offline has no blocks here, whatever stat() says to others. */
TEST_F(fileattr, offline)
{
	struct dmapi_object *o = &self->f.o;

	ASSERT_EQ(0, dm_make_offline(o));
	ASSERT_EQ(0, dmapi_get_fileattr(o, DMAPI_AT_STAT | DMAPI_AT_EMASK, &st));
	EXPECT_EQ(SIZE, st.size);
	EXPECT_EQ(0, st.blocks);
	EXPECT_EQ(0, st.extents);
	EXPECT_EQ(DM_BIT(READ), st.emask);
}

TEST_F(fileattr, get_errors)
{
	struct dmapi_object *o = &self->f.o, other;
	struct dmapi_get_fileattr a = {
		.obj = *o, .pad = 1, .statp = DM_PTR(&st),
	};
	struct dm_handle h;
	int i;

	st = zero;
	for (i = 0; i < 32; i++) {
		if (GET & (1U << i))
			continue;
		EXPECT_EQ(-EINVAL, dmapi_get_fileattr(o, 1U << i, &st));
		EXPECT_EQ(-EINVAL, dmapi_get_fileattr(o, GET | 1U << i, &st));
	}
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_FILEATTR, a));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &h));
	other = dm_obj(self->sid, &h);
	EXPECT_EQ(-EINVAL, dmapi_get_fileattr(&other, 0, &st));
	other = dm_obj_global(self->sid);
	EXPECT_EQ(-EBADF, dmapi_get_fileattr(&other, 0, &st));
	EXPECT_EQ(0, memcmp(&st, &zero, sizeof(st)));
	EXPECT_EQ(-EFAULT, dmapi_get_fileattr(o, DMAPI_AT_STAT, NULL));
	EXPECT_EQ(-EFAULT, dmapi_get_fileattr(o, 0, DM_BAD_PTR));
	EXPECT_EQ(0, dmapi_get_fileattr(o, GET, &st));
}

/* --- The change indicator -------------------------------------------------- */

static __u32 change(const struct dmapi_object *o)
{
	struct dmapi_stat s = { };

	return dmapi_get_fileattr(o, DMAPI_AT_CFLAG, &s) ? 0 : s.change;
}

/* After something was done the number is another. */
#define CHANGES(o, n, what) do {					\
		__u32 n2;						\
									\
		EXPECT_EQ(0, what);					\
		n2 = change(o);						\
		EXPECT_NE(0, n2);					\
		EXPECT_NE(n, n2) {					\
			TH_LOG("%s", #what);				\
		}							\
		n = n2;							\
	} while (0)
#define KEEPS(o, n, what) do {						\
		EXPECT_EQ(0, what);					\
		EXPECT_EQ(n, change(o)) {				\
			TH_LOG("%s", #what);				\
		}							\
	} while (0)

static int overwrite(int fd)
{
	return pwrite(fd, "x", 1, 100) == 1 ? 0 : -1;
}

static int times(const char *path)
{
	static const struct timespec ts[2] = { { 1000, 5 }, { 2000, 5 } };

	return utimensat(AT_FDCWD, path, ts, 0);
}

TEST_F(fileattr, change_data)
{
	struct dmapi_object *o = &self->f.o;
	int fd = open(self->f.path, O_RDWR), i;
	volatile char *p;
	char b[10];
	__u32 n;

	ASSERT_LE(0, fd);
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	n = change(o);
	ASSERT_NE(0, n);
	/* Fast, into the same tick of the clock, and pages that are dirty. */
	for (i = 0; i < 20; i++) {
		CHANGES(o, n, overwrite(fd));
		CHANGES(o, n, ((p[200] = i), 0));
		CHANGES(o, n, ((p[200 + G] = i), 0));
		KEEPS(o, n, 0);
	}
	KEEPS(o, n, dmapi_read_invis(o, 0, sizeof(b), b) != sizeof(b));
	KEEPS(o, n, p[300] != (char)dm_pat(300, DM_SEED));
	KEEPS(o, n, dmapi_sync_by_handle(o));
	KEEPS(o, n, fsync(fd));
	KEEPS(o, n, dmapi_get_fileattr(o, 0, &st));
	CHANGES(o, n, dmapi_write_invis(o, 0, 5, 5, "bytes") != 5);
	CHANGES(o, n, ftruncate(fd, SIZE - 1));
	CHANGES(o, n, ftruncate(fd, SIZE + 1));
	CHANGES(o, n, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				0, 4096));
	munmap((void *)p, SIZE);
	close(fd);
}

TEST_F(fileattr, change_metadata)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_fileattr fa = { .mode = 0640 };
	const char *path = self->f.path;
	char link2[PATH_MAX], buf[100];
	__u64 rlen;
	__u32 n = change(o);

	snprintf(link2, sizeof(link2), "%s/link2", self->dir);
	CHANGES(o, n, chmod(path, 0600));
	CHANGES(o, n, chown(path, 5, 6));
	CHANGES(o, n, times(path));
	CHANGES(o, n, link(path, link2));
	CHANGES(o, n, setxattr(path, "user.x", "x", 1, 0));
	CHANGES(o, n, setxattr(path, "user.x", "y", 1, 0));
	CHANGES(o, n, setxattr(path, "user.x", buf, 100, 0));
	CHANGES(o, n, removexattr(path, "user.x"));
	CHANGES(o, n, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, 1, "x"));
	CHANGES(o, n, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, 1, "y"));
	KEEPS(o, n, dmapi_get_dmattr(o, "a\0\0\0\0\0\0", 9, buf, &rlen));
	CHANGES(o, n, dmapi_remove_dmattr(o, "a\0\0\0\0\0\0", 0));
	CHANGES(o, n, dmapi_set_fileattr(o, DMAPI_AT_MODE, &fa));
	CHANGES(o, n, dm_arm(o, 0, 5, DMAPI_REGION_WRITE));
	CHANGES(o, n, dm_set_list(self->sid, path, DM_BIT(DESTROY)));
	KEEPS(o, n, dmapi_get_fileattr(o, 0, &st));
	KEEPS(o, n, dm_remount(0, "dmapi"));
}

TEST_F(fileattr, change_of_others)
{
	struct dmapi_object o;
	struct dm_handle h;
	char path[PATH_MAX];
	__u32 n;

	ASSERT_EQ(0, dm_path_handle(self->dir, &h));
	o = dm_obj(self->sid, &h);
	snprintf(path, sizeof(path), "%s/new", self->dir);
	n = change(&o);
	ASSERT_NE(0, n);
	KEEPS(&o, n, access(self->f.path, R_OK));
	CHANGES(&o, n, symlink("new", path));
	CHANGES(&o, n, chmod(self->dir, 0700));
	CHANGES(&o, n, dmapi_set_dmattr(&o, "a\0\0\0\0\0\0", 0, 1, "x"));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	n = change(&o);
	CHANGES(&o, n, lchown(path, 5, 6));
	KEEPS(&o, n, dm_remount(0, "dmapi"));
}

/* An archive's number is worth nothing if a crash brings it back for other data. */
TEST_F(fileattr, change_and_crash)
{
	struct dmapi_object *o = &self->f.o;
	__u32 n, n2;
	int fd;

	ASSERT_EQ(0, chmod(self->f.path, 0600));
	n = change(o);
	ASSERT_NE(0, n);
	ASSERT_EQ(0, dm_shutdown(self->dir, DM_NOLOGFLUSH));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(n, change(o));
	/* No other state gets a number that was told. */
	ASSERT_EQ(0, chmod(self->f.path, 0640));
	n2 = change(o);
	EXPECT_NE(n, n2);
	n = n2;
	ASSERT_EQ(0, dm_shutdown(self->dir, DM_NOLOGFLUSH));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(n, change(o));
	/* Overwritten, on the device, and the log is lost. */
	fd = open(self->f.path, O_RDWR | O_DIRECT);
	ASSERT_LE(0, fd);
	{
		unsigned char *b = aligned_alloc(4096, 4096);

		memset(b, 1, 4096);
		EXPECT_EQ(4096, pwrite(fd, b, 4096, 4096));
		free(b);
	}
	close(fd);
	ASSERT_EQ(0, dm_shutdown(self->dir, DM_NOLOGFLUSH));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	n2 = change(o);
	EXPECT_NE(0, n2);
	EXPECT_NE(n, n2);
}

TEST_F(fileattr, read_only)
{
	struct dmapi_object *o = &self->f.o;
	struct dmapi_fileattr fa = { .mode = 0640 };
	__u32 n = change(o);

	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	ASSERT_EQ(0, dmapi_get_fileattr(o, 0, &st));
	EXPECT_EQ(n, st.change);
	EXPECT_EQ(-EROFS, dmapi_set_fileattr(o, DMAPI_AT_MODE, &fa));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(n, change(o));
}

/* --- Setting them ---------------------------------------------------------- */

static const struct dmapi_fileattr news = {
	.mode = S_IFBLK | 07123, .uid = 70001, .gid = 70002, .pad = 99,
	.atime = 1000, .mtime = 2000, .ctime = 3000, .dtime = 4000, .pad1 = 99,
	.pad2 = 99, .size = SIZE - 500,
};

/* Everything that may be set, to be compared. */
static void look(const char *path, struct stat *s)
{
	memset(s, 0, sizeof(*s));
	lstat(path, s);
	s->st_blocks = 0;
}

TEST_F(fileattr, set_each)
{
	struct dmapi_object *o = &self->f.o;
	const char *path = self->f.path;
	struct stat want, s;
	int i;

	/* Nobody answers, and it would have to wait. */
	ASSERT_EQ(0, dm_arm(o, 0, 0, DMAPI_REGION_ALL));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(TRUNCATE) | DM_BIT(WRITE) |
			     DM_BIT(ATTRIBUTE)));
	ASSERT_EQ(0, dm_set_list(self->sid, path, DM_BIT(ATTRIBUTE)));
	look(path, &want);
	ASSERT_EQ(0, dmapi_set_fileattr(o, 0, &news));
	for (i = 0; i < 2; i++) {
		dm_sleep_ms(20);
#define STEP(bit, set) do {						\
			ASSERT_EQ(0, dmapi_set_fileattr(o, bit, &news));	\
			set;						\
			look(path, &s);					\
			EXPECT_EQ(0, memcmp(&want, &s, sizeof(s))) {	\
				TH_LOG(#bit);				\
			}						\
		} while (0)
		STEP(DMAPI_AT_MODE, want.st_mode = S_IFREG | 07123);
		STEP(DMAPI_AT_UID, want.st_uid = 70001);
		STEP(DMAPI_AT_GID, want.st_gid = 70002);
		STEP(DMAPI_AT_SIZE, want.st_size = SIZE - 500);
		/* without DM attributes there is no dtime */
		STEP(DMAPI_AT_DTIME, (void)0);
		STEP(DMAPI_AT_ATIME, want.st_atim = ((struct timespec) { 1000, 0 }));
		STEP(DMAPI_AT_MTIME, want.st_mtim = ((struct timespec) { 2000, 0 }));
		STEP(DMAPI_AT_CTIME, want.st_ctim = ((struct timespec) { 3000, 0 }));
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
		look(path, &s);
		EXPECT_EQ(0, memcmp(&want, &s, sizeof(s)));
		dmapi_set_fileattr(o, 0, DM_BAD_PTR);
	}
	ASSERT_EQ(0, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, 1, "x"));
	STEP(DMAPI_AT_DTIME, want.st_ctim = ((struct timespec) { 4000, 0 }));
	ASSERT_EQ(0, dmapi_get_fileattr(o, DMAPI_AT_DTIME, &st));
	EXPECT_EQ(4000, st.dtime);
	STEP(DMAPI_AT_DTIME | DMAPI_AT_CTIME,
	     want.st_ctim = ((struct timespec) { 3000, 0 }));
#undef STEP
	{
		struct dm_event e;

		EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 20));
	}
}

TEST_F(fileattr, set_all)
{
	struct dmapi_object *o = &self->f.o;
	struct stat s;

	ASSERT_EQ(0, dmapi_set_fileattr(o, SET, &news));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	look(self->f.path, &s);
	EXPECT_EQ(S_IFREG | 07123, s.st_mode);
	EXPECT_EQ(70001, s.st_uid);
	EXPECT_EQ(70002, s.st_gid);
	EXPECT_EQ(SIZE - 500, s.st_size);
	EXPECT_EQ(1000, s.st_atime);
	EXPECT_EQ(2000, s.st_mtime);
	EXPECT_EQ(3000, s.st_ctime);
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE - 500));
}

TEST_F(fileattr, set_others)
{
	struct dmapi_object o;
	struct dm_handle h;
	char path[PATH_MAX];
	struct stat s;

	snprintf(path, sizeof(path), "%s/d", self->dir);
	ASSERT_EQ(0, mkdir(path, 0700));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	o = dm_obj(self->sid, &h);
	EXPECT_EQ(0, dmapi_set_fileattr(&o, SET & ~DMAPI_AT_SIZE, &news));
	ASSERT_EQ(0, lstat(path, &s));
	EXPECT_EQ(S_IFDIR | 07123, s.st_mode);
	EXPECT_EQ(70001, s.st_uid);
	EXPECT_EQ(3000, s.st_ctime);
	EXPECT_EQ(-EISDIR, dmapi_set_fileattr(&o, DMAPI_AT_SIZE, &news));
	snprintf(path, sizeof(path), "%s/l", self->dir);
	ASSERT_EQ(0, symlink("x", path));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	EXPECT_EQ(0, dmapi_set_fileattr(&o, DMAPI_AT_UID | DMAPI_AT_MTIME, &news));
	ASSERT_EQ(0, lstat(path, &s));
	EXPECT_EQ(70001, s.st_uid);
	EXPECT_EQ(2000, s.st_mtime);
	EXPECT_EQ(-EINVAL, dmapi_set_fileattr(&o, DMAPI_AT_SIZE, &news));
}

static long set_size(const struct dmapi_object *o, __s64 size)
{
	struct dmapi_fileattr fa = { .size = size };

	return dmapi_set_fileattr(o, DMAPI_AT_SIZE, &fa);
}

TEST_F(fileattr, size)
{
	static const __u64 sizes[] = {
		SIZE + 5, 8 * G, 8 * G - 1, SIZE, 3 * G + 7, 5 * G, 4096, 4095, 1,
		0, 0, 1, 4097,
	};
	static unsigned char buf[8 * DM_GRANULE], want[8 * DM_GRANULE];
	struct dmapi_object *o = &self->f.o;
	struct dm_times t0 = dm_times(self->f.path);
	__u64 old = SIZE, c1, c2;
	unsigned int i;
	struct stat s;
	int fd;

	dm_fill(want, 0, SIZE, DM_SEED);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, set_size(o, sizes[i])) {
			TH_LOG("%llu", sizes[i]);
		}
		if (sizes[i] < old)
			memset(want + sizes[i], 0, old - sizes[i]);
		old = sizes[i];
		if (i % 3 == 0)
			ASSERT_EQ(0, dm_remount(0, "dmapi"));
		ASSERT_EQ(0, stat(self->f.path, &s));
		EXPECT_EQ(old, (__u64)s.st_size);
		DM_EXPECT_TIMES(self->f.path, t0);
		fd = open(self->f.path, O_RDONLY | O_NOATIME);
		EXPECT_EQ((ssize_t)old, pread(fd, buf, sizeof(buf), 0));
		close(fd);
		EXPECT_EQ(0, memcmp(buf, want, old)) {
			TH_LOG("%llu", old);
		}
	}
	/* It is other data. */
	ASSERT_EQ(0, dmapi_get_change(o, &c1));
	EXPECT_EQ(0, set_size(o, 100));
	ASSERT_EQ(0, dmapi_get_change(o, &c2));
	EXPECT_NE(c1, c2);
	/* Far away: a file of holes. */
	EXPECT_EQ(0, set_size(o, 1LL << 40));
	EXPECT_EQ(0, set_size(o, 100));
}

/* Never may an offline byte become a zero. */
TEST_F(fileattr, size_of_a_stub)
{
	struct dmapi_object *o = &self->f.o;
	struct stat s;

	ASSERT_EQ(0, dm_make_offline(o));
	/* In the middle of a page that is away, or beyond one. */
	EXPECT_EQ(-EBUSY, set_size(o, G + 1));
	EXPECT_EQ(-EBUSY, set_size(o, SIZE - 1));
	EXPECT_EQ(-EBUSY, set_size(o, SIZE + 1));
	EXPECT_EQ(-EBUSY, set_size(o, 2 * SIZE));
	ASSERT_EQ(0, stat(self->f.path, &s));
	EXPECT_EQ(SIZE, (__u64)s.st_size);
	/* At the edge of one. */
	EXPECT_EQ(0, set_size(o, 3 * G));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(0, dm_arm(o, 0, 3 * G, DMAPI_REGION_READ));
	/* What is new is honest zeros, what was away still is. */
	EXPECT_EQ(0, set_size(o, 6 * G + 5));
	{
		static unsigned char buf[3 * DM_GRANULE + 5];
		int fd = open(self->f.path, O_RDONLY);

		EXPECT_EQ((ssize_t)sizeof(buf), pread(fd, buf, sizeof(buf), 3 * G));
		EXPECT_TRUE(dm_all(buf, 0, sizeof(buf)));
		close(fd);
	}
	EXPECT_EQ(-EBUSY, set_size(o, 3 * G - 1));
	/* Once it is back it may. */
	ASSERT_EQ(0, dm_recall(o, 0, 3 * G));
	EXPECT_EQ(0, set_size(o, 3 * G - 1));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, 3 * G - 1));
	EXPECT_EQ(0, set_size(o, 0));
	EXPECT_EQ(0, set_size(o, SIZE));
}

TEST_F(fileattr, set_errors)
{
	struct dmapi_object *o = &self->f.o, other;
	struct dmapi_set_fileattr a = {
		.obj = *o, .mask = DMAPI_AT_MODE, .pad = 1, .attrp = DM_PTR(&news),
	};
	struct dmapi_fileattr fa = news;
	struct stat s0, s;
	struct dm_handle h;
	int i;

	look(self->f.path, &s0);
	for (i = 0; i < 32; i++) {
		if (SET & (1U << i))
			continue;
		EXPECT_EQ(-EINVAL, dmapi_set_fileattr(o, 1U << i, &news));
		EXPECT_EQ(-EINVAL, dmapi_set_fileattr(o, SET | 1U << i, &news));
	}
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SET_FILEATTR, a));
	EXPECT_EQ(-EFAULT, dmapi_set_fileattr(o, SET, NULL));
	EXPECT_EQ(-EFAULT, dmapi_set_fileattr(o, 0, DM_BAD_PTR));
	fa.size = -1;
	EXPECT_EQ(-EINVAL, dmapi_set_fileattr(o, SET, &fa));
	fa = news;
	fa.uid = ~0U;
	EXPECT_EQ(-EINVAL, dmapi_set_fileattr(o, SET, &fa));
	fa = news;
	fa.gid = ~0U;
	EXPECT_EQ(-EINVAL, dmapi_set_fileattr(o, SET, &fa));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &h));
	other = dm_obj(self->sid, &h);
	EXPECT_EQ(-EINVAL, dmapi_set_fileattr(&other, SET, &news));
	other = dm_obj_global(self->sid);
	EXPECT_EQ(-EBADF, dmapi_set_fileattr(&other, SET, &news));
	look(self->f.path, &s);
	EXPECT_EQ(0, memcmp(&s0, &s, sizeof(s)));
}

TEST_F(fileattr, immutable)
{
	int fd = open(self->f.path, O_RDONLY), flags = FS_IMMUTABLE_FL;
	struct stat s;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, FS_IOC_SETFLAGS, &flags));
	EXPECT_EQ(-1, chmod(self->f.path, 0700));
	EXPECT_EQ(0, dmapi_set_fileattr(&self->f.o, SET, &news));
	flags = 0;
	EXPECT_EQ(0, ioctl(fd, FS_IOC_SETFLAGS, &flags));
	close(fd);
	look(self->f.path, &s);
	EXPECT_EQ(S_IFREG | 07123, s.st_mode);
	EXPECT_EQ(SIZE - 500, s.st_size);
}

/* The mode's group bits and the list's mask are one. */
TEST_F(fileattr, access_list)
{
	struct { __u32 version; struct { __u16 tag, perm; __u32 id; } e[5]; }
	acl = { 2, { { 1, 6, ~0U }, { 2, 7, 1234 }, { 4, 4, ~0U },
		     { 16, 7, ~0U }, { 32, 0, ~0U } } }, got;
	struct dmapi_fileattr fa = { .mode = 0541 };
	struct dm_times t0;
	struct stat s;

	if (setxattr(self->f.path, "system.posix_acl_access", &acl, sizeof(acl), 0))
		SKIP(return, "no access lists");
	t0 = dm_times(self->f.path);
	dm_sleep_ms(20);
	ASSERT_EQ(0, dmapi_set_fileattr(&self->f.o, DMAPI_AT_MODE, &fa));
	DM_EXPECT_TIMES(self->f.path, t0);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ((ssize_t)sizeof(got), getxattr(self->f.path,
						 "system.posix_acl_access", &got,
						 sizeof(got)));
	EXPECT_EQ(5, got.e[0].perm);
	EXPECT_EQ(7, got.e[1].perm);
	EXPECT_EQ(4, got.e[3].perm);
	EXPECT_EQ(1, got.e[4].perm);
	ASSERT_EQ(0, stat(self->f.path, &s));
	EXPECT_EQ(S_IFREG | 0541, s.st_mode);
}

/* Blocks that an owner uses, of 512 bytes. */
static long used(const char *dev, int type, int id)
{
	struct fs_disk_quota q = { };

	if (quotactl(QCMD(Q_XGETQUOTA, type), dev, id, (void *)&q))
		return errno == ENOENT ? 0 : -errno;
	return q.d_bcount;
}

/* Accounts are kept; limits are for users. */
TEST_F(fileattr, quota)
{
	struct fs_disk_quota q = {
		.d_version = FS_DQUOT_VERSION, .d_flags = FS_USER_QUOTA,
		.d_fieldmask = FS_DQ_BHARD, .d_id = 70001, .d_blk_hardlimit = 8,
	};
	struct dmapi_object *o = &self->f.o;
	struct dmapi_fileattr fa = news;
	long uid0, gid0, blocks;
	struct stat s;

	if (dm_remount(0, "dmapi,uquota,gquota"))
		SKIP(return, "no quota");
	ASSERT_EQ(0, stat(self->f.path, &s));
	blocks = s.st_blocks;
	ASSERT_LT(8, blocks);
	uid0 = used(dm_dev(), USRQUOTA, 0);
	gid0 = used(dm_dev(), GRPQUOTA, 0);
	ASSERT_EQ(0, quotactl(QCMD(Q_XSETQLIM, USRQUOTA), dm_dev(), 70001, (void *)&q));
	EXPECT_EQ(0, dmapi_set_fileattr(o, DMAPI_AT_UID | DMAPI_AT_GID, &fa));
	EXPECT_EQ(uid0 - blocks, used(dm_dev(), USRQUOTA, 0));
	EXPECT_EQ(gid0 - blocks, used(dm_dev(), GRPQUOTA, 0));
	EXPECT_EQ(blocks, used(dm_dev(), USRQUOTA, 70001));
	EXPECT_EQ(blocks, used(dm_dev(), GRPQUOTA, 70002));
	fa.uid = 0;
	EXPECT_EQ(0, dmapi_set_fileattr(o, DMAPI_AT_UID, &fa));
	EXPECT_EQ(uid0, used(dm_dev(), USRQUOTA, 0));
	EXPECT_EQ(0, used(dm_dev(), USRQUOTA, 70001));
	EXPECT_EQ(blocks, used(dm_dev(), GRPQUOTA, 70002));
	EXPECT_EQ(0, set_size(o, G));
	EXPECT_GT(blocks, used(dm_dev(), GRPQUOTA, 70002));
	EXPECT_EQ(0, dm_remount(0, "dmapi"));
}

TEST_HARNESS_MAIN
