// SPDX-License-Identifier: GPL-2.0
/*
 * Lack of space
 *
 * The file system is small, and a file that the manager may punch, the ballast,
 * fills it up.  Then a child does what needs space.  Whatever it is, it raises
 * one NOSPACE event, sleeps while the manager makes room, holding up nobody, and
 * does its work as if there had been space from the beginning; or it ends with
 * the errno that the manager gives, or with ENOSPC if he gives nothing.
 *
 * Run in a VM with a device of about 320 MiB.
 */
#include "common.h"
#include "offline.h"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>

#define ROOM	(16ULL << 20)	/* what the manager frees at a time, bytes */
#define BULK	(4 << 20)	/* what an operation needs, bytes */
#define SEED2	77
#define SOON	20000		/* ms */
#define AWHILE	60
#define LONG	200		/* s, for all operations */

static unsigned char *bulk(void)
{
	static unsigned char *p;

	if (!p) {
		p = aligned_alloc(4096, BULK);
		dm_fill(p, 0, BULK, SEED2);
	}
	return p;
}

/* --- The operations: in a directory with a resident file "src" of BULK bytes -- */

struct op {
	const char *name;
	long (*run)(const char *dir);
	bool data;		/* "dst" holds BULK bytes of the pattern then */
	bool shift;		/* cannot be done again, asked before */
};

static const char *in(const char *dir, const char *name)
{
	static __thread char path[4][2 * PATH_MAX];
	static __thread int n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

/* They are there already: making one needs space, too. */
static int dst(const char *dir, int flags)
{
	return open(in(dir, "dst"), O_RDWR | flags);
}

static int src(const char *dir)
{
	return open(in(dir, "src"), O_RDONLY);
}

static long result(ssize_t got, ssize_t want)
{
	return got < 0 ? (got == -1 ? -errno : got) : got == want ? 0 : -ENODATA;
}

/* What writes a part first gets the rest, or the reason, by the next call. */
static long write_all(ssize_t (*wr)(int, const void *, size_t, off_t), int fd)
{
	off_t pos = 0;
	ssize_t n;

	for (; pos < BULK; pos += n) {
		n = wr(fd, bulk() + pos, BULK - pos, pos);
		if (n <= 0)
			return n == -1 ? -errno : n ? n : -EIO;
	}
	return 0;
}

static ssize_t wr_aio(int fd, const void *p, size_t len, off_t pos)
{
	return aio_rw(IOCB_CMD_PWRITE, fd, (void *)p, pos, len);
}

static ssize_t wr_ring(int fd, const void *p, size_t len, off_t pos)
{
	return ring_rw(IORING_OP_WRITE, fd, (void *)p, pos, len, false, 0);
}

static ssize_t wr_vec(int fd, const void *p, size_t len, off_t pos)
{
	struct iovec v[2] = { { (void *)p, len / 2 },
			      { (char *)p + len / 2, len - len / 2 } };

	return pwritev(fd, v, 2, pos);
}

#define OP(_name) static long run_##_name(const char *dir)

OP(write) { return write_all(pwrite, dst(dir, 0)); }
OP(writev) { return write_all(wr_vec, dst(dir, 0)); }
OP(direct) { return write_all(pwrite, dst(dir, O_DIRECT)); }
OP(aio) { return write_all(wr_aio, dst(dir, 0)); }
OP(aio_direct) { return write_all(wr_aio, dst(dir, O_DIRECT)); }
OP(uring) { return write_all(wr_ring, dst(dir, 0)); }
OP(uring_direct) { return write_all(wr_ring, dst(dir, O_DIRECT)); }
OP(append) { return result(write(dst(dir, O_APPEND), bulk(), 4096), 4096); }

OP(sendfile)
{
	int out = dst(dir, 0), in = src(dir);
	off_t pos = 0;
	ssize_t n;

	while (pos < BULK) {
		n = sendfile(out, in, &pos, BULK - pos);
		if (n <= 0)
			return n ? -errno : -EIO;
	}
	return 0;
}

OP(splice)
{
	loff_t pos = 0;
	int p[2], out = dst(dir, 0);
	ssize_t n;

	if (pipe(p))
		return -errno;
	while (pos < BULK) {
		n = write(p[1], bulk() + pos, 4096);
		if (n <= 0)
			return -EPIPE;
		while (n) {
			ssize_t s = splice(p[0], NULL, out, &pos, n, 0);

			if (s <= 0)
				return s ? -errno : -EIO;
			n -= s;
		}
	}
	return 0;
}

/* Cloning has space of its own; writing to a clone has not. */
OP(cow) { return write_all(pwrite, open(in(dir, "clone"), O_RDWR)); }
OP(unshare) { return result(fallocate(open(in(dir, "clone"), O_RDWR), FALLOC_FL_UNSHARE_RANGE, 0, BULK), 0); }

OP(prealloc) { return result(fallocate(dst(dir, 0), 0, 0, BULK), 0); }
OP(zero) { return result(fallocate(dst(dir, 0), FALLOC_FL_ZERO_RANGE, 0, BULK), 0); }

OP(uring_fallocate)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_FALLOCATE, .fd = dst(dir, 0), .off = 0,
		.addr = BULK, .len = 0,
	};

	return ring_one(&sqe);
}

OP(insert) { return result(fallocate(open(in(dir, "src2"), O_RDWR), FALLOC_FL_INSERT_RANGE, 65536, 65536), 0); }
OP(collapse) { return result(fallocate(open(in(dir, "src2"), O_RDWR), FALLOC_FL_COLLAPSE_RANGE, 65536, 65536), 0); }

OP(creat)
{
	int fd = open(in(dir, "new"), O_RDONLY | O_CREAT | O_EXCL, 0600);

	return fd < 0 ? -errno : 0;
}

OP(tmpfile)
{
	int fd = open(dir, O_RDWR | O_TMPFILE, 0600);

	return fd < 0 ? -errno : 0;
}

OP(mkdir) { return result(mkdir(in(dir, "new"), 0700), 0); }
OP(mkfifo) { return result(mkfifo(in(dir, "new"), 0600), 0); }

OP(symlink)
{
	char to[1000];

	memset(to, 'x', sizeof(to));
	to[sizeof(to) - 1] = 0;
	return result(symlink(to, in(dir, "new")), 0);
}

OP(setxattr) { return result(setxattr(in(dir, "src"), "user.big", bulk(), 60000, 0), 0); }
OP(fsetxattr) { return result(fsetxattr(src(dir), "user.big", bulk(), 60000, 0), 0); }

/* A whiteout is made on the way, and that needs an inode. */
OP(rename)
{
	return result(renameat2(AT_FDCWD, in(dir, "src2"), AT_FDCWD, in(dir, "new"),
				RENAME_WHITEOUT), 0);
}

#define D(_n) { #_n, run_##_n, true, false }
#define M(_n) { #_n, run_##_n, false, false }
#define S(_n) { #_n, run_##_n, false, true }

static const struct op ops[] = {
	D(write), D(writev), D(direct), D(aio), D(aio_direct), D(uring),
	D(uring_direct), M(append), D(sendfile), D(splice), M(cow), M(unshare),
	M(prealloc), M(zero), M(uring_fallocate), S(insert), S(collapse),
	M(creat), M(tmpfile), M(mkdir), M(mkfifo), M(symlink), M(setxattr),
	M(fsetxattr), M(rename),
};

#define EACH(_op) \
	const struct op *_op; \
	for (_op = ops; _op < ops + sizeof(ops) / sizeof(ops[0]); _op++)

/* --- The fixture ---------------------------------------------------------------- */

FIXTURE(nospace)
{
	DM_FIXTURE_FIELDS;
	struct dm_file ballast;
	struct dm_handle fsh;
};

/*
 * What is left after this is less than any operation needs.  We do not want to
 * hear of that from ourselves.
 */
static long fill(__s32 sid, const struct dm_file *f)
{
	int fd = open(f->path, O_RDWR);
	off_t pos, len;
	long ret;

	ret = dm_want(sid, 0);
	if (ret)
		return ret;

	for (len = 64 << 20; len >= 4096; len /= 4)
		for (pos = lseek(fd, 0, SEEK_END); !fallocate(fd, 0, pos, len); pos += len)
			;
	/* A reservation for an extent is more than it needs: the last few blocks. */
	for (pos = lseek(fd, 0, SEEK_END); pwrite(fd, bulk(), 4096, pos) == 4096; pos += 4096)
		;
	fsync(fd);
	close(fd);
	return dm_want(sid, DM_BIT(NOSPACE));
}

FIXTURE_SETUP(nospace)
{
	snprintf(self->dir, sizeof(self->dir), "%s/nospace.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "nospace_test", &self->sid));
	ASSERT_EQ(0, dm_set_fs_list(self->sid, DM_BIT(NOSPACE)));
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &self->fsh));
	ASSERT_EQ(0, dm_make_file(&self->ballast, self->sid, dm_mnt(), "ballast", 0));
}

FIXTURE_TEARDOWN(nospace)
{
	/* Room for what removal needs. */
	unlink(self->ballast.path);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

#define FIX struct __test_metadata *_metadata, FIXTURE_DATA(nospace) *self

static void prepare(FIX, const struct op *op, char *dir)
{
	static const char *const names[] = { "src", "src2", "dst" };
	unsigned int i;
	int fd;

	unlink(self->ballast.path);
	snprintf(dir, PATH_MAX, "%s/%s", self->dir, op->name);
	ASSERT_EQ(0, mkdir(dir, 0755)) TH_LOG("%s: %m", dir);
	for (i = 0; i < 3; i++) {
		fd = open(in(dir, names[i]), O_RDWR | O_CREAT, 0600);
		ASSERT_LE(0, fd);
		if (i < 2)
			ASSERT_EQ(BULK, pwrite(fd, bulk(), BULK, 0));
		ASSERT_EQ(0, fsync(fd));
		close(fd);
	}
	fd = open(in(dir, "clone"), O_RDWR | O_CREAT, 0600);
	ASSERT_EQ(0, ioctl(fd, FICLONE, src(dir)));
	close(fd);
	ASSERT_EQ(0, dm_make_file(&self->ballast, self->sid, dm_mnt(), "ballast", 0));
	sync();
	ASSERT_EQ(0, fill(self->sid, &self->ballast));
}

struct run_args {
	const struct op *op;
	const char *dir;
};

static long run_child(void *arg)
{
	struct run_args *a = arg;

	return a->op->run(a->dir);
}

static pid_t start(const struct op *op, const char *dir)
{
	struct run_args a = { op, dir };

	return dm_spawn(run_child, &a);
}

struct space {
	struct dmapi_eventmsg m;
	struct dmapi_namesp_event e;
	unsigned char h1[DMAPI_FSHANDLE_LEN], h2[DMAPI_HANDLE_LEN];
};

static long next(__s32 sid, struct space *s, int ms)
{
	char buf[256];
	long ret = dm_next_raw(sid, buf, sizeof(buf), NULL, ms);

	if (ret)
		return ret;
	memset(s, 0, sizeof(*s));
	memcpy(&s->m, buf, sizeof(s->m));
	if (s->m.type != DMAPI_EVENT_NOSPACE || s->m.data.length < (int)sizeof(s->e))
		return -EBADMSG;
	memcpy(&s->e, buf + s->m.data.offset, sizeof(s->e));
	if (s->e.handle1.length != sizeof(s->h1) || s->e.handle2.length != sizeof(s->h2))
		return -EBADMSG;
	memcpy(s->h1, buf + s->m.data.offset + s->e.handle1.offset, sizeof(s->h1));
	memcpy(s->h2, buf + s->m.data.offset + s->e.handle2.offset, sizeof(s->h2));
	return 0;
}

static long make_room(const struct dm_file *f)
{
	return dmapi_punch_hole(&f->o, 0, ROOM);
}

static bool holds_pattern(const char *path)
{
	unsigned char *p = malloc(BULK);
	int fd = open(path, O_RDONLY);
	bool ok = pread(fd, p, BULK, 0) == BULK && dm_differs(p, 0, BULK, SEED2) < 0;

	close(fd);
	free(p);
	return ok;
}

/* --- The tests ------------------------------------------------------------------ */

TEST_F_TIMEOUT(nospace, served, LONG)
{
	char dir[PATH_MAX];
	struct space s;
	pid_t pid;

	EACH(op) {
		prepare(_metadata, self, op, dir);
		pid = start(op, dir);
		ASSERT_EQ(0, next(self->sid, &s, SOON)) {
			TH_LOG("%s: no event, and the child says %ld", op->name, dm_wait(pid, 5));
		}
		EXPECT_EQ(0, memcmp(self->fsh.b, s.h1, sizeof(s.h1)));
		EXPECT_EQ(0, s.e.mode);
		EXPECT_EQ(0, s.e.name1.length + s.e.name2.length);
		EXPECT_EQ(0, s.e.retcode);
		EXPECT_LT(0, s.m.token);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, 5)) TH_LOG("%s", op->name);
		/* Nobody is held up. */
		EXPECT_EQ(0, run("ls -lR %s > /dev/null", dir));
		EXPECT_EQ(0, run("xfs_freeze -f %s && xfs_freeze -u %s", dm_mnt(), dm_mnt()));
		EXPECT_EQ(0, make_room(&self->ballast)) TH_LOG("%s", op->name);
		EXPECT_EQ(0, dm_continue(self->sid, s.m.token));
		EXPECT_EQ(0, dm_wait(pid, SOON)) TH_LOG("%s", op->name);
		EXPECT_EQ(-EAGAIN, next(self->sid, &s, 0)) TH_LOG("%s: again", op->name);
		if (op->data)
			EXPECT_TRUE(holds_pattern(in(dir, "dst"))) TH_LOG("%s", op->name);
		dm_rm_rf(dir);
	}
}

/* CONTINUE, and nothing was freed: one try more, and that is it. */
TEST_F_TIMEOUT(nospace, lie, LONG)
{
	char dir[PATH_MAX];
	struct space s;
	pid_t pid;

	EACH(op) {
		prepare(_metadata, self, op, dir);
		pid = start(op, dir);
		ASSERT_EQ(0, next(self->sid, &s, SOON)) {
			TH_LOG("%s: no event, and the child says %ld", op->name, dm_wait(pid, 5));
		}
		EXPECT_EQ(0, dm_continue(self->sid, s.m.token));
		/* What asks before it begins may find that it needs nothing. */
		EXPECT_EQ(op->shift ? 0 : -ENOSPC, dm_wait(pid, SOON)) TH_LOG("%s", op->name);
		EXPECT_EQ(-EAGAIN, next(self->sid, &s, 0)) TH_LOG("%s: again", op->name);
		dm_rm_rf(dir);
	}
}

TEST_F_TIMEOUT(nospace, abort, LONG)
{
	char dir[PATH_MAX];
	struct space s;
	pid_t pid;

	EACH(op) {
		prepare(_metadata, self, op, dir);
		pid = start(op, dir);
		ASSERT_EQ(0, next(self->sid, &s, SOON)) {
			TH_LOG("%s: no event, and the child says %ld", op->name, dm_wait(pid, 5));
		}
		EXPECT_EQ(0, dm_abort(self->sid, s.m.token, EDQUOT));
		EXPECT_EQ(-EDQUOT, dm_wait(pid, SOON)) TH_LOG("%s", op->name);
		EXPECT_EQ(-EAGAIN, next(self->sid, &s, 0)) TH_LOG("%s: again", op->name);
		dm_rm_rf(dir);
	}
}

/* Without a session that wants the event, or the list, nothing is different. */
TEST_F_TIMEOUT(nospace, nobody, LONG)
{
	char dir[PATH_MAX], was[32], is[32];
	bool listed = true;

	ASSERT_EQ(0, dm_sysfs_get("events", was, sizeof(was)));
	EACH(op) {
		prepare(_metadata, self, op, dir);
		listed = !listed;
		ASSERT_EQ(0, dm_want(self->sid, listed ? 0 : DM_BIT(NOSPACE)));
		ASSERT_EQ(0, dm_set_fs_list(self->sid, listed ? DM_BIT(NOSPACE) : 0));
		EXPECT_EQ(op->shift ? 0 : -ENOSPC,
			  dm_wait(start(op, dir), SOON)) {
			TH_LOG("%s", op->name);
		}
		dm_rm_rf(dir);
	}
	ASSERT_EQ(0, dm_sysfs_get("events", is, sizeof(is)));
	EXPECT_STREQ(was, is);
}

#define WRITERS	6

static long write_own(void *arg)
{
	return write_all(pwrite, open(arg, O_RDWR | O_CREAT, 0600));
}

/* Files for WRITERS, and their handles. */
static void many(FIX, char paths[WRITERS][PATH_MAX], struct dm_handle *h)
{
	int i;

	for (i = 0; i < WRITERS; i++) {
		snprintf(paths[i], PATH_MAX, "%s/many.%d", self->dir, i);
		close(open(paths[i], O_RDWR | O_CREAT, 0600));
		ASSERT_EQ(0, dm_path_handle(paths[i], &h[i]));
	}
	sync();
	ASSERT_EQ(0, fill(self->sid, &self->ballast));
}

static bool all_wait(int n)
{
	char text[32];
	int ms;

	for (ms = 0; ms < SOON; ms += 10) {
		if (!dm_sysfs_get("waiters", text, sizeof(text)) && atoi(text) == n)
			return true;
		dm_sleep_ms(10);
	}
	return false;
}

/* Whoever needs space, too, joins: one event, one answer, for all of them. */
TEST_F(nospace, joined)
{
	static char paths[WRITERS][PATH_MAX];
	struct dm_handle h[WRITERS];
	pid_t pid[WRITERS];
	struct space s;
	int i;

	many(_metadata, self, paths, h);
	for (i = 0; i < WRITERS; i++)
		pid[i] = dm_spawn(write_own, paths[i]);
	ASSERT_EQ(0, next(self->sid, &s, SOON));
	EXPECT_TRUE(all_wait(WRITERS));
	EXPECT_EQ(0, run("test $(grep -c ' NOSPACE .* joined ' /proc/fs/xfs/dmapi_waiters) = %d",
			 WRITERS - 1));
	EXPECT_EQ(-EAGAIN, next(self->sid, &s, AWHILE));
	/* Enough for all of them. */
	EXPECT_EQ(0, dmapi_punch_hole(&self->ballast.o, 0, 4 * ROOM));
	{
		__s32 token;
		__u32 n;

		ASSERT_EQ(0, dmapi_getall_tokens(self->sid, 1, &token, &n));
		ASSERT_EQ(1, n);
		EXPECT_EQ(0, dm_continue(self->sid, token));
	}
	for (i = 0; i < WRITERS; i++) {
		EXPECT_EQ(0, dm_wait(pid[i], SOON));
		EXPECT_TRUE(holds_pattern(paths[i]));
	}
	EXPECT_EQ(-EAGAIN, next(self->sid, &s, 0));
}

/* If the one who asked is killed, another of those who joined asks again. */
TEST_F(nospace, asker_killed)
{
	static char paths[WRITERS][PATH_MAX];
	struct dm_handle h[WRITERS];
	pid_t pid[WRITERS];
	struct space s;
	int i, asker = -1;
	__s32 old;

	many(_metadata, self, paths, h);
	for (i = 0; i < WRITERS; i++)
		pid[i] = dm_spawn(write_own, paths[i]);
	ASSERT_EQ(0, next(self->sid, &s, SOON));
	EXPECT_TRUE(all_wait(WRITERS));
	for (i = 0; i < WRITERS; i++)
		if (!memcmp(h[i].b, s.h2, sizeof(s.h2)))
			asker = i;
	ASSERT_LE(0, asker);
	old = s.m.token;
	kill(pid[asker], SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid[asker], SOON));
	ASSERT_EQ(0, next(self->sid, &s, SOON));
	EXPECT_NE(0, memcmp(h[asker].b, s.h2, sizeof(s.h2)));
	/* Somebody who joined is killed alone. */
	for (i = 0; i < WRITERS; i++)
		if (i != asker && memcmp(h[i].b, s.h2, sizeof(s.h2)))
			break;
	kill(pid[i], SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid[i], SOON));
	pid[i] = 0;
	EXPECT_EQ(0, dm_continue(self->sid, old));
	EXPECT_EQ(0, dmapi_punch_hole(&self->ballast.o, 0, 4 * ROOM));
	EXPECT_EQ(0, dm_continue(self->sid, s.m.token));
	for (i = 0; i < WRITERS; i++)
		if (i != asker && pid[i])
			EXPECT_EQ(0, dm_wait(pid[i], SOON));
}

/* Freed in crumbs: more events, but not without end. */
TEST_F(nospace, crumbs)
{
	char path[PATH_MAX];
	struct space s;
	int events = 0;
	pid_t pid;
	long ret;

	snprintf(path, sizeof(path), "%s/falloc", self->dir);
	close(open(path, O_RDWR | O_CREAT, 0600));
	ASSERT_EQ(0, fill(self->sid, &self->ballast));
	pid = fork();
	if (!pid)
		_exit(fallocate(open(path, O_RDWR), 0, 0, ROOM) ? errno : 0);
	for (;;) {
		ret = next(self->sid, &s, 100);
		if (ret == -EAGAIN) {
			ret = dm_wait(pid, 0);
			if (ret != DM_RUNNING)
				break;
			continue;
		}
		ASSERT_EQ(0, ret);
		ASSERT_GE(64, ++events);
		EXPECT_EQ(0, dmapi_punch_hole(&self->ballast.o, events * DM_GRANULE, DM_GRANULE));
		EXPECT_EQ(0, dm_continue(self->sid, s.m.token));
	}
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_LT(8, events);
}

/*
 * What was made shorter by a limit before it failed comes back as it was asked
 * for, and is made shorter again.
 */
#define LIMIT	(1 << 20)

struct limited {
	const char *path;
	ssize_t (*wr)(int fd, const void *p, size_t len, off_t pos);
	int flags;
};

static long write_limited(void *arg)
{
	const struct limited *l = arg;
	struct rlimit r = { LIMIT, LIMIT };

	if (setrlimit(RLIMIT_FSIZE, &r))
		return -errno;
	return result(l->wr(open(l->path, O_RDWR | l->flags), bulk(), 2 * LIMIT, 0), LIMIT);
}

TEST_F_TIMEOUT(nospace, cut_by_a_limit, LONG)
{
	static const struct {
		ssize_t (*wr)(int fd, const void *p, size_t len, off_t pos);
		int flags;
	} how[] = {
		{ pwrite, 0 }, { wr_vec, 0 }, { wr_aio, 0 }, { wr_ring, 0 },
		{ pwrite, O_DIRECT }, { wr_vec, O_DIRECT }, { wr_aio, O_DIRECT },
		{ wr_ring, O_DIRECT },
	};
	char path[PATH_MAX];
	struct space s;
	pid_t pid;

	for (unsigned int i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		struct limited l = { path, how[i].wr, how[i].flags };

		unlink(self->ballast.path);
		snprintf(path, sizeof(path), "%s/limited.%u", self->dir, i);
		close(open(path, O_RDWR | O_CREAT, 0600));
		ASSERT_EQ(0, dm_make_file(&self->ballast, self->sid, dm_mnt(), "ballast", 0));
		ASSERT_EQ(0, fill(self->sid, &self->ballast));
		pid = dm_spawn(write_limited, &l);
		ASSERT_EQ(0, next(self->sid, &s, SOON)) TH_LOG("%u", i);
		EXPECT_EQ(0, make_room(&self->ballast));
		EXPECT_EQ(0, dm_continue(self->sid, s.m.token));
		EXPECT_EQ(0, dm_wait(pid, SOON)) TH_LOG("%u", i);
	}
}

/* A call that must not block is told to come again. */
TEST_F(nospace, nowait)
{
	struct iovec v = { bulk(), 4096 };
	char path[PATH_MAX];
	struct space s;
	int fd, again = 0;
	off_t pos;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/nowait", self->dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, pwrite(fd, "x", 1, 0));
	ASSERT_EQ(0, ftruncate(fd, BULK));
	ASSERT_EQ(0, fill(self->sid, &self->ballast));
	/* Time stamps cannot be changed without blocking; soon after, they need not. */
	for (pos = 4096; pos < BULK && again < 50; pos += n > 0 ? n : 0) {
		ASSERT_EQ(1, pwrite(fd, "x", 1, 0));
		n = neg(pwritev2(fd, &v, 1, pos, RWF_NOWAIT));
		again += n == -EAGAIN;
		ASSERT_TRUE(n == 4096 || n == -EAGAIN) TH_LOG("%zd", n);
	}
	EXPECT_EQ(50, again);
	EXPECT_EQ(-EAGAIN, next(self->sid, &s, AWHILE));
	close(fd);
}

/* The session goes: nobody cares any more, and the waiters hear the truth. */
TEST_F(nospace, session_ends)
{
	static char paths[WRITERS][PATH_MAX];
	struct dm_handle h[WRITERS];
	pid_t pid[WRITERS];
	int i, busy;

	many(_metadata, self, paths, h);
	for (i = 0; i < WRITERS; i++)
		pid[i] = dm_spawn(write_own, paths[i]);
	EXPECT_TRUE(all_wait(WRITERS));
	/* Those who end may have gone by the time it looks whether it is busy. */
	busy = open(dm_mnt(), O_RDONLY);
	EXPECT_LE(0, busy);
	EXPECT_EQ(-1, umount2(dm_mnt(), MNT_FORCE));
	EXPECT_EQ(EBUSY, errno);
	close(busy);
	for (i = 0; i < WRITERS; i++)
		EXPECT_EQ(-EIO, dm_wait(pid[i], SOON));
}

/* A quota that says ENOSPC is the user's. */
TEST_F(nospace, project_quota)
{
	char path[PATH_MAX];
	struct space s;
	int fd;

	unlink(self->ballast.path);
	ASSERT_EQ(0, dm_remount(0, "dmapi,prjquota"));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(NOSPACE)));
	snprintf(path, sizeof(path), "%s/project", self->dir);
	ASSERT_EQ(0, mkdir(path, 0755));
	ASSERT_EQ(0, run("xfs_quota -x -D /dev/null -P /dev/null -c 'project -s -p %s 7' %s > /dev/null",
			 path, dm_mnt()));
	ASSERT_EQ(0, run("xfs_quota -x -D /dev/null -P /dev/null -c 'limit -p bhard=1m 7' %s",
			 dm_mnt()));
	strcat(path, "/file");
	fd = open(path, O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, fallocate(fd, 0, 0, BULK));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(-EAGAIN, next(self->sid, &s, AWHILE));
	close(fd);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
}

TEST_HARNESS_MAIN
