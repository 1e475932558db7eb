// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors by handle, and what direct I/O wants
 *
 * They are ordinary ones: they read and write, wait for what is away, and are on
 * a mount that the caller sees.  Only time stamps stay.
 */
#include "offline.h"

#include <linux/fs.h>
#include <sched.h>
#include <sys/resource.h>

#define SOON		15000		/* ms */
#define SIZE		(2 * DM_GRANULE)

FIXTURE(open) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
	struct dm_handle d, fs, l;
};

FIXTURE_SETUP(open)
{
	long ret = dmapi_get_version();
	char path[PATH_MAX];

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "open", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", SIZE));
	snprintf(path, sizeof(path), "%s/l", self->dir);
	ASSERT_EQ(0, symlink("f", path));
	ASSERT_EQ(0, dm_path_handle(path, &self->l));
	ASSERT_EQ(0, dm_path_handle(self->dir, &self->d));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &self->fs));
}

DM_FIXTURE_TEARDOWN(open)

static long open_handle(const struct dm_handle *h, __u32 flags)
{
	struct dmapi_object o = dm_obj(DMAPI_NO_SESSION, h);

	return dmapi_open_by_handle(&o, flags);
}

/* Where a descriptor is, as /proc has it. */
static const char *fd_path(int fd)
{
	static char name[PATH_MAX];
	char link[40];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = 0;
	return name;
}

TEST_F(open, reads_and_writes)
{
	unsigned char buf[1000];
	struct stat st;
	int fd;

	fd = open_handle(&self->f.h, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_STREQ(self->f.path, fd_path(fd));
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
	EXPECT_EQ(1000, pread(fd, buf, 1000, 5000));
	EXPECT_EQ(-1, dm_differs(buf, 5000, 1000, DM_SEED));
	EXPECT_EQ(-1, pwrite(fd, buf, 1, 0));
	EXPECT_EQ(EBADF, errno);
	close(fd);

	fd = open_handle(&self->f.h, O_RDWR | O_CLOEXEC | O_APPEND);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	dm_fill(buf, SIZE, 1000, DM_SEED);
	EXPECT_EQ(1000, write(fd, buf, 1000));
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(SIZE + 1000, st.st_size);
	close(fd);
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE + 1000));

	fd = open_handle(&self->d, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, fd);
	EXPECT_STREQ(self->dir, fd_path(fd));
	EXPECT_EQ(0, faccessat(fd, "f", F_OK, 0));
	EXPECT_EQ(0, faccessat(fd, "../.", F_OK, 0));
	close(fd);
}

/* Nothing is in the caches that could know. */
TEST_F(open, after_remount)
{
	char path[PATH_MAX];
	struct dm_handle h;
	int fd;

	snprintf(path, sizeof(path), "%s/a", self->dir);
	ASSERT_EQ(0, mkdir(path, 0755));
	snprintf(path, sizeof(path), "%s/a/b", self->dir);
	ASSERT_EQ(0, mkdir(path, 0755));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	fd = open_handle(&h, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_STREQ(path, fd_path(fd));
	EXPECT_EQ(0, faccessat(fd, "../../f", F_OK, 0));
	close(fd);
	fd = open_handle(&self->f.h, O_RDONLY);
	ASSERT_LE(0, fd);
	close(fd);
}

TEST_F(open, no_time_stamps)
{
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 2 } };
	struct dm_times t;
	char c;
	int fd;

	ASSERT_EQ(0, utimensat(AT_FDCWD, self->f.path, old, 0));
	t = dm_times(self->f.path);
	dm_sleep_ms(20);
	fd = open_handle(&self->f.h, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, pread(fd, &c, 1, 0));
	EXPECT_EQ(1, pwrite(fd, &c, 1, 0));
	EXPECT_EQ(0, fsync(fd));
	close(fd);
	DM_EXPECT_TIMES(self->f.path, t);
	/* or they never do */
	fd = open(self->f.path, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, pwrite(fd, &c, 1, 0));
	close(fd);
	EXPECT_FALSE(dm_time_eq(t.m, dm_times(self->f.path).m));
}

/* There is no pass in it. */
static long read_fd(void *arg)
{
	unsigned char buf[1000];

	if (pread(*(int *)arg, buf, sizeof(buf), 0) != sizeof(buf))
		return -errno;
	return dm_differs(buf, 0, sizeof(buf), DM_SEED) < 0 ? 0 : -EILSEQ;
}

TEST_F(open, waits)
{
	struct dm_event e;
	pid_t pid;
	int fd;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	fd = open_handle(&self->f.h, O_RDONLY);
	ASSERT_LE(0, fd);
	pid = dm_spawn(read_fd, &fd);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(DMAPI_EVENT_READ, e.type);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 50));
	ASSERT_EQ(0, dm_recall(&self->f.o, 0, SIZE));
	ASSERT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	close(fd);
}

/* The manager would wait for itself; and closing is told, once. */
TEST_F(open, events)
{
	struct dm_event e;
	int fd;

	ASSERT_EQ(0, dm_set_list(self->sid, self->f.path,
				 DM_BIT(DEBUT) | DM_BIT(CLOSE)));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(DEBUT) | DM_BIT(CLOSE)));
	fd = open_handle(&self->f.h, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 50));
	close(fd);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(DMAPI_EVENT_CLOSE, e.type);
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 50));
}

TEST_F(open, handles)
{
	struct dmapi_object o = dm_obj(DMAPI_NO_SESSION, &self->f.h);
	struct dm_handle bad = self->f.h;

	EXPECT_EQ(-EBADF, open_handle(&self->fs, O_RDONLY));
	EXPECT_EQ(-EINVAL, open_handle(&self->l, O_RDONLY));
	bad.b[12]++;			/* another generation */
	EXPECT_EQ(-EBADF, open_handle(&bad, O_RDONLY));
	bad.len = 23;
	EXPECT_EQ(-EBADF, open_handle(&bad, O_RDONLY));
	o = dm_obj_global(DMAPI_NO_SESSION);
	EXPECT_EQ(-EBADF, dmapi_open_by_handle(&o, O_RDONLY));
	o = dm_obj(self->sid, &self->f.h);
	EXPECT_EQ(-EINVAL, dmapi_open_by_handle(&o, O_RDONLY));
	o = dm_obj_token(dm_obj(DMAPI_NO_SESSION, &self->f.h), 1);
	EXPECT_EQ(-EINVAL, dmapi_open_by_handle(&o, O_RDONLY));
	ASSERT_EQ(0, unlink(self->f.path));
	EXPECT_EQ(-EBADF, open_handle(&self->f.h, O_RDONLY));
}

TEST_F(open, flags)
{
	static const __u32 bad[] = {
		O_CREAT, O_EXCL, O_TRUNC, O_PATH, O_TMPFILE, O_ASYNC, O_ACCMODE,
		1U << 30, 1U << 31,
	};
	struct rlimit lim, none;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, open_handle(&self->f.h, bad[i])) {
			TH_LOG("flags %#x", bad[i]);
		}
	}
	EXPECT_EQ(-EISDIR, open_handle(&self->d, O_RDWR));
	EXPECT_EQ(-EISDIR, open_handle(&self->d, O_WRONLY));
	EXPECT_EQ(-ENOTDIR, open_handle(&self->f.h, O_DIRECTORY));

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &lim));
	none = lim;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, open_handle(&self->f.h, O_RDONLY));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &lim));
}

static long set_flags(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, FS_IOC_SETFLAGS, &flags) ? -errno : 0;
	close(fd);
	return ret;
}

TEST_F(open, protected)
{
	int fd;

	ASSERT_EQ(0, set_flags(self->f.path, FS_IMMUTABLE_FL));
	EXPECT_EQ(-EPERM, open_handle(&self->f.h, O_RDWR | O_APPEND));
	fd = open_handle(&self->f.h, O_RDONLY);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, set_flags(self->f.path, FS_APPEND_FL));
	EXPECT_EQ(-EPERM, open_handle(&self->f.h, O_WRONLY));
	fd = open_handle(&self->f.h, O_WRONLY | O_APPEND);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, set_flags(self->f.path, 0));

	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(-EROFS, open_handle(&self->f.h, O_WRONLY));
	fd = open_handle(&self->f.h, O_RDONLY);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
}

/* A writable mount if there is one, and none that others have. */
static const struct dm_handle *ns_handle;

static long other_mounts(void *arg)
{
	const char *where = arg;
	long fd;

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(dm_mnt(), where, NULL, MS_BIND, NULL) ||
	    mount(NULL, where, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL))
		return -errno;
	fd = open_handle(ns_handle, O_RDWR);
	if (fd < 0)
		return -50;
	close(fd);
	if (umount2(dm_mnt(), MNT_DETACH))
		return -51;
	if (open_handle(ns_handle, O_RDWR) != -EROFS)
		return -52;
	fd = open_handle(ns_handle, O_RDONLY);
	if (fd < 0)
		return -53;
	if (strncmp(fd_path(fd), where, strlen(where)))
		return -54;
	close(fd);
	if (umount2(where, MNT_DETACH))
		return -55;
	return open_handle(ns_handle, O_RDONLY) == -ENXIO ? 0 : -56;
}

TEST_F(open, mounts)
{
	char where[] = "/tmp/open.XXXXXX";

	ASSERT_NE(NULL, mkdtemp(where));
	ns_handle = &self->f.h;
	EXPECT_EQ(0, dm_wait(dm_spawn(other_mounts, where), SOON));
	rmdir(where);
}

TEST_F(open, dioinfo)
{
	struct dmapi_dioinfo dio;
	struct dmapi_object o = self->f.o;
	unsigned char *buf;
	int fd;

	memset(&dio, 0xa5, sizeof(dio));
	ASSERT_EQ(0, dmapi_get_dioinfo(&o, &dio));
	EXPECT_LE(512, dio.miniosz);
	EXPECT_LE(512, dio.mem);
	EXPECT_EQ(0, dio.dio_only);
	EXPECT_EQ(0, dio.maxiosz % dio.miniosz);
	EXPECT_GT(dio.miniosz, INT_MAX - dio.maxiosz);

	/* It is enough, and no less is. */
	ASSERT_EQ(0, posix_memalign((void **)&buf, dio.mem, 2 * dio.miniosz));
	fd = open_handle(&self->f.h, O_RDWR | O_DIRECT);
	ASSERT_LE(0, fd);
	EXPECT_EQ(dio.miniosz, pread(fd, buf, dio.miniosz, dio.miniosz));
	EXPECT_EQ(-1, dm_differs(buf, dio.miniosz, dio.miniosz, DM_SEED));
	EXPECT_EQ(dio.miniosz, pwrite(fd, buf, dio.miniosz, dio.miniosz));
	EXPECT_EQ(-1, pread(fd, buf, dio.miniosz / 2, 0));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
	free(buf);

	EXPECT_EQ(-EFAULT, dmapi_get_dioinfo(&o, DM_BAD_PTR));
	o = dm_obj(self->sid, &self->d);
	EXPECT_EQ(-EINVAL, dmapi_get_dioinfo(&o, &dio));
	o = dm_obj(self->sid, &self->l);
	EXPECT_EQ(-EINVAL, dmapi_get_dioinfo(&o, &dio));
	o = dm_obj(self->sid, &self->fs);
	EXPECT_EQ(-EINVAL, dmapi_get_dioinfo(&o, &dio));
	o = dm_obj(DMAPI_NO_SESSION, &self->f.h);
	EXPECT_EQ(-EINVAL, dmapi_get_dioinfo(&o, &dio));
	o = dm_obj_token(self->f.o, 1);
	EXPECT_EQ(-ESRCH, dmapi_get_dioinfo(&o, &dio));
}

TEST_HARNESS_MAIN
