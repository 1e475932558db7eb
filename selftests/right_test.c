// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rights and references: what tokens have of an object, and who is kept out
 *
 * A token is that of a message to oneself.  Who is kept out is a child: it is
 * seen in the list of waiters, and is done when the right goes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "common.h"

#define SHARED	DMAPI_RIGHT_SHARED
#define EXCL	DMAPI_RIGHT_EXCL
#define NONE	DMAPI_RIGHT_NULL
#define WAIT	DMAPI_RR_WAIT
#define SIZE	10000
#define SOON	10000		/* ms */
#define AWHILE	60

/* Both fixtures are the same, but for what a variant says. */
#define RIGHT_FIXTURE(name) \
FIXTURE_SETUP(name) \
{ \
	long ret = dmapi_get_version(); \
 \
	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM) \
		SKIP(return, "no dmapi(), or not for us"); \
	snprintf(self->dir, sizeof(self->dir), "%s/right.%d", dm_mnt(), getpid()); \
	ASSERT_EQ(0, mkdir(self->dir, 0755)); \
	ASSERT_EQ(0, dmapi_create_session(0, "right", &self->sid)); \
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", SIZE)); \
	ASSERT_EQ(0, dm_path_handle(self->dir, &self->dh)); \
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &self->fs)); \
	for (int i = 0; i < 3; i++) { \
		ASSERT_EQ(0, dmapi_create_userevent(self->sid, 0, NULL, &self->t[i])); \
		self->o[i] = dm_obj_token(self->f.o, self->t[i]); \
	} \
} \
 \
FIXTURE_TEARDOWN(name) \
{ \
	dm_sysfs_set("rights", "enforced"); \
	for (int i = 0; i < 3; i++) \
		dm_continue(self->sid, self->t[i]); \
	EXPECT_EQ(0, dmapi_destroy_session(self->sid)); \
	dm_rm_rf(self->dir); \
}

#define RIGHT_FIELDS \
	DM_FIXTURE_FIELDS; \
	struct dm_file		f; \
	struct dm_handle	dh, fs; \
	__s32			t[3]; \
	struct dmapi_object	o[3]	/* the file, by these tokens */

FIXTURE(right)
{
	RIGHT_FIELDS;
};

RIGHT_FIXTURE(right)

FIXTURE(kept_out)
{
	RIGHT_FIELDS;
};

/* by which right */
FIXTURE_VARIANT(kept_out)
{
	__u32 right;
};

FIXTURE_VARIANT_ADD(kept_out, shared) { .right = DMAPI_RIGHT_SHARED };
FIXTURE_VARIANT_ADD(kept_out, excl) { .right = DMAPI_RIGHT_EXCL };

RIGHT_FIXTURE(kept_out)

static int has(const struct dmapi_object *o)
{
	__u32 right = 77;
	long ret = dmapi_query_right(o, &right);

	return ret ? ret : (int)right;
}

/* --- Tokens among themselves --------------------------------------------------- */

TEST_F(right, shared_by_many_excl_by_one)
{
	struct dmapi_object *o = self->o;

	EXPECT_EQ(NONE, has(&o[0]));
	EXPECT_EQ(0, dmapi_request_right(&o[0], 0, SHARED));
	EXPECT_EQ(0, dmapi_request_right(&o[0], WAIT, SHARED));
	EXPECT_EQ(0, dmapi_request_right(&o[1], 0, SHARED));
	EXPECT_EQ(SHARED, has(&o[0]));
	EXPECT_EQ(SHARED, has(&o[1]));
	EXPECT_EQ(NONE, has(&o[2]));
	EXPECT_EQ(-EAGAIN, dmapi_request_right(&o[2], 0, EXCL));
	EXPECT_EQ(-EAGAIN, dmapi_request_right(&o[0], 0, EXCL));
	EXPECT_EQ(-EAGAIN, dmapi_upgrade_right(&o[0]));
	EXPECT_EQ(SHARED, has(&o[0]));
	EXPECT_EQ(0, dmapi_release_right(&o[1]));
	EXPECT_EQ(-EACCES, dmapi_release_right(&o[1]));
	/* Who waits with SHARED for EXCL may wait for another who does. */
	EXPECT_EQ(-EACCES, dmapi_request_right(&o[0], WAIT, EXCL));
	EXPECT_EQ(0, dmapi_request_right(&o[0], 0, EXCL));
	EXPECT_EQ(EXCL, has(&o[0]));
	/* It is never made less by asking. */
	EXPECT_EQ(0, dmapi_request_right(&o[0], 0, SHARED));
	EXPECT_EQ(0, dmapi_request_right(&o[0], WAIT, EXCL));
	EXPECT_EQ(0, dmapi_upgrade_right(&o[0]));
	EXPECT_EQ(EXCL, has(&o[0]));
	EXPECT_EQ(-EAGAIN, dmapi_request_right(&o[1], 0, SHARED));
	EXPECT_EQ(-EAGAIN, dmapi_request_right(&o[1], 0, EXCL));
	EXPECT_EQ(0, dmapi_downgrade_right(&o[0]));
	EXPECT_EQ(SHARED, has(&o[0]));
	EXPECT_EQ(0, dmapi_request_right(&o[1], 0, SHARED));
	EXPECT_EQ(0, dmapi_release_right(&o[1]));
	EXPECT_EQ(0, dmapi_upgrade_right(&o[0]));
	EXPECT_EQ(EXCL, has(&o[0]));
	EXPECT_EQ(0, dmapi_release_right(&o[0]));
	EXPECT_EQ(NONE, has(&o[0]));
	EXPECT_EQ(0, dmapi_request_right(&o[1], 0, EXCL));
}

/* Anything has rights: a file system, a directory, a link. */
TEST_F(right, kinds)
{
	struct dm_handle link;
	char path[sizeof(self->dir) + 10];
	struct dmapi_object o;

	snprintf(path, sizeof(path), "%s/link", self->dir);
	ASSERT_EQ(0, symlink("x", path));
	ASSERT_EQ(0, dm_path_handle(path, &link));
	const struct dm_handle *h[] = { &self->fs, &self->dh, &link };

	for (unsigned int i = 0; i < ARRAY_SIZE(h); i++) {
		o = dm_obj_token(dm_obj(self->sid, h[i]), self->t[0]);
		EXPECT_EQ(0, dmapi_request_right(&o, 0, EXCL));
		EXPECT_EQ(EXCL, has(&o));
		o.token = self->t[1];
		EXPECT_EQ(-EAGAIN, dmapi_request_right(&o, 0, SHARED));
		EXPECT_EQ(NONE, has(&o));
	}
	/* The file in it is another object. */
	EXPECT_EQ(0, dmapi_request_right(&self->o[1], 0, EXCL));
}

TEST_F(right, errors)
{
	struct dmapi_object o = self->o[0], bad;
	struct dmapi_request_right a = { .obj = o, .right = SHARED };
	__u32 right = 77;

	EXPECT_EQ(-EINVAL, dmapi_request_right(&o, 0, NONE));
	EXPECT_EQ(-EINVAL, dmapi_request_right(&o, 0, 3));
	EXPECT_EQ(-EINVAL, dmapi_request_right(&o, 2, SHARED));
	EXPECT_EQ(-EINVAL, dmapi_request_right(&o, ~0U, SHARED));
	EXPECT_EQ(-EPERM, dmapi_upgrade_right(&o));
	EXPECT_EQ(-EPERM, dmapi_downgrade_right(&o));
	EXPECT_EQ(-EACCES, dmapi_release_right(&o));
	EXPECT_EQ(0, dmapi_request_right(&o, 0, SHARED));
	EXPECT_EQ(-EPERM, dmapi_downgrade_right(&o));
	EXPECT_EQ(-EFAULT, dmapi_query_right(&o, NULL));
	EXPECT_EQ(-EFAULT, dmapi_query_right(&o, DM_BAD_PTR));
#define ALL(err, obj) do { \
	EXPECT_EQ(-(err), dmapi_request_right(obj, 0, SHARED)); \
	EXPECT_EQ(-(err), dmapi_release_right(obj)); \
	EXPECT_EQ(-(err), dmapi_query_right(obj, &right)); \
	EXPECT_EQ(-(err), dmapi_upgrade_right(obj)); \
	EXPECT_EQ(-(err), dmapi_downgrade_right(obj)); \
	EXPECT_EQ(-(err), dmapi_obj_ref_hold(obj)); \
	EXPECT_EQ(-(err), dmapi_obj_ref_query(obj)); \
	EXPECT_EQ(-(err), dmapi_obj_ref_rele(obj)); \
} while (0)
	bad = dm_obj_token(o, DMAPI_NO_TOKEN);
	ALL(EINVAL, &bad);
	bad.token = 0;
	ALL(EINVAL, &bad);
	bad.token = self->t[2] + 1000;
	ALL(ESRCH, &bad);
	bad = o;
	bad.sid = 0;
	ALL(EINVAL, &bad);
	bad = dm_obj_token(dm_obj_global(self->sid), self->t[0]);
	ALL(EBADF, &bad);
	bad = o;
	bad.hlen = 7;
	ALL(EBADF, &bad);
	bad = o;
	bad.hanp = DM_PTR(DM_BAD_PTR);
	ALL(EFAULT, &bad);
	bad = dm_obj_token(dm_obj(self->sid, &self->fs), self->t[0]);
	EXPECT_EQ(-EINVAL, dmapi_obj_ref_hold(&bad));
	EXPECT_EQ(-EINVAL, dmapi_obj_ref_rele(&bad));
	EXPECT_EQ(-EINVAL, dmapi_obj_ref_query(&bad));
#undef ALL
	EXPECT_EQ(-EINVAL, sys_dmapi(DMAPI_REQUEST_RIGHT, &a, sizeof(a) - 1, 0));
	EXPECT_EQ(77, right);
	EXPECT_EQ(SHARED, has(&o));
}

TEST_F(right, references)
{
	struct dmapi_object *o = self->o;
	__u32 n;

	EXPECT_EQ(0, dmapi_obj_ref_query(&o[0]));
	EXPECT_EQ(-EACCES, dmapi_obj_ref_rele(&o[0]));
	EXPECT_EQ(0, dmapi_obj_ref_hold(&o[0]));
	EXPECT_EQ(-EBUSY, dmapi_obj_ref_hold(&o[0]));
	EXPECT_EQ(1, dmapi_obj_ref_query(&o[0]));
	EXPECT_EQ(0, dmapi_obj_ref_query(&o[1]));
	EXPECT_EQ(0, dmapi_obj_ref_hold(&o[1]));
	/* It is no right. */
	EXPECT_EQ(NONE, has(&o[0]));
	EXPECT_EQ(-EACCES, dmapi_get_region(&o[0], 0, NULL, &n));
	EXPECT_EQ(0, dmapi_request_right(&o[2], 0, EXCL));
	EXPECT_EQ(0, dm_arm(&o[2], 0, 0, DMAPI_REGION_READ));
	/* What is held stays, though nothing names it. */
	EXPECT_EQ(0, dmapi_release_right(&o[2]));
	ASSERT_EQ(0, unlink(self->f.path));
	EXPECT_EQ(1, dmapi_obj_ref_query(&o[0]));
	EXPECT_EQ(0, dmapi_obj_ref_rele(&o[0]));
	EXPECT_EQ(0, dmapi_obj_ref_query(&o[0]));
	EXPECT_EQ(1, dmapi_obj_ref_query(&o[1]));
	/* The last one */
	EXPECT_EQ(0, dmapi_obj_ref_rele(&o[1]));
	EXPECT_EQ(-EBADF, dmapi_obj_ref_query(&o[1]));
}

/* --- Calls that need one --------------------------------------------------------- */

/* What a token admits to, and what not. */
TEST_F(right, calls_with_a_token)
{
	struct dmapi_object o = self->o[0], d, fs;
	char buf[16] = "";
	__u64 rlen, set = 0;
	__u32 n;

#define LOOKS(err) do { \
	EXPECT_EQ((err) ? -(err) : 16, dmapi_read_invis(&o, 0, 16, buf)); \
	EXPECT_EQ(-(err), dmapi_get_region(&o, 0, NULL, &n)); \
	EXPECT_EQ(-((err) ?: ENOENT), dmapi_get_dmattr(&o, "nothere", 16, buf, &rlen)); \
} while (0)
#define CHANGES(err) do { \
	EXPECT_EQ((err) ? -(err) : 16, dmapi_write_invis(&o, 0, 0, 16, buf)); \
	EXPECT_EQ(-(err), dm_disarm(&o)); \
	EXPECT_EQ(-((err) ?: ENOENT), dmapi_remove_dmattr(&o, "nothere", 0)); \
	EXPECT_EQ(-(err), dmapi_sync_by_handle(&o)); \
	EXPECT_EQ(-(err), dmapi_set_resident(&o, 0, SIZE)); \
} while (0)
	LOOKS(EACCES);
	CHANGES(EACCES);
	EXPECT_EQ(0, dmapi_request_right(&o, 0, SHARED));
	LOOKS(0);
	CHANGES(EACCES);
	EXPECT_EQ(0, dmapi_upgrade_right(&o));
	LOOKS(0);
	CHANGES(0);
	EXPECT_EQ(0, dmapi_release_right(&o));
	LOOKS(EACCES);
	CHANGES(EACCES);
#undef LOOKS
#undef CHANGES
	/* That of another object is none. */
	d = dm_obj_token(dm_obj(self->sid, &self->dh), self->t[0]);
	EXPECT_EQ(0, dmapi_request_right(&d, 0, EXCL));
	EXPECT_EQ(-EACCES, dmapi_get_region(&o, 0, NULL, &n));
	fs = dm_obj_token(dm_obj(self->sid, &self->fs), self->t[0]);
	EXPECT_EQ(-EACCES, dmapi_set_disp(&fs, &set, DMAPI_EVENT_MAX));
	EXPECT_EQ(0, dmapi_request_right(&fs, 0, EXCL));
	EXPECT_EQ(0, dmapi_set_disp(&fs, &set, DMAPI_EVENT_MAX));
}

static long look_child(void *arg)
{
	char buf[16];
	long ret = dmapi_read_invis(arg, 0, 16, buf);

	return ret == 16 ? 0 : ret;
}

static long change_child(void *arg)
{
	return dm_arm(arg, 0, 0, DMAPI_REGION_WRITE);
}

static long fs_child(void *arg)
{
	__u64 set = 0;

	return dmapi_set_disp(arg, &set, DMAPI_EVENT_MAX);
}

static bool waits(pid_t pid, const char *event, const char *state)
{
	struct dm_waiter w;

	for (int ms = 0; ms < SOON; ms += 10) {
		if (dm_waiter(pid, event, state, &w))
			return true;
		dm_sleep_ms(10);
	}
	return false;
}

TEST_F(right, calls_without_a_token_wait)
{
	struct dmapi_object fs = dm_obj(self->sid, &self->fs), t;
	pid_t look, change;

	ASSERT_EQ(0, dmapi_request_right(&self->o[0], 0, SHARED));
	look = dm_spawn(look_child, &self->f.o);
	EXPECT_EQ(0, dm_wait(look, SOON));
	change = dm_spawn(change_child, &self->f.o);
	EXPECT_TRUE(waits(change, "RIGHT", "excl"));
	ASSERT_EQ(0, dmapi_upgrade_right(&self->o[0]));
	look = dm_spawn(look_child, &self->f.o);
	EXPECT_TRUE(waits(look, "RIGHT", "shared"));
	EXPECT_EQ(DM_RUNNING, dm_wait(change, AWHILE));
	ASSERT_EQ(0, dmapi_downgrade_right(&self->o[0]));
	EXPECT_EQ(0, dm_wait(look, SOON));
	EXPECT_EQ(DM_RUNNING, dm_wait(change, AWHILE));
	ASSERT_EQ(0, dm_continue(self->sid, self->t[0]));
	EXPECT_EQ(0, dm_wait(change, SOON));

	t = dm_obj_token(fs, self->t[1]);
	ASSERT_EQ(0, dmapi_request_right(&t, 0, SHARED));
	change = dm_spawn(fs_child, &fs);
	EXPECT_TRUE(waits(change, "RIGHT", "excl"));
	/* A signal ends it. */
	ASSERT_EQ(0, kill(change, SIGTERM));
	EXPECT_EQ(DM_SIGNALLED, dm_wait(change, SOON));
	ASSERT_EQ(0, dmapi_release_right(&t));
	EXPECT_EQ(0, fs_child(&fs));
}

/* --- Waiting for a right --------------------------------------------------------- */

static long excl_child(void *arg)
{
	return dmapi_request_right(arg, WAIT, EXCL);
}

static long shared_child(void *arg)
{
	return dmapi_request_right(arg, WAIT, SHARED);
}

TEST_F(right, waits)
{
	pid_t a, b;

	ASSERT_EQ(0, dmapi_request_right(&self->o[0], 0, EXCL));
	a = dm_spawn(excl_child, &self->o[1]);
	EXPECT_TRUE(waits(a, "RIGHT", "excl"));
	b = dm_spawn(shared_child, &self->o[2]);
	EXPECT_TRUE(waits(b, "RIGHT", "shared"));
	/* Who is tired of it leaves nothing. */
	ASSERT_EQ(0, kill(a, SIGTERM));
	EXPECT_EQ(DM_SIGNALLED, dm_wait(a, SOON));
	ASSERT_EQ(0, dmapi_release_right(&self->o[0]));
	EXPECT_EQ(0, dm_wait(b, SOON));
	EXPECT_EQ(SHARED, has(&self->o[2]));
	EXPECT_EQ(NONE, has(&self->o[1]));
	/* A token that ends while it is waited for, by itself or by another. */
	a = dm_spawn(excl_child, &self->o[0]);
	b = dm_spawn(excl_child, &self->o[1]);
	EXPECT_TRUE(waits(a, "RIGHT", "excl"));
	EXPECT_TRUE(waits(b, "RIGHT", "excl"));
	ASSERT_EQ(0, dm_continue(self->sid, self->t[0]));
	EXPECT_EQ(-ESRCH, dm_wait(a, SOON));
	EXPECT_EQ(DM_RUNNING, dm_wait(b, AWHILE));
	ASSERT_EQ(0, dm_continue(self->sid, self->t[2]));
	EXPECT_EQ(0, dm_wait(b, SOON));
	EXPECT_EQ(EXCL, has(&self->o[1]));
}

/* Two threads, one token: the second gets what the first does. */
TEST_F(right, waits_together)
{
	pid_t a, b;

	ASSERT_EQ(0, dmapi_request_right(&self->o[0], 0, EXCL));
	a = dm_spawn(excl_child, &self->o[1]);
	EXPECT_TRUE(waits(a, "RIGHT", "excl"));
	b = dm_spawn(excl_child, &self->o[1]);
	EXPECT_TRUE(waits(b, "RIGHT", "excl"));
	ASSERT_EQ(0, kill(a, SIGTERM));
	EXPECT_EQ(DM_SIGNALLED, dm_wait(a, SOON));
	EXPECT_EQ(DM_RUNNING, dm_wait(b, AWHILE));
	ASSERT_EQ(0, dmapi_release_right(&self->o[0]));
	EXPECT_EQ(0, dm_wait(b, SOON));
	EXPECT_EQ(EXCL, has(&self->o[1]));
}

/* Three tokens wait for each other, and the one that closes the circle is told. */
TEST_F(right, circle)
{
	struct dmapi_object o[3], next[3];
	struct dm_file f[3];
	pid_t pid[2];

	for (int i = 0; i < 3; i++) {
		char name[4] = { 'c', '0' + i };

		ASSERT_EQ(0, dm_make_file(&f[i], self->sid, self->dir, name, 10));
		o[i] = dm_obj_token(f[i].o, self->t[i]);
		ASSERT_EQ(0, dmapi_request_right(&o[i], 0, i ? EXCL : SHARED));
	}
	for (int i = 0; i < 3; i++)
		next[i] = dm_obj_token(f[(i + 1) % 3].o, self->t[i]);
	for (int i = 0; i < 2; i++) {
		pid[i] = dm_spawn(shared_child, &next[i]);
		EXPECT_TRUE(waits(pid[i], "RIGHT", "shared"));
	}
	/* Not one: the first only shares. */
	EXPECT_EQ(0, dmapi_request_right(&next[2], WAIT, SHARED));
	EXPECT_EQ(0, dmapi_release_right(&next[2]));
	EXPECT_EQ(-EAGAIN, dmapi_request_right(&next[2], 0, EXCL));
	EXPECT_EQ(-EDEADLK, dmapi_request_right(&next[2], WAIT, EXCL));
	EXPECT_EQ(NONE, has(&next[2]));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid[0], AWHILE));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid[1], AWHILE));
	ASSERT_EQ(0, dmapi_release_right(&o[2]));
	EXPECT_EQ(0, dm_wait(pid[1], SOON));
	ASSERT_EQ(0, dmapi_release_right(&o[1]));
	EXPECT_EQ(0, dm_wait(pid[0], SOON));
}

/* --- What goes on, moves and ends ------------------------------------------------- */

TEST_F(right, goes_with_the_token)
{
	__s32 old = self->sid, sid2, t = 0;
	struct dmapi_object o;

	ASSERT_EQ(0, dmapi_request_right(&self->o[0], 0, EXCL));
	ASSERT_EQ(0, dmapi_obj_ref_hold(&self->o[0]));
	/* to whoever takes over the session */
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid));
	EXPECT_EQ(-EINVAL, has(&self->o[0]));
	o = self->o[0];
	o.sid = self->sid;
	EXPECT_EQ(EXCL, has(&o));
	/* to another session */
	ASSERT_EQ(0, dmapi_create_session(0, "right2", &sid2));
	ASSERT_EQ(0, dmapi_move_event(self->sid, self->t[0], sid2, &t));
	EXPECT_EQ(-ESRCH, has(&o));
	o = dm_obj_token(o, t);
	o.sid = sid2;
	EXPECT_EQ(EXCL, has(&o));
	EXPECT_EQ(1, dmapi_obj_ref_query(&o));
	self->o[1].sid = self->sid;
	EXPECT_EQ(-EAGAIN, dmapi_request_right(&self->o[1], 0, SHARED));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(sid2));
	ASSERT_EQ(0, dm_continue(sid2, t));
	EXPECT_EQ(0, dmapi_request_right(&self->o[1], 0, SHARED));
	EXPECT_EQ(0, dmapi_destroy_session(sid2));
}

/* An administrator finds out who has what. */
TEST_F(right, listed)
{
	char line[300], right[10], asks[10], held[10];
	FILE *f = fopen("/proc/fs/xfs/dmapi_rights", "r");
	int sid, token, lines = 0, n = 0;
	unsigned long long fsid, ino;
	__u64 want_ino;

	memcpy(&want_ino, self->f.h.b + 16, sizeof(want_ino));
	ASSERT_NE(NULL, f);
	ASSERT_EQ(0, dmapi_request_right(&self->o[0], 0, SHARED));
	ASSERT_EQ(0, dmapi_obj_ref_hold(&self->o[1]));
	ASSERT_NE(NULL, fgets(line, sizeof(line), f));
	EXPECT_STREQ("session token fsid ino gen right asks held since\n", line);
	for (; fgets(line, sizeof(line), f); lines++) {
		ASSERT_EQ(7, sscanf(line, "%d %d %llx %llu %*u %9s %9s %9s", &sid,
				    &token, &fsid, &ino, right, asks, held)) {
			TH_LOG("%s", line);
		}
		if (sid != self->sid || ino != want_ino)
			continue;
		EXPECT_STREQ("-", asks);
		n += token == self->t[0] && !strcmp(right, "SHARED") &&
			!strcmp(held, "-");
		n += token == self->t[1] && !strcmp(right, "-") &&
			!strcmp(held, "held");
	}
	fclose(f);
	EXPECT_EQ(2, n);
	EXPECT_LE(2, lines);
}

/* --- Ordinary operations ----------------------------------------------------------- */

enum { LOOKS = 1, CHANGES = 2 };

struct way {
	const char *name;
	const char *event;
	int kind;
	bool in_dir;		/* the right is on the directory */
	long (*run)(void);
};

static char at[PATH_MAX], in[200];

static long neg(long ret)
{
	return ret < 0 ? -errno : 0;
}

#define ON_FILE(flags, expr) do { \
	int fd = open(at, flags); \
	long ret = fd < 0 ? -errno : neg(expr); \
 \
	close(fd); \
	return ret; \
} while (0)

static char page[4096];

static long by_read(void)	{ ON_FILE(O_RDONLY, pread(fd, page, 10, 0)); }
static long by_write(void)	{ ON_FILE(O_RDWR, pwrite(fd, page, 10, 0)); }
static long by_append(void) { ON_FILE(O_WRONLY | O_APPEND, write(fd, page, 10)); }
static long by_cut(void)	{ return neg(truncate(at, 5)); }
static long by_trunc(void)	{ ON_FILE(O_RDWR | O_TRUNC, 0); }
static long by_alloc(void)
{
	ON_FILE(O_RDWR, fallocate(fd, FALLOC_FL_KEEP_SIZE, 1 << 20, 4096));
}

static long by_map(void)
{
	ON_FILE(O_RDONLY, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) ==
			  MAP_FAILED ? -1 : 0);
}

static long by_map_write(void)
{
	ON_FILE(O_RDWR, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
			MAP_FAILED ? -1 : 0);
}

static long by_chmod(void)	{ return neg(chmod(at, 0600)); }
static long by_chown(void)	{ return neg(chown(at, 1, 1)); }
static long by_utimes(void) { return neg(utimensat(AT_FDCWD, at, NULL, 0)); }
static long by_xattr(void)	{ return neg(setxattr(at, "user.x", "x", 1, 0)); }
static long by_unlink(void) { return neg(unlink(at)); }

static char *beside(const char *name)
{
	static char path[sizeof(in) + 10];

	snprintf(path, sizeof(path), "%s/%s", in, name);
	return path;
}

static long by_link(void)	{ return neg(link(at, beside("l"))); }
static long by_rename(void) { return neg(rename(at, beside("r"))); }
static long by_mkdir(void)	{ return neg(mkdir(beside("d"), 0700)); }
static long by_symlink(void) { return neg(symlink("x", beside("s"))); }
static long by_create(void)
{
	int fd = open(beside("n"), O_CREAT | O_EXCL | O_WRONLY, 0600);

	return neg(fd);
}

static long by_list(void)
{
	DIR *d = opendir(in);
	int n = 0;

	errno = 0;
	while (d && readdir(d))
		n++;
	return errno ? -errno : n < 3 ? -ENODATA : 0;
}

static long by_stat(void)
{
	struct stat st;

	return neg(stat(at, &st)) ?: neg(lstat(in, &st));
}

static long by_getxattr(void)
{
	return getxattr(at, "user.none", page, 10) < 0 && errno != ENODATA ? -errno : 0;
}

static const struct way ways[] = {
	{ "read", "READ", LOOKS, false, by_read },
	{ "write", "WRITE", CHANGES, false, by_write },
	{ "append", "WRITE", CHANGES, false, by_append },
	{ "truncate", "TRUNCATE", CHANGES, false, by_cut },
	{ "O_TRUNC", "TRUNCATE", CHANGES, false, by_trunc },
	{ "fallocate", "WRITE", CHANGES, false, by_alloc },
	{ "mmap", "READ", LOOKS, false, by_map },
	{ "shared mmap", "WRITE", CHANGES, false, by_map_write },
	{ "chmod", "ATTRIBUTE", CHANGES, false, by_chmod },
	{ "chown", "ATTRIBUTE", CHANGES, false, by_chown },
	{ "utimes", "ATTRIBUTE", CHANGES, false, by_utimes },
	{ "setxattr", "ATTRIBUTE", CHANGES, false, by_xattr },
	{ "link", "LINK", CHANGES, false, by_link },
	{ "rename", "RENAME", CHANGES, false, by_rename },
	{ "unlink", "REMOVE", CHANGES, false, by_unlink },
	{ "stat", NULL, 0, false, by_stat },
	{ "getxattr", NULL, 0, false, by_getxattr },
	{ "create", "CREATE", CHANGES, true, by_create },
	{ "mkdir", "CREATE", CHANGES, true, by_mkdir },
	{ "symlink", "SYMLINK", CHANGES, true, by_symlink },
	{ "link there", "LINK", CHANGES, true, by_link },
	{ "rename there", "RENAME", CHANGES, true, by_rename },
	{ "unlink there", "REMOVE", CHANGES, true, by_unlink },
	{ "readdir", "READ", LOOKS, true, by_list },
	{ "read there", NULL, 0, true, by_read },
	{ "stat there", NULL, 0, true, by_stat },
};

static long way_child(void *arg)
{
	long (**run)(void) = arg;

	return (*run)();
}

static pid_t spawn(long (*run)(void))
{
	return dm_spawn(way_child, &run);
}

/* Everybody who is to be kept out is, and nobody else, until the right goes. */
TEST_F(kept_out, everybody)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct way *w = &ways[i];
		struct dmapi_object o;
		struct dm_handle h;
		struct dm_file f;
		char dir[20];
		pid_t pid;

		snprintf(dir, sizeof(dir), "way%u.%u", i, variant->right);
		snprintf(in, sizeof(in), "%.100s/%s", self->dir, dir);
		ASSERT_EQ(0, mkdir(in, 0755));
		ASSERT_EQ(0, dm_make_file(&f, self->sid, in, "f", SIZE));
		snprintf(at, sizeof(at), "%s", f.path);
		ASSERT_EQ(0, dm_path_handle(in, &h));
		o = dm_obj_token(w->in_dir ? dm_obj(self->sid, &h) : f.o, self->t[0]);
		ASSERT_EQ(0, dmapi_request_right(&o, 0, variant->right));
		pid = spawn(w->run);
		if (w->kind == CHANGES ||
		    (w->kind == LOOKS && variant->right == EXCL)) {
			EXPECT_TRUE(waits(pid, w->event, w->kind == CHANGES ?
					  "excl" : "shared")) {
				TH_LOG("%s", w->name);
			}
			EXPECT_EQ(DM_RUNNING, dm_wait(pid, 0)) {
				TH_LOG("%s", w->name);
			}
			if (variant->right == EXCL && w->kind == LOOKS) {
				EXPECT_EQ(0, dmapi_downgrade_right(&o));
				EXPECT_EQ(0, dm_wait(pid, SOON)) {
					TH_LOG("%s", w->name);
				}
				pid = 0;
			}
		}
		if (!w->kind)
			EXPECT_EQ(0, dm_wait(pid, SOON)) {
				TH_LOG("%s", w->name);
			}
		EXPECT_EQ(0, dmapi_release_right(&o));
		if (w->kind && pid)
			EXPECT_EQ(0, dm_wait(pid, SOON)) {
				TH_LOG("%s", w->name);
			}
	}
}

TEST_F(kept_out, nobody_if_advisory)
{
	char value[20];

	ASSERT_EQ(0, dm_sysfs_get("rights", value, sizeof(value)));
	EXPECT_STREQ("enforced", value);
	EXPECT_EQ(-EINVAL, dm_sysfs_set("rights", "perhaps"));
	snprintf(at, sizeof(at), "%s", self->f.path);
	ASSERT_EQ(0, dmapi_request_right(&self->o[0], 0, variant->right));
	pid_t pid = spawn(by_write);

	EXPECT_TRUE(waits(pid, "WRITE", "excl"));
	ASSERT_EQ(0, dm_sysfs_set("rights", "advisory"));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(0, by_write());
	EXPECT_EQ(0, by_chmod());
	/* Tokens still know of each other. */
	EXPECT_EQ(-EAGAIN, dmapi_request_right(&self->o[1], 0, EXCL));
}

/* Who must not be delayed, and who does not want to be any more. */
TEST_F(kept_out, nonblock_and_killed)
{
	char buf[10];
	pid_t pid;
	int fd = open(self->f.path, O_RDWR | O_NONBLOCK);

	ASSERT_LE(0, fd);
	snprintf(at, sizeof(at), "%s", self->f.path);
	ASSERT_EQ(0, dmapi_request_right(&self->o[0], 0, variant->right));
	errno = 0;
	EXPECT_EQ(-1, pwrite(fd, "x", 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	errno = 0;
	EXPECT_EQ(variant->right == EXCL ? -1 : 10, pread(fd, buf, 10, 0));
	EXPECT_EQ(variant->right == EXCL ? EAGAIN : 0, errno);
	close(fd);
	pid = spawn(by_write);
	EXPECT_TRUE(waits(pid, "WRITE", "excl"));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	EXPECT_EQ(0, dmapi_release_right(&self->o[0]));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, SIZE));
}

/* A right, and an event: both are waited for. */
TEST_F(kept_out, and_events)
{
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE)));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	ASSERT_EQ(0, dmapi_request_right(&self->o[0], 0, EXCL));
	pid = dm_spawn_read(self->f.path, 0, SIZE);
	EXPECT_TRUE(waits(pid, "READ", "shared"));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
	/* As whoever has it sees fit */
	if (variant->right == EXCL) {
		EXPECT_EQ(0, dm_recall(&self->o[0], 0, SIZE));
		EXPECT_EQ(0, dmapi_release_right(&self->o[0]));
		EXPECT_EQ(0, dm_wait(pid, SOON));
		EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
		return;
	}
	EXPECT_EQ(0, dmapi_release_right(&self->o[0]));
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	struct dmapi_object o = dm_obj_token(self->f.o, e.token);

	ASSERT_EQ(0, dmapi_request_right(&o, WAIT, EXCL));
	EXPECT_EQ(0, dm_recall(&o, 0, SIZE));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* The file system stays while somebody has a right in it. */
TEST_F(kept_out, keeps_it_mounted)
{
	struct dmapi_object fs = dm_obj_token(dm_obj(self->sid, &self->fs), self->t[1]);

	ASSERT_EQ(0, dmapi_request_right(&self->o[0], 0, variant->right));
	errno = 0;
	EXPECT_EQ(-1, umount(dm_mnt()));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, dmapi_request_right(&fs, 0, variant->right));
	ASSERT_EQ(0, dmapi_release_right(&self->o[0]));
	ASSERT_EQ(0, dmapi_obj_ref_hold(&self->o[2]));
	EXPECT_EQ(-1, umount(dm_mnt()));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, dmapi_release_right(&fs));
	EXPECT_EQ(-1, umount(dm_mnt()));
	EXPECT_EQ(EBUSY, errno);
	/* By the way of those who insist it goes when the right does. */
	ASSERT_EQ(0, umount2(dm_mnt(), MNT_DETACH));
	EXPECT_EQ(1, dmapi_obj_ref_query(&self->o[2]));
	ASSERT_EQ(0, dm_continue(self->sid, self->t[2]));
	for (int ms = 0; ms < SOON; ms += 10) {
		if (dmapi_obj_ref_query(&self->o[0]) == -EBADF)
			break;
		dm_sleep_ms(10);
	}
	EXPECT_EQ(-EBADF, dmapi_obj_ref_query(&self->o[0]));
	ASSERT_EQ(0, dm_mount(0, "dmapi"));
	EXPECT_EQ(0, dmapi_obj_ref_query(&self->o[0]));
	EXPECT_EQ(NONE, has(&self->o[0]));
}

/* --- Who is on his way already ------------------------------------------------------ */

static void *stuck_read(void *arg)
{
	void **a = arg;

	return (void *)(long)pread((long)a[0], a[1], 4096, 0);
}

/*
 * A reader who is under way, stuck in the midst of it with its lock held, is
 * waited for, killably; one who shares does not mind him.
 */
TEST_F(kept_out, drains)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage zero;
	struct uffd_msg msg;
	struct pollfd p;
	pthread_t thread;
	void *args[2], *mem, *ret;
	pid_t pid;
	int uffd, fd = open(self->f.path, O_RDONLY);

	mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0 && errno == ENOSYS)
		SKIP(return, "no userfaultfd(2): CONFIG_USERFAULTFD");
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	reg.range = (struct uffdio_range) { .start = (uintptr_t)mem, .len = 4096 };
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &reg));
	args[0] = (void *)(long)fd;
	args[1] = mem;
	/* in the page cache, so that the copy is under the lock */
	ASSERT_EQ(4096, pread(fd, page, 4096, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, stuck_read, args));
	p = (struct pollfd) { .fd = uffd, .events = POLLIN };
	ASSERT_EQ(1, poll(&p, 1, SOON));
	ASSERT_EQ((ssize_t)sizeof(msg), read(uffd, &msg, sizeof(msg)));

	pid = dm_spawn(variant->right == EXCL ? excl_child : shared_child, &self->o[0]);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 300));
	/* Calls see it already. */
	EXPECT_EQ((int)variant->right, has(&self->o[0]));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	for (int ms = 0; ms < SOON && has(&self->o[0]) != NONE; ms += 10)
		dm_sleep_ms(10);
	EXPECT_EQ(NONE, has(&self->o[0]));

	pid = dm_spawn(variant->right == EXCL ? excl_child : shared_child, &self->o[0]);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	zero = (struct uffdio_zeropage) { .range = reg.range };
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(4096, (long)ret);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ((int)variant->right, has(&self->o[0]));
	close(uffd);
	close(fd);
}

TEST_HARNESS_MAIN
