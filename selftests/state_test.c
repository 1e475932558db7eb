// SPDX-License-Identifier: GPL-2.0
/*
 * Where a file's data is, as everybody may know
 *
 * The attribute system.dmapi.state, the bit of statx() and the words of
 * bulkstat's old structure: right for every kind of file, before, during and
 * after a recall, with and without the mount option, for root and for somebody
 * who may not even read the file.  None of it raises an event.
 */
#include <grp.h>
#include <linux/stat.h>

#include "offline.h"

#define STATE		DMAPI_XATTR_STATE
#define SOMEBODY	12345

FIXTURE(state) {
	DM_FIXTURE_FIELDS;
	char	events[40];
};

static bool quiet(const char *before)
{
	char now[40], waiters[40];

	return !dm_sysfs_get("events", now, sizeof(now)) &&
	       !dm_sysfs_get("waiters", waiters, sizeof(waiters)) &&
	       !strcmp(before, now) && !strcmp(waiters, "0");
}

FIXTURE_SETUP(state)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, _metadata->name, &self->sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_sysfs_get("events", self->events, sizeof(self->events)));
}

FIXTURE_TEARDOWN(state)
{
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

/* The attribute's value, or the error as a word. */
static const char *state(const char *path)
{
	static char value[64];
	ssize_t n = lgetxattr(path, STATE, value, sizeof(value) - 1);

	if (n < 0)
		return strerrorname_np(errno);
	value[n] = 0;
	return value;
}

/* 1 and 0 are the bit; negative: an error, or the bit is not known. */
static int offline_bit(const char *path)
{
	struct statx sx;

	if (syscall(SYS_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0x7ff, &sx))
		return -errno;
	if (!(sx.stx_attributes_mask & DMAPI_STATX_OFFLINE))
		return -ENOTSUP;
	return !!(sx.stx_attributes & DMAPI_STATX_OFFLINE);
}

#define EXPECT_STATE(path, word)					\
	do {								\
		EXPECT_STREQ(word, state(path));			\
		EXPECT_EQ(strcmp(word, "resident") != 0, offline_bit(path)); \
	} while (0)

TEST_F(state, of_every_file)
{
	static const char *const empty_value = "12345678";
	struct dm_file f, e, w;
	char value[9] = "12345678";
	int fd;

	ASSERT_EQ(0, dm_make_file(&e, self->sid, self->dir, "empty", 0));
	EXPECT_STATE(e.path, "resident");
	ASSERT_EQ(0, dm_arm(&e.o, 0, 0, DMAPI_REGION_READ));
	EXPECT_STATE(e.path, "resident");

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f",
				  4 * DM_GRANULE + 777));
	EXPECT_STATE(f.path, "resident");
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	EXPECT_STATE(f.path, "resident");
	ASSERT_EQ(0, dmapi_punch_hole(&f.o, 2 * DM_GRANULE, DM_GRANULE));
	EXPECT_STATE(f.path, "partial");
	ASSERT_EQ(0, dmapi_punch_hole(&f.o, DM_GRANULE, 0));
	EXPECT_STATE(f.path, "partial");
	ASSERT_EQ(0, dmapi_punch_hole(&f.o, 0, 0));
	EXPECT_STATE(f.path, "offline");
	/* A hole behind the data is the owner's, and is there. */
	ASSERT_EQ(0, dm_make_file(&w, self->sid, self->dir, "w", DM_GRANULE));
	ASSERT_EQ(0, dm_make_offline(&w.o));
	EXPECT_STATE(w.path, "offline");

	/* As long as it is, and no more. */
	EXPECT_EQ(7, lgetxattr(f.path, STATE, NULL, 0));
	EXPECT_EQ(-1, lgetxattr(f.path, STATE, value, 6));
	EXPECT_EQ(ERANGE, errno);
	EXPECT_STREQ(empty_value, value);
	EXPECT_EQ(7, lgetxattr(f.path, STATE, value, 7));
	EXPECT_STREQ("offline8", value);
	fd = open(f.path, O_RDONLY);
	EXPECT_EQ(7, fgetxattr(fd, STATE, value, 8));
	close(fd);

	/* A recall, as it goes. */
	for (__u64 off = 0; off < f.size; off += DM_GRANULE) {
		unsigned char buf[DM_GRANULE];
		size_t n = f.size - off < sizeof(buf) ? f.size - off : sizeof(buf);

		EXPECT_STATE(f.path, off ? "partial" : "offline");
		dm_fill(buf, off, n, DM_SEED);
		ASSERT_EQ((long)n, dmapi_write_invis(&f.o, DMAPI_WRITE_SYNC, off,
						     n, buf));
	}
	/* All of it is data, though nobody has said so yet. */
	EXPECT_STATE(f.path, "resident");
	ASSERT_EQ(0, dmapi_set_resident(&f.o, 0, 0));
	EXPECT_STATE(f.path, "resident");
	EXPECT_TRUE(quiet(self->events));
	EXPECT_EQ(0, dm_read_check(f.path, 0, f.size));
}

/* While somebody waits and the manager is at work. */
TEST_F_TIMEOUT(state, while_somebody_waits, 60)
{
	struct dm_event e;
	struct dm_file f;
	pid_t pid;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 2 * DM_GRANULE));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	pid = dm_spawn_read(f.path, 0, 100);
	ASSERT_EQ(0, dm_next(self->sid, &e, 15000));
	EXPECT_STATE(f.path, "offline");
	ASSERT_EQ(0, dm_recall(&f.o, 0, DM_GRANULE));
	EXPECT_STATE(f.path, "partial");
	ASSERT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, 15000));
	ASSERT_EQ(0, dm_recall(&f.o, DM_GRANULE, DM_GRANULE));
	EXPECT_STATE(f.path, "resident");
}

TEST_F(state, of_what_is_no_file)
{
	char path[PATH_MAX];

	EXPECT_STREQ("ENODATA", state(self->dir));
	EXPECT_EQ(0, offline_bit(self->dir));
	snprintf(path, sizeof(path), "%s/link", self->dir);
	ASSERT_EQ(0, symlink("nowhere", path));
	EXPECT_STREQ("ENODATA", state(path));
	snprintf(path, sizeof(path), "%s/fifo", self->dir);
	ASSERT_EQ(0, mkfifo(path, 0600));
	EXPECT_STREQ("ENODATA", state(path));
	EXPECT_EQ(0, offline_bit(path));
}

TEST_F(state, read_only_and_not_listed)
{
	struct dm_file f;
	char names[1000];

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", DM_GRANULE));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	for (int flags = 0; flags < 3; flags++) {
		EXPECT_EQ(-1, setxattr(f.path, STATE, "resident", 8, flags));
		EXPECT_EQ(EOPNOTSUPP, errno);
	}
	EXPECT_EQ(-1, removexattr(f.path, STATE));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_STATE(f.path, "offline");
	EXPECT_EQ(-1, getxattr(f.path, STATE "s", names, sizeof(names)));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, getxattr(f.path, "system.dmapi.", names, sizeof(names)));
	EXPECT_EQ(EOPNOTSUPP, errno);

	for (ssize_t n = listxattr(f.path, names, sizeof(names)), i = 0; i < n;
	     i += strlen(names + i) + 1)
		EXPECT_STRNE(STATE, names + i);
	/* Those who copy what is listed. */
	EXPECT_EQ(0, dm_recall(&f.o, 0, f.size));
	EXPECT_EQ(0, dm_disarm(&f.o));
	EXPECT_EQ(0, run("cd %s && cp -a f g && cmp f g && tar --xattrs --xattrs-include='*' -cf t f && mkdir x && tar --xattrs --xattrs-include='*' -C x -xf t && cmp f x/f && ! getfattr -d -m - f g x/f 2>&1 | grep dmapi",
			 self->dir));
	EXPECT_EQ(0, run("cd %s && getfattr -n " STATE " --only-values f | grep -qx resident",
			 self->dir));
	EXPECT_TRUE(quiet(self->events));
}

struct asks {
	const char *path, *word;
	int bit;
};

static long ask_child(void *arg)
{
	const struct asks *a = arg;

	if (setgroups(0, NULL) || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) ||
	    setresuid(SOMEBODY, SOMEBODY, SOMEBODY))
		return -EPERM;
	if (open(a->path, O_RDONLY) >= 0 || errno != EACCES)
		return -EEXIST;
	if (strcmp(state(a->path), a->word))
		return -EILSEQ;
	return offline_bit(a->path) == a->bit ? 0 : -EDOM;
}

/* Whoever may look the file up, and nobody else. */
TEST_F(state, for_somebody)
{
	struct asks a = { };
	struct dm_file f;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 2 * DM_GRANULE));
	ASSERT_EQ(0, chmod(f.path, 0));
	a = (struct asks){ f.path, "resident", 0 };
	EXPECT_EQ(0, dm_wait(dm_spawn(ask_child, &a), 15000));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dmapi_punch_hole(&f.o, 0, DM_GRANULE));
	a = (struct asks){ f.path, "partial", 1 };
	EXPECT_EQ(0, dm_wait(dm_spawn(ask_child, &a), 15000));
	ASSERT_EQ(0, dmapi_punch_hole(&f.o, 0, 0));
	a = (struct asks){ f.path, "offline", 1 };
	EXPECT_EQ(0, dm_wait(dm_spawn(ask_child, &a), 15000));
	ASSERT_EQ(0, chmod(self->dir, 0700));
	a = (struct asks){ f.path, "EACCES", -EACCES };
	EXPECT_EQ(0, dm_wait(dm_spawn(ask_child, &a), 15000));
	EXPECT_TRUE(quiet(self->events));
}

/* --- bulkstat ---------------------------------------------------------------- */

#define WITNESS_RECORD		0x80000000U
#define WITNESS_SPANS		0x40000000U

TEST_F(state, bulkstat)
{
	struct dm_file f;
	struct bstat b;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", DM_GRANULE));
	ASSERT_EQ(0, bulkstat(self->dir, f.path, &b));
	EXPECT_EQ(0, b.dmevmask);
	EXPECT_EQ(0, b.dmstate);
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_WRITE));
	ASSERT_EQ(0, bulkstat(self->dir, f.path, &b));
	EXPECT_EQ(WITNESS_RECORD | DM_BIT(WRITE), b.dmevmask);
	EXPECT_NE(0, b.dmstate);
	ASSERT_EQ(0, dm_make_offline(&f.o));
	ASSERT_EQ(0, bulkstat(self->dir, f.path, &b));
	EXPECT_EQ(WITNESS_RECORD | WITNESS_SPANS | DM_BIT(READ), b.dmevmask);
	EXPECT_NE(0, b.dmstate);
	/* The one after it has its own. */
	ASSERT_EQ(0, bulkstat(self->dir, self->dir, &b));
	EXPECT_EQ(0, b.dmevmask);
	ASSERT_EQ(0, dm_recall(&f.o, 0, f.size));
	ASSERT_EQ(0, dm_disarm(&f.o));
	ASSERT_EQ(0, bulkstat(self->dir, f.path, &b));
	EXPECT_EQ(0, b.dmevmask);
	EXPECT_TRUE(quiet(self->events));
}

/* --- Without the option, and with what is broken ------------------------------ */

TEST_F_TIMEOUT(state, unmanaged, 60)
{
	struct dm_file f, p, r, b;
	struct stat st;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", DM_GRANULE));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	ASSERT_EQ(0, dm_make_file(&p, self->sid, self->dir, "p", 2 * DM_GRANULE));
	ASSERT_EQ(0, dm_arm(&p.o, 0, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dmapi_punch_hole(&p.o, DM_GRANULE, 0));
	ASSERT_EQ(0, dm_make_file(&r, self->sid, self->dir, "r", DM_GRANULE));
	ASSERT_EQ(0, dm_arm(&r.o, 0, 0, DMAPI_REGION_WRITE));
	ASSERT_EQ(0, dm_make_file(&b, self->sid, self->dir, "b", DM_GRANULE));
	ASSERT_EQ(0, dm_make_offline(&b.o));
	ASSERT_EQ(0, stat(b.path, &st));

	ASSERT_EQ(0, dm_umount());
	ASSERT_EQ(0, run("xfs_db -x -c 'inode %lu' -c 'attr_remove -r XDSM_RECORD' %s > /dev/null",
			 (unsigned long)st.st_ino, dm_dev()));
	for (int managed = 0; managed < 2; managed++) {
		ASSERT_EQ(0, dm_mount(0, managed ? "dmapi" : ""));
		/* The bit first: nothing is in memory yet. */
		EXPECT_EQ(1, offline_bit(f.path));
		EXPECT_EQ(1, offline_bit(p.path));
		EXPECT_EQ(0, offline_bit(r.path));
		EXPECT_EQ(1, offline_bit(b.path));
		EXPECT_STATE(f.path, "offline");
		EXPECT_STATE(p.path, "partial");
		EXPECT_STATE(r.path, "resident");
		EXPECT_STATE(b.path, "offline");
		ASSERT_EQ(0, dm_umount());
	}
	ASSERT_EQ(0, dm_mount(0, "dmapi"));
}

TEST_HARNESS_MAIN
