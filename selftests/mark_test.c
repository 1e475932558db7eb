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

/* A copy with all that is in it: a snapshot. */
static int make_twin(void)
{
	mkdir(TWIN, 0755);
	return run("xfs_copy -d $DM_DEV $DM_DEV2 > /dev/null 2>&1 || "
		   "dd if=$DM_DEV of=$DM_DEV2 bs=4M status=none");
}

/* What is offline there is an error, and nobody hears of it. */
TEST_F_TIMEOUT(mark, twin_offline, 120)
{
	struct model m = { .size = 3 * GRAIN };
	const char *dev2 = env_need("DM_DEV2");
	char there[2][PATH_MAX], state[20];
	struct dm_file f, g;
	struct dm_handle h;
	struct dm_event e;
	pid_t pid;
	int fd;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", m.size));
	ASSERT_EQ(0, dm_make_file(&g, self->sid, self->dir, "g", m.size));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	ASSERT_EQ(0, dm_arm(&g.o, 0, 0, DMAPI_REGION_WRITE));
	ASSERT_EQ(0, dm_set_list(self->sid, g.path, DM_BIT(DESTROY) | DM_BIT(CLOSE)));
	ASSERT_EQ(0, dmapi_set_managed(&self->o, 1));
	model_set(&m, 0, m.size, OFFLINE);
	snprintf(there[0], PATH_MAX, TWIN "%s", f.path + strlen(dm_mnt()));
	snprintf(there[1], PATH_MAX, TWIN "%s", g.path + strlen(dm_mnt()));
	ASSERT_EQ(0, dm_umount());
	ASSERT_EQ(0, make_twin());
	ASSERT_EQ(0, dm_mount(0, ""));
	EXPECT_MANAGED();
	ASSERT_EQ(-1, mount(dev2, TWIN, "xfs", 0, ""));
	ASSERT_EQ(0, mount(dev2, TWIN, "xfs", 0, "nouuid"));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE) |
			     DM_BIT(DESTROY) | DM_BIT(CLOSE)));

	/* Guarded, unmanaged, and silent. */
	EXPECT_EQ(NULL, model_verify(&m, there[0]));
	EXPECT_EQ(-EIO, dm_read_check(there[0], 0, GRAIN));
	EXPECT_LT(0, getxattr(there[0], "system.dmapi.state", state, sizeof(state)));
	EXPECT_EQ(0, strncmp(state, "offline", 7));
	EXPECT_EQ(-ENXIO, dm_path_handle(there[0], &h));
	EXPECT_EQ(-ENXIO, dm_fs_handle(TWIN, &h));
	EXPECT_EQ(0, dm_read_check(there[1], 0, GRAIN));
	fd = open(there[1], O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, pwrite(fd, "x", 1, 0));
	close(fd);
	EXPECT_EQ(0, unlink(there[1]));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 200));

	/* The handle is the origin's, and so are the events. */
	pid = dm_spawn_read(f.path, 0, GRAIN);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(DMAPI_EVENT_READ, e.type);
	ASSERT_EQ(0, dm_recall(&f.o, 0, GRAIN));
	ASSERT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(-EIO, dm_read_check(there[0], 0, GRAIN));
	EXPECT_EQ(0, dm_read_check(g.path, 0, GRAIN));

	/* The origin goes; who stays does not become it by that. */
	ASSERT_EQ(0, dm_umount());
	EXPECT_EQ(-EBADF, dm_recall(&f.o, 0, GRAIN));
	EXPECT_EQ(0, mount(dev2, TWIN, "xfs", MS_REMOUNT, "nouuid"));
	EXPECT_EQ(-EBADF, dm_recall(&f.o, 0, GRAIN));
	EXPECT_EQ(-EIO, dm_read_check(there[0], 0, GRAIN));
	ASSERT_EQ(0, umount(TWIN));
	/* Mounted alone it is. */
	ASSERT_EQ(0, mount(dev2, TWIN, "xfs", 0, "nouuid"));
	EXPECT_TRUE(shown(TWIN, "dmapi"));
	ASSERT_EQ(0, dm_path_handle(there[0], &h));
	EXPECT_EQ(0, memcmp(h.b, f.h.b, sizeof(h.b)));
	EXPECT_EQ(0, dm_recall(&f.o, 0, m.size));
	EXPECT_EQ(0, dm_read_check(there[0], 0, m.size));
	ASSERT_EQ(0, umount(TWIN));
	/* And the origin has its own again, of which a third is back. */
	ASSERT_EQ(0, dm_mount(0, ""));
	model_set(&m, 0, GRAIN, RESIDENT);
	ASSERT_EQ(0, dm_want(self->sid, 0));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	EXPECT_EQ(NULL, model_verify(&m, f.path));
}

/* The rest of a handle, behind the file system's part. */
static bool same_object(const struct dm_handle *a, const struct dm_handle *b)
{
	return a->len == b->len && memcmp(a->b, b->b, 8) &&
	       !memcmp(a->b + 8, b->b + 8, a->len - 8);
}

static int change_uuid(const char *how)
{
	return run("xfs_admin -U %s $DM_DEV > /run/uuid.log 2>&1", how);
}

/* Handles change, and nothing that is stored does. */
TEST_F_TIMEOUT(mark, uuid, 120)
{
	struct model m = { .size = 3 * GRAIN };
	char name[DMAPI_ATTR_NAME_SIZE] = "where", value[20];
	struct dmapi_region r[4];
	struct dmapi_inherit in[4];
	struct dm_handle fs, d, fh, gh;
	struct dmapi_object o, od;
	struct dm_event e;
	struct dm_file f, g;
	__u64 set, len, change;
	__u32 n, regions;
	pid_t pid;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", m.size));
	ASSERT_EQ(0, dm_make_file(&g, self->sid, self->dir, "g", m.size));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	model_set(&m, 0, m.size, OFFLINE);
	ASSERT_EQ(0, dm_arm(&g.o, GRAIN, 0, DMAPI_REGION_READ | DMAPI_REGION_WRITE));
	ASSERT_EQ(0, dmapi_get_change(&g.o, &change));
	ASSERT_EQ(0, dmapi_set_dmattr(&f.o, name, 0, 6, "there"));
	ASSERT_EQ(0, dm_set_list(self->sid, g.path, DM_BIT(DESTROY)));
	ASSERT_EQ(0, dm_path_handle(self->dir, &d));
	od = dm_obj(self->sid, &d);
	ASSERT_EQ(0, dmapi_set_born(&od, DM_BIT(CLOSE), DMAPI_REGION_WRITE));
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_BIT(NOSPACE)));
	ASSERT_EQ(0, dmapi_set_inherit(&self->o, name, S_IFREG));
	ASSERT_EQ(0, dmapi_set_managed(&self->o, 1));

	ASSERT_EQ(0, dm_umount());
	ASSERT_EQ(0, change_uuid("generate"));
	ASSERT_EQ(0, dm_mount(0, ""));
	EXPECT_MANAGED();
	/* Handles that an application kept are nobody's. */
	EXPECT_EQ(-EBADF, dmapi_punch_hole(&f.o, 0, 0));
	EXPECT_EQ(-EBADF, dmapi_set_managed(&self->o, 1));
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &fs));
	EXPECT_NE(0, memcmp(fs.b, self->fs.b, 8));
	ASSERT_EQ(0, dm_path_handle(f.path, &fh));
	EXPECT_TRUE(same_object(&fh, &f.h));

	/* What was stored is in force. */
	o = dm_obj(self->sid, &fs);
	n = regions = 0;
	EXPECT_EQ(0, dmapi_get_eventlist(&o, DMAPI_EVENT_MAX, &set, &n));
	EXPECT_EQ(DM_BIT(NOSPACE), set);
	EXPECT_EQ(0, dmapi_getall_inherit(&o, 4, in, &n));
	EXPECT_EQ(1, n);
	o = dm_obj(self->sid, &fh);
	EXPECT_EQ(0, dmapi_get_dmattr(&o, name, sizeof(value), value, &len));
	EXPECT_STREQ("there", value);
	ASSERT_EQ(0, dm_path_handle(self->dir, &d));
	od = dm_obj(self->sid, &d);
	EXPECT_EQ(0, dmapi_get_born(&od, &set, &regions));
	EXPECT_EQ(DM_BIT(CLOSE), set);
	EXPECT_EQ(DMAPI_REGION_WRITE, regions);
	ASSERT_EQ(0, dm_path_handle(g.path, &gh));
	EXPECT_TRUE(same_object(&gh, &g.h));
	od = dm_obj(self->sid, &gh);
	EXPECT_EQ(0, dmapi_get_region(&od, 4, r, &n));
	EXPECT_EQ(1, n);
	EXPECT_EQ(GRAIN, r[0].offset);
	EXPECT_EQ(0, dmapi_get_eventlist(&od, DMAPI_EVENT_MAX, &set, &n));
	EXPECT_TRUE(set & DM_BIT(DESTROY));
	EXPECT_EQ(-ESTALE, dmapi_punch_if(&od, GRAIN, 0, change + 1));
	EXPECT_EQ(0, dmapi_punch_if(&od, GRAIN, 0, change));

	/* Offline, and served under the new handle. */
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	pid = dm_spawn_read(f.path, GRAIN, GRAIN);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 50));
	ASSERT_EQ(0, dm_recall(&o, GRAIN, GRAIN));
	ASSERT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	ASSERT_EQ(0, dm_want(self->sid, 0));

	/* The old one again: the old handles, too. */
	ASSERT_EQ(0, dm_umount());
	ASSERT_EQ(0, change_uuid("restore"));
	ASSERT_EQ(0, dm_mount(0, "nodmapi"));
	model_set(&m, GRAIN, 2 * GRAIN, RESIDENT);
	EXPECT_EQ(NULL, model_verify(&m, f.path));
	ASSERT_EQ(0, dm_remount(0, ""));
	EXPECT_EQ(-EBADF, dm_recall(&o, 0, GRAIN));
	EXPECT_EQ(0, dm_recall(&f.o, 0, m.size));
	EXPECT_EQ(0, dm_read_check(f.path, 0, m.size));
	EXPECT_EQ(0, dm_recall(&g.o, GRAIN, 2 * GRAIN));
	EXPECT_EQ(0, dmapi_clear_inherit(&self->o, name));
	EXPECT_EQ(0, dm_set_fs_list(self->sid, 0));
}

/* Of a file or directory: all that is kept of it, or nothing if a byte is away. */
TEST_F(mark, object)
{
	char name[DMAPI_ATTR_NAME_SIZE] = "where", list[1000];
	struct dmapi_object od;
	struct dm_handle d;
	struct dm_file f;
	struct bstat b;
	__u64 set, change;
	__u32 n, regions;
	int v = FS_IMMUTABLE_FL, fd;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 3 * GRAIN));
	ASSERT_EQ(0, dm_set_list(self->sid, f.path, DM_BIT(DESTROY)));
	ASSERT_EQ(0, dmapi_set_dmattr(&f.o, name, 0, 6, "there"));
	ASSERT_EQ(0, dmapi_get_change(&f.o, &change));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	EXPECT_EQ(-EINVAL, dmapi_set_managed(&f.o, 1));
	EXPECT_EQ(-EBUSY, dmapi_set_managed(&f.o, 0));
	ASSERT_EQ(0, dm_recall(&f.o, 0, 2 * GRAIN));
	EXPECT_EQ(-EBUSY, dmapi_set_managed(&f.o, 0));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	EXPECT_EQ(-EIO, dm_read_check(f.path, 2 * GRAIN, 1));
	EXPECT_EQ(0, dmapi_get_eventlist(&f.o, DMAPI_EVENT_MAX, &set, &n));
	EXPECT_TRUE(set & DM_BIT(DESTROY));
	/* Back, and armed all the same; and the flags are not in the way. */
	ASSERT_EQ(0, dm_recall(&f.o, 0, 3 * GRAIN));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	fd = open(f.path, O_RDONLY);
	ASSERT_EQ(0, ioctl(fd, FS_IOC_SETFLAGS, &v));
	EXPECT_EQ(0, dmapi_set_managed(&f.o, 0));
	v = 0;
	ASSERT_EQ(0, ioctl(fd, FS_IOC_SETFLAGS, &v));
	close(fd);
	EXPECT_EQ(0, dmapi_set_managed(&f.o, 0));
	EXPECT_EQ(0, dm_read_check(f.path, 0, 3 * GRAIN));
	EXPECT_EQ(0, dmapi_get_eventlist(&f.o, DMAPI_EVENT_MAX, &set, &n));
	EXPECT_EQ(0, n);
	/* The DM attribute is the application's, and nothing else is there. */
	EXPECT_EQ(sizeof("trusted.SGI_DMI_where"), listxattr(f.path, list, sizeof(list)));
	EXPECT_STREQ("trusted.SGI_DMI_where", list);
	EXPECT_EQ(0, bulkstat(self->dir, f.path, &b));
	EXPECT_EQ(0, b.dmevmask);
	EXPECT_EQ(0, b.dmstate);
	EXPECT_EQ(-ESTALE, dmapi_punch_if(&f.o, 0, 0, change));

	ASSERT_EQ(0, dm_path_handle(self->dir, &d));
	od = dm_obj(self->sid, &d);
	ASSERT_EQ(0, dmapi_set_born(&od, DM_BIT(CLOSE), DMAPI_REGION_WRITE));
	ASSERT_EQ(0, dm_set_list(self->sid, self->dir, DM_BIT(CREATE)));
	EXPECT_EQ(-EINVAL, dmapi_set_managed(&od, 1));
	EXPECT_EQ(0, dmapi_set_managed(&od, 0));
	EXPECT_EQ(0, dmapi_get_born(&od, &set, &regions));
	EXPECT_EQ(0, set);
	EXPECT_EQ(0, regions);
	EXPECT_EQ(0, listxattr(self->dir, list, sizeof(list)));
	EXPECT_STREQ("0", marked());
	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(-EROFS, dmapi_set_managed(&f.o, 0));
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
