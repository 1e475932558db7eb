// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths of handles
 *
 * On a file system of its own on DM_DEV2, without parent pointers and with them.
 *
 *	DM_DEV2		a device to use up
 */
#include "offline.h"

#include <sched.h>

#define WORLD		"/mnt/path"
#define SOON		20000		/* ms */
#define LONG_NAME	200		/* bytes */
#define DEPTH		30
#define MANY		1500

FIXTURE(path) {
	DM_FIXTURE_FIELDS;
	struct dm_handle d;		/* self->dir */
};

FIXTURE_VARIANT(path)
{
	const char *feature;		/* what is to be done to the device */
};

FIXTURE_VARIANT_ADD(path, plain) { .feature = ":" };
FIXTURE_VARIANT_ADD(path, parents) { .feature = "sb_feature $DM_DEV parent" };

FIXTURE_SETUP(path)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	setenv("DM_DEV", env_need("DM_DEV2"), 1);
	setenv("DM_MNT", WORLD, 1);
	ASSERT_EQ(0, run("umount -q " WORLD "; mkdir -p " WORLD "; "
			 "mkfs.xfs -q -f $DM_DEV && %s", variant->feature));
	ASSERT_EQ(0, dm_mount(0, "dmapi"));
	snprintf(self->dir, sizeof(self->dir), "%s/dir", dm_mnt());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "path", &self->sid));
	ASSERT_EQ(0, dm_path_handle(self->dir, &self->d));
}

FIXTURE_TEARDOWN(path)
{
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	EXPECT_EQ(0, dm_umount());
}

static char got[1 << 17];

static long path_of(const struct dm_handle *dir, const struct dm_handle *h)
{
	struct dmapi_object o = dm_obj(DMAPI_NO_SESSION, dir);
	__u64 rlen = ~0ULL;
	long ret;

	memset(got, 0xa5, sizeof(got));
	ret = dmapi_handle_to_path(&o, h->b, h->len, sizeof(got), got, &rlen);
	if (ret)
		return ret;
	if (rlen > sizeof(got) || strnlen(got, rlen) != rlen - 1 ||
	    !dm_all((unsigned char *)got + rlen, 0xa5, sizeof(got) - rlen))
		return -EILSEQ;
	return 0;
}

/* Make something, by a command, and take its handle. */
static long make(const char *how, const char *dir, const char *name,
		 struct dm_handle *h)
{
	char path[PATH_MAX];

	if (run("cd %s && %s %s", dir, how, name))
		return -EIO;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return dm_path_handle(path, h);
}

#define EXPECT_PATH(want, dir, h)					\
	do {								\
		EXPECT_EQ(0, path_of(dir, h));				\
		EXPECT_EQ(0, strcmp(want, got)) {			\
			TH_LOG("%.200s", got);				\
		}							\
	} while (0)

TEST_F(path, kinds)
{
	static const char *const how[] = {
		"touch", "mkdir", "ln -s nowhere", "mkfifo",
	};
	struct dm_handle h[ARRAY_SIZE(how)], root;
	char name[20], want[PATH_MAX];
	unsigned int i, pass;

	ASSERT_EQ(0, dm_path_handle(dm_mnt(), &root));
	for (i = 0; i < ARRAY_SIZE(how); i++) {
		snprintf(name, sizeof(name), "name%u", i);
		ASSERT_EQ(0, make(how[i], self->dir, name, &h[i]));
	}
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < ARRAY_SIZE(how); i++) {
			snprintf(want, sizeof(want), "%s/name%u", self->dir, i);
			EXPECT_PATH(want, &self->d, &h[i]);
		}
		/* The directory counts as one in itself. */
		EXPECT_PATH(self->dir, &root, &self->d);
		EXPECT_PATH(self->dir, &self->d, &self->d);
		EXPECT_PATH(dm_mnt(), &root, &root);
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
	}
}

TEST_F(path, hard_links)
{
	char a[PATH_MAX], b[PATH_MAX], c[PATH_MAX];
	struct dm_handle h, o;

	ASSERT_EQ(0, make("mkdir", dm_mnt(), "other", &o));
	ASSERT_EQ(0, make("touch", self->dir, "a", &h));
	snprintf(a, sizeof(a), "%s/a", self->dir);
	snprintf(b, sizeof(b), "%s/b", self->dir);
	snprintf(c, sizeof(c), "%s/other/c", dm_mnt());
	EXPECT_EQ(-EINVAL, path_of(&o, &h));
	ASSERT_EQ(0, link(a, b));
	ASSERT_EQ(0, link(a, c));
	EXPECT_EQ(0, path_of(&self->d, &h));
	EXPECT_TRUE(!strcmp(a, got) || !strcmp(b, got));
	EXPECT_PATH(c, &o, &h);
	ASSERT_EQ(0, unlink(a));
	EXPECT_PATH(b, &self->d, &h);
	EXPECT_PATH(c, &o, &h);
	ASSERT_EQ(0, unlink(b));
	EXPECT_EQ(-EINVAL, path_of(&self->d, &h));
	EXPECT_PATH(c, &o, &h);
}

TEST_F(path, many)
{
	static struct dm_handle h[MANY];
	char path[PATH_MAX];
	int i, fd;

	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%s/a.long.name.of.a.file.%d",
			 self->dir, i);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		ASSERT_LE(0, fd);
		close(fd);
		ASSERT_EQ(0, dm_path_handle(path, &h[i]));
	}
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	for (i = 0; i < MANY; i += 97) {
		snprintf(path, sizeof(path), "%s/a.long.name.of.a.file.%d",
			 self->dir, i);
		EXPECT_PATH(path, &self->d, &h[i]);
	}
}

/* A path that no call takes any more is told nevertheless. */
TEST_F(path, deep)
{
	static char want[DEPTH * (LONG_NAME + 1) + 1000];
	char name[LONG_NAME + 1];
	struct dm_handle h, dir = self->d;
	int fd, next, i;

	strcpy(want, self->dir);
	fd = open(self->dir, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, fd);
	for (i = 0; i < DEPTH; i++) {
		memset(name, 'a' + i % 26, LONG_NAME);
		name[LONG_NAME] = 0;
		ASSERT_EQ(0, mkdirat(fd, name, 0755));
		next = openat(fd, name, O_RDONLY | O_DIRECTORY);
		ASSERT_LE(0, next);
		close(fd);
		fd = next;
		memset(&h, 0, sizeof(h));
		ASSERT_EQ(0, dmapi_fd_to_handle(fd, h.b, &h.len));
		strcat(strcat(want, "/"), name);
		EXPECT_PATH(want, &dir, &h);
		if (i < DEPTH - 1)
			dir = h;
	}
	close(fd);
	ASSERT_LT(PATH_MAX, strlen(want));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_PATH(want, &dir, &h);
	EXPECT_PATH(want, &h, &h);
}

TEST_F(path, lengths)
{
	char want[PATH_MAX], buf[PATH_MAX];
	struct dmapi_object o = dm_obj(DMAPI_NO_SESSION, &self->d);
	struct dm_handle h;
	__u64 rlen, len;

	ASSERT_EQ(0, make("touch", self->dir, "f", &h));
	len = snprintf(want, sizeof(want), "%s/f", self->dir) + 1;
	rlen = 0;
	EXPECT_EQ(-E2BIG, dmapi_handle_to_path(&o, h.b, h.len, 0, DM_BAD_PTR,
					       &rlen));
	EXPECT_EQ(len, rlen);
	memset(buf, 0xa5, sizeof(buf));
	rlen = 0;
	EXPECT_EQ(-E2BIG, dmapi_handle_to_path(&o, h.b, h.len, len - 1, buf,
					       &rlen));
	EXPECT_EQ(len, rlen);
	EXPECT_TRUE(dm_all((unsigned char *)buf, 0xa5, sizeof(buf)));
	rlen = 0;
	EXPECT_EQ(0, dmapi_handle_to_path(&o, h.b, h.len, len, buf, &rlen));
	EXPECT_EQ(len, rlen);
	EXPECT_STREQ(want, buf);
}

TEST_F(path, errors)
{
	struct dmapi_object o = dm_obj(DMAPI_NO_SESSION, &self->d);
	struct dm_handle root, fs, f, sub, inner, bad;
	char buf[PATH_MAX], path[PATH_MAX];
	__u64 rlen;
	int fd;

	ASSERT_EQ(0, dm_path_handle(dm_mnt(), &root));
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &fs));
	ASSERT_EQ(0, make("touch", self->dir, "f", &f));
	ASSERT_EQ(0, make("mkdir", self->dir, "sub", &sub));
	ASSERT_EQ(0, make("touch", self->dir, "sub/inner", &inner));

	/* not in it */
	EXPECT_EQ(-EINVAL, path_of(&self->d, &inner));
	EXPECT_EQ(-EINVAL, path_of(&self->d, &root));
	EXPECT_EQ(-EINVAL, path_of(&root, &f));
	/* no directory */
	EXPECT_EQ(-EBADF, path_of(&f, &f));
	EXPECT_EQ(-EBADF, path_of(&fs, &f));
	/* no object */
	EXPECT_EQ(-EBADF, path_of(&self->d, &fs));
	o = dm_obj_global(DMAPI_NO_SESSION);
	EXPECT_EQ(-EBADF, dmapi_handle_to_path(&o, f.b, f.len, PATH_MAX, buf,
					       &rlen));
	o = dm_obj(DMAPI_NO_SESSION, &self->d);
	EXPECT_EQ(-EBADF, dmapi_handle_to_path(&o, (void *)DMAPI_GLOBAL_HANP,
					       DMAPI_GLOBAL_HLEN, PATH_MAX, buf,
					       &rlen));
	EXPECT_EQ(-EBADF, dmapi_handle_to_path(&o, DM_BAD_PTR, 23, PATH_MAX, buf,
					       &rlen));
	bad = f;
	bad.b[12]++;			/* another generation */
	EXPECT_EQ(-EBADF, path_of(&self->d, &bad));
	bad = f;
	bad.b[0]++;			/* another file system */
	EXPECT_EQ(-EBADF, path_of(&self->d, &bad));
	/* nobody's */
	o = dm_obj(self->sid, &self->d);
	EXPECT_EQ(-EINVAL, dmapi_handle_to_path(&o, f.b, f.len, PATH_MAX, buf,
						&rlen));
	o = dm_obj_token(dm_obj(DMAPI_NO_SESSION, &self->d), 1);
	EXPECT_EQ(-EINVAL, dmapi_handle_to_path(&o, f.b, f.len, PATH_MAX, buf,
						&rlen));
	o = dm_obj(DMAPI_NO_SESSION, &self->d);
	EXPECT_EQ(-EFAULT, dmapi_handle_to_path(&o, DM_BAD_PTR, f.len, PATH_MAX,
						buf, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_handle_to_path(&o, f.b, f.len, PATH_MAX,
						DM_BAD_PTR, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_handle_to_path(&o, f.b, f.len, PATH_MAX, buf,
						DM_BAD_PTR));
	EXPECT_EQ(-EFAULT, dmapi_handle_to_path(&o, f.b, f.len, 0, buf,
						DM_BAD_PTR));
	/* removed, and used yet */
	snprintf(path, sizeof(path), "%s/sub", self->dir);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlinkat(fd, "inner", 0));
	ASSERT_EQ(0, rmdir(path));
	EXPECT_EQ(-EINVAL, path_of(&self->d, &sub));
	EXPECT_EQ(-ENOENT, path_of(&sub, &sub));
	close(fd);
	EXPECT_EQ(-EBADF, path_of(&sub, &sub));
}

/* What the caller sees is not what we see. */
static struct dm_handle world_h, dir_h, f_h;

static long in_chroot(void *arg)
{
	if (chroot(arg))
		return -errno;
	if (path_of(&dir_h, &f_h) || strcmp(got, "/f"))
		return -50;
	if (path_of(&dir_h, &dir_h) || strcmp(got, "/"))
		return -51;
	/* outside */
	return path_of(&world_h, &dir_h) == -ENXIO ? 0 : -52;
}

static long in_namespace(void *arg)
{
	char where[] = "/tmp/path.XXXXXX", want[PATH_MAX];

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(where) || mount(arg, where, NULL, MS_BIND, NULL) ||
	    umount2(dm_mnt(), MNT_DETACH))
		return -errno;
	snprintf(want, sizeof(want), "%s/f", where);
	if (path_of(&dir_h, &f_h) || strcmp(got, want))
		return -50;
	if (path_of(&world_h, &dir_h) != -ENXIO)
		return -51;
	if (umount2(where, MNT_DETACH) || rmdir(where))
		return -52;
	return path_of(&dir_h, &f_h) == -ENXIO ? 0 : -53;
}

TEST_F(path, seen_by_the_caller)
{
	char want[PATH_MAX];

	ASSERT_EQ(0, dm_path_handle(dm_mnt(), &world_h));
	ASSERT_EQ(0, make("touch", self->dir, "f", &f_h));
	dir_h = self->d;
	EXPECT_EQ(0, dm_wait(dm_spawn(in_chroot, self->dir), SOON));
	EXPECT_EQ(0, dm_wait(dm_spawn(in_namespace, self->dir), SOON));
	snprintf(want, sizeof(want), "%s/f", self->dir);
	EXPECT_PATH(want, &self->d, &f_h);
}

/* Names that move while they are looked for are found. */
static char race_dir[PATH_MAX];

static long mover(void *arg)
{
	char a[PATH_MAX + 100], b[PATH_MAX + 100], c[PATH_MAX + 100];
	unsigned int i;
	int fd;

	(void)arg;
	snprintf(a, sizeof(a), "%s/target", race_dir);
	for (i = 0;; i++) {
		/* Somewhere else in the directory each time. */
		snprintf(b, sizeof(b), "%s/target.%u", race_dir, i % 701);
		snprintf(c, sizeof(c), "%s/other.%u", race_dir, i % 97);
		if (rename(a, b) || rename(b, a))
			return -errno;
		if (unlink(c)) {
			fd = open(c, O_CREAT | O_WRONLY, 0600);
			if (fd < 0)
				return -errno;
			close(fd);
		}
	}
}

TEST_F_TIMEOUT(path, race, 60)
{
	struct dm_handle h;
	char want[PATH_MAX];
	pid_t pid;
	int i;

	ASSERT_EQ(0, run("cd %s && touch fill.$(seq -s ' fill.' 600)", self->dir));
	ASSERT_EQ(0, make("touch", self->dir, "target", &h));
	strcpy(race_dir, self->dir);
	snprintf(want, sizeof(want), "%s/target", self->dir);
	pid = dm_spawn(mover, NULL);
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, path_of(&self->d, &h)) {
			kill(pid, SIGKILL);
			TH_LOG("round %d", i);
		}
		ASSERT_EQ(0, strncmp(want, got, strlen(want)));
	}
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 0));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
}

/* To find a path is no use of the directories. */
TEST_F(path, unnoticed)
{
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 2 } };
	struct dm_handle a, b, f;
	char path[PATH_MAX], want[PATH_MAX];
	struct dm_event e;
	struct dm_times t;

	ASSERT_EQ(0, make("mkdir", self->dir, "a", &a));
	ASSERT_EQ(0, make("mkdir", self->dir, "a/b", &b));
	ASSERT_EQ(0, make("touch", self->dir, "a/b/f", &f));
	snprintf(path, sizeof(path), "%s/a", self->dir);
	ASSERT_EQ(0, utimensat(AT_FDCWD, path, old, 0));
	snprintf(want, sizeof(want), "%s/a/b/f", self->dir);
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_BIT(CLOSE) | DM_BIT(DEBUT)));
	ASSERT_EQ(0, dm_remount(MS_STRICTATIME, "dmapi"));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(CLOSE) | DM_BIT(DEBUT)));
	t = dm_times(path);
	EXPECT_PATH(want, &b, &f);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_PATH(want, &b, &f);
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 50));
	DM_EXPECT_TIMES(path, t);
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(CLOSE) | DM_BIT(DEBUT)));
	EXPECT_EQ(0, dm_set_fs_list(self->sid, 0));
}

TEST_HARNESS_MAIN
