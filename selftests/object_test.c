// SPDX-License-Identifier: GPL-2.0
/*
 * Objects: DEBUT, CLOSE, ATTRIBUTE, DESTROY
 */
#include <dirent.h>
#include <sys/xattr.h>

#include "names.h"
#include "offline.h"

#include <linux/fs.h>

#define PATIENCE	8000
#define SILENCE		30
#define EVENTS		(DM_BIT(DEBUT) | DM_BIT(CLOSE) | DM_BIT(ATTRIBUTE) | \
			 DM_BIT(DESTROY))

FIXTURE(object) {
	DM_FIXTURE_FIELDS;
	struct dm_handle	fs;
	struct dmapi_object	o;	/* the file system */
	struct dm_file		f;
};

FIXTURE_SETUP(object)
{
	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/object.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "object_test", &self->sid));
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &self->fs));
	self->o = dm_obj(self->sid, &self->fs);
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", 100));
	ASSERT_EQ(0, dm_want(self->sid, EVENTS));
}

FIXTURE_TEARDOWN(object)
{
	dm_set_list(self->sid, self->f.path, 0);
	dm_set_fs_list(self->sid, 0);
	dm_sysfs_set("namespace_policy", "block");
	dm_sysfs_set("async_policy", "block");
	dm_sysfs_set("queue_limit", "1048576");
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

#define EXPECT_SILENCE() do { \
	struct dm_named silent; \
	EXPECT_EQ(-EAGAIN, dm_next_named(self->sid, &silent, SILENCE)) { \
		TH_LOG("event %d", silent.type); \
	} \
} while (0)

#define EXPECT_OBJECT(e, event, handle) do { \
	EXPECT_EQ(DMAPI_EVENT_##event, (e).type); \
	EXPECT_FALSE((e).broken); \
	EXPECT_EQ(DMAPI_HANDLE_LEN, (e).h1.len); \
	EXPECT_EQ(0, memcmp((e).h1.b, (handle)->b, DMAPI_HANDLE_LEN)); \
	EXPECT_EQ(0, (e).h2.len); \
	EXPECT_EQ(0, (e).retcode); \
	EXPECT_STREQ("", (e).name1); \
} while (0)

/* --- ATTRIBUTE ------------------------------------------------------------------ */

static char path[PATH_MAX];

static long do_chmod(void) { return chmod(path, 0600); }
static long do_fchmod(void)
{
	int fd = open(path, O_RDONLY);
	long ret = fchmod(fd, 0640);

	close(fd);
	return ret;
}
static long do_chown(void) { return lchown(path, 5, 6); }
static long do_utimes(void) { return utimensat(AT_FDCWD, path, NULL, 0); }
static long do_setxattr(void) { return setxattr(path, "user.x", "y", 1, 0); }
static long do_trusted(void) { return setxattr(path, "trusted.x", "y", 1, 0); }
static long do_removexattr(void) { return removexattr(path, "user.x"); }
static long do_uring(int op, int fd, const char *at)
{
	return ring_one(&(struct io_uring_sqe) {
		.opcode = op, .fd = fd, .addr = (uintptr_t)"user.y",
		.addr2 = (uintptr_t)"z", .addr3 = (uintptr_t)at, .len = 1 });
}

static long do_uring_setxattr(void) { return do_uring(IORING_OP_SETXATTR, 0, path); }
static long do_uring_fsetxattr(void)
{
	int fd = open(path, O_RDONLY);
	long ret = do_uring(IORING_OP_FSETXATTR, fd, NULL);

	close(fd);
	return ret;
}

static long do_setfacl(void) { return run("setfacl -m u:77:rw %s", path); }
static long do_chattr(void)
{
	int fd = open(path, O_RDONLY), flags = FS_NODUMP_FL;
	long ret = ioctl(fd, FS_IOC_SETFLAGS, &flags);

	close(fd);
	return ret;
}
static long do_fsx(void)
{
	int fd = open(path, O_RDONLY);
	struct fsxattr x;
	long ret = ioctl(fd, FS_IOC_FSGETXATTR, &x);

	x.fsx_projid = 7;
	ret |= ioctl(fd, FS_IOC_FSSETXATTR, &x);
	close(fd);
	return ret;
}

static const struct {
	const char	*name;
	long		(*run)(void);
} changes[] = {
	{ "chmod", do_chmod }, { "fchmod", do_fchmod }, { "chown", do_chown },
	{ "utimes", do_utimes }, { "setxattr", do_setxattr },
	{ "setxattr trusted", do_trusted }, { "removexattr", do_removexattr },
	{ "io_uring's setxattr", do_uring_setxattr },
	{ "io_uring's fsetxattr", do_uring_fsetxattr }, { "setfacl", do_setfacl },
	{ "chattr", do_chattr }, { "fssetxattr", do_fsx },
};

TEST_F(object, attribute)
{
	struct dm_handle hd;
	struct dm_named e;

	ASSERT_EQ(0, dm_path_handle(self->dir, &hd));
	for (int k = 0; k < 2; k++) {
		const struct dm_handle *h = k ? &hd : &self->f.h;

		snprintf(path, sizeof(path), "%s", k ? self->dir : self->f.path);
		ASSERT_EQ(0, dm_set_list(self->sid, path, DM_BIT(ATTRIBUTE)));
		for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
			TH_LOG("%s", changes[i].name);
			EXPECT_EQ(0, changes[i].run());
			ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
			EXPECT_OBJECT(e, ATTRIBUTE, h);
			EXPECT_EQ(0, e.token);
			EXPECT_SILENCE();
		}
		ASSERT_EQ(0, dm_set_list(self->sid, path, 0));
		EXPECT_EQ(0, chmod(path, 0755));
		EXPECT_SILENCE();
	}
	/* The file system's list does as well. */
	snprintf(path, sizeof(path), "%s", self->f.path);
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_BIT(ATTRIBUTE)));
	EXPECT_EQ(0, chmod(path, 0700));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_OBJECT(e, ATTRIBUTE, &self->f.h);
}

static long truncate_as_other(void *arg)
{
	if (setgid(7) || setuid(7))
		return -errno;
	return truncate(arg, 5) ? -errno : 0;
}

/* What changes no attribute, fails, makes an object, or is the manager's, is none. */
TEST_F(object, no_attribute)
{
	struct dmapi_region r = { .flags = DMAPI_REGION_WRITE };
	char p[PATH_MAX + 4];
	__u32 exact;
	int fd;

	snprintf(path, sizeof(path), "%s", self->f.path);
	ASSERT_EQ(0, run("setfacl -d -m u:77:rw %s", self->dir));
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_BIT(ATTRIBUTE)));
	EXPECT_EQ(0, dm_read_check(path, 0, 100));
	fd = open(path, O_RDWR);
	EXPECT_EQ(1, write(fd, "x", 1));
	EXPECT_EQ(0, ftruncate(fd, 10));
	close(fd);
	EXPECT_EQ(-1, removexattr(path, "user.none"));
	EXPECT_EQ(-1, setxattr(path, "user.none", "x", 1, XATTR_REPLACE));
	snprintf(p, sizeof(p), "%s.new", path);
	close(open(p, O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(0, dmapi_set_region(&self->f.o, 1, &r, &exact));
	EXPECT_EQ(0, dmapi_set_region(&self->f.o, 0, NULL, &exact));
	EXPECT_EQ(0, dmapi_set_dmattr(&self->f.o, "testattr", 1, 3, "abc"));
	EXPECT_SILENCE();
	/* A truncation that takes the set-user-ID bit away changes one. */
	struct dm_named e;

	EXPECT_EQ(0, chmod(path, 04777));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	pid_t pid = dm_spawn(truncate_as_other, path);

	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_OBJECT(e, ATTRIBUTE, &self->f.h);
	EXPECT_SILENCE();
}

static long chmod_child(void *arg)
{
	return chmod(arg, 0640) ? -errno : 0;
}

/* Nobody to tell it to, or no room: before anything is changed. */
TEST_F(object, attribute_waits)
{
	struct dm_named e;
	struct stat st;
	pid_t pid;

	ASSERT_EQ(0, chmod(self->f.path, 0700));
	ASSERT_EQ(0, dm_set_list(self->sid, self->f.path, DM_BIT(ATTRIBUTE)));
	ASSERT_EQ(0, dm_want(self->sid, 0));
	pid = dm_spawn(chmod_child, self->f.path);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
	ASSERT_EQ(0, stat(self->f.path, &st));
	EXPECT_EQ(0700, st.st_mode & 07777);
	ASSERT_EQ(0, dm_want(self->sid, EVENTS));
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));

	ASSERT_EQ(0, dm_sysfs_set("queue_limit", "1"));
	ASSERT_EQ(0, chmod(self->f.path, 0700));
	pid = dm_spawn(chmod_child, self->f.path);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_SILENCE();

	ASSERT_EQ(0, dm_want(self->sid, 0));
	ASSERT_EQ(0, dm_sysfs_set("async_policy", "fail"));
	EXPECT_EQ(-EIO, chmod_child(self->f.path));
	ASSERT_EQ(0, dm_sysfs_set("async_policy", "continue"));
	EXPECT_EQ(0, chmod_child(self->f.path));
	ASSERT_EQ(0, dm_want(self->sid, EVENTS));
	EXPECT_SILENCE();
}

/* --- CLOSE ------------------------------------------------------------------------ */

static long open_and_exit(void *arg)
{
	return open(arg, O_RDONLY) < 0 ? -errno : 0;
}

/* One for each time that the file was opened, however often it was copied. */
TEST_F(object, close)
{
	struct dm_handle hd;
	struct dm_named e;
	DIR *d;
	int fd, fd2;
	pid_t pid;

	ASSERT_EQ(0, dm_path_handle(self->dir, &hd));
	ASSERT_EQ(0, dm_set_list(self->sid, self->f.path, DM_BIT(CLOSE)));
	ASSERT_EQ(0, dm_set_list(self->sid, self->dir, DM_BIT(CLOSE)));
	fd = open(self->f.path, O_RDONLY | O_CLOEXEC);
	fd2 = dup(fd);
	close(fd);
	EXPECT_SILENCE();
	close(fd2);
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_OBJECT(e, CLOSE, &self->f.h);
	EXPECT_EQ(0, e.token);
	fd = open(self->f.path, O_RDWR | O_CLOEXEC);
	fd2 = open(self->f.path, O_RDONLY | O_CLOEXEC);
	close(fd);
	close(fd2);
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_SILENCE();
	close(open(self->f.path, O_PATH));
	EXPECT_EQ(100, dmapi_read_invis(&self->f.o, 0, 100, path));
	EXPECT_EQ(1, dmapi_write_invis(&self->f.o, 0, 0, 1, "x"));
	EXPECT_SILENCE();
	pid = dm_spawn(open_and_exit, self->f.path);
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_OBJECT(e, CLOSE, &self->f.h);
	d = opendir(self->dir);
	closedir(d);
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_OBJECT(e, CLOSE, &hd);
	EXPECT_SILENCE();
	ASSERT_EQ(0, dm_set_list(self->sid, self->f.path, 0));
	ASSERT_EQ(0, dm_set_list(self->sid, self->dir, 0));
	close(open(self->f.path, O_RDONLY));
	EXPECT_SILENCE();
}

static long open_and_close(void *arg)
{
	int fd = open(arg, O_RDONLY);

	return fd < 0 || close(fd) ? -errno : 0;
}

static long lost(void)
{
	char s[32];

	return dm_sysfs_get("lost", s, sizeof(s)) ? -1 : atol(s);
}

/* close() waits for room; who dies does not, and is counted. */
TEST_F(object, close_waits)
{
	struct dm_named e;
	long before = lost();
	pid_t pid;

	ASSERT_EQ(0, dm_set_list(self->sid, self->f.path, DM_BIT(CLOSE)));
	ASSERT_EQ(0, dm_sysfs_set("queue_limit", "1"));
	EXPECT_EQ(0, open_and_close(self->f.path));
	pid = dm_spawn(open_and_close, self->f.path);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	EXPECT_EQ(before, lost());
	pid = dm_spawn(open_and_close, self->f.path);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, PATIENCE));
	EXPECT_EQ(before + 1, lost());
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_SILENCE();
}

/* --- DESTROY ------------------------------------------------------------------------ */

struct destroyed {
	struct dmapi_eventmsg		m;
	struct dmapi_destroy_event	d;
	char				buf[8192];
};

static long next_destroy(__s32 sid, struct destroyed *x, int ms)
{
	long ret = dm_next_raw(sid, x->buf, sizeof(x->buf), NULL, ms);

	if (ret)
		return ret;
	memcpy(&x->m, x->buf, sizeof(x->m));
	memcpy(&x->d, x->buf + x->m.data.offset, sizeof(x->d));
	return x->m.type == DMAPI_EVENT_DESTROY ? 0 : -EPROTO;
}

#define IS_OF(x, h) (!memcmp((x).buf + (x).m.data.offset + (x).d.handle.offset, \
			     (h).b, DMAPI_HANDLE_LEN))

/*
 * The file system's list, from here on.  The worker that frees inodes may still
 * have what the test before has removed; a freeze waits for it.
 */
static long want_destroy(FIXTURE_DATA(object) *self)
{
	int fd = open(self->dir, O_RDONLY | O_DIRECTORY);
	long ret = ioctl(fd, FIFREEZE, 0) || ioctl(fd, FITHAW, 0) ? -errno : 0;

	close(fd);
	return ret ?: dm_set_fs_list(self->sid, DM_BIT(DESTROY));
}

TEST_F(object, destroy)
{
	struct destroyed x;
	struct dm_handle hd;
	char dir[300];
	int fd;

	ASSERT_EQ(0, want_destroy(self));
	/* not while it is open */
	fd = open(self->f.path, O_RDONLY);
	ASSERT_EQ(0, unlink(self->f.path));
	EXPECT_EQ(-EAGAIN, next_destroy(self->sid, &x, 200));
	close(fd);
	ASSERT_EQ(0, next_destroy(self->sid, &x, PATIENCE));
	EXPECT_TRUE(IS_OF(x, self->f.h));
	EXPECT_EQ(0, x.m.token);
	EXPECT_EQ(0, x.d.attrcopy.length);
	EXPECT_TRUE(dm_all(x.d.attrname, 0, 8));
	EXPECT_EQ(-EBADF, dm_disarm(&self->f.o));
	/* a directory, a link, what was renamed over, what never had a name */
	snprintf(dir, sizeof(dir), "%s/d", self->dir);
	ASSERT_EQ(0, mkdir(dir, 0700));
	ASSERT_EQ(0, dm_path_handle(dir, &hd));
	ASSERT_EQ(0, rmdir(dir));
	ASSERT_EQ(0, next_destroy(self->sid, &x, PATIENCE));
	EXPECT_TRUE(IS_OF(x, hd));
	ASSERT_EQ(0, symlink("x", dir));
	ASSERT_EQ(0, dm_path_handle(dir, &hd));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", 100));
	ASSERT_EQ(0, rename(self->f.path, dir));
	ASSERT_EQ(0, next_destroy(self->sid, &x, PATIENCE));
	EXPECT_TRUE(IS_OF(x, hd));
	fd = open(self->dir, O_TMPFILE | O_RDWR, 0600);
	ASSERT_EQ(0, dmapi_fd_to_handle(fd, hd.b, &hd.len));
	close(fd);
	ASSERT_EQ(0, next_destroy(self->sid, &x, PATIENCE));
	EXPECT_TRUE(IS_OF(x, hd));
	/* not as long as there is a name */
	snprintf(path, sizeof(path), "%s.2", dir);
	ASSERT_EQ(0, link(dir, path));
	ASSERT_EQ(0, unlink(dir));
	EXPECT_EQ(-EAGAIN, next_destroy(self->sid, &x, 200));
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, next_destroy(self->sid, &x, PATIENCE));
	EXPECT_TRUE(IS_OF(x, self->f.h));
}

/* By the object's own list; and what an unmount finds to be freed. */
TEST_F(object, destroy_at_unmount)
{
	struct destroyed x;

	ASSERT_EQ(0, dm_set_list(self->sid, self->f.path, DM_BIT(DESTROY)));
	ASSERT_EQ(0, unlink(self->f.path));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(0, next_destroy(self->sid, &x, PATIENCE));
	EXPECT_TRUE(IS_OF(x, self->f.h));
	EXPECT_EQ(-EAGAIN, next_destroy(self->sid, &x, SILENCE));
}

/* It carries an attribute, as far as it goes, for as long as it was asked for. */
TEST_F(object, return_on_destroy)
{
	static char value[DMAPI_MAX_ATTR_ON_DESTROY + 100];
	static const size_t sizes[] = { 0, 1, 20, DMAPI_MAX_ATTR_ON_DESTROY,
		DMAPI_MAX_ATTR_ON_DESTROY + 100 };
	__s32 other;
	struct destroyed x;

	dm_fill(value, 0, sizeof(value), DM_SEED);
	EXPECT_EQ(-EINVAL, dmapi_set_return_on_destroy(&self->f.o, "archive1", 1));
	EXPECT_EQ(-EINVAL, dmapi_set_return_on_destroy(&self->o, "\0\0\0\0\0\0\0", 1));
	EXPECT_EQ(-EINVAL, dmapi_set_return_on_destroy(&self->o, "archive1", 2));
	EXPECT_EQ(-EFAULT, dmapi_set_return_on_destroy(&self->o, DM_BAD_PTR, 1));
	ASSERT_EQ(0, want_destroy(self));
	ASSERT_EQ(0, dmapi_set_return_on_destroy(&self->o, "archive1", 1));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = sizes[i] > DMAPI_MAX_ATTR_ON_DESTROY ?
			DMAPI_MAX_ATTR_ON_DESTROY : sizes[i];

		ASSERT_EQ(0, dmapi_set_dmattr(&self->f.o, "archive1", 0, sizes[i], value));
		ASSERT_EQ(0, unlink(self->f.path));
		ASSERT_EQ(0, next_destroy(self->sid, &x, PATIENCE));
		EXPECT_EQ(0, memcmp(x.d.attrname, "archive1", 8));
		EXPECT_EQ(n, x.d.attrcopy.length);
		EXPECT_EQ(-1, dm_differs(x.buf + x.m.data.offset + x.d.attrcopy.offset, 0,
					 n, DM_SEED));
		ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", 100));
	}
	/* It has none. */
	ASSERT_EQ(0, unlink(self->f.path));
	ASSERT_EQ(0, next_destroy(self->sid, &x, PATIENCE));
	EXPECT_TRUE(dm_all(x.d.attrname, 0, 8));
	EXPECT_EQ(0, x.d.attrcopy.length);
	/* The event goes to somebody else, and comes back. */
	ASSERT_EQ(0, dmapi_create_session(0, "other", &other));
	ASSERT_EQ(0, dm_want(other, DM_BIT(DESTROY)));
	EXPECT_EQ(-EINVAL, dmapi_set_return_on_destroy(&self->o, "archive1", 1));
	EXPECT_EQ(-EINVAL, dmapi_set_return_on_destroy(&self->o, NULL, 0));
	ASSERT_EQ(0, dm_want(self->sid, EVENTS));
	ASSERT_EQ(0, dmapi_destroy_session(other));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", 100));
	ASSERT_EQ(0, dmapi_set_dmattr(&self->f.o, "archive1", 0, 3, value));
	ASSERT_EQ(0, unlink(self->f.path));
	ASSERT_EQ(0, next_destroy(self->sid, &x, PATIENCE));
	EXPECT_EQ(0, x.d.attrcopy.length);
	ASSERT_EQ(0, dmapi_set_return_on_destroy(&self->o, "archive1", 1));
	ASSERT_EQ(0, dmapi_set_return_on_destroy(&self->o, NULL, 0));
}

/* The worker never waits: full is lost, and counted. */
TEST_F(object, destroy_lost)
{
	struct destroyed x;
	long before = lost();
	char p[PATH_MAX + 16];

	ASSERT_EQ(0, want_destroy(self));
	ASSERT_EQ(0, dm_sysfs_set("queue_limit", "2"));
	for (int i = 0; i < 5; i++) {
		snprintf(p, sizeof(p), "%s/%d", self->dir, i);
		close(open(p, O_CREAT | O_RDWR, 0600));
		ASSERT_EQ(0, unlink(p));
	}
	for (int i = 0; i < 2000 && lost() < before + 3; i++)
		dm_sleep_ms(2);
	EXPECT_EQ(before + 3, lost());
	ASSERT_EQ(0, next_destroy(self->sid, &x, 0));
	ASSERT_EQ(0, next_destroy(self->sid, &x, 0));
	EXPECT_EQ(-EAGAIN, next_destroy(self->sid, &x, SILENCE));
}

/* --- DEBUT ---------------------------------------------------------------------------- */

static long drop_inodes(void)
{
	sync();
	return run("echo 3 > /proc/sys/vm/drop_caches");
}

TEST_F(object, debut)
{
	struct dm_handle hd;
	struct dm_named e;
	pid_t pid, second;

	ASSERT_EQ(0, dm_path_handle(self->dir, &hd));
	/* who was made, or opened, before: no */
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_BIT(DEBUT)));
	EXPECT_EQ(0, open_and_close(self->f.path));
	EXPECT_SILENCE();
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(0, dm_want(self->sid, EVENTS));
	/* a refusal, and then two at a time, of whom one asks */
	pid = dm_spawn(open_and_close, self->f.path);
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_OBJECT(e, DEBUT, &self->f.h);
	EXPECT_LT(0, e.token);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
	EXPECT_EQ(0, dm_abort(self->sid, e.token, ENXIO));
	EXPECT_EQ(-ENXIO, dm_wait(pid, PATIENCE));
	pid = dm_spawn(open_and_close, self->f.path);
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	second = dm_spawn(open_and_close, self->f.path);
	EXPECT_SILENCE();
	EXPECT_EQ(DM_RUNNING, dm_wait(second, SILENCE));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	EXPECT_EQ(0, dm_wait(second, PATIENCE));
	EXPECT_EQ(0, open_and_close(self->f.path));
	EXPECT_SILENCE();
	/* a directory */
	pid = dm_spawn(open_and_close, self->dir);
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_OBJECT(e, DEBUT, &hd);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	/* stat and the manager's calls are no use */
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(0, dm_want(self->sid, EVENTS));
	struct stat st;

	EXPECT_EQ(0, stat(self->f.path, &st));
	EXPECT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_WRITE));
	EXPECT_EQ(100, dmapi_read_invis(&self->f.o, 0, 100, path));
	EXPECT_SILENCE();
	/* new files are no debutants */
	char p[PATH_MAX + 4];

	snprintf(p, sizeof(p), "%s.new", self->f.path);
	int fd = open(p, O_CREAT | O_EXCL | O_RDWR, 0600);

	EXPECT_LE(0, fd);
	close(fd);
	fd = open(self->dir, O_TMPFILE | O_RDWR, 0600);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_SILENCE();
	/* out of memory, and back */
	pid = dm_spawn(open_and_close, self->f.path);
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, drop_inodes());
		pid = dm_spawn(open_and_close, self->f.path);
		if (!dm_next_named(self->sid, &e, 100))
			break;
		EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	}
	EXPECT_OBJECT(e, DEBUT, &self->f.h);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	ASSERT_EQ(0, dm_set_fs_list(self->sid, 0));
}

TEST_F(object, debut_policies)
{
	struct dm_named e;
	pid_t pid;

	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_BIT(DEBUT)));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(0, dm_sysfs_set("namespace_policy", "fail"));
	EXPECT_EQ(-EIO, open_and_close(self->f.path));
	ASSERT_EQ(0, dm_sysfs_set("namespace_policy", "block"));
	pid = dm_spawn(open_and_close, self->f.path);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, PATIENCE));
	pid = dm_spawn(open_and_close, self->f.path);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
	ASSERT_EQ(0, dm_want(self->sid, EVENTS));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(0, dm_sysfs_set("namespace_policy", "continue"));
	EXPECT_EQ(0, open_and_close(self->f.path));
	ASSERT_EQ(0, dm_want(self->sid, EVENTS));
	EXPECT_SILENCE();
	ASSERT_EQ(0, dm_set_fs_list(self->sid, 0));
}

TEST_HARNESS_MAIN
