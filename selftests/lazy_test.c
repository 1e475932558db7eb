// SPDX-License-Identifier: GPL-2.0
/*
 * Mapped data that comes back when it is touched
 *
 * In lazy mode mapping a file asks for nothing.  A child touches a page of a
 * mapping whose data is away, itself or by handing it to a system call, while
 * the test is the manager: one event for exactly that page and the window; the
 * child holds up nobody, neither its own address space nor the file that it
 * writes to nor a freeze; then the bytes are right.  Where the kernel cannot
 * wait it says EFAULT.  A mapped file is punched, and what was stored into it
 * before is not lost.
 */
#include "common.h"
#include "offline.h"

#include <linux/fs.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#define PAGE	4096
#define SIZE	(4 * GRAIN + 1000)
#define MAPPED	(4 * GRAIN + PAGE)
#define SOON	8000			/* ms */
#define SEED2	77			/* the other file */

FIXTURE(lazy) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;		/* mapped */
	struct dm_file	g;		/* what is written and read with that */
};

FIXTURE_SETUP(lazy)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "lazy", &self->sid));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE)));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", SIZE));
	ASSERT_EQ(0, dm_make_file(&self->g, self->sid, self->dir, "g", SIZE));
	ASSERT_EQ(0, dm_make_offline(&self->f.o));
	ASSERT_EQ(0, dm_sysfs_set("mmap_mode", "lazy"));
	ASSERT_EQ(0, dm_sysfs_set("mmap_window", "0"));
}

FIXTURE_TEARDOWN(lazy)
{
	dm_sysfs_set("mmap_mode", "eager");
	dm_sysfs_set("mmap_window", "131072");
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

/* Nobody answers, and the policy is not to wait. */
static void nobody(struct __test_metadata *_metadata, FIXTURE_DATA(lazy) *self)
{
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	ASSERT_EQ(0, dm_want(self->sid, 0));
}

static void somebody(struct __test_metadata *_metadata,
		     FIXTURE_DATA(lazy) *self)
{
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(WRITE)));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
}

/* Bring back what an event asks for, and answer. */
static void serve(struct __test_metadata *_metadata, struct dm_file *f,
		  const struct dm_event *e)
{
	ASSERT_EQ(DMAPI_EVENT_READ, e->type);
	ASSERT_EQ(0, memcmp(e->h.b, f->h.b, f->h.len));
	ASSERT_EQ(0, dm_recall(&f->o, e->offset, e->length));
	ASSERT_EQ(0, dm_continue(f->o.sid, e->token));
}

/* The same until the child is done; its result, and how many events. */
static long serve_all(struct __test_metadata *_metadata, struct dm_file *f,
		      pid_t pid, int *events)
{
	struct dm_event e;
	long ret;
	int n = 0;

	for (;;) {
		ret = dm_next(f->o.sid, &e, 20);
		if (!ret) {
			n++;
			serve(_metadata, f, &e);
			continue;
		}
		ret = dm_wait(pid, 0);
		if (ret != DM_RUNNING)
			break;
	}
	if (events)
		*events = n;
	return ret;
}

/* --- Touching ------------------------------------------------------------------ */

struct touch {
	const struct dm_file *f;
	int prot, flags;
	off_t pos;
	bool store, populate, grow, protect, remap;
};

static void handled(int sig)
{
	(void)sig;
}

/* 0, -EILSEQ for a wrong byte, -EFAULT for SIGBUS. */
static long touch_child(void *arg)
{
	const struct touch *t = arg;
	int fd = open(t->f->path, t->prot & PROT_WRITE ? O_RDWR : O_RDONLY);
	int prot = t->protect ? PROT_NONE : t->prot;
	size_t len = t->grow ? PAGE : MAPPED;
	volatile unsigned char *p;
	unsigned char b;

	signal(SIGUSR1, handled);
	p = mmap(NULL, len, prot, t->flags, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	close(fd);
	if (t->grow)
		p = mremap((void *)p, PAGE, MAPPED, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		return -errno;
	if (t->protect && mprotect((void *)p, MAPPED, t->prot))
		return -errno;
	if (touch_copy(&b, (void *)(p + t->pos), 1) != 1)
		return -EFAULT;
	if (b != dm_pat(t->pos, DM_SEED))
		return -EILSEQ;
	if (t->store)
		p[t->pos + 1] = 0xa5;
	return 0;
}

#define RD	PROT_READ
#define RDWR	(PROT_READ | PROT_WRITE)
#define AT	(2 * GRAIN + 5 * PAGE)	/* the page that is touched */

static const struct touch touches[] = {
	{ .prot = RD, .flags = MAP_SHARED },
	{ .prot = RD, .flags = MAP_PRIVATE },
	{ .prot = RD | PROT_EXEC, .flags = MAP_PRIVATE },
	{ .prot = RDWR, .flags = MAP_SHARED, .store = true },
	{ .prot = RDWR, .flags = MAP_PRIVATE, .store = true },
	{ .prot = RD, .flags = MAP_SHARED, .populate = true },
	{ .prot = RD, .flags = MAP_SHARED, .grow = true },
	{ .prot = RDWR, .flags = MAP_SHARED, .protect = true },
};

#define EACH_TOUCH(t) \
	for (t = touches; t < touches + sizeof(touches) / sizeof(touches[0]); t++)

static pid_t touch(const struct touch *how, const struct dm_file *f, off_t pos)
{
	struct touch t = *how;

	t.f = f;
	t.pos = pos;
	if (t.populate)
		t.flags |= MAP_POPULATE;
	return dm_spawn(touch_child, &t);
}

/* Exactly the page, once, however it is mapped; nothing comes back with it. */
TEST_F_TIMEOUT(lazy, touched, 60)
{
	const struct touch *t;
	struct dm_event e;
	pid_t pid;

	EACH_TOUCH(t) {
		ASSERT_EQ(0, dm_make_offline(&self->f.o));
		pid = touch(t, &self->f, AT + 17);
		ASSERT_EQ(0, dm_next(self->sid, &e, SOON)) {
			TH_LOG("row %td: %ld", t - touches, dm_wait(pid, 0));
		}
		EXPECT_EQ(AT, e.offset);
		EXPECT_EQ(PAGE, e.length);
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, 20));
		serve(_metadata, &self->f, &e);
		EXPECT_EQ(0, dm_wait(pid, SOON)) {
			TH_LOG("row %td", t - touches);
		}
		EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
		nobody(_metadata, self);
		EXPECT_EQ(-EIO, dm_wait(dm_spawn_read(self->f.path, AT - 10, 20), SOON));
		EXPECT_EQ(-EIO, dm_wait(dm_spawn_read(self->f.path, AT + PAGE, 10), SOON));
		somebody(_metadata, self);
		if (t->store && t->flags == MAP_SHARED) {
			ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir,
						  "f", SIZE));
		}
	}
}

/* The window is what the administrator says, up to the end of the file. */
TEST_F(lazy, window)
{
	const struct {
		const char *window;
		off_t pos;
		__u64 len;
	} rows[] = {
		{ "65536", 0, GRAIN },
		{ "100000", GRAIN + 100, 25 * PAGE },
		{ "1", GRAIN, PAGE },
		{ "9223372036854775807", GRAIN, SIZE - GRAIN },
		{ "0", SIZE - 1, 1000 },
		{ "131072", 3 * GRAIN, GRAIN + 1000 },
	};
	struct dm_event e;
	pid_t pid;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ASSERT_EQ(0, dm_make_offline(&self->f.o));
		ASSERT_EQ(0, dm_sysfs_set("mmap_window", rows[i].window));
		pid = touch(&touches[0], &self->f, rows[i].pos);
		ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
		EXPECT_EQ(rows[i].pos / PAGE * PAGE, e.offset);
		EXPECT_EQ(rows[i].len, e.length);
		serve(_metadata, &self->f, &e);
		EXPECT_EQ(0, dm_wait(pid, SOON));
	}
	EXPECT_EQ(-EINVAL, dm_sysfs_set("mmap_window", "-1"));
	EXPECT_EQ(-EINVAL, dm_sysfs_set("mmap_window", "9223372036854775808"));
}

/* SIGBUS for an answer without data, or an ABORT; the next touch asks again. */
TEST_F_TIMEOUT(lazy, refused, 60)
{
	struct dm_event e;
	pid_t pid;

	for (int i = 0; i < 20; i++) {
		pid = touch(&touches[i % 2], &self->f, AT);
		ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
		ASSERT_EQ(0, i % 4 < 2 ? dm_continue(self->sid, e.token) :
					 dm_abort(self->sid, e.token, EACCES));
		EXPECT_EQ(-EFAULT, dm_wait(pid, SOON));
	}
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
	EXPECT_EQ(0, serve_all(_metadata, &self->f,
			       touch(&touches[0], &self->f, AT), NULL));
	nobody(_metadata, self);
	EXPECT_EQ(-EFAULT, dm_wait(touch(&touches[0], &self->f, 0), SOON));
	somebody(_metadata, self);
}

/* Who waits dies when he is killed, and does not die of less. */
TEST_F(lazy, killed)
{
	struct dm_event e;
	pid_t pid = touch(&touches[0], &self->f, AT);

	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	ASSERT_EQ(0, dm_sysfs_set("interruptible", "1"));
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, 50));
	ASSERT_EQ(0, dm_sysfs_set("interruptible", "0"));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	EXPECT_EQ(0, dm_abort(self->sid, e.token, EIO));
}

/* --- Nobody is held up --------------------------------------------------------- */

struct both {
	volatile unsigned char *p;
	volatile bool touched;
};

static void *both_thread(void *arg)
{
	struct both *b = arg;
	unsigned char c = b->p[AT];

	b->touched = true;
	return (void *)(long)(c != dm_pat(AT, DM_SEED));
}

/* 0 if the address space can be changed, and forked, while a thread waits. */
static long both_child(void *arg)
{
	const struct dm_file *f = arg;
	struct both b = { };
	pthread_t thread;
	void *wrong, *q;
	pid_t pid;

	b.p = mmap(NULL, MAPPED, PROT_READ, MAP_SHARED, open(f->path, O_RDONLY), 0);
	if (b.p == MAP_FAILED || pthread_create(&thread, NULL, both_thread, &b))
		return -errno;
	/* Until the event is there. */
	for (char v[20] = ""; atoi(v) != 1; dm_sleep_ms(2))
		if (dm_sysfs_get("waiters", v, sizeof(v)))
			return -ENXIO;
	for (int i = 0; i < 100; i++) {
		q = mmap(NULL, 16 * PAGE, RDWR, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(q, i, 16 * PAGE);
		mprotect(q, PAGE, PROT_NONE);
		munmap(q, 16 * PAGE);
	}
	pid = fork();
	if (!pid)
		_exit(0);
	if (dm_wait(pid, SOON) || b.touched)
		return -EBUSY;
	kill(getppid(), SIGUSR1);
	pthread_join(thread, &wrong);
	return wrong ? -EILSEQ : 0;
}

TEST_F(lazy, address_space)
{
	struct dm_event e;
	sigset_t set;
	pid_t pid;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = dm_spawn(both_child, &self->f);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	ASSERT_EQ(0, sigwait(&set, &sig));
	serve(_metadata, &self->f, &e);
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* --- Handing it to a system call ------------------------------------------------- */

/*
 * An operation between the mapping at @p, which is away, and the other file.
 * @writes: into the other file, from AT; else into the mapping there.
 */
struct op {
	const char *name;
	ssize_t (*run)(const char *path, unsigned char *p);
	bool writes;
	bool self;		/* the other file is the mapped one */
	int elsewhere;		/* nobody waits: this errno */
};

#define LEN	(2 * PAGE)

static int rw(const char *path, int flags)
{
	return open(path, O_RDWR | flags);
}

static ssize_t op_write(const char *path, unsigned char *p)
{
	int fd = rw(path, 0);

	lseek(fd, AT, SEEK_SET);
	return neg(write(fd, p + AT, LEN));
}

static ssize_t op_pwrite(const char *path, unsigned char *p)
{
	return neg(pwrite(rw(path, 0), p + AT, LEN, AT));
}

static ssize_t op_pwrite_direct(const char *path, unsigned char *p)
{
	return neg(pwrite(rw(path, O_DIRECT), p + AT, LEN, AT));
}

static ssize_t op_pwritev(const char *path, unsigned char *p)
{
	struct iovec v[2] = { { p + AT, 100 }, { p + AT + 100, LEN - 100 } };

	return neg(pwritev(rw(path, 0), v, 2, AT));
}

static ssize_t op_append(const char *path, unsigned char *p)
{
	truncate(path, AT);
	return neg(write(rw(path, O_APPEND), p + AT, LEN));
}

static ssize_t op_aio_write(const char *path, unsigned char *p)
{
	return aio_rw(IOCB_CMD_PWRITE, rw(path, 0), p + AT, AT, LEN);
}

static ssize_t op_aio_write_direct(const char *path, unsigned char *p)
{
	return aio_rw(IOCB_CMD_PWRITE, rw(path, O_DIRECT), p + AT, AT, LEN);
}

static ssize_t op_read(const char *path, unsigned char *p)
{
	int fd = rw(path, 0);

	lseek(fd, AT, SEEK_SET);
	return neg(read(fd, p + AT, LEN));
}

static ssize_t op_pread(const char *path, unsigned char *p)
{
	return neg(pread(rw(path, 0), p + AT, LEN, AT));
}

static ssize_t op_pread_direct(const char *path, unsigned char *p)
{
	return neg(pread(rw(path, O_DIRECT), p + AT, LEN, AT));
}

static ssize_t op_preadv(const char *path, unsigned char *p)
{
	struct iovec v[2] = { { p + AT, 100 }, { p + AT + 100, LEN - 100 } };

	return neg(preadv(rw(path, 0), v, 2, AT));
}

static ssize_t op_aio_read(const char *path, unsigned char *p)
{
	return aio_rw(IOCB_CMD_PREAD, rw(path, 0), p + AT, AT, LEN);
}

static ssize_t op_uring_write(const char *path, unsigned char *p)
{
	return ring_rw(IORING_OP_WRITE, rw(path, 0), p + AT, AT, LEN, false, 0);
}

static ssize_t op_uring_write_direct(const char *path, unsigned char *p)
{
	return ring_rw(IORING_OP_WRITE, rw(path, O_DIRECT), p + AT, AT, LEN, false, 0);
}

static ssize_t op_uring_read(const char *path, unsigned char *p)
{
	return ring_rw(IORING_OP_READ, rw(path, 0), p + AT, AT, LEN, false, 0);
}

static ssize_t op_uring_read_direct(const char *path, unsigned char *p)
{
	return ring_rw(IORING_OP_READ, rw(path, O_DIRECT), p + AT, AT, LEN, false, 0);
}

/* Through a pipe, whose other end is filled or emptied by the file. */
static ssize_t op_pipe_write(const char *path, unsigned char *p)
{
	static unsigned char buf[LEN];
	ssize_t n;
	int fd[2];

	if (pipe(fd))
		return -errno;
	for (ssize_t i = 0; i < LEN; i += n) {
		n = neg(write(fd[1], p + AT + i, LEN - i));
		if (n < 0)
			return n;
	}
	for (ssize_t i = 0; i < LEN; i += n) {
		n = neg(read(fd[0], buf + i, LEN - i));
		if (n < 0)
			return n;
	}
	return neg(pwrite(rw(path, 0), buf, LEN, AT));
}

static ssize_t op_pipe_read(const char *path, unsigned char *p)
{
	static unsigned char buf[LEN];
	ssize_t n;
	int fd[2];

	if (pipe(fd) || pread(rw(path, 0), buf, LEN, AT) != LEN ||
	    write(fd[1], buf, LEN) != LEN)
		return -EPIPE;
	for (ssize_t i = 0; i < LEN; i += n) {
		n = neg(read(fd[0], p + AT + i, LEN - i));
		if (n < 0)
			return n;
	}
	return LEN;
}

static ssize_t op_uname(const char *path, unsigned char *p)
{
	(void)path;
	return neg(uname((struct utsname *)(p + AT)));
}

static ssize_t op_send(const char *path, unsigned char *p)
{
	int fd[2];

	(void)path;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd))
		return -errno;
	return neg(send(fd[0], p + AT, LEN, 0));
}

static ssize_t op_vmsplice(const char *path, unsigned char *p)
{
	struct iovec v = { p + AT, LEN };
	int fd[2];

	(void)path;
	return pipe(fd) ? -errno : neg(vmsplice(fd[1], &v, 1, 0));
}

static const struct op ops[] = {
	{ .name = "write", .run = op_write, .writes = true },
	{ .name = "pwrite", .run = op_pwrite, .writes = true },
	{ .name = "pwrite to itself", .run = op_pwrite, .writes = true, .self = true },
	{ .name = "pwrite direct", .run = op_pwrite_direct, .writes = true },
	{ .name = "pwrite direct to itself", .run = op_pwrite_direct, .writes = true, .self = true },
	{ .name = "pwritev", .run = op_pwritev, .writes = true },
	{ .name = "append", .run = op_append, .writes = true },
	{ .name = "aio write", .run = op_aio_write, .writes = true },
	{ .name = "aio write direct", .run = op_aio_write_direct, .writes = true },
	{ .name = "pipe write", .run = op_pipe_write, .writes = true },
	{ .name = "io_uring write", .run = op_uring_write, .writes = true },
	{ .name = "io_uring write direct", .run = op_uring_write_direct, .writes = true },
	{ .name = "io_uring write to itself", .run = op_uring_write, .writes = true, .self = true },
	{ .name = "read", .run = op_read },
	{ .name = "pread", .run = op_pread },
	{ .name = "pread from itself", .run = op_pread, .self = true },
	{ .name = "pread direct", .run = op_pread_direct },
	{ .name = "pread direct from itself", .run = op_pread_direct, .self = true },
	{ .name = "preadv", .run = op_preadv },
	{ .name = "aio read", .run = op_aio_read },
	{ .name = "io_uring read", .run = op_uring_read },
	{ .name = "io_uring read direct", .run = op_uring_read_direct },
	{ .name = "io_uring read from itself", .run = op_uring_read, .self = true },
	{ .name = "pipe read", .run = op_pipe_read },
	{ .name = "uname", .run = op_uname, .elsewhere = EFAULT },
	{ .name = "send", .run = op_send, .elsewhere = EFAULT },
	{ .name = "vmsplice", .run = op_vmsplice, .elsewhere = EFAULT },
};

#define EACH_OP(op) \
	for (op = ops; op < ops + sizeof(ops) / sizeof(ops[0]); op++)

struct op_args {
	const struct op *op;
	const struct dm_file *f, *g;
};

/* 0; -EILSEQ for a wrong byte; -ENODATA if it comes to an end too soon. */
static long op_child(void *arg)
{
	const struct op_args *a = arg;
	const char *other = a->op->self ? a->f->path : a->g->path;
	unsigned int seed = a->op->self ? DM_SEED : SEED2;
	static unsigned char buf[LEN];
	unsigned char *p;
	ssize_t n;

	p = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED,
		 open(a->f->path, O_RDWR), 0);
	if (p == MAP_FAILED)
		return -errno;
	n = a->op->run(other, p);
	if (n != LEN)
		return n < 0 ? n : -ENODATA;
	if (a->op->writes) {
		if (pread(rw(other, 0), buf, LEN, AT) != LEN)
			return -errno;
		return dm_differs(buf, AT, LEN, DM_SEED) < 0 ? 0 : -EILSEQ;
	}
	return dm_differs(p + AT, AT, LEN, seed) < 0 ? 0 : -EILSEQ;
}

static pid_t op_begin(struct __test_metadata *_metadata,
		      FIXTURE_DATA(lazy) *self, const struct op *op)
{
	struct op_args a = { op, &self->f, &self->g };
	static unsigned char buf[SIZE];
	int fd;

	/* A file that was written in part is as good as new. */
	EXPECT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", SIZE));
	EXPECT_EQ(0, dm_make_offline(&self->f.o));
	dm_fill(buf, 0, SIZE, SEED2);
	fd = open(self->g.path, O_WRONLY);
	EXPECT_EQ(SIZE, pwrite(fd, buf, SIZE, 0));
	close(fd);
	return dm_spawn(op_child, &a);
}

TEST_F_TIMEOUT(lazy, handed, 120)
{
	const struct op *op;
	struct dm_event e;
	int n;

	EACH_OP(op) {
		pid_t pid = op_begin(_metadata, self, op);

		EXPECT_EQ(-op->elsewhere, serve_all(_metadata, &self->f, pid, &n)) {
			TH_LOG("%s, %d events", op->name, n);
		}
		if (op->elsewhere) {
			EXPECT_EQ(0, n);
		} else {
			EXPECT_LE(2, n);
			EXPECT_GE(3, n);
		}
		EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
	}
}

/* While it waits, others use both files, and the file system can be frozen. */
TEST_F_TIMEOUT(lazy, handed_free, 120)
{
	int dir = open(dm_mnt(), O_RDONLY);
	const struct op *op;
	struct dm_event e;
	char c;

	EACH_OP(op) {
		pid_t pid;

		if (op->elsewhere)
			continue;
		pid = op_begin(_metadata, self, op);
		ASSERT_EQ(0, dm_next(self->sid, &e, SOON)) {
			TH_LOG("%s", op->name);
		}
		EXPECT_EQ(0, ioctl(dir, FIFREEZE, 0)) {
			TH_LOG("%s: %m", op->name);
		}
		EXPECT_EQ(0, ioctl(dir, FITHAW, 0));
		EXPECT_EQ(1, pread(rw(self->g.path, 0), &c, 1, 0));
		EXPECT_EQ(1, pwrite(rw(self->g.path, 0), &c, 1, 0));
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, 1));
		serve(_metadata, &self->f, &e);
		EXPECT_EQ(0, serve_all(_metadata, &self->f, pid, NULL)) {
			TH_LOG("%s", op->name);
		}
	}
	close(dir);
}

/* An answer without data is an errno and no loop. */
TEST_F_TIMEOUT(lazy, handed_refused, 120)
{
	const struct op *op;
	struct dm_event e;

	EACH_OP(op) {
		pid_t pid;

		/* The file itself would be asked for once more. */
		if (op->elsewhere || op->self)
			continue;
		pid = op_begin(_metadata, self, op);
		ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
		ASSERT_EQ(0, dm_continue(self->sid, e.token));
		EXPECT_EQ(-EFAULT, dm_wait(pid, SOON)) {
			TH_LOG("%s", op->name);
		}
		EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
		pid = op_begin(_metadata, self, op);
		ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
		ASSERT_EQ(0, dm_abort(self->sid, e.token, ENOLINK));
		EXPECT_EQ(-ENOLINK, dm_wait(pid, SOON)) {
			TH_LOG("%s", op->name);
		}
	}
}

/* --- Punching what is mapped ------------------------------------------------------ */

/* What was stored through a mapping is in the file when it is punched. */
TEST_F(lazy, punched)
{
	static unsigned char was[SIZE], now[SIZE];
	struct dm_event e;
	unsigned char *p;
	pid_t pid;

	ASSERT_EQ(0, dm_recall(&self->f.o, 0, SIZE));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 0, DMAPI_REGION_READ));
	p = mmap(NULL, MAPPED, RDWR, MAP_SHARED, open(self->f.path, O_RDWR), 0);
	ASSERT_NE(MAP_FAILED, p);
	for (int round = 0; round < 5; round++) {
		dm_fill(p + round * GRAIN / 2, 5, 5000, SEED2 + round);
		memcpy(was, p, SIZE);
		ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, 0, 0));
		ASSERT_EQ(SIZE, dmapi_read_invis(&self->f.o, 0, SIZE, now));
		EXPECT_TRUE(dm_all(now, 0, SIZE));
		/* It is not there, and nobody is told that it is zeros. */
		nobody(_metadata, self);
		memset(now, POISON, SIZE);
		EXPECT_EQ(-EFAULT, touch_copy(now, p, SIZE));
		EXPECT_TRUE(dm_all(now, POISON, SIZE));
		somebody(_metadata, self);
		ASSERT_EQ(SIZE, dmapi_write_invis(&self->f.o, 0, 0, SIZE, was));
		EXPECT_EQ(SIZE, touch_copy(now, p, SIZE));
		EXPECT_EQ(0, memcmp(now, was, SIZE));
	}
	/* In eager mode it stays. */
	ASSERT_EQ(0, dm_sysfs_set("mmap_mode", "eager"));
	EXPECT_EQ(-EBUSY, dmapi_punch_hole(&self->f.o, 0, 0));
	munmap(p, MAPPED);
	EXPECT_EQ(0, dmapi_punch_hole(&self->f.o, 0, 0));
	/* And is asked for when it is mapped. */
	pid = touch(&touches[0], &self->f, AT);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, e.offset);
	EXPECT_EQ(MAPPED, e.length);
	EXPECT_EQ(0, dm_abort(self->sid, e.token, EIO));
	EXPECT_EQ(-EIO, dm_wait(pid, SOON));
}

TEST_F(lazy, mode)
{
	char v[20];

	EXPECT_EQ(0, dm_sysfs_get("mmap_mode", v, sizeof(v)));
	EXPECT_STREQ("lazy", v);
	EXPECT_EQ(-EINVAL, dm_sysfs_set("mmap_mode", "later"));
	EXPECT_EQ(0, dm_sysfs_set("mmap_mode", "lazy"));
	EXPECT_EQ(0, dm_sysfs_set("mmap_mode", "eager"));
	EXPECT_EQ(0, dm_sysfs_get("mmap_mode", v, sizeof(v)));
	EXPECT_STREQ("eager", v);
}

/* Mapping a program is asked for as a whole when it is started. */
TEST_F_TIMEOUT(lazy, program, 60)
{
	struct dm_file x;
	char path[PATH_MAX], cmd[3 * PATH_MAX];
	struct dm_event e;
	int events = 0;
	long ret;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/x", self->dir);
	snprintf(cmd, sizeof(cmd), "cp /bin/true %s && sync", path);
	ASSERT_EQ(0, system(cmd));
	ASSERT_EQ(0, dm_path_handle(path, &x.h));
	x.o = dm_obj(self->sid, &x.h);
	static unsigned char data[1 << 20];
	long size = dmapi_read_invis(&x.o, 0, sizeof(data), data);

	ASSERT_LT(0, size);
	ASSERT_EQ(0, dm_make_offline(&x.o));
	pid = fork();
	if (!pid) {
		execl(path, path, NULL);
		_exit(99);
	}
	for (;;) {
		if (!dm_next(self->sid, &e, 20)) {
			events++;
			ASSERT_EQ(size, dmapi_write_invis(&x.o, 0, 0, size, data));
			ASSERT_EQ(0, dmapi_set_resident(&x.o, 0, size));
			ASSERT_EQ(0, dm_continue(self->sid, e.token));
		}
		ret = dm_wait(pid, 0);
		if (ret != DM_RUNNING)
			break;
	}
	EXPECT_EQ(0, ret);
	EXPECT_LE(1, events);
}

TEST_HARNESS_MAIN
