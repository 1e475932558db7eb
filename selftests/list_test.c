// SPDX-License-Identifier: GPL-2.0
/*
 * Event lists, and what new files are born with
 *
 * Lists are on disk, back after a remount, written by the operation or as an
 * attribute, and never more than the object can have.  Whatever is made where
 * somebody asks for it has its list, and a file its region, from the first moment.
 */
#include <sys/xattr.h>

#include "names.h"
#include "offline.h"

#define FILE_EVENTS	(DM_BIT(CANCEL) | DM_BIT(DEBUT) | DM_BIT(CLOSE) | \
			 DM_BIT(ATTRIBUTE) | DM_BIT(DESTROY))
#define DIR_EVENTS	(FILE_EVENTS | DM_NAME_EVENTS)
#define FS_EVENTS	(DIR_EVENTS | DM_BIT(PREUNMOUNT) | DM_BIT(UNMOUNT) | \
			 DM_BIT(NOSPACE))
#define ALL_BITS	((1ULL << DMAPI_EVENT_MAX) - 1)
#define NONE		(~0ULL)

FIXTURE(list) {
	DM_FIXTURE_FIELDS;
	struct dm_handle	fs;
	struct dm_file		f;
	struct dmapi_object	o;	/* the file system */
};

FIXTURE_SETUP(list)
{
	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/list.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "list_test", &self->sid));
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &self->fs));
	self->o = dm_obj(self->sid, &self->fs);
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "file", 100));
}

FIXTURE_TEARDOWN(list)
{
	__u64 none = 0;

	dmapi_set_eventlist(&self->o, &none, DMAPI_EVENT_MAX);
	dmapi_set_born(&self->o, 0, 0);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

/* The list, or NONE. */
static __u64 list_of(const struct dmapi_object *o)
{
	__u64 set = 0;
	__u32 n;

	return dmapi_get_eventlist(o, DMAPI_EVENT_MAX, &set, &n) ? NONE : set;
}

static __u64 list_of_path(__s32 sid, const char *path)
{
	struct dm_handle h;
	struct dmapi_object o;

	if (dm_path_handle(path, &h))
		return NONE;
	o = dm_obj(sid, &h);
	return list_of(&o);
}

/* --- Objects -------------------------------------------------------------------- */

/* For each kind of object, each event: legal or not, and there or not. */
TEST_F(list, every_event)
{
	struct dm_handle hd, hl;
	char path[PATH_MAX];
	struct {
		struct dmapi_object	o;
		__u64			legal;
	} k[4];
	struct dm_times before;

	ASSERT_EQ(0, dm_path_handle(self->dir, &hd));
	snprintf(path, sizeof(path), "%s/link", self->dir);
	ASSERT_EQ(0, symlink("x", path));
	ASSERT_EQ(0, dm_path_handle(path, &hl));
	k[0].o = self->f.o, k[0].legal = FILE_EVENTS;
	k[1].o = dm_obj(self->sid, &hd), k[1].legal = DIR_EVENTS;
	k[2].o = dm_obj(self->sid, &hl), k[2].legal = FILE_EVENTS;
	k[3].o = self->o, k[3].legal = FS_EVENTS;
	before = dm_times(self->f.path);
	for (int i = 0; i < 4; i++) {
		for (int ev = 0; ev < DMAPI_EVENT_MAX; ev++) {
			__u64 set = 1ULL << ev;
			bool ok = k[i].legal & set;

			EXPECT_EQ(ok ? 0 : -EINVAL,
				  dmapi_set_eventlist(&k[i].o, &set, DMAPI_EVENT_MAX)) {
				TH_LOG("kind %d, event %d", i, ev);
			}
			if (ok)
				EXPECT_EQ(set, list_of(&k[i].o));
		}
		EXPECT_EQ(0, dmapi_set_eventlist(&k[i].o, &k[i].legal, DMAPI_EVENT_MAX));
		EXPECT_EQ(k[i].legal, list_of(&k[i].o));
	}
	/* The others have theirs. */
	EXPECT_EQ(FILE_EVENTS, list_of(&k[0].o));
	DM_EXPECT_TIMES(self->f.path, before);
	for (int i = 0; i < 4; i++) {
		__u64 set = 0;

		EXPECT_EQ(0, dmapi_set_eventlist(&k[i].o, &set, DMAPI_EVENT_MAX));
		EXPECT_EQ(0, list_of(&k[i].o));
	}
}

TEST_F(list, errors)
{
	__u64 set = DM_BIT(CLOSE), got = 99;
	struct dmapi_object global = dm_obj_global(self->sid), o = self->f.o;
	struct dmapi_set_disp bad = {
		.obj = self->f.o, .eventsetp = DM_PTR(&set), .maxevent = 23, .pad = 1,
	};
	__u32 n;

	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SET_EVENTLIST, bad));
	EXPECT_EQ(-EINVAL, dmapi_set_eventlist(&global, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(-EBADF, dmapi_get_eventlist(&global, 23, &got, &n));
	EXPECT_EQ(-EINVAL, dmapi_set_eventlist(&o, &set, 0));
	EXPECT_EQ(-EINVAL, dmapi_set_eventlist(&o, &set, DMAPI_EVENT_MAX + 1));
	EXPECT_EQ(-EFAULT, dmapi_set_eventlist(&o, DM_BAD_PTR, DMAPI_EVENT_MAX));
	o.token = 0;
	EXPECT_EQ(-EINVAL, dmapi_set_eventlist(&o, &set, DMAPI_EVENT_MAX));
	o.token = 12345;
	EXPECT_EQ(-ESRCH, dmapi_set_eventlist(&o, &set, DMAPI_EVENT_MAX));
	o = self->f.o;
	o.sid = 0;
	EXPECT_EQ(-EINVAL, dmapi_set_eventlist(&o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(0, list_of(&self->f.o));

	/* Bits from maxevent on do not count, and stay. */
	set = ALL_BITS & ~DM_BIT(CLOSE);
	EXPECT_EQ(0, dmapi_set_eventlist(&self->f.o, &set, 1));
	EXPECT_EQ(DM_BIT(CANCEL), list_of(&self->f.o));
	set = DM_BIT(DESTROY);
	EXPECT_EQ(0, dmapi_set_eventlist(&self->f.o, &set, DMAPI_EVENT_MAX));
	set = DM_BIT(CLOSE);
	EXPECT_EQ(0, dmapi_set_eventlist(&self->f.o, &set, DMAPI_EVENT_CLOSE + 1));
	EXPECT_EQ(DM_BIT(CLOSE) | DM_BIT(DESTROY), list_of(&self->f.o));

	EXPECT_EQ(-E2BIG, dmapi_get_eventlist(&self->f.o, DMAPI_EVENT_DESTROY, &got, &n));
	EXPECT_EQ(DMAPI_EVENT_DESTROY + 1, n);
	EXPECT_EQ(99, got);
	EXPECT_EQ(0, dmapi_get_eventlist(&self->f.o, DMAPI_EVENT_DESTROY + 1, &got, &n));
	EXPECT_EQ(DMAPI_EVENT_DESTROY + 1, n);
	EXPECT_EQ(-EFAULT, dmapi_get_eventlist(&self->f.o, 23, DM_BAD_PTR, &n));
	EXPECT_EQ(-EFAULT, dmapi_get_eventlist(&self->f.o, 23, &got, DM_BAD_PTR));
	set = 0;
	EXPECT_EQ(0, dmapi_set_eventlist(&self->f.o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(0, dmapi_get_eventlist(&self->f.o, 0, &got, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(0, got);
}

/* A file's regions show, and setting one does not touch the other. */
TEST_F(list, beside_regions)
{
	__u64 set = DM_BIT(DESTROY) | DM_BIT(CLOSE);

	ASSERT_EQ(0, dmapi_set_eventlist(&self->f.o, &set, DMAPI_EVENT_MAX));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 10, DMAPI_REGION_READ | DMAPI_REGION_TRUNCATE));
	EXPECT_EQ(set | DM_BIT(READ) | DM_BIT(TRUNCATE), list_of(&self->f.o));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(set | DM_BIT(READ) | DM_BIT(TRUNCATE), list_of(&self->f.o));
	set = DM_BIT(ATTRIBUTE);
	ASSERT_EQ(0, dmapi_set_eventlist(&self->f.o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(set | DM_BIT(READ) | DM_BIT(TRUNCATE), list_of(&self->f.o));
	ASSERT_EQ(0, dm_disarm(&self->f.o));
	EXPECT_EQ(set, list_of(&self->f.o));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(set, list_of(&self->f.o));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 10, DMAPI_REGION_WRITE));
	set = 0;
	ASSERT_EQ(0, dmapi_set_eventlist(&self->f.o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(DM_BIT(WRITE), list_of(&self->f.o));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(DM_BIT(WRITE), list_of(&self->f.o));
}

/* --- On disk ---------------------------------------------------------------------- */

TEST_F(list, remount)
{
	__u64 set = DM_BIT(CREATE) | DM_BIT(DESTROY), fs = DM_BIT(POSTRENAME) | DM_BIT(NOSPACE);
	struct dm_handle hd;
	struct dmapi_object d;

	ASSERT_EQ(0, dm_path_handle(self->dir, &hd));
	d = dm_obj(self->sid, &hd);
	ASSERT_EQ(0, dmapi_set_eventlist(&d, &set, DMAPI_EVENT_MAX));
	ASSERT_EQ(0, dmapi_set_eventlist(&self->o, &fs, DMAPI_EVENT_MAX));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
		EXPECT_EQ(set, list_of(&d));
		EXPECT_EQ(fs, list_of(&self->o));
	}
	/* They raise what they say. */
	ASSERT_EQ(0, dm_want(self->sid, DIR_EVENTS));
	char a[PATH_MAX], b[PATH_MAX + 2];
	struct dm_named e;

	snprintf(a, sizeof(a), "%s/file", self->dir);
	snprintf(b, sizeof(b), "%s.2", a);
	ASSERT_EQ(0, rename(a, b));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_EQ(DMAPI_EVENT_POSTRENAME, e.type);
	ASSERT_EQ(0, rename(b, a));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	set = 0;
	ASSERT_EQ(0, dmapi_set_eventlist(&d, &set, DMAPI_EVENT_MAX));
	ASSERT_EQ(0, dmapi_set_eventlist(&self->o, &set, DMAPI_EVENT_MAX));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(0, list_of(&d));
	EXPECT_EQ(0, list_of(&self->o));
}

/* Read-only: nothing can be set. */
TEST_F(list, read_only)
{
	__u64 set = DM_BIT(CLOSE);

	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(-EROFS, dmapi_set_eventlist(&self->f.o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(-EROFS, dmapi_set_eventlist(&self->o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(-EROFS, dmapi_set_born(&self->o, set, 0));
	EXPECT_EQ(0, list_of(&self->f.o));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
}

/* --- As attributes ------------------------------------------------------------------ */

#define EVENTS		"trusted.XDSM_EVENTS"
#define FS_LIST		"trusted.XDSM_FS_EVENTS"
#define BORN		"trusted.XDSM_BORN"

struct disk {
	__u8	b[24];
};

static struct disk disk(__u64 events, __u32 regions)
{
	struct disk d = { { 'X', 'D', 'M', 'L', 0, 1 } };

	for (int i = 0; i < 8; i++)
		d.b[8 + i] = events >> (56 - 8 * i);
	for (int i = 0; i < 4; i++)
		d.b[16 + i] = regions >> (24 - 8 * i);
	return d;
}

static long setx(const char *path, const char *name, const void *v, size_t len, int flags)
{
	return setxattr(path, name, v, len, flags) ? -errno : 0;
}

TEST_F(list, attribute)
{
	struct disk d, e;
	__u64 set = DM_BIT(DESTROY);

	ASSERT_EQ(0, dmapi_set_eventlist(&self->f.o, &set, DMAPI_EVENT_MAX));
	d = disk(set, 0);
	EXPECT_EQ(sizeof(e), (size_t)getxattr(self->f.path, EVENTS, &e, sizeof(e)));
	EXPECT_EQ(0, memcmp(&d, &e, sizeof(d)));
	/* What is copied takes effect at once, and stays. */
	d = disk(DM_BIT(CLOSE), 0);
	EXPECT_EQ(-EEXIST, setx(self->f.path, EVENTS, &d, sizeof(d), XATTR_CREATE));
	EXPECT_EQ(0, setx(self->f.path, EVENTS, &d, sizeof(d), 0));
	EXPECT_EQ(DM_BIT(CLOSE), list_of(&self->f.o));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(DM_BIT(CLOSE), list_of(&self->f.o));
	/* What is none is refused, and changes nothing. */
	for (int i = 0; i < 24; i++) {
		e = d;
		e.b[i] ^= 0x80;
		EXPECT_EQ(-EINVAL, setx(self->f.path, EVENTS, &e, sizeof(e), 0)) {
			TH_LOG("byte %d", i);
		}
	}
	EXPECT_EQ(-EINVAL, setx(self->f.path, EVENTS, &d, sizeof(d) - 1, 0));
	EXPECT_EQ(-EINVAL, setx(self->f.path, EVENTS, "", 0, 0));
	d = disk(DM_BIT(CREATE), 0);
	EXPECT_EQ(-EINVAL, setx(self->f.path, EVENTS, &d, sizeof(d), 0));
	d = disk(0, DMAPI_REGION_READ);
	EXPECT_EQ(-EINVAL, setx(self->f.path, EVENTS, &d, sizeof(d), 0));
	EXPECT_EQ(-EINVAL, setx(self->f.path, BORN, &d, sizeof(d), 0));
	EXPECT_EQ(DM_BIT(CLOSE), list_of(&self->f.o));
	EXPECT_EQ(0, removexattr(self->f.path, EVENTS));
	EXPECT_EQ(0, list_of(&self->f.o));
	EXPECT_EQ(-1, removexattr(self->f.path, EVENTS));
	EXPECT_EQ(ENODATA, errno);
	/* The file system's mean that on its root directory alone. */
	d = disk(DM_BIT(POSTCREATE), 0);
	EXPECT_EQ(0, setx(dm_mnt(), FS_LIST, &d, sizeof(d), 0));
	EXPECT_EQ(DM_BIT(POSTCREATE), list_of(&self->o));
	EXPECT_EQ(0, setx(self->dir, FS_LIST, "anything", 8, 0));
	EXPECT_EQ(0, removexattr(dm_mnt(), FS_LIST));
	EXPECT_EQ(0, list_of(&self->o));
}

/* A copy of a file with its attributes has its list. */
TEST_F(list, copied)
{
	__u64 set = DM_BIT(DESTROY) | DM_BIT(CANCEL);
	char cmd[3 * PATH_MAX], path[PATH_MAX + 2];

	ASSERT_EQ(0, dmapi_set_eventlist(&self->f.o, &set, DMAPI_EVENT_MAX));
	snprintf(path, sizeof(path), "%s.2", self->f.path);
	snprintf(cmd, sizeof(cmd), "cp -a %s %s", self->f.path, path);
	ASSERT_EQ(0, run("%s", cmd));
	EXPECT_EQ(set, list_of_path(self->sid, path));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(set, list_of_path(self->sid, path));
}

/* --- Born with it --------------------------------------------------------------------- */

static __u32 regions_of(__s32 sid, const char *path)
{
	struct dmapi_region r[2];
	struct dmapi_object o;
	struct dm_handle h;
	__u32 n;

	if (dm_path_handle(path, &h))
		return 999;
	o = dm_obj(sid, &h);
	if (dmapi_get_region(&o, 2, r, &n) || n > 1)
		return 998;
	if (!n)
		return 0;
	return r[0].offset || r[0].size ? 997 : r[0].flags;
}

TEST_F(list, born)
{
	static const char *const name[] = { "file", "dir", "link", "fifo", "tmp" };
	const __u64 events = DM_BIT(DESTROY) | DM_BIT(POSTCREATE);
	char path[PATH_MAX + 32], dir[PATH_MAX];
	struct dm_handle hd;
	struct dmapi_object d;
	__u64 ev;
	__u32 reg;

	for (int fs = 0; fs < 2; fs++) {
		snprintf(dir, sizeof(dir), "%s/in%d", self->dir, fs);
		ASSERT_EQ(0, mkdir(dir, 0700));
		ASSERT_EQ(0, dm_path_handle(dir, &hd));
		d = dm_obj(self->sid, &hd);
		ASSERT_EQ(0, dmapi_set_born(fs ? &self->o : &d, events, DMAPI_REGION_WRITE));
		EXPECT_EQ(0, dmapi_get_born(fs ? &self->o : &d, &ev, &reg));
		EXPECT_EQ(events, ev);
		EXPECT_EQ(DMAPI_REGION_WRITE, reg);
		for (int again = 0; again < 2; again++) {
			for (int i = 0; i < 5; i++) {
				__u64 want = i == 1 ? events : DM_BIT(DESTROY);
				int fd = -1;

				snprintf(path, sizeof(path), "%s/%s%d", dir, name[i], again);
				switch (i) {
				case 0:
					fd = open(path, O_CREAT | O_RDWR, 0600);
					ASSERT_LE(0, fd);
					break;
				case 1:
					ASSERT_EQ(0, mkdir(path, 0700));
					break;
				case 2:
					ASSERT_EQ(0, symlink("x", path));
					break;
				case 3:
					ASSERT_EQ(0, mkfifo(path, 0600));
					break;
				case 4:
					fd = open(dir, O_TMPFILE | O_RDWR, 0600);
					ASSERT_LE(0, fd);
					ASSERT_EQ(0, linkat(fd, "", AT_FDCWD, path, AT_EMPTY_PATH));
					break;
				}
				close(fd);
				if (!i || i == 4) {
					want |= DM_BIT(WRITE);
					EXPECT_EQ(DMAPI_REGION_WRITE, regions_of(self->sid, path));
				}
				EXPECT_EQ(want, list_of_path(self->sid, path)) {
					TH_LOG("%s", path);
				}
			}
			ASSERT_EQ(0, dm_remount(0, "dmapi"));
			snprintf(path, sizeof(path), "%s/file%d", dir, again);
			EXPECT_EQ(DM_BIT(DESTROY) | DM_BIT(WRITE), list_of_path(self->sid, path));
			EXPECT_EQ(DMAPI_REGION_WRITE, regions_of(self->sid, path));
			snprintf(path, sizeof(path), "%s/dir%d", dir, again);
			EXPECT_EQ(events, list_of_path(self->sid, path));
		}
		ASSERT_EQ(0, dmapi_set_born(fs ? &self->o : &d, 0, 0));
		snprintf(path, sizeof(path), "%s/later", dir);
		close(open(path, O_CREAT | O_RDWR, 0600));
		EXPECT_EQ(0, list_of_path(self->sid, path));
		EXPECT_EQ(0, regions_of(self->sid, path));
	}
}

static long first_write(void *arg)
{
	int fd = open(arg, O_CREAT | O_WRONLY, 0600);

	return write(fd, "x", 1) == 1 ? 0 : -EIO;
}

/* The first write to a new file is not missed. */
TEST_F(list, first_write)
{
	char path[PATH_MAX + 8];
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dmapi_set_born(&self->o, 0, DMAPI_REGION_WRITE));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(WRITE)));
	snprintf(path, sizeof(path), "%s/new", self->dir);
	pid = dm_spawn(first_write, path);
	ASSERT_EQ(0, dm_next(self->sid, &e, 8000));
	EXPECT_EQ(DMAPI_EVENT_WRITE, e.type);
	EXPECT_EQ(0, e.offset);
	EXPECT_EQ(1, e.length);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 20));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 8000));
}

/* It is a beginning: regions and list can be changed as those of any file. */
TEST_F(list, born_and_changed)
{
	__u64 set = DM_BIT(CLOSE);
	struct dm_file g;

	ASSERT_EQ(0, dmapi_set_born(&self->o, DM_BIT(DESTROY), DMAPI_REGION_TRUNCATE));
	ASSERT_EQ(0, dm_make_file(&g, self->sid, self->dir, "g", 2 * DM_GRANULE));
	ASSERT_EQ(0, dmapi_set_eventlist(&g.o, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(set | DM_BIT(TRUNCATE), list_of(&g.o));
	EXPECT_EQ(DMAPI_REGION_TRUNCATE, regions_of(self->sid, g.path));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(set | DM_BIT(TRUNCATE), list_of(&g.o));
	ASSERT_EQ(0, dm_disarm(&g.o));
	EXPECT_EQ(0, regions_of(self->sid, g.path));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(set, list_of(&g.o));
	EXPECT_EQ(0, regions_of(self->sid, g.path));

	/* and with holes that somebody has to fill */
	ASSERT_EQ(0, dmapi_set_born(&self->o, 0, DMAPI_REGION_READ));
	dm_sysfs_set("data_policy", "continue");
	ASSERT_EQ(0, dm_make_file(&g, self->sid, self->dir, "h", 2 * DM_GRANULE));
	ASSERT_EQ(0, dmapi_punch_hole(&g.o, 0, 0));
	EXPECT_EQ(-EIO, dm_read_check(g.path, 0, 1));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	dm_sysfs_set("data_policy", "continue");
	EXPECT_EQ(-EIO, dm_read_check(g.path, 0, 1));
	EXPECT_EQ(DMAPI_REGION_READ, regions_of(self->sid, g.path));
	ASSERT_EQ(0, dm_recall(&g.o, 0, g.size));
	EXPECT_EQ(0, dm_read_check(g.path, 0, g.size));
	dm_sysfs_set("data_policy", "block");
}

TEST_F(list, born_errors)
{
	struct dmapi_set_born bad = { .obj = self->o, .pad = 1 };

	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_SET_BORN, bad));
	EXPECT_EQ(-EINVAL, dmapi_set_born(&self->f.o, 0, 0));
	EXPECT_EQ(-EINVAL, dmapi_set_born(&self->o, DM_BIT(READ), 0));
	EXPECT_EQ(-EINVAL, dmapi_set_born(&self->o, DM_BIT(NOSPACE), 0));
	EXPECT_EQ(-EINVAL, dmapi_set_born(&self->o, 1ULL << 40, 0));
	EXPECT_EQ(-EINVAL, dmapi_set_born(&self->o, 0, 8));
	EXPECT_EQ(-EFAULT, dmapi_get_born(&self->o, DM_BAD_PTR, DM_BAD_PTR));
}

/* Nothing is inherited by an inode that is used again. */
TEST_F(list, used_again)
{
	char path[PATH_MAX + 32];

	ASSERT_EQ(0, dmapi_set_born(&self->o, DM_BIT(DESTROY), DMAPI_REGION_WRITE));
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "%s/%d", self->dir, i);
		close(open(path, O_CREAT | O_RDWR, 0600));
	}
	ASSERT_EQ(0, dmapi_set_born(&self->o, 0, 0));
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "%s/%d", self->dir, i);
		ASSERT_EQ(0, unlink(path));
	}
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "%s/again%d", self->dir, i);
		close(open(path, O_CREAT | O_RDWR, 0600));
		EXPECT_EQ(0, list_of_path(self->sid, path));
		EXPECT_EQ(0, regions_of(self->sid, path));
	}
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "%s/again%d", self->dir, i);
		EXPECT_EQ(0, list_of_path(self->sid, path));
	}
}

TEST_HARNESS_MAIN
