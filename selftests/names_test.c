// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that come, go and move: CREATE, REMOVE, RENAME, LINK, SYMLINK, and what
 * follows each
 *
 * Every way to change a directory is a row of a table, and every row goes through
 * every test: what the messages say, whether the operation waits, what each answer
 * does, what happens when it cannot be done any more afterwards, and that nobody
 * is kept out of the directory meanwhile.
 */
#include <dirent.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "names.h"
#include "offline.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE	(1 << 1)
#define RENAME_NOREPLACE (1 << 0)
#endif

#define PATIENCE	8000	/* ms, for what comes */
#define SILENCE		30	/* ms, for what does not */

/* --- The ways ------------------------------------------------------------------ */

/**
 * struct way - a way to change a directory; paths are relative to the test's
 * @name: for messages
 * @event: what is raised before
 * @run: do it; 0 or a negated errno
 * @dir2: the second handle is that of this, before
 * @made: the second handle is that of this, afterwards
 * @name1: as in the message
 * @name2: likewise
 * @mode: type, and permissions if it makes something, else 0 of those
 * @there: this exists if and only if it was done,
 * @gone: and this if and only if it was not
 * @spoil: somebody else comes first, so that it ends
 * @spoiled: with this errno
 * @again: it raises the event once more, the other way round
 */
struct way {
	const char	*name;
	int		event;
	long		(*run)(void);
	const char	*dir2;
	const char	*made;
	const char	*name1;
	const char	*name2;
	mode_t		mode;
	const char	*there;
	const char	*gone;
	long		(*spoil)(void);
	int		spoiled;
	bool		again;
};

static long ret_errno(int ret)
{
	return ret < 0 ? -errno : 0;
}

static long do_open(void)
{
	int fd = open("a/new", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	char c = 'x';
	long ret = fd < 0 ? -errno : 0;

	/* It is open as it was asked for. */
	if (!ret && write(fd, &c, 1) != 1)
		ret = -EIO;
	close(fd);
	return ret;
}

static long do_mkdir(void) { return ret_errno(mkdir("a/new", 0750)); }
static long do_mkfifo(void) { return ret_errno(mkfifo("a/new", 0620)); }
static long do_unlink(void) { return ret_errno(unlink("a/old")); }
static long do_rmdir(void) { return ret_errno(rmdir("a/olddir")); }
static long do_rename(void) { return ret_errno(rename("a/old", "a/new")); }
static long do_move(void) { return ret_errno(rename("a/old", "b/new")); }
static long do_move_dir(void) { return ret_errno(rename("a/olddir", "b/new")); }
static long do_link(void) { return ret_errno(link("a/old", "b/new")); }
static long do_symlink(void) { return ret_errno(symlink("../some where", "a/new")); }

static long do_noreplace(void)
{
	return ret_errno(syscall(SYS_renameat2, AT_FDCWD, "a/old", AT_FDCWD, "a/new",
				 RENAME_NOREPLACE));
}

static long do_exchange(void)
{
	return ret_errno(syscall(SYS_renameat2, AT_FDCWD, "a/old", AT_FDCWD, "b/other",
				 RENAME_EXCHANGE));
}

static long do_bind(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX, .sun_path = "a/new" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long ret = ret_errno(bind(fd, (void *)&sa, sizeof(sa)));

	close(fd);
	return ret;
}

static long do_tmpfile(void)
{
	int fd = open("a", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	long ret = fd < 0 ? -errno : 0;

	if (!ret)
		ret = ret_errno(linkat(fd, "", AT_FDCWD, "a/new", AT_EMPTY_PATH));
	close(fd);
	return ret;
}

#define AT_BOTH(op, from, to, ...) \
	ring_one(&(struct io_uring_sqe) { \
		.opcode = IORING_OP_##op, .fd = AT_FDCWD, \
		.addr = (uintptr_t)(from), .addr2 = (uintptr_t)(to), __VA_ARGS__ })

static long do_uring_unlink(void) { return AT_BOTH(UNLINKAT, "a/old", 0); }
static long do_uring_mkdir(void) { return AT_BOTH(MKDIRAT, "a/new", 0, .len = 0750); }
static long do_uring_rename(void) { return AT_BOTH(RENAMEAT, "a/old", "b/new", .len = AT_FDCWD); }
static long do_uring_link(void) { return AT_BOTH(LINKAT, "a/old", "b/new", .len = AT_FDCWD); }
static long do_uring_symlink(void) { return AT_BOTH(SYMLINKAT, "../some where", "a/new"); }

static long do_uring_open(void)
{
	long fd = AT_BOTH(OPENAT, "a/new", 0, .len = 0640, .open_flags = O_RDWR | O_CREAT | O_EXCL);

	close(fd);
	return fd < 0 ? fd : 0;
}

static long make_new(void)
{
	int fd = open("a/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	close(fd);
	return ret_errno(fd);
}

static long make_bnew(void) { return ret_errno(mkdir("b/new", 0700)) ?: ret_errno(mkdir("b/new/x", 0700)); }
static long drop_old(void) { return ret_errno(unlink("a/old")); }
static long drop_olddir(void) { return ret_errno(rmdir("a/olddir")); }
static long drop_other(void) { return ret_errno(unlink("b/other")); }

static const struct way ways[] = {
	{ "open", DMAPI_EVENT_CREATE, do_open, NULL, "a/new", "new", "",
	  S_IFREG | 0640, "a/new", NULL, make_new, EEXIST, false },
	{ "mkdir", DMAPI_EVENT_CREATE, do_mkdir, NULL, "a/new", "new", "",
	  S_IFDIR | 0750, "a/new", NULL, make_new, EEXIST, false },
	{ "mkfifo", DMAPI_EVENT_CREATE, do_mkfifo, NULL, "a/new", "new", "",
	  S_IFIFO | 0620, "a/new", NULL, make_new, EEXIST, false },
	{ "bind", DMAPI_EVENT_CREATE, do_bind, NULL, "a/new", "new", "",
	  S_IFSOCK | 0777, "a/new", NULL, make_new, EADDRINUSE, false },
	{ "unlink", DMAPI_EVENT_REMOVE, do_unlink, NULL, NULL, "old", "",
	  S_IFREG, NULL, "a/old", drop_old, ENOENT, false },
	{ "rmdir", DMAPI_EVENT_REMOVE, do_rmdir, NULL, NULL, "olddir", "",
	  S_IFDIR, NULL, "a/olddir", drop_olddir, ENOENT, false },
	{ "rename", DMAPI_EVENT_RENAME, do_rename, "a", NULL, "old", "new",
	  S_IFREG, "a/new", "a/old", drop_old, ENOENT, false },
	{ "rename, not over", DMAPI_EVENT_RENAME, do_noreplace, "a", NULL, "old", "new",
	  S_IFREG, "a/new", "a/old", make_new, EEXIST, false },
	{ "move", DMAPI_EVENT_RENAME, do_move, "b", NULL, "old", "new",
	  S_IFREG, "b/new", "a/old", make_bnew, EISDIR, false },
	{ "move a directory", DMAPI_EVENT_RENAME, do_move_dir, "b", NULL, "olddir", "new",
	  S_IFDIR, "b/new", "a/olddir", drop_olddir, ENOENT, false },
	{ "exchange", DMAPI_EVENT_RENAME, do_exchange, "b", NULL, "old", "other",
	  S_IFREG, NULL, NULL, drop_other, ENOENT, true },
	{ "link", DMAPI_EVENT_LINK, do_link, "a/old", NULL, "new", "",
	  S_IFREG, "b/new", NULL, make_bnew, EEXIST, false },
	{ "link without a name", DMAPI_EVENT_LINK, do_tmpfile, NULL, NULL, "new", "",
	  S_IFREG, "a/new", NULL, make_new, EEXIST, false },
	{ "symlink", DMAPI_EVENT_SYMLINK, do_symlink, NULL, "a/new", "new",
	  "../some where", S_IFLNK | 0777, "a/new", NULL, make_new, EEXIST, false },
	{ "io_uring's open", DMAPI_EVENT_CREATE, do_uring_open, NULL, "a/new", "new", "",
	  S_IFREG | 0640, "a/new", NULL, make_new, EEXIST, false },
	{ "io_uring's mkdir", DMAPI_EVENT_CREATE, do_uring_mkdir, NULL, "a/new", "new",
	  "", S_IFDIR | 0750, "a/new", NULL, make_new, EEXIST, false },
	{ "io_uring's unlink", DMAPI_EVENT_REMOVE, do_uring_unlink, NULL, NULL, "old",
	  "", S_IFREG, NULL, "a/old", drop_old, ENOENT, false },
	{ "io_uring's rename", DMAPI_EVENT_RENAME, do_uring_rename, "b", NULL, "old",
	  "new", S_IFREG, "b/new", "a/old", make_bnew, EISDIR, false },
	{ "io_uring's link", DMAPI_EVENT_LINK, do_uring_link, "a/old", NULL, "new", "",
	  S_IFREG, "b/new", NULL, make_bnew, EEXIST, false },
	{ "io_uring's symlink", DMAPI_EVENT_SYMLINK, do_uring_symlink, NULL, "a/new",
	  "new", "../some where", S_IFLNK | 0777, "a/new", NULL, make_new, EEXIST,
	  false },
};

#define WAYS	(sizeof(ways) / sizeof(ways[0]))

static int post_of(int event)
{
	return event == DMAPI_EVENT_CREATE ? DMAPI_EVENT_POSTCREATE : event + 1;
}

/* The directory of the first handle. */
static const char *dir_of(const struct way *w)
{
	return w->run == do_link || w->run == do_uring_link ? "b" : "a";
}

/* --- The test's own -------------------------------------------------------------- */

FIXTURE(names) {
	DM_FIXTURE_FIELDS;
	__s32	other;		/* a session that gets nothing */
};

static long lists(__s32 sid, __u64 set)
{
	long ret = dm_set_list(sid, "a", set);

	return ret ? ret : dm_set_list(sid, "b", set);
}


FIXTURE_SETUP(names)
{
	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	umask(0);
	snprintf(self->dir, sizeof(self->dir), "%s/names.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, chdir(self->dir));
	ASSERT_EQ(0, dmapi_create_session(0, "names_test", &self->sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_NAME_EVENTS | DM_BIT(CANCEL)));
}

FIXTURE_TEARDOWN(names)
{
	lists(self->sid, 0);
	ASSERT_EQ(0, chdir("/"));
	dm_set_fs_list(self->sid, 0);
	dm_sysfs_set("namespace_policy", "block");
	dm_sysfs_set("async_policy", "block");
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

/* a: old, olddir; b: other.  No lists. */
static long world(__s32 sid, const char *dir)
{
	int fd;

	lists(sid, 0);
	if (chdir("/"))
		return -errno;
	dm_rm_rf(dir);
	if (mkdir(dir, 0755) || chdir(dir) || mkdir("a", 0755) || mkdir("b", 0755) ||
	    mkdir("a/olddir", 0755))
		return -errno;
	fd = open("a/old", O_CREAT | O_WRONLY, 0644);
	close(fd);
	fd = open("b/other", O_CREAT | O_WRONLY, 0644);
	close(fd);
	return fd < 0 ? -errno : 0;
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static bool was_done(const struct way *w)
{
	return (w->there && exists(w->there)) || (w->gone && !exists(w->gone));
}

static long child(void *arg)
{
	const struct way *w = arg;

	return w->run();
}

static pid_t spawn(const struct way *w)
{
	return dm_spawn(child, (void *)w);
}

static const struct way *way_of(long (*fn)(void))
{
	const struct way *w = ways;

	while (w->run != fn)
		w++;
	return w;
}

#define EXPECT_MESSAGE(w, e, way_back) do { \
	EXPECT_FALSE((e).broken); \
	EXPECT_TRUE(dm_is_handle(&(e).h1, (way_back) ? (w)->dir2 : dir_of(w))); \
	EXPECT_STREQ((way_back) ? (w)->name2 : (w)->name1, (e).name1); \
	EXPECT_STREQ((way_back) ? (w)->name1 : (w)->name2, (e).name2); \
	EXPECT_EQ((w)->mode & S_IFMT, (e).mode & S_IFMT); \
	if ((w)->mode & 07777) { \
		EXPECT_EQ((w)->mode, (e).mode); \
	} \
} while (0)

#define EXPECT_BEFORE(w, e, way_back) do { \
	EXPECT_EQ((w)->event, (e).type); \
	EXPECT_LT(0, (e).token); \
	EXPECT_EQ(0, (e).retcode); \
	EXPECT_MESSAGE(w, e, way_back); \
	if ((w)->dir2) { \
		EXPECT_TRUE(dm_is_handle(&(e).h2, (way_back) ? dir_of(w) : (w)->dir2)); \
	} else if ((w)->event != DMAPI_EVENT_LINK) { \
		EXPECT_EQ(0, (e).h2.len); \
	} \
} while (0)

#define EXPECT_AFTER(w, e, code, way_back) do { \
	EXPECT_EQ(post_of((w)->event), (e).type); \
	EXPECT_EQ(0, (e).token); \
	EXPECT_EQ(code, (e).retcode); \
	EXPECT_MESSAGE(w, e, way_back); \
	if ((w)->made && !(code)) { \
		EXPECT_TRUE(dm_is_handle(&(e).h2, (w)->made)); \
	} else if ((w)->made) { \
		EXPECT_EQ(0, (e).h2.len); \
	} \
} while (0)

#define EXPECT_SILENCE() do { \
	struct dm_named silent; \
	EXPECT_EQ(-EAGAIN, dm_next_named(self->sid, &silent, SILENCE)) { \
		TH_LOG("event %d (%s)", silent.type, silent.name1); \
	} \
} while (0)

#define FOR_WAYS(w) \
	for (const struct way *w = ways; w < ways + WAYS; w++)

/* --- What they say --------------------------------------------------------------- */

/* With both: it waits, is answered, happens, and is told of. */
TEST_F(names, both)
{
	struct dm_named e, f;

	FOR_WAYS(w) {
		TH_LOG("%s", w->name);
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, DM_NAME_EVENTS));
		pid_t pid = spawn(w);
		ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
		EXPECT_BEFORE(w, e, false);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
		EXPECT_FALSE(was_done(w));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		if (w->again) {
			ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
			EXPECT_BEFORE(w, e, true);
			EXPECT_EQ(0, dm_continue(self->sid, e.token));
		}
		EXPECT_EQ(0, dm_wait(pid, PATIENCE));
		EXPECT_TRUE(w->again || was_done(w));
		/* It is in the queue before the call returns. */
		ASSERT_EQ(0, dm_next_named(self->sid, &f, 0));
		EXPECT_AFTER(w, f, 0, false);
		EXPECT_LT(0, (__s32)(f.sequence - e.sequence));
		if (w->again) {
			ASSERT_EQ(0, dm_next_named(self->sid, &f, 0));
			EXPECT_AFTER(w, f, 0, true);
		}
		EXPECT_SILENCE();
	}
}

/* It asks, is let go on, and nothing is told afterwards. */
#define LET_THROUGH(w, pid)						\
	do {								\
		for (int i_ = 0; i_ <= (w)->again; i_++) {		\
			ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE)); \
			EXPECT_BEFORE(w, e, i_);			\
			EXPECT_EQ(0, dm_continue(self->sid, e.token));	\
		}							\
		EXPECT_EQ(0, dm_wait(pid, PATIENCE));			\
		EXPECT_SILENCE();					\
	} while (0)

/* Only what is asked for before, or only what is told afterwards. */
TEST_F(names, one)
{
	struct dm_named e;

	FOR_WAYS(w) {
		TH_LOG("%s", w->name);
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, 1ULL << w->event));
		pid_t pid = spawn(w);
		LET_THROUGH(w, pid);

		ASSERT_EQ(0, lists(self->sid, 0));
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, 1ULL << post_of(w->event)));
		EXPECT_EQ(0, w->run());
		for (int i = 0; i <= w->again; i++) {
			ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
			EXPECT_AFTER(w, e, 0, i);
		}
		EXPECT_SILENCE();
		ASSERT_EQ(0, lists(self->sid, 0));
	}
}

/* The list of the file system does as well; other events are no matter. */
TEST_F(names, file_system)
{
	struct dm_named e;

	FOR_WAYS(w) {
		TH_LOG("%s", w->name);
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, dm_set_fs_list(self->sid, 1ULL << w->event));
		pid_t pid = spawn(w);
		LET_THROUGH(w, pid);
		ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_NAME_EVENTS &
					    ~(1ULL << w->event) &
					    ~(1ULL << post_of(w->event))));
		ASSERT_EQ(0, lists(self->sid, 0));
		ASSERT_EQ(0, dm_set_fs_list(self->sid, 0));
	}
}

/* One of the two directories is enough, and both are one event. */
TEST_F(names, either_directory)
{
	struct dm_named e;

	for (int i = 1; i < 4; i++) {
		ASSERT_EQ(0, world(self->sid, self->dir));
		if (i & 1)
			ASSERT_EQ(0, dm_set_list(self->sid, "a", DM_BIT(RENAME) |
						 DM_BIT(POSTRENAME)));
		if (i & 2)
			ASSERT_EQ(0, dm_set_list(self->sid, "b", DM_BIT(RENAME) |
						 DM_BIT(POSTRENAME)));
		pid_t pid = spawn(way_of(do_move));
		ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
		EXPECT_EQ(DMAPI_EVENT_RENAME, e.type);
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		EXPECT_EQ(0, dm_wait(pid, PATIENCE));
		ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
		EXPECT_EQ(DMAPI_EVENT_POSTRENAME, e.type);
		EXPECT_SILENCE();
	}
}

/* --- What answers do ----------------------------------------------------------------- */

/* A refusal: its errno, nothing happens, nothing follows. */
TEST_F(names, refused)
{
	static const int errs[] = { EACCES, ENOTSUP, EDQUOT, EAGAIN };
	struct dm_named e;

	FOR_WAYS(w) {
		int err = errs[(w - ways) % 4];

		TH_LOG("%s", w->name);
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, DM_NAME_EVENTS));
		pid_t pid = spawn(w);
		ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
		EXPECT_EQ(0, dm_abort(self->sid, e.token, err));
		EXPECT_EQ(-err, dm_wait(pid, PATIENCE));
		EXPECT_FALSE(w->there && exists(w->there));
		EXPECT_FALSE(w->gone && !exists(w->gone));
		EXPECT_SILENCE();
		ASSERT_EQ(0, lists(self->sid, 0));
	}
}

/* Somebody else has done it, or made it impossible: that is told, too. */
TEST_F(names, too_late)
{
	struct dm_named e;

	FOR_WAYS(w) {
		TH_LOG("%s", w->name);
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, DM_NAME_EVENTS));
		pid_t pid = spawn(w);
		ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
		ASSERT_EQ(0, lists(self->sid, 0));
		EXPECT_EQ(0, w->spoil());
		ASSERT_EQ(0, lists(self->sid, DM_NAME_EVENTS));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		EXPECT_EQ(-w->spoiled, dm_wait(pid, PATIENCE));
		for (int i = 0; i <= w->again; i++) {
			ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
			EXPECT_EQ(post_of(w->event), e.type);
			EXPECT_EQ(w->spoiled, e.retcode);
			if (w->made)
				EXPECT_EQ(0, e.h2.len);
		}
		EXPECT_SILENCE();
		ASSERT_EQ(0, lists(self->sid, 0));
	}
}

/* What fails by itself before it gets there raises nothing. */
TEST_F(names, impossible)
{
	ASSERT_EQ(0, world(self->sid, self->dir));
	ASSERT_EQ(0, lists(self->sid, DM_NAME_EVENTS));
	EXPECT_EQ(-1, open("a/old", O_CREAT | O_EXCL | O_RDWR, 0600));
	close(open("a/old", O_CREAT | O_RDWR, 0600));
	close(open("a", O_TMPFILE | O_RDWR, 0600));
	EXPECT_EQ(-1, mkdir("a/olddir", 0700));
	EXPECT_EQ(-1, unlink("a/none"));
	EXPECT_EQ(-1, rmdir("a/old"));
	EXPECT_EQ(-1, rename("a/none", "a/new"));
	EXPECT_EQ(-1, link("a/olddir", "a/new"));
	EXPECT_EQ(-1, symlink("x", "a/old"));
	EXPECT_SILENCE();
}

/* It fails in the file system: told with its errno. */
TEST_F(names, fails_inside)
{
	struct dm_named e;

	ASSERT_EQ(0, world(self->sid, self->dir));
	close(open("a/olddir/x", O_CREAT | O_RDWR, 0600));
	ASSERT_EQ(0, lists(self->sid, DM_NAME_EVENTS));
	pid_t pid = spawn(way_of(do_rmdir));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_EQ(DMAPI_EVENT_REMOVE, e.type);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(-ENOTEMPTY, dm_wait(pid, PATIENCE));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
	EXPECT_EQ(DMAPI_EVENT_POSTREMOVE, e.type);
	EXPECT_EQ(ENOTEMPTY, e.retcode);
	EXPECT_SILENCE();
}

/* --- Waiting -------------------------------------------------------------------------- */

/* Killed: before anybody has read it, it disappears; after that, it is cancelled. */
TEST_F(names, killed)
{
	struct dmapi_cancel_event c;
	struct dmapi_eventmsg m;
	struct dm_named e;
	char buf[512];
	__u32 n;
	__s32 t;

	FOR_WAYS(w) {
		TH_LOG("%s", w->name);
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, DM_NAME_EVENTS | DM_BIT(CANCEL)));
		pid_t pid = spawn(w);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
		kill(pid, SIGKILL);
		EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, PATIENCE));
		EXPECT_SILENCE();
		EXPECT_FALSE(was_done(w));

		pid = spawn(w);
		ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
		kill(pid, SIGKILL);
		EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, PATIENCE));
		ASSERT_EQ(0, dm_next_raw(self->sid, buf, sizeof(buf), NULL, PATIENCE));
		memcpy(&m, buf, sizeof(m));
		memcpy(&c, buf + m.data.offset, sizeof(c));
		EXPECT_EQ(DMAPI_EVENT_CANCEL, m.type);
		EXPECT_EQ(0, m.token);
		EXPECT_EQ(sizeof(c), m.data.length);
		EXPECT_EQ(e.token, c.token);
		EXPECT_EQ(e.sequence, c.sequence);
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		EXPECT_SILENCE();
		EXPECT_FALSE(was_done(w));
		ASSERT_EQ(0, dmapi_getall_tokens(self->sid, 1, &t, &n));
		EXPECT_EQ(0, n);
		ASSERT_EQ(0, lists(self->sid, 0));
	}
}

static int entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	if (!d)
		return -errno;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Others look up, list and change the directories, the application among them. */
TEST_F(names, directory_stays_open)
{
	struct dm_named e, f;

	FOR_WAYS(w) {
		TH_LOG("%s", w->name);
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, DM_PRE_EVENTS));
		pid_t pid = spawn(w);
		ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
		alarm(20);
		EXPECT_EQ(4, entries("a"));
		EXPECT_TRUE(exists("a/old"));
		EXPECT_FALSE(exists("a/none"));
		/* another one, who waits himself */
		pid_t next = spawn(way_of(do_mkfifo));
		if (!w->there || strcmp(w->there, "a/new")) {
			ASSERT_EQ(0, dm_next_named(self->sid, &f, PATIENCE));
			EXPECT_EQ(DMAPI_EVENT_CREATE, f.type);
			EXPECT_EQ(0, dm_continue(self->sid, f.token));
			EXPECT_EQ(0, dm_wait(next, PATIENCE));
		} else {
			/* the same name: both want it */
			ASSERT_EQ(0, dm_next_named(self->sid, &f, PATIENCE));
			EXPECT_EQ(0, dm_abort(self->sid, f.token, EACCES));
			EXPECT_EQ(-EACCES, dm_wait(next, PATIENCE));
		}
		/* and the application, of its own events no friend */
		ASSERT_EQ(0, lists(self->sid, 0));
		EXPECT_EQ(0, mkdir("a/mine", 0700));
		EXPECT_EQ(0, rename("a/mine", "b/mine"));
		EXPECT_EQ(0, rmdir("b/mine"));
		alarm(0);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, 0));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		EXPECT_EQ(0, dm_wait(pid, PATIENCE));
		EXPECT_SILENCE();
	}
}

/* A path that leads somewhere else afterwards is another question. */
TEST_F(names, another_directory)
{
	struct dm_named e;

	ASSERT_EQ(0, world(self->sid, self->dir));
	ASSERT_EQ(0, lists(self->sid, DM_PRE_EVENTS));
	pid_t pid = spawn(way_of(do_mkdir));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_TRUE(dm_is_handle(&e.h1, "a"));
	EXPECT_EQ(0, rename("a", "c"));
	EXPECT_EQ(0, rename("b", "a"));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_EQ(DMAPI_EVENT_CREATE, e.type);
	EXPECT_TRUE(dm_is_handle(&e.h1, "a"));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	EXPECT_TRUE(exists("a/new"));
	EXPECT_FALSE(exists("c/new"));
	EXPECT_SILENCE();
	ASSERT_EQ(0, dm_set_list(self->sid, "c", 0));
}

static long create_by_link(void *arg)
{
	int fd = open(arg, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : close(fd);
}

/* And so is another name in the same directory. */
TEST_F(names, another_name)
{
	struct dm_named e;
	pid_t pid;

	ASSERT_EQ(0, world(self->sid, self->dir));
	ASSERT_EQ(0, symlink("a/one", "to"));
	ASSERT_EQ(0, lists(self->sid, DM_PRE_EVENTS));
	pid = dm_spawn(create_by_link, "to");
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_STREQ("one", e.name1);
	ASSERT_EQ(0, symlink("a/two", "to2"));
	ASSERT_EQ(0, rename("to2", "to"));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_EQ(DMAPI_EVENT_CREATE, e.type);
	EXPECT_STREQ("two", e.name1);
	EXPECT_EQ(0, dm_abort(self->sid, e.token, EDOM));
	EXPECT_EQ(-EDOM, dm_wait(pid, PATIENCE));
	EXPECT_FALSE(exists("a/one"));
	EXPECT_FALSE(exists("a/two"));
	EXPECT_SILENCE();
}

/* Names are bytes, and may be long. */
TEST_F(names, any_name)
{
	static const char *const odd[] = { " ", "\xff\xfe", "a\nb", "\x01", "..." };
	char path[300], name[256], target[1024];
	struct dm_named e;

	ASSERT_EQ(0, world(self->sid, self->dir));
	ASSERT_EQ(0, lists(self->sid, DM_POST_EVENTS));
	for (size_t i = 0; i <= sizeof(odd) / sizeof(odd[0]); i++) {
		if (i == sizeof(odd) / sizeof(odd[0])) {
			memset(name, 'n', 255);
			name[255] = 0;
		} else {
			snprintf(name, sizeof(name), "%s", odd[i]);
		}
		snprintf(path, sizeof(path), "a/%s", name);
		memset(target, 't', 1023);
		target[1023] = 0;
		ASSERT_EQ(0, symlink(target, path));
		ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
		EXPECT_FALSE(e.broken);
		EXPECT_STREQ(name, e.name1);
		EXPECT_STREQ(target, e.name2);
		ASSERT_EQ(0, unlink(path));
		ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
		EXPECT_STREQ(name, e.name1);
	}
	EXPECT_SILENCE();
}

/* --- Nobody answers --------------------------------------------------------------------- */

TEST_F(names, policies)
{
	struct dm_named e;

	FOR_WAYS(w) {
		pid_t pid;

		TH_LOG("%s", w->name);
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, 1ULL << w->event));
		ASSERT_EQ(0, dm_want(self->sid, 0));
		ASSERT_EQ(0, dm_sysfs_set("namespace_policy", "fail"));
		EXPECT_EQ(-EIO, w->run());
		EXPECT_FALSE(was_done(w));
		ASSERT_EQ(0, dm_sysfs_set("namespace_policy", "block"));
		pid = spawn(w);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
		ASSERT_EQ(0, dm_want(self->sid, DM_NAME_EVENTS));
		for (int i = 0; i <= w->again; i++) {
			ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
			EXPECT_EQ(0, dm_continue(self->sid, e.token));
		}
		EXPECT_EQ(0, dm_wait(pid, PATIENCE));
		ASSERT_EQ(0, lists(self->sid, 0));

		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, 1ULL << w->event));
		ASSERT_EQ(0, dm_want(self->sid, 0));
		pid = spawn(w);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
		ASSERT_EQ(0, dm_sysfs_set("namespace_policy", "continue"));
		EXPECT_EQ(0, dm_wait(pid, PATIENCE));
		ASSERT_EQ(0, dm_sysfs_set("namespace_policy", "block"));
		ASSERT_EQ(0, lists(self->sid, 0));
		ASSERT_EQ(0, dm_want(self->sid, DM_NAME_EVENTS));
		EXPECT_SILENCE();
	}
}

/* What is told afterwards needs somebody to tell it to, before. */
TEST_F(names, post_policies)
{
	struct dm_named e;

	FOR_WAYS(w) {
		pid_t pid;

		TH_LOG("%s", w->name);
		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, 1ULL << post_of(w->event)));
		ASSERT_EQ(0, dm_want(self->sid, 0));
		ASSERT_EQ(0, dm_sysfs_set("async_policy", "fail"));
		EXPECT_EQ(-EIO, w->run());
		EXPECT_FALSE(was_done(w));
		ASSERT_EQ(0, dm_sysfs_set("async_policy", "block"));
		pid = spawn(w);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
		EXPECT_FALSE(was_done(w));
		ASSERT_EQ(0, dm_want(self->sid, DM_NAME_EVENTS));
		EXPECT_EQ(0, dm_wait(pid, PATIENCE));
		for (int i = 0; i <= w->again; i++)
			ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
		ASSERT_EQ(0, lists(self->sid, 0));

		ASSERT_EQ(0, world(self->sid, self->dir));
		ASSERT_EQ(0, lists(self->sid, 1ULL << post_of(w->event)));
		ASSERT_EQ(0, dm_want(self->sid, 0));
		ASSERT_EQ(0, dm_sysfs_set("async_policy", "continue"));
		EXPECT_EQ(0, w->run());
		ASSERT_EQ(0, dm_sysfs_set("async_policy", "block"));
		ASSERT_EQ(0, lists(self->sid, 0));
		ASSERT_EQ(0, dm_want(self->sid, DM_NAME_EVENTS));
		EXPECT_SILENCE();
	}
}

/* --- A queue that is full ------------------------------------------------------------------ */

static long lost(void)
{
	char s[32];

	return dm_sysfs_get("lost", s, sizeof(s)) ? -1 : atol(s);
}

/* Who finds no room waits, with nothing done, and can be killed; nothing is lost. */
TEST_F(names, full)
{
	long before = lost();
	struct dm_named e;
	char path[40];

	ASSERT_EQ(0, world(self->sid, self->dir));
	ASSERT_EQ(0, lists(self->sid, DM_POST_EVENTS));
	ASSERT_EQ(0, dm_sysfs_set("queue_limit", "3"));
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "a/%d", i);
		ASSERT_EQ(0, mkdir(path, 0700));
	}
	pid_t pid = spawn(way_of(do_mkdir));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
	EXPECT_FALSE(exists("a/new"));
	EXPECT_EQ(7, entries("a"));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, PATIENCE));
	EXPECT_FALSE(exists("a/new"));
	pid = spawn(way_of(do_mkdir));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, SILENCE));
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%d", i);
		ASSERT_EQ(0, dm_next_named(self->sid, &e, 0));
		EXPECT_STREQ(path, e.name1);
	}
	EXPECT_EQ(0, dm_wait(pid, PATIENCE));
	ASSERT_EQ(0, dm_next_named(self->sid, &e, PATIENCE));
	EXPECT_STREQ("new", e.name1);
	EXPECT_SILENCE();
	EXPECT_EQ(before, lost());
	EXPECT_EQ(0, dm_sysfs_set("queue_limit", "1048576"));
	EXPECT_EQ(-EINVAL, dm_sysfs_set("queue_limit", "0"));
	EXPECT_EQ(-EINVAL, dm_sysfs_set("queue_limit", "1048577"));
}

TEST_HARNESS_MAIN
