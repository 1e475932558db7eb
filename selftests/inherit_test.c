// SPDX-License-Identifier: GPL-2.0
/*
 * DM attributes that new objects inherit
 *
 * The list of the file system's: its operations, and its form as an attribute.
 * Then objects of every type with values of every size: an object has all that
 * its directory had under the names that are for its type, and nothing else, or
 * it was not made.
 */
#include <sys/quota.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <linux/dqblk_xfs.h>

#include "common.h"
#include "offline.h"

#define MAX	DMAPI_MAX_ATTRIBUTE_SIZE
#define LIST	"trusted.XDSM_INHERIT"

typedef unsigned char attrname[DMAPI_ATTR_NAME_SIZE];

FIXTURE(inherit) {
	DM_FIXTURE_FIELDS;
	struct dm_handle	fs, dh;
	struct dmapi_object	o;	/* the file system */
	struct dmapi_object	d;	/* the directory */
	int			n;	/* objects that were made */
};

FIXTURE_SETUP(inherit)
{
	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/inherit.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0777));
	ASSERT_EQ(0, dmapi_create_session(0, "inherit_test", &self->sid));
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &self->fs));
	ASSERT_EQ(0, dm_path_handle(self->dir, &self->dh));
	self->o = dm_obj(self->sid, &self->fs);
	self->d = dm_obj(self->sid, &self->dh);
}

FIXTURE_TEARDOWN(inherit)
{
	__u64 none = 0;

	removexattr(dm_mnt(), LIST);
	dmapi_set_eventlist(&self->o, &none, DMAPI_EVENT_MAX);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

typedef FIXTURE_DATA(inherit) inherit;

/* --- Values and objects --------------------------------------------------------- */

static long put(const struct dmapi_object *o, const void *name, size_t len,
		unsigned int seed)
{
	static unsigned char value[MAX];

	dm_fill(value, 0, len, seed);
	return dmapi_set_dmattr(o, name, 0, len, value);
}

static bool value_is(const struct dmapi_object *o, const void *name, size_t len,
		     unsigned int seed)
{
	static unsigned char buf[MAX];
	__u64 rlen = ~0ULL;

	return !dmapi_get_dmattr(o, name, sizeof(buf), buf, &rlen) &&
	       rlen == len && dm_differs(buf, 0, len, seed) < 0;
}

/* How many DM attributes it has. */
static int attrs(const struct dmapi_object *o)
{
	static unsigned char list[DMAPI_MAX_INHERIT * (MAX + 64)];
	struct dmapi_attrlist a;
	__u64 rlen = 0, at = 0;
	int n = 0;

	if (dmapi_getall_dmattr(o, sizeof(list), list, &rlen))
		return -1;
	for (; at < rlen; at += a.link) {
		memcpy(&a, list + at, sizeof(a));
		n++;
		if (!a.link)
			break;
	}
	return n;
}

static const __u32 types[] = {
	S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK,
};

static long make_at(const char *path, __u32 type, const char *target)
{
	int fd, ret;

	switch (type) {
	case S_IFREG:
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
		ret = fd < 0 ? -1 : close(fd);
		break;
	case S_IFDIR:
		ret = mkdir(path, 0700);
		break;
	case S_IFLNK:
		ret = symlink(target, path);
		break;
	default:
		ret = mknod(path, type | 0600, makedev(1, 3));
	}
	return ret ? -errno : 0;
}

struct made {
	char			path[320];
	struct dm_handle	h;
	struct dmapi_object	o;
};

static long make(inherit *t, __u32 type, struct made *m)
{
	long ret;

	snprintf(m->path, sizeof(m->path), "%s/%d", t->dir, t->n++);
	ret = make_at(m->path, type, "some/where");
	if (!ret)
		ret = dm_path_handle(m->path, &m->h);
	m->o = dm_obj(t->sid, &m->h);
	return ret;
}

/* --- The list ------------------------------------------------------------------- */

static int listed(const struct dmapi_object *o, struct dmapi_inherit *e)
{
	struct dmapi_inherit all[DMAPI_MAX_INHERIT + 1];
	__u32 n = 99;

	memset(all, 0xa5, sizeof(all));
	if (dmapi_getall_inherit(o, ARRAY_SIZE(all), all, &n) || n > DMAPI_MAX_INHERIT)
		return -1;
	if (!dm_all((unsigned char *)(all + n), 0xa5, sizeof(all[0]) * (ARRAY_SIZE(all) - n)))
		return -1;
	if (e)
		memcpy(e, all, n * sizeof(*e));
	return n;
}

TEST_F(inherit, list)
{
	struct dmapi_inherit e[DMAPI_MAX_INHERIT];
	__u32 n = 99;

	EXPECT_EQ(0, listed(&self->o, e));
	EXPECT_EQ(0, dmapi_getall_inherit(&self->o, 0, NULL, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "one\0\0\0\0", 0));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "two\0\0\0\0", S_IFREG));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "a\0b\0\377\1/\0", S_IFDIR));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(3, listed(&self->o, e));
	EXPECT_EQ(0, memcmp(e[0].name, "one\0\0\0\0", 8));
	EXPECT_EQ(0, e[0].filetype);
	EXPECT_EQ(0, memcmp(e[1].name, "two\0\0\0\0", 8));
	EXPECT_EQ((__u32)S_IFREG, e[1].filetype);
	EXPECT_EQ(0, memcmp(e[2].name, "a\0b\0\377\1/\0", 8));
	EXPECT_EQ((__u32)S_IFDIR, e[2].filetype);

	/* The same name again replaces the type. */
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "two\0\0\0\0", S_IFLNK));
	ASSERT_EQ(3, listed(&self->o, e));
	EXPECT_EQ((__u32)S_IFLNK, e[1].filetype);

	/* Too little room: nothing but how much it takes. */
	memset(e, 0xa5, sizeof(e));
	n = 99;
	EXPECT_EQ(-E2BIG, dmapi_getall_inherit(&self->o, 2, e, &n));
	EXPECT_EQ(3, n);
	EXPECT_TRUE(dm_all((unsigned char *)e, 0xa5, sizeof(e)));
	EXPECT_EQ(-E2BIG, dmapi_getall_inherit(&self->o, 0, NULL, &n));
	EXPECT_EQ(0, dmapi_getall_inherit(&self->o, 3, e, &n));
	EXPECT_TRUE(dm_all((unsigned char *)(e + 3), 0xa5, sizeof(e[0])));

	ASSERT_EQ(0, dmapi_clear_inherit(&self->o, "one\0\0\0\0"));
	EXPECT_EQ(-ENOENT, dmapi_clear_inherit(&self->o, "one\0\0\0\0"));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(2, listed(&self->o, e));
	EXPECT_EQ(0, memcmp(e[0].name, "two\0\0\0\0", 8));
	ASSERT_EQ(0, dmapi_clear_inherit(&self->o, "a\0b\0\377\1/\0"));
	ASSERT_EQ(0, dmapi_clear_inherit(&self->o, "two\0\0\0\0"));
	EXPECT_EQ(0, listed(&self->o, NULL));
	EXPECT_EQ(-1, getxattr(dm_mnt(), LIST, NULL, 0));
	EXPECT_EQ(ENODATA, errno);
}

TEST_F(inherit, full)
{
	struct dmapi_inherit e[DMAPI_MAX_INHERIT];
	char name[9];
	int i;

	for (i = 0; i < DMAPI_MAX_INHERIT; i++) {
		snprintf(name, sizeof(name), "name%04d", i);
		ASSERT_EQ(0, dmapi_set_inherit(&self->o, name, 0));
	}
	EXPECT_EQ(-ENOSPC, dmapi_set_inherit(&self->o, "onemore\0", 0));
	EXPECT_EQ(0, dmapi_set_inherit(&self->o, "name0063", S_IFREG));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(DMAPI_MAX_INHERIT, listed(&self->o, e));
	for (i = 0; i < DMAPI_MAX_INHERIT; i++) {
		snprintf(name, sizeof(name), "name%04d", i);
		EXPECT_EQ(0, memcmp(e[i].name, name, 8));
		EXPECT_EQ(i == 63 ? (__u32)S_IFREG : 0, e[i].filetype);
	}
	EXPECT_EQ(0, dmapi_clear_inherit(&self->o, "name0000"));
	EXPECT_EQ(0, dmapi_set_inherit(&self->o, "onemore\0", 0));
}

TEST_F(inherit, errors)
{
	struct dmapi_set_inherit s = { .obj = self->o, .namep = DM_PTR("name\0\0\0"), .pad = 1 };
	struct dmapi_getall_inherit g = { .obj = self->o, .pad = 1 };
	struct dmapi_object all = dm_obj_global(self->sid);
	struct dmapi_inherit e[2];
	__u32 n = 99;
	int i;

	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SET_INHERIT, s));
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_CLEAR_INHERIT, s));
	s.pad = 0;
	s.mode = S_IFREG;
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_CLEAR_INHERIT, s));
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GETALL_INHERIT, g));
	for (i = 0; i < 16; i++) {
		__u32 mode = i << 12;
		bool known = !mode;

		for (size_t k = 0; k < ARRAY_SIZE(types); k++)
			known |= mode == types[k];
		EXPECT_EQ(known ? 0 : -EINVAL, dmapi_set_inherit(&self->o, "name\0\0\0", mode)) {
			TH_LOG("mode %o", mode);
		}
	}
	EXPECT_EQ(-EINVAL, dmapi_set_inherit(&self->o, "name\0\0\0", S_IFREG | 0600));
	EXPECT_EQ(-EINVAL, dmapi_set_inherit(&self->o, "name\0\0\0", 0600));
	EXPECT_EQ(-EINVAL, dmapi_set_inherit(&self->o, "name\0\0\0", 1U << 16));
	EXPECT_EQ(-EINVAL, dmapi_set_inherit(&self->o, "\0name\0\0", 0));
	EXPECT_EQ(-EINVAL, dmapi_clear_inherit(&self->o, "\0name\0\0"));
	EXPECT_EQ(-EFAULT, dmapi_set_inherit(&self->o, DM_BAD_PTR, 0));
	EXPECT_EQ(-EFAULT, dmapi_clear_inherit(&self->o, DM_BAD_PTR));
	EXPECT_EQ(-EINVAL, dmapi_set_inherit(&self->d, "name\0\0\0", 0));
	EXPECT_EQ(-EINVAL, dmapi_clear_inherit(&self->d, "name\0\0\0"));
	EXPECT_EQ(-EINVAL, dmapi_getall_inherit(&self->d, 2, e, &n));
	EXPECT_EQ(-EBADF, dmapi_set_inherit(&all, "name\0\0\0", 0));
	EXPECT_EQ(-EBADF, dmapi_clear_inherit(&all, "name\0\0\0"));
	EXPECT_EQ(-EBADF, dmapi_getall_inherit(&all, 2, e, &n));
	EXPECT_EQ(99, n);
	EXPECT_EQ(-EFAULT, dmapi_getall_inherit(&self->o, 2, DM_BAD_PTR, &n));
	EXPECT_EQ(-EFAULT, dmapi_getall_inherit(&self->o, 2, e, DM_BAD_PTR));
	EXPECT_EQ(1, listed(&self->o, e));
	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(-EROFS, dmapi_set_inherit(&self->o, "name\0\0\0", 0));
	EXPECT_EQ(-EROFS, dmapi_clear_inherit(&self->o, "name\0\0\0"));
	EXPECT_EQ(1, listed(&self->o, e));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
}

/* --- As an attribute -------------------------------------------------------------- */

static long setx(const char *path, const void *v, size_t len, int flags)
{
	return setxattr(path, LIST, v, len, flags) ? -errno : 0;
}

TEST_F(inherit, attribute)
{
	static const unsigned char good[8 + 2 * 16] = {
		'X', 'D', 'M', 'I', 0, 1, 0, 2,
		'n', 'a', 'm', 'e', 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0,
		'b', 0, 'c', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	unsigned char v[sizeof(good)];
	struct made m;
	int i;

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, good + 8, S_IFREG));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, good + 24, 0));
	EXPECT_EQ((ssize_t)sizeof(v), getxattr(dm_mnt(), LIST, v, sizeof(v)));
	EXPECT_EQ(0, memcmp(v, good, sizeof(v)));
	/* What is none is refused, and changes nothing. */
	for (i = 0; i < (int)sizeof(good); i++) {
		bool name = i >= 8 && (i - 8) % 16 < 8;

		memcpy(v, good, sizeof(v));
		v[i] ^= i == 24 || i == 8 ? good[i] : 0x01;
		EXPECT_EQ(name && i != 8 && i != 24 ? 0 : -EINVAL, setx(dm_mnt(), v, sizeof(v), 0)) {
			TH_LOG("byte %d", i);
		}
	}
	memcpy(v, good, sizeof(v));
	memcpy(v + 24, good + 8, 8);
	EXPECT_EQ(-EINVAL, setx(dm_mnt(), v, sizeof(v), 0));	/* twice */
	EXPECT_EQ(-EINVAL, setx(dm_mnt(), good, sizeof(good) - 1, 0));
	EXPECT_EQ(-EINVAL, setx(dm_mnt(), good, 24, 0));
	EXPECT_EQ(-EINVAL, setx(dm_mnt(), "", 0, 0));
	EXPECT_EQ(-EEXIST, setx(dm_mnt(), good, sizeof(good), XATTR_CREATE));
	EXPECT_EQ(2, listed(&self->o, NULL));
	EXPECT_EQ(0, removexattr(dm_mnt(), LIST));
	EXPECT_EQ(0, listed(&self->o, NULL));
	EXPECT_EQ(-1, removexattr(dm_mnt(), LIST));
	EXPECT_EQ(ENODATA, errno);
	EXPECT_EQ(-ENODATA, setx(dm_mnt(), good, sizeof(good), XATTR_REPLACE));

	/* It takes effect at once. */
	ASSERT_EQ(0, put(&self->d, good + 24, 77, 1));
	ASSERT_EQ(0, make(self, S_IFIFO, &m));
	EXPECT_EQ(0, attrs(&m.o));
	EXPECT_EQ(0, setx(dm_mnt(), good, sizeof(good), 0));
	ASSERT_EQ(0, make(self, S_IFIFO, &m));
	EXPECT_TRUE(value_is(&m.o, good + 24, 77, 1));

	/* On another directory it means nothing. */
	EXPECT_EQ(0, setx(self->dir, "1", 1, 0));
	EXPECT_EQ(2, listed(&self->o, NULL));
	/* Without DMAPI it is looked at all the same, and nobody inherits. */
	ASSERT_EQ(0, dm_remount(0, ""));
	EXPECT_EQ(-EINVAL, setx(dm_mnt(), "1", 1, 0));
	EXPECT_EQ(0, setx(dm_mnt(), good, sizeof(good), 0));
	EXPECT_EQ(0, make_at(m.path, S_IFIFO, "") == -EEXIST ? 0 : -1);
	snprintf(m.path, sizeof(m.path), "%s/quiet", self->dir);
	ASSERT_EQ(0, make_at(m.path, S_IFREG, ""));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	ASSERT_EQ(0, dm_path_handle(m.path, &m.h));
	EXPECT_EQ(0, attrs(&m.o));
	EXPECT_EQ(2, listed(&self->o, NULL));
}

/* What somebody damaged is no list; a new one can be made. */
TEST_F(inherit, corrupt)
{
	static const char *const bad[] = { "8", "3", "300" };
	struct made m;

	if (run("xfs_db -V > /dev/null 2>&1"))
		SKIP(return, "no xfs_db");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(0, dm_umount());
		ASSERT_EQ(0, run("xfs_db -x -c 'sb 0' -c 'addr rootino' -c 'attr_set -r -v %s XDSM_INHERIT' %s > /dev/null",
				 bad[i], dm_dev()));
		ASSERT_EQ(0, dm_mount(0, "dmapi"));
		EXPECT_EQ(0, listed(&self->o, NULL));
		EXPECT_EQ(0, make(self, S_IFREG, &m));
		EXPECT_EQ(0, dmapi_set_inherit(&self->o, "name\0\0\0", 0));
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
		EXPECT_EQ(1, listed(&self->o, NULL));
	}
}

/* --- Who inherits what ------------------------------------------------------------- */

TEST_F(inherit, types)
{
	struct made m;
	size_t i, k;

	ASSERT_EQ(0, put(&self->d, "all\0\0\0\0", 10, 1));
	ASSERT_EQ(0, put(&self->d, "one\0\0\0\0", 20, 2));
	ASSERT_EQ(0, put(&self->d, "none\0\0\0", 30, 3));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "all\0\0\0\0", 0));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "absent\0", 0));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ASSERT_EQ(0, dmapi_set_inherit(&self->o, "one\0\0\0\0", types[i]));
		for (k = 0; k < ARRAY_SIZE(types); k++) {
			ASSERT_EQ(0, make(self, types[k], &m));
			EXPECT_TRUE(value_is(&m.o, "all\0\0\0\0", 10, 1));
			EXPECT_EQ(i == k, value_is(&m.o, "one\0\0\0\0", 20, 2));
			EXPECT_EQ(1 + (i == k), attrs(&m.o)) {
				TH_LOG("%o in the list, %o made", types[i], types[k]);
			}
		}
	}
	/* Nobody, if the list is empty again. */
	ASSERT_EQ(0, dmapi_clear_inherit(&self->o, "all\0\0\0\0"));
	ASSERT_EQ(0, dmapi_clear_inherit(&self->o, "absent\0"));
	ASSERT_EQ(0, dmapi_clear_inherit(&self->o, "one\0\0\0\0"));
	ASSERT_EQ(0, make(self, S_IFREG, &m));
	EXPECT_EQ(0, attrs(&m.o));
}

/* From directory to directory, and what is changed in one is not in the other. */
TEST_F(inherit, generations)
{
	struct dmapi_object o;
	struct dm_handle h;
	struct made m, below;

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "policy\0", 0));
	ASSERT_EQ(0, put(&self->d, "policy\0", 40, 1));
	ASSERT_EQ(0, make(self, S_IFDIR, &m));
	ASSERT_EQ(0, put(&self->d, "policy\0", 50, 2));
	EXPECT_TRUE(value_is(&m.o, "policy\0", 40, 1));
	snprintf(below.path, sizeof(below.path), "%.300s/below", m.path);
	ASSERT_EQ(0, make_at(below.path, S_IFREG, ""));
	ASSERT_EQ(0, dm_path_handle(below.path, &h));
	o = dm_obj(self->sid, &h);
	EXPECT_TRUE(value_is(&o, "policy\0", 40, 1));
	/* What is linked or moved here is nothing new. */
	ASSERT_EQ(0, make(self, S_IFREG, &m));
	EXPECT_TRUE(value_is(&m.o, "policy\0", 50, 2));
	ASSERT_EQ(0, rename(m.path, below.path));
	o = dm_obj(self->sid, &m.h);
	EXPECT_TRUE(value_is(&o, "policy\0", 50, 2));
	ASSERT_EQ(0, link(below.path, m.path));
	EXPECT_TRUE(value_is(&o, "policy\0", 50, 2));
	EXPECT_EQ(1, attrs(&o));
}

TEST_F(inherit, names)
{
	static const attrname name[] = {
		{ 'a' }, { 'a', 0, 'b' }, { 'a', 0, 0, 0, 0, 0, 0, 1 },
		{ 'e', 'i', 'g', 'h', 't', '8', '8', '8' },
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		{ 1, 0, 0xff, 0x80, '/', '.', '%', 0x7f }, { '/' }, { '\n' },
		{ 'S', 'G', 'I', '_', 'D', 'M', 'I', '_' },
	};
	struct made m;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		ASSERT_EQ(0, put(&self->d, name[i], i + 1, i));
		ASSERT_EQ(0, dmapi_set_inherit(&self->o, name[i], 0));
	}
	for (k = 0; k < 3; k++) {
		ASSERT_EQ(0, make(self, types[k], &m));
		for (i = 0; i < ARRAY_SIZE(name); i++)
			EXPECT_TRUE(value_is(&m.o, name[i], i + 1, i));
		EXPECT_EQ((int)ARRAY_SIZE(name), attrs(&m.o));
	}
}

/* Other attributes, ours among them, stay with the directory. */
TEST_F(inherit, nothing_else)
{
	struct made m;
	ssize_t n;
	char list[1000];

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "name\0\0\0", 0));
	ASSERT_EQ(0, put(&self->d, "name\0\0\0", 100, 1));
	ASSERT_EQ(0, setxattr(self->dir, "user.x", "value", 5, 0));
	ASSERT_EQ(0, setxattr(self->dir, "trusted.x", "value", 5, 0));
	ASSERT_EQ(0, setxattr(self->dir, "trusted.name", "value", 5, 0));
	ASSERT_EQ(0, make(self, S_IFREG, &m));
	n = llistxattr(m.path, list, sizeof(list));
	EXPECT_EQ((ssize_t)sizeof("trusted.SGI_DMI_name"), n);
	EXPECT_STREQ("trusted.SGI_DMI_name", list);
}

/* --- Sizes --------------------------------------------------------------------------- */

TEST_F_TIMEOUT(inherit, sizes, 120)
{
	static const size_t size[] = {
		0, 1, 100, 200, 240, 250, 253, 254, 255, 256, 300, 1000, 2000, 4000,
		4096, 20000, MAX - 1, MAX,
	};
	static struct made m[ARRAY_SIZE(size)][ARRAY_SIZE(types)];
	size_t i, k;

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "value\0\0", 0));
	for (i = 0; i < ARRAY_SIZE(size); i++) {
		ASSERT_EQ(0, put(&self->d, "value\0\0", size[i], i));
		for (k = 0; k < ARRAY_SIZE(types); k++) {
			ASSERT_EQ(0, make(self, types[k], &m[i][k])) {
				TH_LOG("%zu, type %o", size[i], types[k]);
			}
			EXPECT_TRUE(value_is(&m[i][k].o, "value\0\0", size[i], i)) {
				TH_LOG("%zu, type %o", size[i], types[k]);
			}
		}
	}
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	for (i = 0; i < ARRAY_SIZE(size); i++) {
		for (k = 0; k < ARRAY_SIZE(types); k++) {
			struct stat st;

			EXPECT_TRUE(value_is(&m[i][k].o, "value\0\0", size[i], i));
			ASSERT_EQ(0, lstat(m[i][k].path, &st));
			EXPECT_EQ(types[k], st.st_mode & S_IFMT);
			EXPECT_EQ(types[k] == S_IFDIR ? 2U : 1U, st.st_nlink);
		}
	}
}

static long write_text(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, "text", 4);

	if (fd >= 0)
		close(fd);
	return n == 4 ? 0 : -1;
}

/* Two values, up to and over all that an inode can hold, and what they leave. */
TEST_F_TIMEOUT(inherit, what_fits, 120)
{
	struct made m;
	char target[1024], got[1024], in[400];
	size_t a, k;

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "a\0\0\0\0\0\0", 0));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "b\0\0\0\0\0\0", 0));
	ASSERT_EQ(0, put(&self->d, "b\0\0\0\0\0\0", 50, 2));
	memset(target, 't', sizeof(target));
	for (a = 0; a < 254; a += a < 120 ? 20 : 1) {
		ASSERT_EQ(0, put(&self->d, "a\0\0\0\0\0\0", a, a));
		for (k = 0; k < 4; k++) {
			snprintf(m.path, sizeof(m.path), "%s/%d", self->dir, self->n++);
			target[300 + a % 100] = 0;
			ASSERT_EQ(0, make_at(m.path, types[k], target));
			ASSERT_EQ(0, dm_path_handle(m.path, &m.h));
			m.o = dm_obj(self->sid, &m.h);
			EXPECT_TRUE(value_is(&m.o, "a\0\0\0\0\0\0", a, a));
			EXPECT_TRUE(value_is(&m.o, "b\0\0\0\0\0\0", 50, 2));
			if (types[k] == S_IFLNK) {
				memset(got, 0, sizeof(got));
				EXPECT_EQ((ssize_t)strlen(target), readlink(m.path, got, sizeof(got)));
				EXPECT_STREQ(target, got);
			}
			target[300 + a % 100] = 't';
			/* The inode is as good as any other. */
			if (types[k] == S_IFREG) {
				EXPECT_EQ(0, write_text(m.path));
				EXPECT_EQ(0, setxattr(m.path, "user.more", "value", 5, 0));
			} else if (types[k] == S_IFDIR) {
				snprintf(in, sizeof(in), "%s/x", m.path);
				EXPECT_EQ(0, mkdir(in, 0700));
				EXPECT_EQ(0, rmdir(in));
				EXPECT_EQ(0, write_text(in));
			}
			EXPECT_TRUE(value_is(&m.o, "a\0\0\0\0\0\0", a, a));
		}
	}
}

TEST_F_TIMEOUT(inherit, symlinks, 60)
{
	static const int len[] = { 1, 50, 56, 57, 150, 335, 336, 337, 500, 1022, 1023 };
	static const size_t size[] = { 0, 30, 200, 300, 5000, MAX };
	char target[1025], got[1025];
	struct made m;

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "name\0\0\0", S_IFLNK));
	for (size_t s = 0; s < ARRAY_SIZE(size); s++) {
		ASSERT_EQ(0, put(&self->d, "name\0\0\0", size[s], s));
		for (size_t i = 0; i < ARRAY_SIZE(len); i++) {
			memset(target, 'a' + i, sizeof(target));
			target[len[i]] = 0;
			snprintf(m.path, sizeof(m.path), "%s/%d", self->dir, self->n++);
			ASSERT_EQ(0, make_at(m.path, S_IFLNK, target));
			memset(got, 0, sizeof(got));
			EXPECT_EQ(len[i], readlink(m.path, got, sizeof(got)));
			EXPECT_STREQ(target, got);
			ASSERT_EQ(0, dm_path_handle(m.path, &m.h));
			m.o = dm_obj(self->sid, &m.h);
			EXPECT_TRUE(value_is(&m.o, "name\0\0\0", size[s], s));
		}
	}
	memset(target, 'x', sizeof(target));
	target[1024] = 0;
	snprintf(m.path, sizeof(m.path), "%s/long", self->dir);
	EXPECT_EQ(-ENAMETOOLONG, make_at(m.path, S_IFLNK, target));
}

/* All that the list can name, small and large. */
TEST_F_TIMEOUT(inherit, many, 120)
{
	static const size_t size[] = { 0, 5, 100, 2000, MAX };
	char name[9];
	struct made m;
	size_t i, k, s;

	for (i = 0; i < DMAPI_MAX_INHERIT; i++) {
		snprintf(name, sizeof(name), "name%04zu", i);
		ASSERT_EQ(0, dmapi_set_inherit(&self->o, name, 0));
	}
	for (s = 0; s < ARRAY_SIZE(size); s++) {
		for (i = 0; i < DMAPI_MAX_INHERIT; i++) {
			snprintf(name, sizeof(name), "name%04zu", i);
			ASSERT_EQ(0, put(&self->d, name, size[s], i));
		}
		for (k = 0; k < 4; k++) {
			ASSERT_EQ(0, make(self, types[k], &m));
			for (i = 0; i < DMAPI_MAX_INHERIT; i++) {
				snprintf(name, sizeof(name), "name%04zu", i);
				EXPECT_TRUE(value_is(&m.o, name, size[s], i));
			}
			EXPECT_EQ(DMAPI_MAX_INHERIT, attrs(&m.o));
		}
	}
}

/* --- Other ways to make something ------------------------------------------------------ */

TEST_F(inherit, tmpfile)
{
	char proc[64], path[300];
	struct dmapi_object o;
	struct dm_handle h;
	int fd;

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "name\0\0\0", S_IFREG));
	for (size_t size = 30; size < 100000; size += 50000) {
		size = size > MAX ? MAX : size;
		ASSERT_EQ(0, put(&self->d, "name\0\0\0", size, 1));
		fd = open(self->dir, O_TMPFILE | O_RDWR, 0600);
		ASSERT_LE(0, fd);
		h.len = 0;
		ASSERT_EQ(0, dmapi_fd_to_handle(fd, h.b, &h.len));
		o = dm_obj(self->sid, &h);
		EXPECT_TRUE(value_is(&o, "name\0\0\0", size, 1));
		snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
		snprintf(path, sizeof(path), "%s/tmp%zu", self->dir, size);
		ASSERT_EQ(0, linkat(AT_FDCWD, proc, AT_FDCWD, path, AT_SYMLINK_FOLLOW));
		close(fd);
		EXPECT_TRUE(value_is(&o, "name\0\0\0", size, 1));
		fd = open(self->dir, O_TMPFILE | O_EXCL | O_RDWR, 0600);
		ASSERT_LE(0, fd);
		close(fd);
	}
}

#ifndef RENAME_WHITEOUT
#define RENAME_WHITEOUT	4
#endif

TEST_F(inherit, whiteout)
{
	struct made m;
	char to[300];

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "name\0\0\0", 0));
	ASSERT_EQ(0, put(&self->d, "name\0\0\0", 30, 1));
	ASSERT_EQ(0, make(self, S_IFREG, &m));
	snprintf(to, sizeof(to), "%s/to", self->dir);
	ASSERT_EQ(0, (int)syscall(SYS_renameat2, AT_FDCWD, m.path, AT_FDCWD, to, RENAME_WHITEOUT));
	ASSERT_EQ(0, dm_path_handle(m.path, &m.h));
	EXPECT_EQ(0, attrs(&m.o));
	ASSERT_EQ(0, dm_path_handle(to, &m.h));
	EXPECT_EQ(1, attrs(&m.o));
}

/* An access control list that the directory hands down goes along. */
TEST_F(inherit, with_acl)
{
	static const unsigned char acl[] = {
		2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255,
		2, 0, 7, 0, 1, 0, 0, 0, 4, 0, 5, 0, 255, 255, 255, 255,
		16, 0, 7, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
	};
	struct made m;

	if (setxattr(self->dir, "system.posix_acl_default", acl, sizeof(acl), 0))
		SKIP(return, "no access control lists");
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "name\0\0\0", 0));
	for (size_t size = 10; size < 70000; size = size * 2 + 1) {
		size_t len = size > MAX ? MAX : size;

		ASSERT_EQ(0, put(&self->d, "name\0\0\0", len, 1));
		for (int k = 0; k < 2; k++) {
			ASSERT_EQ(0, make(self, types[k], &m));
			EXPECT_TRUE(value_is(&m.o, "name\0\0\0", len, 1));
			EXPECT_LT(0, getxattr(m.path, "system.posix_acl_access", NULL, 0));
		}
	}
}

/* --- Not enough room --------------------------------------------------------------------- */

static __u64 inodes(void)
{
	struct statvfs st;

	run("sync; echo 3 > /proc/sys/vm/drop_caches");
	return statvfs(dm_mnt(), &st) ? 0 : st.f_files - st.f_ffree;
}

/*
 * What cannot be given to an object keeps it from being made, and nobody hears
 * of an object that was not.
 */
TEST_F_TIMEOUT(inherit, no_space, 120)
{
	struct dm_event e;
	struct statvfs st;
	char path[300];
	__u64 before;
	struct made m;
	int fd;

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "small\0\0", 0));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "big\0\0\0\0", 0));
	ASSERT_EQ(0, put(&self->d, "small\0\0", 100, 1));
	ASSERT_EQ(0, put(&self->d, "big\0\0\0\0", MAX, 2));
	/* Room for inodes, and for names. */
	for (int i = 0; i < 70; i++)
		ASSERT_EQ(0, make(self, S_IFIFO, &m));
	for (int i = 0; i < 64; i++) {
		snprintf(path, sizeof(path), "%s/%d", self->dir, i);
		ASSERT_EQ(0, unlink(path));
	}
	/* What others left dirty would give up blocks later. */
	inodes();
	snprintf(path, sizeof(path), "%s/ballast", self->dir);
	ASSERT_EQ(0, dmapi_clear_inherit(&self->o, "big\0\0\0\0"));
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "big\0\0\0\0", 0));
	for (off_t pos = 0, step = 64 << 20; step >= 4096;) {
		if (fallocate(fd, 0, pos, step))
			step /= 2;
		else
			pos += step;
	}
	close(fd);
	ASSERT_EQ(0, statvfs(dm_mnt(), &st));
	before = inodes();
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(DESTROY)));
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_BIT(DESTROY)));
	for (size_t k = 0; k < ARRAY_SIZE(types); k++) {
		EXPECT_EQ(-ENOSPC, make(self, types[k], &m)) {
			TH_LOG("type %o, %llu blocks free", types[k],
			       (unsigned long long)st.f_bavail);
		}
		EXPECT_EQ(-1, access(m.path, F_OK));
	}
	EXPECT_EQ(-1, open(self->dir, O_TMPFILE | O_RDWR, 0600));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(before, inodes());
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 300));
	dm_set_fs_list(self->sid, 0);
	ASSERT_EQ(0, unlink(path));
	for (size_t k = 0; k < ARRAY_SIZE(types); k++) {
		ASSERT_EQ(0, make(self, types[k], &m));
		EXPECT_TRUE(value_is(&m.o, "small\0\0", 100, 1));
		EXPECT_TRUE(value_is(&m.o, "big\0\0\0\0", MAX, 2));
	}
}

#define USER	4711

static long make_as_user(void *arg)
{
	const char *path = arg;

	if (setgid(USER) || setuid(USER))
		return -errno;
	return make_at(path, S_IFREG, "");
}

TEST_F_TIMEOUT(inherit, no_quota, 60)
{
	struct fs_disk_quota q = {
		.d_version = FS_DQUOT_VERSION, .d_flags = FS_USER_QUOTA,
		.d_fieldmask = FS_DQ_BHARD | FS_DQ_BSOFT, .d_id = USER,
		.d_blk_hardlimit = 2048, .d_blk_softlimit = 2048,	/* 1 MiB */
	};
	struct dmapi_object o;
	struct dm_event e;
	struct dm_handle h;
	char path[300], name[9];
	long ret;

	ret = dm_remount(0, "dmapi,uquota");
	if (ret) {
		ASSERT_EQ(0, dm_mount(0, "dmapi"));
		SKIP(return, "no quota");
	}
	ASSERT_EQ(0, chmod(self->dir, 0777));
	ASSERT_EQ(0, quotactl(QCMD(Q_XSETQLIM, USRQUOTA), dm_dev(), USER, (caddr_t)&q));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "name\0\0\0", 0));
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "big%05d", i);
		ASSERT_EQ(0, dmapi_set_inherit(&self->o, name, 0));
		ASSERT_EQ(0, put(&self->d, name, 60000, 1));
	}
	/* Some are there when it ends; nobody hears of what they were given to. */
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(DESTROY)));
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_BIT(DESTROY)));
	snprintf(path, sizeof(path), "%s/user", self->dir);
	EXPECT_EQ(-EDQUOT, dm_wait(dm_spawn(make_as_user, path), 8000));
	EXPECT_EQ(-1, access(path, F_OK));
	inodes();
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 300));
	dm_set_fs_list(self->sid, 0);
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "big%05d", i);
		ASSERT_EQ(0, dmapi_clear_inherit(&self->o, name));
	}
	ASSERT_EQ(0, put(&self->d, "name\0\0\0", 100, 1));
	EXPECT_EQ(0, dm_wait(dm_spawn(make_as_user, path), 8000));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	o = dm_obj(self->sid, &h);
	EXPECT_TRUE(value_is(&o, "name\0\0\0", 100, 1));
	ASSERT_EQ(0, unlink(path));
	q.d_blk_hardlimit = q.d_blk_softlimit = 0;
	quotactl(QCMD(Q_XSETQLIM, USRQUOTA), dm_dev(), USER, (caddr_t)&q);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
}

/* --- The list changes meanwhile ------------------------------------------------------------ */

static long flip(void *arg)
{
	inherit *t = arg;

	for (int i = 0; i < 150; i++) {
		if (dmapi_set_inherit(&t->o, "name\0\0\0", i % 2 ? S_IFREG : 0) ||
		    dmapi_clear_inherit(&t->o, "other\0\0") ||
		    dmapi_set_inherit(&t->o, "other\0\0", 0))
			return -EINVAL;
	}
	return 0;
}

TEST_F_TIMEOUT(inherit, while_it_changes, 60)
{
	struct made m;
	pid_t pid;
	int i;

	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "name\0\0\0", 0));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, "other\0\0", 0));
	ASSERT_EQ(0, put(&self->d, "name\0\0\0", 70, 1));
	ASSERT_EQ(0, put(&self->d, "other\0\0", 3000, 2));
	pid = dm_spawn(flip, self);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, make(self, S_IFREG, &m));
		EXPECT_TRUE(value_is(&m.o, "name\0\0\0", 70, 1));
		EXPECT_TRUE(attrs(&m.o) == 1 || value_is(&m.o, "other\0\0", 3000, 2));
	}
	EXPECT_EQ(0, dm_wait(pid, 40000));
}

TEST_HARNESS_MAIN
