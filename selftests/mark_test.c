// SPDX-License-Identifier: GPL-2.0
/*
 * A file system that says itself that it is managed
 *
 * With the mark on it, it is mounted managed without the option dmapi, also
 * after a crash, read-only, and when the mark cannot be read; nodmapi mounts it
 * without, guarded.  Without the mark everything is as it was.
 *
 *	DM_DEV2		a device to use up
 */
#include "offline.h"

#define MARK_NAME	"trusted.XDSM_MANAGED"
#define MARK_MAGIC	0x58444d4d
#define TWIN		"/mnt/twin"
#define SOON		15000		/* ms */

FIXTURE(mark) {
	DM_FIXTURE_FIELDS;
	struct dm_handle	fs;
	struct dmapi_object	o;
};

/* Managed by the option, and not marked. */
static long mount_clean(void)
{
	struct dm_handle h;
	struct dmapi_object o;
	long ret;

	dm_umount();
	ret = dm_mount(0, "dmapi");
	if (!ret)
		ret = dm_fs_handle(dm_mnt(), &h);
	if (!ret) {
		__s32 sid;

		ret = dmapi_create_session(0, "clean", &sid);
		if (ret)
			return ret;
		o = dm_obj(sid, &h);
		ret = dmapi_set_managed(&o, 0);
		dmapi_destroy_session(sid);
	}
	return ret;
}

FIXTURE_SETUP(mark)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	ASSERT_EQ(0, mount_clean());
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, _metadata->name, &self->sid));
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &self->fs));
	self->o = dm_obj(self->sid, &self->fs);
}

FIXTURE_TEARDOWN(mark)
{
	EXPECT_EQ(0, mount_clean());
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

/* Is this among the mount's options? */
static bool shown(const char *dir, const char *option)
{
	char line[1000], *dev, *where, *opts, *o;
	bool found = false;
	FILE *f = fopen("/proc/mounts", "r");

	while (f && fgets(line, sizeof(line), f)) {
		dev = strtok(line, " ");
		where = dev ? strtok(NULL, " ") : NULL;
		if (!where || strcmp(where, dir) || !strtok(NULL, " "))
			continue;
		opts = strtok(NULL, " ");
		for (o = strtok(opts, ","); o; o = strtok(NULL, ","))
			found |= !strcmp(o, option);
	}
	if (f)
		fclose(f);
	return found;
}

/* The mount's own word on it: "1", "0", or an error as it is. */
static const char *marked(void)
{
	static char value[20];
	long ret = dm_sysfs_get("managed", value, sizeof(value));

	return ret ? strerror(-ret) : value;
}

static long managed(void)
{
	struct dm_handle h;

	return dm_fs_handle(dm_mnt(), &h);
}

/* What it must be if it is, and if it is not. */
#define EXPECT_MANAGED()						\
	do {								\
		EXPECT_EQ(0, managed());				\
		EXPECT_TRUE(shown(dm_mnt(), "dmapi"));			\
		EXPECT_STREQ("1", marked());				\
	} while (0)

#define EXPECT_UNMANAGED()						\
	do {								\
		EXPECT_EQ(-ENXIO, managed());				\
		EXPECT_FALSE(shown(dm_mnt(), "dmapi"));			\
		EXPECT_STREQ(strerror(ENOENT), marked());		\
	} while (0)

TEST_F(mark, unmarked_stays_unmanaged)
{
	EXPECT_STREQ("0", marked());
	ASSERT_EQ(0, dm_remount(0, ""));
	EXPECT_UNMANAGED();
	EXPECT_FALSE(shown(dm_mnt(), "nodmapi"));
	ASSERT_EQ(0, dm_remount(0, "nodmapi"));
	EXPECT_UNMANAGED();
	EXPECT_TRUE(shown(dm_mnt(), "nodmapi"));
	/* The last word counts. */
	ASSERT_EQ(0, dm_remount(0, "nodmapi,dmapi"));
	EXPECT_EQ(0, managed());
	EXPECT_TRUE(shown(dm_mnt(), "dmapi"));
	EXPECT_FALSE(shown(dm_mnt(), "nodmapi"));
	ASSERT_EQ(0, dm_remount(0, "dmapi,nodmapi"));
	EXPECT_UNMANAGED();
}

/* A stub of a marked file system is served as if the option had been given. */
TEST_F_TIMEOUT(mark, managed_without_option, 60)
{
	struct model m = { .size = 3 * GRAIN };
	struct dm_times t;
	struct dm_event e;
	struct dm_file f;
	pid_t pid;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", m.size));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	t = dm_times(dm_mnt());
	ASSERT_EQ(0, dmapi_set_managed(&self->o, 1));
	DM_EXPECT_TIMES(dm_mnt(), t);
	EXPECT_STREQ("1", marked());
	EXPECT_EQ(0, dmapi_set_managed(&self->o, 1));

	/* Without it: an error, and no zero. */
	ASSERT_EQ(0, dm_remount(0, "nodmapi"));
	EXPECT_UNMANAGED();
	EXPECT_TRUE(shown(dm_mnt(), "nodmapi"));
	EXPECT_EQ(-EIO, dm_read_check(f.path, 0, GRAIN));
	model_set(&m, 0, m.size, OFFLINE);
	EXPECT_EQ(NULL, model_verify(&m, f.path));

	ASSERT_EQ(0, dm_remount(0, ""));
	EXPECT_MANAGED();
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	pid = dm_spawn_read(f.path, GRAIN, GRAIN);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(DMAPI_EVENT_READ, e.type);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 50));
	ASSERT_EQ(0, dm_recall(&f.o, 0, m.size));
	ASSERT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));

	/* Gone: nobody is told twice, and the option is needed again. */
	EXPECT_EQ(0, dmapi_set_managed(&self->o, 0));
	EXPECT_STREQ("0", marked());
	EXPECT_EQ(0, dmapi_set_managed(&self->o, 0));
	ASSERT_EQ(0, dm_remount(0, ""));
	EXPECT_UNMANAGED();
}

/* Mounted read-only, and made writable later as at boot. */
TEST_F(mark, read_only)
{
	ASSERT_EQ(0, dmapi_set_managed(&self->o, 1));
	ASSERT_EQ(0, dm_remount(MS_RDONLY, "norecovery"));
	EXPECT_MANAGED();
	ASSERT_EQ(0, dm_remount(MS_RDONLY, ""));
	EXPECT_MANAGED();
	EXPECT_EQ(-EROFS, dmapi_set_managed(&self->o, 0));
	ASSERT_EQ(0, mount(dm_dev(), dm_mnt(), "xfs", MS_REMOUNT, ""));
	EXPECT_MANAGED();
	EXPECT_EQ(0, dmapi_set_managed(&self->o, 0));
}

/* A remount cannot turn it on or off, and says so; what is so may be said. */
TEST_F(mark, remount)
{
	int sets[][2] = { { MS_RDONLY, 0 }, { 0, 0 } };
	const char *dev = dm_dev(), *mnt = dm_mnt();

	ASSERT_EQ(0, dmapi_set_managed(&self->o, 1));
	ASSERT_EQ(0, dm_remount(0, ""));
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		unsigned long flags = MS_REMOUNT | sets[i][0];

		EXPECT_EQ(0, mount(dev, mnt, "xfs", flags, "dmapi"));
		EXPECT_EQ(0, mount(dev, mnt, "xfs", flags, ""));
		EXPECT_EQ(-1, mount(dev, mnt, "xfs", flags, "nodmapi"));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_MANAGED();
	ASSERT_EQ(0, dm_remount(0, "nodmapi"));
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		unsigned long flags = MS_REMOUNT | sets[i][0];

		EXPECT_EQ(0, mount(dev, mnt, "xfs", flags, "nodmapi"));
		EXPECT_EQ(0, mount(dev, mnt, "xfs", flags, ""));
		EXPECT_EQ(-1, mount(dev, mnt, "xfs", flags, "dmapi"));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_UNMANAGED();
}

/* The log's tail is lost: what the call acknowledged is there. */
TEST_F_TIMEOUT(mark, crash, 60)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, dmapi_set_managed(&self->o, 1));
		ASSERT_EQ(0, dm_shutdown(dm_mnt(), DM_NOLOGFLUSH));
		ASSERT_EQ(0, dm_remount(0, ""));
		EXPECT_MANAGED();
		ASSERT_EQ(0, dmapi_set_managed(&self->o, 0));
		ASSERT_EQ(0, dm_shutdown(dm_mnt(), DM_NOLOGFLUSH));
		ASSERT_EQ(0, dm_remount(0, ""));
		EXPECT_UNMANAGED();
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
	}
	ASSERT_EQ(0, dm_umount());
	EXPECT_EQ(0, run("xfs_repair -n %s > /run/repair.log 2>&1", dm_dev()));
	ASSERT_EQ(0, dm_mount(0, "dmapi"));
}

/* As fs/xfs/dmapi/xfs_dm_mark.c has it. */
struct disk_mark {
	uint32_t	magic;
	uint16_t	version;
	uint16_t	pad;
};

static const struct disk_mark good = {
	.magic = __builtin_bswap32(MARK_MAGIC), .version = __builtin_bswap16(1),
};

static long set_mark(const char *path, const void *value, size_t len)
{
	return setxattr(path, MARK_NAME, value, len, 0) ? -errno : 0;
}

/* Root may set it as an attribute, if it is one, and remove it. */
TEST_F(mark, as_an_attribute)
{
	struct disk_mark m[4] = { good, good, good, good };
	unsigned char wide[9] = { };
	char got[20];

	m[1].magic++;
	m[2].version = 0;
	m[3].pad = 1;
	for (int i = 1; i < 4; i++)
		EXPECT_EQ(-EINVAL, set_mark(dm_mnt(), &m[i], sizeof(good)));
	memcpy(wide, &good, sizeof(good));
	EXPECT_EQ(-EINVAL, set_mark(dm_mnt(), wide, sizeof(wide)));
	EXPECT_EQ(-EINVAL, set_mark(dm_mnt(), wide, sizeof(good) - 1));
	EXPECT_EQ(-EINVAL, set_mark(dm_mnt(), "", 0));
	EXPECT_STREQ("0", marked());

	/* Also where it is not managed, for the next time. */
	ASSERT_EQ(0, dm_remount(0, ""));
	EXPECT_EQ(-EINVAL, set_mark(dm_mnt(), "1", 1));
	ASSERT_EQ(0, set_mark(dm_mnt(), &good, sizeof(good)));
	EXPECT_UNMANAGED();
	EXPECT_EQ(sizeof(good), getxattr(dm_mnt(), MARK_NAME, got, sizeof(got)));
	EXPECT_EQ(0, memcmp(got, &good, sizeof(good)));
	ASSERT_EQ(0, dm_remount(0, ""));
	EXPECT_MANAGED();
	EXPECT_EQ(-EINVAL, set_mark(dm_mnt(), "1", 1));
	EXPECT_EQ(0, removexattr(dm_mnt(), MARK_NAME));
	EXPECT_STREQ("0", marked());
	/* The operation writes the same. */
	ASSERT_EQ(0, dmapi_set_managed(&self->o, 1));
	EXPECT_EQ(sizeof(good), getxattr(dm_mnt(), MARK_NAME, got, sizeof(got)));
	EXPECT_EQ(0, memcmp(got, &good, sizeof(good)));

	/* Anywhere else the name means nothing. */
	EXPECT_EQ(0, set_mark(self->dir, "1", 1));
}

/* What cannot be understood counts as a mark. */
TEST_F(mark, corrupt)
{
	const char *const bad[] = { "8", "3", "300" };

	if (run("xfs_db -V > /dev/null 2>&1"))
		SKIP(return, "no xfs_db");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(0, dm_umount());
		ASSERT_EQ(0, run("xfs_db -x -c 'sb 0' -c 'addr rootino' -c 'attr_set -r -v %s XDSM_MANAGED' %s > /dev/null",
				 bad[i], dm_dev()));
		ASSERT_EQ(0, dm_mount(0, "nodmapi"));
		EXPECT_UNMANAGED();
		ASSERT_EQ(0, dm_remount(0, ""));
		EXPECT_MANAGED();
		/* It can be repaired, and removed. */
		EXPECT_EQ(0, dmapi_set_managed(&self->o, 1));
		ASSERT_EQ(0, dm_remount(0, ""));
		EXPECT_MANAGED();
		EXPECT_EQ(0, dmapi_set_managed(&self->o, 0));
		EXPECT_STREQ("0", marked());
	}
}

/* A mark among so many other attributes that they are in a block, and in more. */
TEST_F_TIMEOUT(mark, among_others, 60)
{
	char name[40], value[1000];
	int i, n = 0;

	memset(value, 'v', sizeof(value));
	for (; n < 40; n += n < 4 ? 1 : 9) {
		for (i = 0; i < n; i++) {
			snprintf(name, sizeof(name), "trusted.other%d", i);
			ASSERT_EQ(0, setxattr(dm_mnt(), name, value, sizeof(value), 0));
		}
		ASSERT_EQ(0, dmapi_set_managed(&self->o, 1));
		ASSERT_EQ(0, dm_remount(0, ""));
		EXPECT_MANAGED();
		ASSERT_EQ(0, dmapi_set_managed(&self->o, 0));
		EXPECT_STREQ("0", marked());
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
	}
	dm_rm_attrs(dm_mnt());
}

/* Beside its origin it cannot be told from it: unmanaged, guarded. */
TEST_F_TIMEOUT(mark, twin, 60)
{
	const char *dev2 = env_need("DM_DEV2");
	char uuid[100] = "";
	FILE *p;

	ASSERT_EQ(0, dmapi_set_managed(&self->o, 1));
	ASSERT_EQ(0, dm_umount());
	p = popen("xfs_admin -u $DM_DEV | sed 's/.*= *//'", "r");
	ASSERT_NE(NULL, p);
	ASSERT_NE(NULL, fgets(uuid, sizeof(uuid), p));
	pclose(p);
	uuid[strcspn(uuid, "\n")] = 0;
	ASSERT_EQ(0, run("mkfs.xfs -q -f -m uuid=%s %s", uuid, dev2));
	mkdir(TWIN, 0755);
	ASSERT_EQ(0, mount(dev2, TWIN, "xfs", 0, "nouuid"));
	ASSERT_EQ(0, set_mark(TWIN, &good, sizeof(good)));
	ASSERT_EQ(0, umount(TWIN));

	ASSERT_EQ(0, mount(dev2, TWIN, "xfs", 0, ""));
	EXPECT_TRUE(shown(TWIN, "dmapi"));
	ASSERT_EQ(0, umount(TWIN));

	ASSERT_EQ(0, dm_mount(0, ""));
	EXPECT_MANAGED();
	ASSERT_EQ(0, mount(dev2, TWIN, "xfs", 0, "nouuid"));
	EXPECT_FALSE(shown(TWIN, "dmapi"));
	EXPECT_EQ(-1, mount(dev2, TWIN, "xfs", MS_REMOUNT, "nouuid,dmapi"));
	ASSERT_EQ(0, umount(TWIN));
	/* Asked for and not got: it may be said again. */
	ASSERT_EQ(0, mount(dev2, TWIN, "xfs", 0, "nouuid,dmapi"));
	EXPECT_FALSE(shown(TWIN, "dmapi"));
	EXPECT_EQ(0, mount(dev2, TWIN, "xfs", MS_REMOUNT, "nouuid,dmapi"));
	ASSERT_EQ(0, umount(TWIN));
}

TEST_F(mark, arguments)
{
	struct dmapi_set_managed a = { .obj = self->o, .on = 2 };
	struct dm_handle d, f;
	struct dm_file file;
	struct dmapi_object o;

	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SET_MANAGED, a));
	a.on = 1;
	a.pad = 1;
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SET_MANAGED, a));
	ASSERT_EQ(0, dm_path_handle(dm_mnt(), &d));
	o = dm_obj(self->sid, &d);
	EXPECT_EQ(-EINVAL, dmapi_set_managed(&o, 1));
	ASSERT_EQ(0, dm_make_file(&file, self->sid, self->dir, "f", 1));
	f = file.h;
	o = dm_obj(self->sid, &f);
	EXPECT_EQ(-EINVAL, dmapi_set_managed(&o, 1));
	o = dm_obj_global(self->sid);
	EXPECT_EQ(-EBADF, dmapi_set_managed(&o, 1));
	o = dm_obj(0, &self->fs);
	EXPECT_EQ(-EINVAL, dmapi_set_managed(&o, 1));
	EXPECT_STREQ("0", marked());
}

TEST_HARNESS_MAIN
