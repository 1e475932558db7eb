// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that come back under their handles
 *
 * On a file system of its own on DM_DEV2, which xfs_repair looks at after each
 * test, where it can.
 *
 *	DM_DEV2		a device to use up
 */
#include "offline.h"

#include <linux/fs.h>
#include <sys/fsuid.h>
#include <sys/klog.h>

#define WORLD		"/mnt/create"
#define SOON		20000		/* ms */
#define MANY		200

FIXTURE(create) {
	DM_FIXTURE_FIELDS;
	struct dm_handle	d;	/* self->dir */
	struct dmapi_object	o;
};

FIXTURE_VARIANT(create)
{
	const char *mkfs;
	const char *feature;		/* what is to be done to the device */
};

FIXTURE_VARIANT_ADD(create, plain) { .mkfs = "", .feature = ":" };
FIXTURE_VARIANT_ADD(create, whole_chunks) {
	.mkfs = "-i sparse=0", .feature = ":",
};
FIXTURE_VARIANT_ADD(create, one_tree) {
	.mkfs = "-m finobt=0", .feature = ":",
};
FIXTURE_VARIANT_ADD(create, parents) {
	.mkfs = "-m rmapbt=1", .feature = "sb_feature $DM_DEV parent",
};

FIXTURE_SETUP(create)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	setenv("DM_DEV", env_need("DM_DEV2"), 1);
	setenv("DM_MNT", WORLD, 1);
	ASSERT_EQ(0, run("umount -q " WORLD "; mkdir -p " WORLD "; "
			 "mkfs.xfs -q -f %s $DM_DEV && %s", variant->mkfs,
			 variant->feature));
	ASSERT_EQ(0, dm_mount(0, "dmapi"));
	snprintf(self->dir, sizeof(self->dir), "%s/dir", dm_mnt());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "create", &self->sid));
	ASSERT_EQ(0, dm_path_handle(self->dir, &self->d));
	self->o = dm_obj(self->sid, &self->d);
}

FIXTURE_TEARDOWN(create)
{
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	EXPECT_EQ(0, dm_umount());
	if (strcmp(variant->feature, ":"))
		return;
	EXPECT_EQ(0, run("xfs_repair -n %s > /run/repair.log 2>&1", dm_dev())) {
		run("sed 's/^/# /' /run/repair.log | tail -n 20");
	}
}

typedef FIXTURE_DATA(create) create;

static const char *path_in(const create *t, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	return path;
}

static long make_file(const create *t, const char *name, struct dm_handle *h)
{
	int fd = open(path_in(t, name), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	close(fd);
	return dm_path_handle(path_in(t, name), h);
}

static long by_handle(const create *t, const struct dm_handle *h,
		      const char *name)
{
	return dmapi_create_by_handle(DMAPI_CREATE_BY_HANDLE, &t->o, h->b, h->len,
				      name, NULL);
}

/* Does the name have the handle? */
static bool is(const create *t, const char *name, const struct dm_handle *h)
{
	struct dm_handle now;

	return !dm_path_handle(path_in(t, name), &now) && now.len == h->len &&
	       !memcmp(now.b, h->b, h->len);
}

static void set_gen(struct dm_handle *h, __u32 gen)
{
	memcpy(h->b + 12, &gen, sizeof(gen));
}

static void set_ino(struct dm_handle *h, __u64 ino)
{
	memcpy(h->b + 16, &ino, sizeof(ino));
}

static __u64 get_ino(const struct dm_handle *h)
{
	__u64 ino;

	memcpy(&ino, h->b + 16, sizeof(ino));
	return ino;
}

TEST_F(create, kinds)
{
	char text[PATH_MAX];
	struct dm_handle f, d, l, in;
	struct dmapi_object o;
	struct stat st;
	int i;

	ASSERT_EQ(0, make_file(self, "f", &f));
	ASSERT_EQ(0, mkdir(path_in(self, "d"), 0755));
	ASSERT_EQ(0, dm_path_handle(path_in(self, "d"), &d));
	ASSERT_EQ(0, symlink("x", path_in(self, "l")));
	ASSERT_EQ(0, dm_path_handle(path_in(self, "l"), &l));
	ASSERT_EQ(0, unlink(path_in(self, "f")));
	ASSERT_EQ(0, rmdir(path_in(self, "d")));
	ASSERT_EQ(0, unlink(path_in(self, "l")));
	/* what is not there may be known */
	EXPECT_EQ(-1, stat(path_in(self, "f2"), &st));
	EXPECT_EQ(-1, stat(path_in(self, "d2"), &st));

	memset(text, 'l', 1000);
	text[1000] = 0;
	EXPECT_EQ(0, by_handle(self, &f, "f2"));
	EXPECT_EQ(0, dmapi_create_by_handle(DMAPI_MKDIR_BY_HANDLE, &self->o, d.b,
					    d.len, "d2", NULL));
	EXPECT_EQ(0, dmapi_create_by_handle(DMAPI_SYMLINK_BY_HANDLE, &self->o,
					    l.b, l.len, "l2", text));
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(is(self, "f2", &f));
		EXPECT_TRUE(is(self, "d2", &d));
		EXPECT_TRUE(is(self, "l2", &l));
		ASSERT_EQ(0, stat(path_in(self, "f2"), &st));
		EXPECT_EQ(S_IFREG | 0600, st.st_mode);
		EXPECT_EQ(0, st.st_size + st.st_uid + st.st_gid);
		EXPECT_EQ(1, st.st_nlink);
		ASSERT_EQ(0, stat(path_in(self, "d2"), &st));
		EXPECT_EQ(S_IFDIR | 0700, st.st_mode);
		memset(text, 0, sizeof(text));
		EXPECT_EQ(1000, readlink(path_in(self, "l2"), text, 2000));
		EXPECT_TRUE(dm_all((unsigned char *)text, 'l', 1000));
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
	}
	/* and they are like any */
	o = dm_obj(self->sid, &f);
	ASSERT_EQ(0, truncate(path_in(self, "f2"), DM_GRANULE));
	EXPECT_EQ(0, dm_make_offline(&o));
	EXPECT_EQ(0, dm_disarm(&o));
	EXPECT_EQ(0, make_file(self, "d2/in", &in));
	EXPECT_EQ(0, unlink(path_in(self, "d2/in")));
	EXPECT_EQ(0, rmdir(path_in(self, "d2")));
}

/* The chunks are gone, and come back in any order. */
TEST_F(create, chunks)
{
	static struct dm_handle h[MANY];
	char name[20];
	int i, j;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, make_file(self, name, &h[i]));
	}
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, unlink(path_in(self, name)));
	}
	for (i = 0, j = 0; i < MANY; i++, j = (j + 77) % MANY) {
		snprintf(name, sizeof(name), "f%d", j);
		ASSERT_EQ(0, by_handle(self, &h[j], name)) {
			TH_LOG("inode %llu", get_ino(&h[j]));
		}
	}
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		EXPECT_TRUE(is(self, name, &h[i]));
	}
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		EXPECT_TRUE(is(self, name, &h[i]));
		if (i & 1)
			EXPECT_EQ(0, unlink(path_in(self, name)));
	}
	/* What others make fits in between. */
	EXPECT_EQ(0, run("cd %s && touch g$(seq -s ' g' 300)", self->dir));
}

TEST_F(create, generations)
{
	static const __u32 gen[] = { 0, 1, 0x7fffffff, 0x80000000, ~0U };
	struct dm_handle h;
	unsigned int i;

	ASSERT_EQ(0, make_file(self, "f", &h));
	for (i = 0; i < ARRAY_SIZE(gen); i++) {
		ASSERT_EQ(0, unlink(path_in(self, "f")));
		set_gen(&h, gen[i]);
		ASSERT_EQ(0, by_handle(self, &h, "f"));
		EXPECT_TRUE(is(self, "f", &h));
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
		EXPECT_TRUE(is(self, "f", &h));
	}
}

TEST_F(create, in_use)
{
	struct dm_handle f, g;
	int fd;

	ASSERT_EQ(0, make_file(self, "f", &f));
	EXPECT_EQ(-EEXIST, by_handle(self, &f, "new"));
	g = f;
	set_gen(&g, 77);
	EXPECT_EQ(-EEXIST, by_handle(self, &g, "new"));
	EXPECT_EQ(-EEXIST, by_handle(self, &self->d, "new"));
	EXPECT_EQ(0, dm_path_handle(dm_mnt(), &g));
	EXPECT_EQ(-EEXIST, by_handle(self, &g, "new"));
	/* deleted, and used yet */
	fd = open(path_in(self, "f"), O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlink(path_in(self, "f")));
	EXPECT_EQ(-EEXIST, by_handle(self, &f, "new"));
	close(fd);
	/* a name that is there */
	ASSERT_EQ(0, make_file(self, "g", &g));
	EXPECT_EQ(-EEXIST, by_handle(self, &f, "g"));
	EXPECT_TRUE(is(self, "g", &g));
	ASSERT_EQ(0, unlink(path_in(self, "g")));
	EXPECT_EQ(0, by_handle(self, &f, "new"));
	EXPECT_TRUE(is(self, "new", &f));
}

/* Something else is where the inode belongs. */
TEST_F(create, place_taken)
{
	static struct dm_handle h[MANY];
	char name[20];
	int i, fd;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, make_file(self, name, &h[i]));
	}
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, unlink(path_in(self, name)));
	}
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	fd = open(path_in(self, "big"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	for (i = 30; i >= 12; i--)
		while (!fallocate(fd, 0, lseek(fd, 0, SEEK_END), 1L << i))
			;
	EXPECT_EQ(ENOSPC, errno);
	close(fd);
	/* In the middle of them, whatever shares a chunk with the directory */
	EXPECT_EQ(-ENOSPC, by_handle(self, &h[MANY / 2], "new"));
	EXPECT_EQ(-1, access(path_in(self, "new"), F_OK));
	ASSERT_EQ(0, unlink(path_in(self, "big")));
	EXPECT_EQ(0, by_handle(self, &h[MANY / 2], "new"));
	EXPECT_TRUE(is(self, "new", &h[MANY / 2]));
}

TEST_F(create, handles)
{
	struct dm_handle h, bad, root;
	struct dmapi_object o;
	__u64 ino[] = { 0, 1, 3, 1ULL << 40, ~0ULL, 1ULL << 63, 0, 0 };
	unsigned int i;

	ASSERT_EQ(0, dm_path_handle(dm_mnt(), &root));
	ino[6] = get_ino(&root) + 1;	/* of the realtime bitmap */
	ino[7] = get_ino(&root) + 2;
	ASSERT_EQ(0, make_file(self, "f", &h));
	ASSERT_EQ(0, unlink(path_in(self, "f")));
	for (i = 0; i < ARRAY_SIZE(ino); i++) {
		bad = h;
		set_ino(&bad, ino[i]);
		EXPECT_EQ(-EBADF, by_handle(self, &bad, "f")) {
			TH_LOG("inode %#llx", ino[i]);
		}
	}
	bad = h;
	bad.b[0]++;			/* another file system */
	EXPECT_EQ(-EBADF, by_handle(self, &bad, "f"));
	bad = h;
	bad.b[8]++;			/* no handle */
	EXPECT_EQ(-EBADF, by_handle(self, &bad, "f"));
	bad = h;
	bad.b[10]++;
	EXPECT_EQ(-EBADF, by_handle(self, &bad, "f"));
	bad = h;
	bad.len = 8;
	EXPECT_EQ(-EBADF, by_handle(self, &bad, "f"));
	EXPECT_EQ(-EBADF, dmapi_create_by_handle(DMAPI_CREATE_BY_HANDLE, &self->o,
						 (void *)DMAPI_GLOBAL_HANP,
						 DMAPI_GLOBAL_HLEN, "f", NULL));
	EXPECT_EQ(-EFAULT, dmapi_create_by_handle(DMAPI_CREATE_BY_HANDLE,
						  &self->o, DM_BAD_PTR, h.len,
						  "f", NULL));
	/* the directory's */
	ASSERT_EQ(0, make_file(self, "g", &bad));
	o = dm_obj(self->sid, &bad);
	EXPECT_EQ(-EINVAL, dmapi_create_by_handle(DMAPI_CREATE_BY_HANDLE, &o, h.b,
						  h.len, "f", NULL));
	o = dm_obj(DMAPI_NO_SESSION, &self->d);
	EXPECT_EQ(-EINVAL, dmapi_create_by_handle(DMAPI_CREATE_BY_HANDLE, &o, h.b,
						  h.len, "f", NULL));
}

TEST_F(create, strings)
{
	static const char *const bad[] = { "", ".", "..", "/", "a/b", "a/", "/a" };
	char name[300], text[2000];
	struct dm_handle h, dead;
	struct dmapi_object o;
	unsigned int i;
	int fd;

	ASSERT_EQ(0, make_file(self, "f", &h));
	ASSERT_EQ(0, unlink(path_in(self, "f")));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, by_handle(self, &h, bad[i])) {
			TH_LOG("name '%s'", bad[i]);
		}
	}
	EXPECT_EQ(-EFAULT, by_handle(self, &h, DM_BAD_PTR));
	memset(name, 'n', sizeof(name));
	name[256] = 0;
	EXPECT_EQ(-ENAMETOOLONG, by_handle(self, &h, name));
	name[255] = 0;
	EXPECT_EQ(0, by_handle(self, &h, name));
	EXPECT_TRUE(is(self, name, &h));
	ASSERT_EQ(0, unlink(path_in(self, name)));
	/* contents are a link's */
	EXPECT_EQ(-EINVAL, dmapi_create_by_handle(DMAPI_CREATE_BY_HANDLE, &self->o,
						  h.b, h.len, "f", "x"));
	EXPECT_EQ(-EINVAL, dmapi_create_by_handle(DMAPI_MKDIR_BY_HANDLE, &self->o,
						  h.b, h.len, "f", "x"));
#define LINK(text) dmapi_create_by_handle(DMAPI_SYMLINK_BY_HANDLE, &self->o, h.b, \
					  h.len, "f", text)
	EXPECT_EQ(-EFAULT, LINK(NULL));
	EXPECT_EQ(-EFAULT, LINK(DM_BAD_PTR));
	EXPECT_EQ(-ENOENT, LINK(""));
	memset(text, 't', sizeof(text));
	text[1024] = 0;
	EXPECT_EQ(-ENAMETOOLONG, LINK(text));
	text[1023] = 0;
	EXPECT_EQ(0, LINK(text));
	EXPECT_TRUE(is(self, "f", &h));
	ASSERT_EQ(0, unlink(path_in(self, "f")));
	/* where nothing can be made any more */
	ASSERT_EQ(0, mkdir(path_in(self, "dead"), 0755));
	ASSERT_EQ(0, dm_path_handle(path_in(self, "dead"), &dead));
	fd = open(path_in(self, "dead"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rmdir(path_in(self, "dead")));
	o = dm_obj(self->sid, &dead);
	EXPECT_EQ(-ENOENT, dmapi_create_by_handle(DMAPI_CREATE_BY_HANDLE, &o, h.b,
						  h.len, "f", NULL));
	close(fd);
	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(-EROFS, by_handle(self, &h, "f"));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
}

/* Whose it is, and who may. */
static const create *as_t;
static const struct dm_handle *as_h;

static long as_another(void *arg)
{
	if (arg && dm_drop_cap(CAP_DAC_OVERRIDE))
		return -EIO;
	setfsgid(77);
	setfsuid(77);
	/* Another fsuid takes capabilities over files. */
	return by_handle(as_t, as_h, "f");
}

TEST_F(create, owner)
{
	struct dm_handle h;
	struct stat st;
	char acl[100];

	ASSERT_EQ(0, make_file(self, "f", &h));
	ASSERT_EQ(0, unlink(path_in(self, "f")));
	as_t = self;
	as_h = &h;
	EXPECT_EQ(-EACCES, dm_wait(dm_spawn(as_another, self), SOON));
	ASSERT_EQ(0, chmod(self->dir, 0777));
	EXPECT_EQ(0, dm_wait(dm_spawn(as_another, self), SOON));
	ASSERT_EQ(0, stat(path_in(self, "f"), &st));
	EXPECT_EQ(77, st.st_uid);
	EXPECT_EQ(77, st.st_gid);
	ASSERT_EQ(0, unlink(path_in(self, "f")));
	/* as the directory has it */
	ASSERT_EQ(0, run("setfacl -d -m u:99:rw %s", self->dir));
	EXPECT_EQ(0, by_handle(self, &h, "f"));
	EXPECT_TRUE(is(self, "f", &h));
	EXPECT_LT(0, getxattr(path_in(self, "f"), "system.posix_acl_access", acl,
			      sizeof(acl)));
}

/* The manager hears nothing of what he does. */
TEST_F(create, no_events)
{
	const __u64 set = DM_BIT(CREATE) | DM_BIT(POSTCREATE) | DM_BIT(SYMLINK) |
			  DM_BIT(POSTSYMLINK) | DM_BIT(ATTRIBUTE) |
			  DM_BIT(DEBUT) | DM_BIT(CLOSE);
	struct dm_handle f, l;
	struct dm_event e;

	ASSERT_EQ(0, make_file(self, "f", &f));
	ASSERT_EQ(0, make_file(self, "l", &l));
	ASSERT_EQ(0, unlink(path_in(self, "f")));
	ASSERT_EQ(0, unlink(path_in(self, "l")));
	ASSERT_EQ(0, dm_want(self->sid, set));
	ASSERT_EQ(0, dm_set_fs_list(self->sid, set));
	EXPECT_EQ(0, by_handle(self, &f, "f"));
	EXPECT_EQ(0, dmapi_create_by_handle(DMAPI_SYMLINK_BY_HANDLE, &self->o,
					    l.b, l.len, "l", "f"));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 50));
	EXPECT_EQ(0, dm_set_fs_list(self->sid, 0));
}

/* All of it or nothing, and not later. */
TEST_F(create, crash)
{
	static struct dm_handle h[MANY];
	char name[20];
	int i, there = 0;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, make_file(self, name, &h[i]));
	}
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, unlink(path_in(self, name)));
	}
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, by_handle(self, &h[i], name));
		if (i == MANY / 2)
			ASSERT_EQ(0, run("sync %s", self->dir));
	}
	ASSERT_EQ(0, dm_shutdown(self->dir, DM_NOLOGFLUSH));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		if (access(path_in(self, name), F_OK))
			continue;
		EXPECT_TRUE(is(self, name, &h[i]));
		there++;
	}
	EXPECT_LE(MANY / 2 + 1, there);
}

/* --- More than fits in an inode is handed down ---------------------------------- */

#define HEIRS		3
#define HEIR_SIZE	60000

static const char heirs[HEIRS][DMAPI_ATTR_NAME_SIZE] = { "one", "two", "three" };

/* The directory has them, and the file system hands them down. */
static long hand_down(const create *t, size_t size)
{
	static unsigned char value[HEIR_SIZE];
	struct dm_handle fs;
	struct dmapi_object o;
	long ret = dm_fs_handle(dm_mnt(), &fs);

	o = dm_obj(t->sid, &fs);
	for (int i = 0; !ret && i < HEIRS; i++) {
		dm_fill(value, 0, size, i);
		ret = dmapi_set_inherit(&o, heirs[i], 0);
		if (!ret)
			ret = dmapi_set_dmattr(&t->o, heirs[i], 0, size, value);
	}
	return ret;
}

/* Has an object all that it must have? */
static bool is_heir(const create *t, const struct dm_handle *h, size_t size)
{
	static unsigned char value[HEIR_SIZE];
	struct dmapi_object o = dm_obj(t->sid, h);

	for (int i = 0; i < HEIRS; i++) {
		__u64 len = 0;

		if (dmapi_get_dmattr(&o, heirs[i], sizeof(value), value, &len) ||
		    len != size || dm_differs(value, 0, size, i) >= 0)
			return false;
	}
	return true;
}

/* Files without a name, and such as are free: nothing else was used up. */
static unsigned long long inodes(void)
{
	struct statvfs st;
	int fd = open(dm_mnt(), O_RDONLY);

	if (fd < 0 || syncfs(fd) || fstatvfs(fd, &st))
		st.f_files = st.f_ffree = 0;
	close(fd);
	return st.f_files - st.f_ffree;
}

TEST_F(create, heirs)
{
	static const size_t sizes[] = { 10, 3000, HEIR_SIZE };
	struct dm_handle f, d, l, other;
	unsigned long long before;
	char text[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, hand_down(self, sizes[i]));
		ASSERT_EQ(0, make_file(self, "f", &f));
		ASSERT_TRUE(is_heir(self, &f, sizes[i]));
		ASSERT_EQ(0, mkdir(path_in(self, "d"), 0755));
		ASSERT_EQ(0, dm_path_handle(path_in(self, "d"), &d));
		ASSERT_EQ(0, symlink("x", path_in(self, "l")));
		ASSERT_EQ(0, dm_path_handle(path_in(self, "l"), &l));
		ASSERT_EQ(0, unlink(path_in(self, "f")));
		ASSERT_EQ(0, rmdir(path_in(self, "d")));
		ASSERT_EQ(0, unlink(path_in(self, "l")));
		set_gen(&f, 77 + i);

		EXPECT_EQ(0, by_handle(self, &f, "f"));
		EXPECT_TRUE(is(self, "f", &f));
		EXPECT_TRUE(is_heir(self, &f, sizes[i]));
		EXPECT_EQ(0, dmapi_create_by_handle(DMAPI_MKDIR_BY_HANDLE, &self->o,
						    d.b, d.len, "d", NULL));
		EXPECT_TRUE(is(self, "d", &d));
		EXPECT_TRUE(is_heir(self, &d, sizes[i]));
		EXPECT_EQ(0, dmapi_create_by_handle(DMAPI_SYMLINK_BY_HANDLE, &self->o,
						    l.b, l.len, "l", "target"));
		EXPECT_TRUE(is(self, "l", &l));
		EXPECT_TRUE(is_heir(self, &l, sizes[i]));
		EXPECT_EQ(6, readlink(path_in(self, "l"), text, sizeof(text)));
		ASSERT_EQ(0, stat(path_in(self, "d"), &st));
		EXPECT_EQ(2, st.st_nlink);
		ASSERT_EQ(0, stat(path_in(self, "f"), &st));
		EXPECT_EQ(1, st.st_nlink);

		/* What fails leaves nothing: its number or its name is taken. */
		before = inodes();
		other = f;
		set_gen(&other, 99);
		EXPECT_EQ(-EEXIST, by_handle(self, &other, "g"));
		EXPECT_EQ(-1, access(path_in(self, "g"), F_OK));
		ASSERT_EQ(0, unlink(path_in(self, "f")));
		EXPECT_EQ(-EEXIST, by_handle(self, &f, "d"));
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
		EXPECT_EQ(before - 1, inodes());
		EXPECT_TRUE(is(self, "d", &d));
		EXPECT_TRUE(is_heir(self, &l, sizes[i]));
		ASSERT_EQ(0, rmdir(path_in(self, "d")));
		ASSERT_EQ(0, unlink(path_in(self, "l")));
	}
}

/* An error between the transactions of an attribute: all of it or nothing. */
TEST_F_TIMEOUT(create, heirs_crash, 90)
{
	static struct dm_handle h[20];
	char name[20], tag[200];
	int made, there = 0, lost = 0;
	FILE *f;

	snprintf(tag, sizeof(tag), "/sys/fs/xfs/%s/errortag/larp",
		 strrchr(dm_dev(), '/') + 1);
	if (access(tag, W_OK))
		SKIP(return, "no errors can be injected");
	ASSERT_EQ(0, hand_down(self, HEIR_SIZE));
	for (int n = 0; n < 8; n++) {
		for (size_t i = 0; i < ARRAY_SIZE(h); i++) {
			snprintf(name, sizeof(name), "%d.%zu", n, i);
			ASSERT_EQ(0, make_file(self, name, &h[i]));
		}
		for (size_t i = 0; i < ARRAY_SIZE(h); i++) {
			snprintf(name, sizeof(name), "%d.%zu", n, i);
			ASSERT_EQ(0, unlink(path_in(self, name)));
		}
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
		f = fopen(tag, "w");
		ASSERT_NE(NULL, f);
		fprintf(f, "%d", 1 + n * 6);
		ASSERT_EQ(0, fclose(f));
		/* Injected errors are reported as corruption. */
		klogctl(8, NULL, 1);
		for (made = 0; made < (int)ARRAY_SIZE(h); made++) {
			snprintf(name, sizeof(name), "%d.%d", n, made);
			if (by_handle(self, &h[made], name))
				break;
		}
		dm_shutdown(dm_mnt(), n % 2 ? DM_NOLOGFLUSH : DM_LOGFLUSH);
		klogctl(8, NULL, 7);
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
		for (int i = 0; i < (int)ARRAY_SIZE(h); i++) {
			snprintf(name, sizeof(name), "%d.%d", n, i);
			if (!access(path_in(self, name), F_OK)) {
				EXPECT_TRUE(is(self, name, &h[i]));
				EXPECT_TRUE(is_heir(self, &h[i], HEIR_SIZE));
				there++;
				continue;
			}
			/* Its number is free, and it comes now. */
			EXPECT_EQ(0, by_handle(self, &h[i], name));
			EXPECT_TRUE(is_heir(self, &h[i], HEIR_SIZE));
			lost++;
		}
		ASSERT_EQ(0, run("rm -f %s/*.*", self->dir));
	}
	EXPECT_LT(0, lost);
	printf("# %d were there, %d were not\n", there, lost);
}

/* Others create and delete meanwhile. */
static long churn(void *arg)
{
	char name[40];
	unsigned int i;
	int fd;

	for (i = 0;; i++) {
		snprintf(name, sizeof(name), "churn.%d.%u", getpid(), i % 150);
		if (!unlink(path_in(arg, name)))
			continue;
		fd = open(path_in(arg, name), O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			return -errno;
		close(fd);
	}
}

TEST_F_TIMEOUT(create, churn, 90)
{
	static struct dm_handle h[MANY];
	int i, round, made = 0;
	char name[20];
	pid_t pid[2];

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, make_file(self, name, &h[i]));
	}
	for (i = 0; i < 2; i++)
		pid[i] = dm_spawn(churn, self);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < MANY; i++) {
			long ret;

			snprintf(name, sizeof(name), "f%d", i);
			unlink(path_in(self, name));
			ret = by_handle(self, &h[i], name);
			if (!ret) {
				made++;
				EXPECT_TRUE(is(self, name, &h[i]));
			} else {
				/* Somebody was faster. */
				EXPECT_EQ(-EEXIST, ret);
			}
		}
	}
	EXPECT_LT(0, made);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(DM_RUNNING, dm_wait(pid[i], 0));
		kill(pid[i], SIGKILL);
		EXPECT_EQ(DM_SIGNALLED, dm_wait(pid[i], SOON));
	}
}

TEST_HARNESS_MAIN
