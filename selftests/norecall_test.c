// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that do without a recall
 *
 * Whoever is in the group that dmapi/norecall_gid names gets ENODATA, at once,
 * where others would wait for data, and no event is raised: in every kind of
 * operation, in ordinary tools, and never an end of file or a zero instead.
 * What is there is read as always, and regions are heard.
 */
#include <grp.h>

#include "waiters.h"

#define GROUP		4242
#define GROUP_S		"4242"
#define SOON		15000		/* ms */

FIXTURE(norecall) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
	char		events[40];
	int		fd;
};

static long join_group(void)
{
	gid_t gid = GROUP;

	return setgroups(1, &gid) ? -errno : 0;
}

static bool quiet(const char *before)
{
	char now[40], waiters[40];

	return !dm_sysfs_get("events", now, sizeof(now)) &&
	       !dm_sysfs_get("waiters", waiters, sizeof(waiters)) &&
	       !strcmp(before, now) && !strcmp(waiters, "0");
}

FIXTURE_SETUP(norecall)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0777));
	ASSERT_EQ(0, chmod(self->dir, 0777));
	ASSERT_EQ(0, dmapi_create_session(0, _metadata->name, &self->sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE)));
	ASSERT_EQ(0, dm_sysfs_set("norecall_gid", GROUP_S));
	/* The first half is there. */
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f",
				  2 * DM_GRANULE));
	ASSERT_EQ(0, dm_arm(&self->f.o, DM_GRANULE, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, DM_GRANULE, 0));
	ASSERT_EQ(0, dm_sysfs_get("events", self->events, sizeof(self->events)));
	self->fd = open(self->f.path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(norecall)
{
	close(self->fd);
	dm_sysfs_set("norecall_gid", "-1");
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

typedef FIXTURE_DATA(norecall) norecall;

TEST_F(norecall, sysfs)
{
	static const char *const good[] = { "0", "4294967294", "4242\n", "-1" };
	static const char *const bad[] = {
		"-2", "4294967295", "4294967296", "99999999999999999999", "x",
		"12x", "",
	};
	char value[40], want[40];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, dm_sysfs_set("norecall_gid", good[i]));
		EXPECT_EQ(0, dm_sysfs_get("norecall_gid", value, sizeof(value)));
		snprintf(want, sizeof(want), "%s", good[i]);
		want[strcspn(want, "\n")] = 0;
		EXPECT_STREQ(want, value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad) - 1; i++)
		EXPECT_GT(0, dm_sysfs_set("norecall_gid", bad[i]));
	EXPECT_EQ(0, dm_sysfs_get("norecall_gid", value, sizeof(value)));
	EXPECT_STREQ("-1", value);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, dm_sysfs_set("norecall_gid", GROUP_S));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(0, dm_sysfs_get("norecall_gid", value, sizeof(value)));
	EXPECT_STREQ("-1", value);
}

/*
 * What a call gave that must be -ENODATA and must not have touched @buf.  What
 * the calls are is the line in which it went wrong.
 */
#define MUST_FAIL(expr)							\
	do {								\
		ssize_t got = (expr);					\
									\
		if (got != -ENODATA || !dm_all(buf, POISON, W_LEN)) {	\
			fprintf(stderr, "# line %d: %zd\n", __LINE__, got); \
			return -EILSEQ;					\
		}							\
	} while (0)

/* The error itself, not what libraries or wrappers make of a short count. */
static long calls_child(void *arg)
{
	norecall *t = arg;
	unsigned char *buf = poisoned(W_LEN);
	struct iovec iov = { buf, W_LEN };
	off_t pos = DM_GRANULE, to = 0;
	int p[2], dfd, out, sock[2], i;
	struct file_clone_range r = { };

	dfd = open(t->f.path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	out = openat(AT_FDCWD, t->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (dfd < 0 || out < 0 || pipe(p) || join_group() ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		return -errno;
	/* Twice: an error must leave nothing behind that the next one finds. */
	for (i = 0; i < 2; i++) {
		MUST_FAIL(neg(pread(t->fd, buf, W_LEN, pos)));
		MUST_FAIL(neg(pread(t->fd, buf, 1, 2 * DM_GRANULE - 1)));
		/* Also where the first bytes are there. */
		MUST_FAIL(neg(pread(dfd, buf, W_LEN, pos)));
		MUST_FAIL(neg(preadv2(t->fd, &iov, 1, pos, 0)));
		MUST_FAIL(neg(preadv2(t->fd, &iov, 1, pos, RWF_NOWAIT)));
		MUST_FAIL(ring_rw(IORING_OP_READ, t->fd, buf, pos, W_LEN, false, 0));
		MUST_FAIL(ring_rw(IORING_OP_READ, dfd, buf, pos, W_LEN, false, 0));
		MUST_FAIL(aio_rw(IOCB_CMD_PREAD, t->fd, buf, pos, W_LEN));
		MUST_FAIL(aio_rw(IOCB_CMD_PREAD, dfd, buf, pos, W_LEN));
		MUST_FAIL(neg(splice(t->fd, &pos, p[1], NULL, W_LEN, 0)));
		MUST_FAIL(neg(sendfile(sock[0], t->fd, &pos, W_LEN)));
		MUST_FAIL(neg(sendfile(out, t->fd, &pos, W_LEN)));
		MUST_FAIL(neg(copy_file_range(t->fd, &pos, out, &to, W_LEN, 0)));
		r.src_fd = t->fd;
		r.src_offset = pos;
		r.src_length = W_LEN;
		MUST_FAIL(neg(ioctl(out, FICLONERANGE, &r)));
		MUST_FAIL(neg((long)mmap(NULL, W_LEN, PROT_READ, MAP_PRIVATE, t->fd, pos)));
		MUST_FAIL(neg((long)mmap(NULL, W_LEN, PROT_READ | PROT_WRITE,
					 MAP_SHARED, t->fd, pos)));
		MUST_FAIL(neg(pwrite(t->fd, "x", 1, pos + 100)));
		MUST_FAIL(neg(fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					pos, 4096)));
		MUST_FAIL(neg(ftruncate(t->fd, pos + 100)));
		MUST_FAIL(neg(truncate(t->f.path, pos + 100)));
	}
	if (pos != DM_GRANULE || to || lseek(out, 0, SEEK_END))
		return -ESPIPE;
	/* Nothing was spliced or sent. */
	if (ioctl(p[0], FIONREAD, &i) || i || ioctl(sock[1], FIONREAD, &i) || i)
		return -EBADMSG;
	return 0;
}

TEST_F_TIMEOUT(norecall, every_call, 60)
{
	EXPECT_EQ(0, dm_wait(dm_spawn(calls_child, self), SOON));
	EXPECT_TRUE(quiet(self->events));
	ASSERT_EQ(0, dm_recall(&self->f.o, DM_GRANULE, DM_GRANULE));
	EXPECT_EQ(0, dm_read_check(self->f.path, 0, self->f.size));
}

struct kind_args {
	const struct waiter *w;
	bool fs;		/* by the file system's gid */
};

static long kind_child(void *arg)
{
	const struct kind_args *a = arg;
	long ret;

	/* Root may do it, whatever its groups are. */
	ret = a->fs ? (setgroups(0, NULL) || setresgid(GROUP, GROUP, GROUP) ? -errno : 0) :
		      join_group();
	return ret ? ret : a->w->kind->run(a->w);
}

/* A mapping has no room for an errno: the page is not there, or the copy fails. */
static long touch_child(void *arg)
{
	norecall *t = arg;
	unsigned char buf[1] = { POISON };
	unsigned char *p;
	int out;

	if (join_group())
		return -errno;
	p = mmap(NULL, 2 * DM_GRANULE, PROT_READ, MAP_SHARED, t->fd, 0);
	out = openat(AT_FDCWD, t->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (p == MAP_FAILED || out < 0)
		return -errno;
	if (touch_copy(buf, p + DM_GRANULE, 1) != -EFAULT || buf[0] != POISON ||
	    neg(write(out, p + DM_GRANULE, 1)) != -EFAULT)
		return -EILSEQ;
	return touch_copy(buf, p, 1) == 1 && buf[0] == dm_pat(0, DM_SEED) ?
	       0 : -EILSEQ;
}

TEST_F(norecall, touched)
{
	ASSERT_EQ(0, dm_sysfs_set("mmap_mode", "lazy"));
	EXPECT_EQ(0, dm_wait(dm_spawn(touch_child, self), SOON));
	EXPECT_EQ(0, dm_sysfs_set("mmap_mode", "eager"));
	EXPECT_TRUE(quiet(self->events));
}

TEST_F_TIMEOUT(norecall, every_kind, 100)
{
	for (size_t i = 0; i < W_KINDS; i++) {
		struct waiter w = { .kind = &waiter_kinds[i] };
		bool cuts = !strcmp(w.kind->name, "open_trunc");
		char events[40];
		const char *why;
		long ret;

		ASSERT_EQ(0, waiter_make(&w, self->sid, self->dir));
		/* READ alone: what the others raise is another matter. */
		ASSERT_EQ(0, dm_arm(&w.f.o, 0, 0, DMAPI_REGION_READ));
		ASSERT_EQ(0, dm_sysfs_get("events", events, sizeof(events)));
		w.dir = open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		for (int fs = 0; fs < 2 && !cuts; fs++) {
			struct kind_args a = { &w, fs };

			ret = dm_wait(dm_spawn(kind_child, &a), SOON);
			EXPECT_EQ(-ENODATA, ret) {
				TH_LOG("%s", w.kind->name);
			}
		}
		close(w.dir);
		EXPECT_TRUE(quiet(events)) {
			TH_LOG("%s", w.kind->name);
		}
		ASSERT_EQ(0, waiter_recall(&w));
		ASSERT_EQ(0, dm_disarm(&w.f.o));
		why = waiter_verify(&w, false);
		EXPECT_EQ(NULL, why) {
			TH_LOG("%s: %s", w.kind->name, why);
		}
	}
}

static long resident_child(void *arg)
{
	norecall *t = arg;
	long ret = join_group();

	return ret ? ret : dm_read_check(t->f.path, 0, DM_GRANULE);
}

static long offline_child(void *arg)
{
	norecall *t = arg;
	long ret = join_group();

	return ret ? ret : dm_read_check(t->f.path, DM_GRANULE, 100) == -ENODATA ? 0 : -EILSEQ;
}

/* A region over what is there is heard as ever, and the answer counts. */
TEST_F_TIMEOUT(norecall, regions_are_heard, 60)
{
	struct dm_event e;
	pid_t pid;

	EXPECT_EQ(0, dm_wait(dm_spawn(resident_child, self), SOON));
	EXPECT_TRUE(quiet(self->events));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_READ));
	pid = dm_spawn(resident_child, self);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 50));
	ASSERT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* Others wait, and so does the group when the file is gone back to -1. */
TEST_F_TIMEOUT(norecall, others_wait, 60)
{
	struct dm_event e;
	pid_t pid, none;

	pid = dm_spawn_read(self->f.path, DM_GRANULE, 100);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 50));
	EXPECT_EQ(0, dm_wait(dm_spawn(offline_child, self), SOON));
	ASSERT_EQ(0, dm_sysfs_set("norecall_gid", "-1"));
	none = dm_spawn(offline_child, self);
	EXPECT_EQ(DM_RUNNING, dm_wait(none, 300));
	kill(none, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(none, SOON));
	ASSERT_EQ(0, dm_recall(&self->f.o, DM_GRANULE, DM_GRANULE));
	ASSERT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* Is every byte of a file the pattern's? */
static bool all_right(const char *path)
{
	static unsigned char buf[2 * DM_GRANULE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = pread(fd, buf, sizeof(buf), 0);

	close(fd);
	return fd < 0 || (n >= 0 && dm_differs(buf, 0, n, DM_SEED) < 0);
}

/*
 * Programs as they are: they say so and fail, and what they made holds no zero.
 * GNU tar fails and pads its archive; with -S, as of 1.34, it takes any error of
 * a read for the end and says nothing, so it is not among them.
 */
TEST_F_TIMEOUT(norecall, tools, 100)
{
	static const char *const tools[] = {
		"cat f > out",
		"cp f out",
		"cp --sparse=always f out",
		"cp --reflink=never f out",
		"cp --reflink=always f out",
		"dd if=f of=out bs=4096 status=none",
		"dd if=f of=out bs=64k iflag=direct status=none",
		"rsync -a f out",
		"rsync -aS f out",
		"install f out",
		"tail -c 70000 f > /dev/null",
		"cmp f f2",
		"sha256sum f",
		"grep -c x f",
		"tar cf out.tar f",
		"tar cf - f > out.tar",
	};
	char out[PATH_MAX];

	ASSERT_EQ(0, run("cd %s && { head -c 65536 f; head -c 65536 /dev/zero; } > f2", self->dir));
	snprintf(out, sizeof(out), "%s/out", self->dir);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		EXPECT_NE(0, run("cd %s && timeout 20 setpriv --regid " GROUP_S
				 " --clear-groups sh -c '%s' > /run/out 2> /run/err",
				 self->dir, tools[i])) {
			TH_LOG("%s", tools[i]);
		}
		EXPECT_EQ(0, run("grep -q 'No data available' /run/err")) {
			TH_LOG("%s", tools[i]);
			run("sed 's/^/# /' /run/err");
		}
		EXPECT_TRUE(all_right(out)) {
			TH_LOG("%s", tools[i]);
		}
		unlink(out);
	}
	EXPECT_TRUE(quiet(self->events));
	/* What tells them before. */
	EXPECT_EQ(0, run("cd %s && setpriv --regid " GROUP_S " --clear-groups getfattr -n system.dmapi.state --only-values f | grep -qx partial",
			 self->dir));
}

TEST_HARNESS_MAIN
