// SPDX-License-Identifier: GPL-2.0
/*
 * Operations that unwind, wait and go again
 *
 * Every operation that changes a file's data, hands it on or maps it is done by
 * a child while the test is the manager.  Whatever the operation, the rules are
 * the same: one event, of the right kind and range; the child sleeps until the
 * answer, holding up neither other users of the file system nor a freeze; then
 * its result is what it would have been without a manager.
 *
 * The file is four pieces of 64 KiB and a bit; another one, which nobody
 * manages, lies beside it.  What each operation does to the two is said a second
 * time by a model in memory, and the files are compared with that.
 */
#include "common.h"
#include "offline.h"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#define SIZE	(4 * GRAIN + 1000)
#define PAGE	4096
#define TAIL	(SIZE / PAGE * PAGE)	/* the page in which the file ends */
#define SEED2	77			/* the other file, and what is written */
#define SOON	8000			/* ms */
#define ALL	(DMAPI_REGION_READ | DMAPI_REGION_WRITE | DMAPI_REGION_TRUNCATE)

struct img {
	unsigned char b[2 * SIZE];
	size_t size;
};

struct two {
	char managed[PATH_MAX], other[PATH_MAX];
	struct img m, o;
};

/* What is written, in a buffer that direct I/O takes. */
static unsigned char *data(off_t pos, size_t len)
{
	unsigned char *p = aligned_alloc(PAGE, (len + PAGE - 1) / PAGE * PAGE);

	if (p)
		dm_fill(p, pos, len, SEED2);
	return p;
}

static void img_write(struct img *i, off_t pos, size_t len)
{
	if ((size_t)pos > i->size)
		memset(i->b + i->size, 0, pos - i->size);
	dm_fill(i->b + pos, pos, len, SEED2);
	if (pos + len > i->size)
		i->size = pos + len;
}

static void img_size(struct img *i, size_t size)
{
	if (size > i->size)
		memset(i->b + i->size, 0, size - i->size);
	i->size = size;
}

static long done(ssize_t got, ssize_t want)
{
	return got < 0 ? (got == -1 ? -errno : got) : got == want ? 0 : -ENODATA;
}

/* --- The operations --------------------------------------------------------- */

/*
 * name, what it raises if all is armed with offset and length, and with which
 * offset and length of a READ it is content if only READ is armed and all is
 * offline (length 0: it needs none).
 */
struct op {
	const char *name;
	long (*run)(const struct two *t);
	void (*model)(struct two *t);
	int event;
	__s64 off;
	__u64 len;
	__s64 roff;
	__u64 rlen;
	int lie;	/* the errno after CONTINUE without data, if not EIO */
};

#define OP(_name) static long run_##_name(const struct two *t)
#define MODEL(_name) static void model_##_name(struct two *t)

static int wr(const struct two *t, int flags)
{
	return open(t->managed, O_RDWR | flags);
}

static int rd(const struct two *t)
{
	return open(t->managed, O_RDONLY);
}

static void model_5000(struct two *t) { img_write(&t->m, GRAIN + 100, 5000); }
static void model_8192(struct two *t) { img_write(&t->m, GRAIN, 8192); }

OP(write)
{
	int fd = wr(t, 0);

	lseek(fd, GRAIN + 100, SEEK_SET);
	return done(write(fd, data(GRAIN + 100, 5000), 5000), 5000);
}

OP(pwrite)
{
	return done(pwrite(wr(t, 0), data(GRAIN + 100, 5000), 5000, GRAIN + 100), 5000);
}

OP(writev)
{
	unsigned char *p = data(GRAIN + 100, 5000);
	struct iovec v[2] = { { p, 10 }, { p + 10, 4990 } };
	int fd = wr(t, 0);

	lseek(fd, GRAIN + 100, SEEK_SET);
	return done(writev(fd, v, 2), 5000);
}

OP(pwritev2)
{
	struct iovec v = { data(GRAIN + 100, 5000), 5000 };

	return done(pwritev2(wr(t, 0), &v, 1, GRAIN + 100, RWF_DSYNC), 5000);
}

OP(direct)
{
	return done(pwrite(wr(t, O_DIRECT), data(GRAIN, 8192), 8192, GRAIN), 8192);
}

OP(direct_part)
{
	return done(pwrite(wr(t, O_DIRECT), data(GRAIN + 512, 1024), 1024, GRAIN + 512), 1024);
}

MODEL(direct_part) { img_write(&t->m, GRAIN + 512, 1024); }

OP(aio)
{
	return done(aio_rw(IOCB_CMD_PWRITE, wr(t, 0), data(GRAIN + 100, 5000),
			   GRAIN + 100, 5000), 5000);
}

OP(aio_direct)
{
	return done(aio_rw(IOCB_CMD_PWRITE, wr(t, O_DIRECT), data(GRAIN, 8192),
			   GRAIN, 8192), 8192);
}

OP(uring)
{
	return done(ring_rw(IORING_OP_WRITE, wr(t, 0), data(GRAIN + 100, 5000),
			    GRAIN + 100, 5000, false, 0), 5000);
}

OP(uring_direct)
{
	return done(ring_rw(IORING_OP_WRITE, wr(t, O_DIRECT), data(GRAIN, 8192),
			    GRAIN, 8192, false, 0), 8192);
}

OP(append)
{
	return done(write(wr(t, O_APPEND), data(SIZE, 5000), 5000), 5000);
}

MODEL(append) { img_write(&t->m, SIZE, 5000); }

OP(beyond)
{
	return done(pwrite(wr(t, 0), data(SIZE + 9000, 10), 10, SIZE + 9000), 10);
}

MODEL(beyond) { img_write(&t->m, SIZE + 9000, 10); }

OP(splice_to)
{
	off_t pos = GRAIN + 100;
	int p[2];

	if (pipe(p) || write(p[1], data(pos, 5000), 5000) != 5000)
		return -EPIPE;
	return done(splice(p[0], NULL, wr(t, 0), &pos, 5000, 0), 5000);
}

OP(sendfile_to)
{
	int fd = wr(t, 0);
	off_t pos = GRAIN + 100;

	lseek(fd, pos, SEEK_SET);
	return done(sendfile(fd, open(t->other, O_RDONLY), &pos, 5000), 5000);
}

OP(copy_to)
{
	loff_t in = GRAIN, out = GRAIN;

	return done(copy_file_range(open(t->other, O_RDONLY), &in, wr(t, 0), &out,
				    8192, 0), 8192);
}

OP(clone_to)
{
	struct file_clone_range r = {
		.src_fd = open(t->other, O_RDONLY), .src_offset = GRAIN,
		.src_length = 8192, .dest_offset = GRAIN,
	};

	return done(ioctl(wr(t, 0), FICLONERANGE, &r), 0);
}

OP(truncate)
{
	return done(truncate(t->managed, GRAIN + 100), 0);
}

MODEL(truncate) { img_size(&t->m, GRAIN + 100); }

OP(truncate_even)
{
	return done(truncate(t->managed, GRAIN), 0);
}

MODEL(truncate_even) { img_size(&t->m, GRAIN); }

OP(ftruncate)
{
	return done(ftruncate(wr(t, 0), GRAIN + 100), 0);
}

OP(extend)
{
	return done(ftruncate(wr(t, 0), SIZE + 9000), 0);
}

MODEL(extend) { img_size(&t->m, SIZE + 9000); }

OP(open_trunc)
{
	int fd = wr(t, O_TRUNC);

	return fd < 0 ? -errno : 0;
}

OP(creat)
{
	int fd = creat(t->managed, 0600);

	return fd < 0 ? -errno : 0;
}

MODEL(empty) { img_size(&t->m, 0); }

OP(prealloc)
{
	return done(fallocate(wr(t, 0), 0, GRAIN, 8192), 0);
}

OP(prealloc_keep)
{
	return done(fallocate(wr(t, 0), FALLOC_FL_KEEP_SIZE, GRAIN, 8192), 0);
}

/* What XFS took before there was fallocate(2). */
struct resv {
	__s16 type, whence;
	__s64 start, len;
	__s32 sysid;
	__u32 pid;
	__s32 pad[4];
};

OP(resvsp)
{
	struct resv r = { .start = GRAIN, .len = 8192 };

	return done(ioctl(wr(t, 0), _IOW('X', 42, struct resv), &r), 0);
}

MODEL(same) { (void)t; }

OP(prealloc_more)
{
	return done(fallocate(wr(t, 0), 0, SIZE + 9000, 8192), 0);
}

MODEL(prealloc_more) { img_size(&t->m, SIZE + 9000 + 8192); }

OP(hole)
{
	return done(fallocate(wr(t, 0), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      GRAIN, 8192), 0);
}

OP(zero)
{
	return done(fallocate(wr(t, 0), FALLOC_FL_ZERO_RANGE, GRAIN, 8192), 0);
}

MODEL(zero) { memset(t->m.b + GRAIN, 0, 8192); }

OP(unshare)
{
	return done(fallocate(wr(t, 0), FALLOC_FL_UNSHARE_RANGE, GRAIN, 8192), 0);
}

static long uring_op(__u8 opcode, int fd, __u64 off, __u64 addr, __u32 len)
{
	struct io_uring_sqe sqe = {
		.opcode = opcode, .fd = fd, .off = off, .addr = addr, .len = len,
	};

	return ring_one(&sqe);
}

OP(uring_fallocate)
{
	/* length, offset and mode are in this order, somewhere else */
	return done(uring_op(IORING_OP_FALLOCATE, wr(t, 0), GRAIN, 8192,
			     FALLOC_FL_ZERO_RANGE), 0);
}

#ifndef IORING_OP_FTRUNCATE
#define IORING_OP_FTRUNCATE 55
#endif

OP(uring_ftruncate)
{
	return done(uring_op(IORING_OP_FTRUNCATE, wr(t, 0), GRAIN + 100, 0, 0), 0);
}

OP(collapse)
{
	return done(fallocate(wr(t, 0), FALLOC_FL_COLLAPSE_RANGE, GRAIN, 8192), 0);
}

MODEL(collapse)
{
	memmove(t->m.b + GRAIN, t->m.b + GRAIN + 8192, SIZE - GRAIN - 8192);
	t->m.size -= 8192;
}

OP(insert)
{
	return done(fallocate(wr(t, 0), FALLOC_FL_INSERT_RANGE, GRAIN, 8192), 0);
}

MODEL(insert)
{
	memmove(t->m.b + GRAIN + 8192, t->m.b + GRAIN, SIZE - GRAIN);
	memset(t->m.b + GRAIN, 0, 8192);
	t->m.size += 8192;
}

/* Readers: the managed file stays as it is, the other one may not. */
static void model_into_other(struct two *t)
{
	memcpy(t->o.b + GRAIN, t->m.b + GRAIN, 8192);
}

OP(copy_from)
{
	loff_t in = GRAIN, out = GRAIN;

	return done(copy_file_range(rd(t), &in, open(t->other, O_RDWR), &out, 8192, 0),
		    8192);
}

OP(clone_from)
{
	struct file_clone_range r = {
		.src_fd = rd(t), .src_offset = GRAIN, .src_length = 8192,
		.dest_offset = GRAIN,
	};

	return done(ioctl(open(t->other, O_RDWR), FICLONERANGE, &r), 0);
}

OP(sendfile_file)
{
	int fd = open(t->other, O_RDWR);
	off_t pos = GRAIN;

	lseek(fd, pos, SEEK_SET);
	return done(sendfile(fd, rd(t), &pos, 8192), 8192);
}

static long drain(int fd, off_t pos, ssize_t n)
{
	static unsigned char buf[65536];
	ssize_t got = 0, r;

	while (got < n && (r = read(fd, buf + got, n - got)) > 0)
		got += r;
	if (got != n)
		return -ENODATA;
	return dm_differs(buf, pos, n, DM_SEED) < 0 ? 0 : -EILSEQ;
}

OP(splice_from)
{
	off_t pos = GRAIN;
	int p[2];
	long ret;

	if (pipe(p))
		return -EPIPE;
	ret = done(splice(rd(t), &pos, p[1], NULL, 8192, 0), 8192);
	return ret ? ret : drain(p[0], GRAIN, 8192);
}

OP(splice_direct)
{
	off_t pos = GRAIN;
	int p[2];
	long ret;

	if (pipe(p))
		return -EPIPE;
	ret = done(splice(open(t->managed, O_RDONLY | O_DIRECT), &pos, p[1], NULL,
			  8192, 0), 8192);
	return ret ? ret : drain(p[0], GRAIN, 8192);
}

OP(sendfile_pipe)
{
	off_t pos = GRAIN;
	int p[2];
	long ret;

	if (pipe(p))
		return -EPIPE;
	ret = done(sendfile(p[1], rd(t), &pos, 8192), 8192);
	return ret ? ret : drain(p[0], GRAIN, 8192);
}

OP(sendfile_socket)
{
	off_t pos = GRAIN;
	int s[2];
	long ret;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		return -errno;
	ret = done(sendfile(s[1], rd(t), &pos, 8192), 8192);
	return ret ? ret : drain(s[0], GRAIN, 8192);
}

static long map(const struct two *t, int prot, int flags, int oflags)
{
	unsigned char *p;

	p = mmap(NULL, 8192, prot, flags, open(t->managed, oflags), GRAIN);
	if (p == MAP_FAILED)
		return -errno;
	if (dm_differs(p, GRAIN, 8192, DM_SEED) >= 0)
		return -EILSEQ;
	if (prot & PROT_WRITE)
		dm_fill(p, GRAIN, 8192, SEED2);
	return munmap(p, 8192);
}

OP(map_read) { return map(t, PROT_READ, MAP_SHARED, O_RDONLY); }
OP(map_populate) { return map(t, PROT_READ, MAP_SHARED | MAP_POPULATE, O_RDONLY); }
OP(map_private) { return map(t, PROT_READ | PROT_WRITE, MAP_PRIVATE, O_RDONLY); }
OP(map_write) { return map(t, PROT_READ | PROT_WRITE, MAP_SHARED, O_RDWR); }

/* What was mapped there before must be there as long as nothing is. */
OP(map_fixed)
{
	unsigned char *old = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *p;

	dm_fill(old, 0, 8192, 5);
	p = mmap(old, 8192, PROT_READ, MAP_SHARED | MAP_FIXED, rd(t), GRAIN);
	if (p == MAP_FAILED) {
		int e = errno;

		return dm_differs(old, 0, 8192, 5) < 0 ? -e : -EILSEQ;
	}
	return dm_differs(p, GRAIN, 8192, DM_SEED) < 0 ? 0 : -EILSEQ;
}

#define W(_n, _model, _off, _len) \
	{ #_n, run_##_n, model_##_model, DMAPI_EVENT_WRITE, _off, _len, _off, _len, 0 }
#define T(_n, _model, _size, _roff, _rlen) \
	{ #_n, run_##_n, model_##_model, DMAPI_EVENT_TRUNCATE, _size, 0, _roff, _rlen, 0 }
#define R(_n, _model) \
	{ #_n, run_##_n, model_##_model, DMAPI_EVENT_READ, GRAIN, 8192, GRAIN, 8192, 0 }

static const struct op ops[] = {
	W(write, 5000, GRAIN + 100, 5000),
	W(pwrite, 5000, GRAIN + 100, 5000),
	W(writev, 5000, GRAIN + 100, 5000),
	W(pwritev2, 5000, GRAIN + 100, 5000),
	W(direct, 8192, GRAIN, 8192),
	W(direct_part, direct_part, GRAIN + 512, 1024),
	W(aio, 5000, GRAIN + 100, 5000),
	W(aio_direct, 8192, GRAIN, 8192),
	W(uring, 5000, GRAIN + 100, 5000),
	W(uring_direct, 8192, GRAIN, 8192),
	{ "append", run_append, model_append, DMAPI_EVENT_WRITE, SIZE, 5000, TAIL, PAGE, 0 },
	{ "beyond", run_beyond, model_beyond, DMAPI_EVENT_WRITE, SIZE + 9000, 10, TAIL, PAGE, 0 },
	W(splice_to, 5000, GRAIN + 100, 5000),
	W(sendfile_to, 5000, GRAIN + 100, 5000),
	W(copy_to, 8192, GRAIN, 8192),
	W(clone_to, 8192, GRAIN, 8192),
	T(truncate, truncate, GRAIN + 100, GRAIN, PAGE),
	T(truncate_even, truncate_even, GRAIN, 0, 0),
	T(ftruncate, truncate, GRAIN + 100, GRAIN, PAGE),
	T(extend, extend, SIZE + 9000, TAIL, PAGE),
	T(open_trunc, empty, 0, 0, 0),
	T(creat, empty, 0, 0, 0),
	W(prealloc, same, GRAIN, 8192),
	W(prealloc_keep, same, GRAIN, 8192),
	W(resvsp, same, GRAIN, 8192),
	{ "prealloc_more", run_prealloc_more, model_prealloc_more, DMAPI_EVENT_WRITE,
	  SIZE + 9000, 8192, TAIL, PAGE, 0 },
	W(hole, zero, GRAIN, 8192),
	W(zero, zero, GRAIN, 8192),
	W(unshare, same, GRAIN, 8192),
	W(uring_fallocate, zero, GRAIN, 8192),
	{ "collapse", run_collapse, model_collapse, DMAPI_EVENT_WRITE,
	  GRAIN, SIZE - GRAIN, GRAIN, SIZE - GRAIN, EBUSY },
	{ "insert", run_insert, model_insert, DMAPI_EVENT_WRITE,
	  GRAIN, SIZE - GRAIN, GRAIN, SIZE - GRAIN, EBUSY },
	T(uring_ftruncate, truncate, GRAIN + 100, GRAIN, PAGE),
	R(copy_from, into_other),
	R(clone_from, into_other),
	R(sendfile_file, into_other),
	R(splice_from, same),
	R(splice_direct, same),
	R(sendfile_pipe, same),
	R(sendfile_socket, same),
	R(map_read, same),
	R(map_populate, same),
	R(map_private, same),
	W(map_write, 8192, GRAIN, 8192),
	R(map_fixed, same),
};

#define OPS	(int)(sizeof(ops) / sizeof(ops[0]))

/* --- The tests ---------------------------------------------------------------- */

FIXTURE(scope)
{
	DM_FIXTURE_FIELDS;
	struct dm_file f;
	struct two *t;
	bool quiet;
};

FIXTURE_SETUP(scope)
{
	snprintf(self->dir, sizeof(self->dir), "%s/scope.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
	ASSERT_EQ(0, dmapi_create_session(0, "scope_test", &self->sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE)));
	self->t = calloc(1, sizeof(*self->t));
	ASSERT_NE(NULL, self->t);
}

DM_FIXTURE_TEARDOWN(scope)

#define FIX struct __test_metadata *_metadata, FIXTURE_DATA(scope) *self

/* Both files anew, and what must be in them if the operation is done. */
static void prepare(FIX, const struct op *op, bool model)
{
	struct two *t = self->t;
	unsigned char *p = data(0, SIZE);
	int fd;

	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, op->name, SIZE));
	snprintf(t->managed, sizeof(t->managed), "%s", self->f.path);
	snprintf(t->other, sizeof(t->other), "%s/%s.other", self->dir, op->name);
	fd = open(t->other, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(SIZE, pwrite(fd, p, SIZE, 0));
	ASSERT_EQ(0, fsync(fd));
	close(fd);
	t->m.size = t->o.size = SIZE;
	dm_fill(t->m.b, 0, SIZE, DM_SEED);
	memcpy(t->o.b, p, SIZE);
	free(p);
	if (model)
		op->model(t);
}

static bool img_equal(const char *path, const struct img *i)
{
	unsigned char *p = malloc(i->size + 1);
	int fd = open(path, O_RDONLY);
	ssize_t n = pread(fd, p, i->size + 1, 0);
	bool ret = n == (ssize_t)i->size && !memcmp(p, i->b, n);

	if (!ret) {
		ssize_t at = 0;

		while (n > 0 && at < n && at < (ssize_t)i->size && p[at] == i->b[at])
			at++;
		ksft_print_msg("%s: %zd of %zu bytes, differ at %zd\n", path, n, i->size, at);
	}
	close(fd);
	free(p);
	return ret;
}

/* Nothing else was raised, and the files are what the model says. */
static void verify(FIX, const struct op *op)
{
	struct dm_event e;

	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0)) {
		TH_LOG("%s: another event: %d %lld %llu", op->name, e.type,
		       (long long)e.offset, (unsigned long long)e.length);
	}
	ASSERT_EQ(0, dm_disarm(&self->f.o));
	EXPECT_TRUE(img_equal(self->t->managed, &self->t->m)) TH_LOG("%s", op->name);
	EXPECT_TRUE(img_equal(self->t->other, &self->t->o)) TH_LOG("%s", op->name);
	unlink(self->t->managed);
	unlink(self->t->other);
}

struct run_args {
	const struct op *op;
	const struct two *t;
};

static long run_child(void *arg)
{
	struct run_args *a = arg;

	return a->op->run(a->t);
}

static pid_t start(FIX, const struct op *op)
{
	struct run_args a = { op, self->t };
	pid_t pid = dm_spawn(run_child, &a);

	ASSERT_LT(0, pid);
	return pid;
}

static void expect(FIX, const struct op *op, struct dm_event *e, int type, __s64 off,
		   __u64 len)
{
	ASSERT_EQ(0, dm_next(self->sid, e, SOON)) TH_LOG("%s: no event", op->name);
	EXPECT_EQ(type, e->type) TH_LOG("%s", op->name);
	EXPECT_EQ(off, e->offset) TH_LOG("%s", op->name);
	EXPECT_EQ(len, e->length) TH_LOG("%s", op->name);
	EXPECT_EQ(0, memcmp(self->f.h.b, e->h.b, self->f.h.len));
}

/* Without reflink there is nothing to clone; what is shifted is whole units. */
static bool can(const struct op *op)
{
	static int clones = -1;

	if (clones < 0) {
		int in = open(dm_mnt(), O_RDWR | O_TMPFILE, 0600);
		int out = open(dm_mnt(), O_RDWR | O_TMPFILE, 0600);

		clones = !ioctl(out, FICLONE, in);
		close(in);
		close(out);
	}
	if (!strcmp(op->name, "collapse") || !strcmp(op->name, "insert"))
		return dm_alloc_unit() <= 8192;
	return clones || strncmp(op->name, "clone_", 6);
}

#define EACH(_op) \
	const struct op *_op; \
	for (_op = ops; _op < ops + OPS; _op++) \
		if (can(_op))

/* Armed, nothing missing: the application only wants to know. */
TEST_F(scope, armed)
{
	struct dm_event e;
	pid_t pid;

	EACH(op) {
		prepare(_metadata, self, op, true);
		ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, ALL));
		pid = start(_metadata, self, op);
		expect(_metadata, self, op, &e, op->event, op->off, op->len);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, 5)) TH_LOG("%s", op->name);
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		EXPECT_EQ(0, dm_wait(pid, SOON)) TH_LOG("%s", op->name);
		verify(_metadata, self, op);
	}
}

/* All of it is elsewhere: what the event asks for is brought back first. */
static void offline(FIX, const struct op *op, __u32 flags, int type, __s64 off, __u64 len)
{
	struct dm_event e;
	pid_t pid;

	prepare(_metadata, self, op, true);
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, flags));
	ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, 0, 0));
	pid = start(_metadata, self, op);
	if (flags == ALL || len) {
		expect(_metadata, self, op, &e, type, off, len);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, 5)) TH_LOG("%s", op->name);
		EXPECT_EQ(0, dm_recall(&self->f.o, 0, SIZE));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
	}
	EXPECT_EQ(0, dm_wait(pid, SOON)) TH_LOG("%s", op->name);
	if (flags != ALL && !len && self->t->m.size)
		ASSERT_EQ(0, dm_recall(&self->f.o, 0, self->t->m.size));
	verify(_metadata, self, op);
}

TEST_F(scope, offline)
{
	EACH(op)
		offline(_metadata, self, op, ALL, op->event, op->off, op->len);
}

TEST_F(scope, offline_only_read)
{
	EACH(op)
		offline(_metadata, self, op, DMAPI_REGION_READ, DMAPI_EVENT_READ,
			op->roff, op->rlen);
}

/* The answer is no, or a word without the data: an errno, nothing changed. */
static void refused(FIX, const struct op *op, int error)
{
	struct dm_event e;
	long ret = DM_RUNNING;
	int more = 0;
	pid_t pid;

	prepare(_metadata, self, op, false);
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, ALL));
	ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, 0, 0));
	pid = start(_metadata, self, op);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON)) TH_LOG("%s", op->name);
	if (error) {
		EXPECT_EQ(0, dm_abort(self->sid, e.token, error));
	} else {
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		/* A size may change at what is not there; its rest is asked for. */
		for (int ms = 0; ret == DM_RUNNING && ms < SOON; ms += 2) {
			if (!dm_next(self->sid, &e, 0)) {
				EXPECT_EQ(0, more++);
				EXPECT_EQ(0, dm_continue(self->sid, e.token));
			}
			ret = dm_wait(pid, 2);
		}
	}
	if (ret == DM_RUNNING)
		ret = dm_wait(pid, SOON);
	EXPECT_EQ(error ? -error : op->lie ? -op->lie : -EIO, ret) {
		TH_LOG("%s", op->name);
	}
	ASSERT_EQ(0, dm_recall(&self->f.o, 0, SIZE));
	verify(_metadata, self, op);
}

TEST_F(scope, abort)
{
	EACH(op)
		refused(_metadata, self, op, ENETDOWN);
}

TEST_F(scope, lie)
{
	EACH(op) {
		/* These need nothing of the file, whatever the answer. */
		if (op->event == DMAPI_EVENT_TRUNCATE && !op->rlen)
			continue;
		refused(_metadata, self, op, 0);
	}
}

/* Killed before the event was delivered, and after. */
TEST_F(scope, killed)
{
	struct dm_event e;
	pid_t pid;

	EACH(op) {
		for (int delivered = 0; delivered < 2; delivered++) {
			prepare(_metadata, self, op, false);
			ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, ALL));
			pid = start(_metadata, self, op);
			if (delivered)
				expect(_metadata, self, op, &e, op->event, op->off, op->len);
			else
				EXPECT_EQ(DM_RUNNING, dm_wait(pid, 30));
			kill(pid, SIGKILL);
			EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON)) TH_LOG("%s", op->name);
			dm_drain(self->sid);
			verify(_metadata, self, op);
		}
	}
}

/* Who waits does not hold up a freeze, and sees nothing of it. */
TEST_F(scope, freeze)
{
	struct dm_event e;
	pid_t pid;
	int root = open(dm_mnt(), O_RDONLY | O_DIRECTORY);

	EACH(op) {
		prepare(_metadata, self, op, true);
		ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, ALL));
		pid = start(_metadata, self, op);
		expect(_metadata, self, op, &e, op->event, op->off, op->len);
		ASSERT_EQ(0, ioctl(root, FIFREEZE, 0)) TH_LOG("%s", op->name);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, 1)) TH_LOG("%s", op->name);
		ASSERT_EQ(0, ioctl(root, FITHAW, 0));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		EXPECT_EQ(0, dm_wait(pid, SOON)) TH_LOG("%s", op->name);
		verify(_metadata, self, op);
	}
	close(root);
}

/* A mapping that grows shows more than was asked for when it was made. */
static long remap_child(void *arg)
{
	const struct two *t = arg;
	unsigned char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, rd(t), 0);

	if (p == MAP_FAILED)
		return -errno;
	p = mremap(p, PAGE, 2 * GRAIN, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		return -errno;
	return dm_differs(p, 0, 2 * GRAIN, DM_SEED) < 0 ? 0 : -EILSEQ;
}

TEST_F(scope, mremap)
{
	const struct op *op = &ops[0];
	struct dm_event e;
	pid_t pid;

	prepare(_metadata, self, op, false);
	ASSERT_EQ(0, dm_arm(&self->f.o, GRAIN, 0, DMAPI_REGION_READ));
	ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, GRAIN, 0));
	pid = dm_spawn(remap_child, self->t);
	expect(_metadata, self, op, &e, DMAPI_EVENT_READ, 0, 2 * GRAIN);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 5));
	EXPECT_EQ(0, dm_recall(&self->f.o, GRAIN, SIZE - GRAIN));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	verify(_metadata, self, op);
}

/* Regions go with the bytes they are on. */
TEST_F(scope, regions_shift)
{
	const struct op *op = &ops[0];
	struct dmapi_region r = { .offset = 2 * GRAIN, .size = GRAIN,
				  .flags = DMAPI_REGION_WRITE }, got[4];
	struct dm_event e;
	__u32 n;
	pid_t pid;

	for (int insert = 0; insert < 2; insert++) {
		for (op = ops; strcmp(op->name, insert ? "insert" : "collapse"); op++)
			;
		if (!can(op))
			continue;
		prepare(_metadata, self, op, true);
		ASSERT_EQ(0, dmapi_set_region(&self->f.o, 1, &r, &n));
		pid = start(_metadata, self, op);
		expect(_metadata, self, op, &e, DMAPI_EVENT_WRITE, GRAIN, SIZE - GRAIN);
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
		EXPECT_EQ(0, dm_wait(pid, SOON));
		ASSERT_EQ(0, dmapi_get_region(&self->f.o, 4, got, &n));
		ASSERT_EQ(1, n);
		EXPECT_EQ(2 * GRAIN + (insert ? 8192 : -8192), got[0].offset);
		EXPECT_EQ(GRAIN, got[0].size);
		verify(_metadata, self, op);
	}
}

/* umount -f ends the waits, even if it then finds the file system in use. */
TEST_F(scope, umount_force)
{
	const struct op *op = &ops[0];
	struct dm_event e;
	int busy = open(dm_mnt(), O_RDONLY);
	pid_t pid;

	prepare(_metadata, self, op, false);
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, ALL));
	pid = start(_metadata, self, op);
	expect(_metadata, self, op, &e, op->event, op->off, op->len);
	/* Who ends may have gone by the time it looks whether it is busy. */
	EXPECT_LE(0, busy);
	EXPECT_EQ(-1, umount2(dm_mnt(), MNT_FORCE));
	EXPECT_EQ(EBUSY, errno);
	close(busy);
	EXPECT_EQ(-EIO, dm_wait(pid, SOON));
	/* Life goes on. */
	dm_drain(self->sid);
	pid = start(_metadata, self, op);
	expect(_metadata, self, op, &e, op->event, op->off, op->len);
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	op->model(self->t);
	verify(_metadata, self, op);
}

TEST_HARNESS_MAIN
