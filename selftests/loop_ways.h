/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loop_ways.h - every way in which a program gets at the bytes of a file
 *
 * Some take several requests at a time.  Those that hand bytes on have a file
 * without a name, or a pipe, from which they are read afterwards.  A mapping is
 * made anew for every request: as long as there is one, nothing of it can go.
 */
#ifndef LOOP_WAYS_H
#define LOOP_WAYS_H

#include <libgen.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/io_uring.h>

#include "loop_dm.h"

#define ALIGN		4096U
#define DEPTH		4

struct file {
	char		path[256];
	unsigned int	id;
	uint64_t	size;
};

struct request {
	const struct file *f;
	uint8_t		*buf;
	uint64_t	off;
	size_t		len;
};

/* One way to read. */
struct way {
	const char	*name;
	int		flags;		/* of open() */
	unsigned int	depth;
	size_t		align;		/* of offset and length */
	void		*(*begin)(const struct file *f);	/* or NULL */
	void		(*run)(void *ctx, struct request *r, const int *fd,
			       ssize_t *res, unsigned int n);
};

/* What there is to read. */
static inline size_t request_want(const struct request *r)
{
	uint64_t left = r->f->size - r->off;

	return r->len < left ? r->len : (size_t)left;
}

static void run_pread(void *ctx, struct request *r, const int *fd, ssize_t *res,
		      unsigned int n)
{
	(void)ctx;
	for (unsigned int i = 0; i < n; i++) {
		res[i] = pread(fd[i], r[i].buf, r[i].len, (off_t)r[i].off);
		if (res[i] < 0)
			res[i] = -errno;
	}
}

static void run_readv(void *ctx, struct request *r, const int *fd, ssize_t *res,
		      unsigned int n)
{
	(void)ctx;
	for (unsigned int i = 0; i < n; i++) {
		size_t first = r[i].len / 3;
		struct iovec v[2] = {
			{ r[i].buf, first }, { r[i].buf + first, r[i].len - first },
		};

		res[i] = preadv(fd[i], v, 2, (off_t)r[i].off);
		if (res[i] < 0)
			res[i] = -errno;
	}
}

static void run_map(void *ctx, struct request *r, const int *fd, ssize_t *res,
		    unsigned int n)
{
	(void)ctx;
	for (unsigned int i = 0; i < n; i++) {
		size_t skip = r[i].off % ALIGN, want = request_want(&r[i]);
		uint8_t *p = mmap(NULL, skip + want, PROT_READ, MAP_SHARED, fd[i],
				  (off_t)(r[i].off - skip));

		res[i] = p == MAP_FAILED ? -errno : (ssize_t)want;
		if (p == MAP_FAILED)
			continue;
		memcpy(r[i].buf, p + skip, want);
		munmap(p, skip + want);
	}
}

/* --- Those that hand bytes on ------------------------------------------------ */

struct scratch {
	int		fd;		/* a file in the same place, no name */
	int		pipe[2];
};

static void *begin_scratch(const struct file *f)
{
	struct scratch *s = calloc(1, sizeof(*s));
	char path[sizeof(f->path)];

	memcpy(path, f->path, sizeof(path));
	if (!s || pipe(s->pipe))
		loop_die("scratch");
	s->fd = open(dirname(path), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->fd < 0)
		loop_die("a file without a name");
	return s;
}

/* Get it from where it was handed on to. */
static ssize_t scratch_read(struct scratch *s, struct request *r, ssize_t n)
{
	ssize_t got = n > 0 ? pread(s->fd, r->buf, (size_t)n, (off_t)r->off) : n;

	if (got < 0)
		got = -errno;
	if (ftruncate(s->fd, 0))
		loop_die("scratch");
	return got;
}

static void run_splice(void *ctx, struct request *r, const int *fd, ssize_t *res,
		       unsigned int n)
{
	struct scratch *s = ctx;

	for (unsigned int i = 0; i < n; i++) {
		off_t pos = (off_t)r[i].off;
		ssize_t k = 1, got = 0;

		while (k > 0 && got < (ssize_t)r[i].len) {
			k = splice(fd[i], &pos, s->pipe[1], NULL,
				   r[i].len - (size_t)got, 0);
			if (k < 0)
				got = -errno;
			for (ssize_t in = 0; in < k;) {
				ssize_t j = read(s->pipe[0], r[i].buf + got,
						 (size_t)(k - in));

				if (j <= 0)
					loop_die("pipe");
				in += j;
				got += j;
			}
		}
		res[i] = got;
	}
}

static void run_sendfile(void *ctx, struct request *r, const int *fd,
			 ssize_t *res, unsigned int n)
{
	struct scratch *s = ctx;

	for (unsigned int i = 0; i < n; i++) {
		off_t pos = (off_t)r[i].off;
		ssize_t k = 1, got = 0;

		if (lseek(s->fd, pos, SEEK_SET) < 0)
			loop_die("seek");
		while (k > 0 && got < (ssize_t)r[i].len) {
			k = sendfile(s->fd, fd[i], &pos, r[i].len - (size_t)got);
			got = k < 0 ? -errno : got + k;
		}
		res[i] = scratch_read(s, &r[i], got);
	}
}

static void run_copy(void *ctx, struct request *r, const int *fd, ssize_t *res,
		     unsigned int n)
{
	struct scratch *s = ctx;

	for (unsigned int i = 0; i < n; i++) {
		loff_t in = (loff_t)r[i].off, out = in;
		ssize_t k = 1, got = 0;

		while (k > 0 && got < (ssize_t)r[i].len) {
			k = copy_file_range(fd[i], &in, s->fd, &out,
					    r[i].len - (size_t)got, 0);
			got = k < 0 ? -errno : got + k;
		}
		res[i] = scratch_read(s, &r[i], got);
	}
}

static void run_reflink(void *ctx, struct request *r, const int *fd, ssize_t *res,
			unsigned int n)
{
	struct scratch *s = ctx;

	for (unsigned int i = 0; i < n; i++) {
		size_t want = request_want(&r[i]);
		struct file_clone_range c = {
			.src_fd = fd[i], .src_offset = r[i].off,
			.src_length = want, .dest_offset = r[i].off,
		};
		ssize_t got = ioctl(s->fd, FICLONERANGE, &c) ? -errno :
							       (ssize_t)want;

		res[i] = scratch_read(s, &r[i], got);
	}
}

/* --- Those that are asked and answer later ------------------------------------- */

static void *begin_aio(const struct file *f)
{
	aio_context_t ctx = 0;

	(void)f;
	if (syscall(SYS_io_setup, DEPTH, &ctx))
		loop_die("io_setup");
	return (void *)(uintptr_t)ctx;
}

static void run_aio(void *ctx, struct request *r, const int *fd, ssize_t *res,
		    unsigned int n)
{
	struct io_event ev[DEPTH];
	struct iocb cb[DEPTH];
	unsigned int got = 0;

	memset(cb, 0, sizeof(cb));
	for (unsigned int i = 0; i < n; i++) {
		struct iocb *p = &cb[i];

		p->aio_data = i;
		p->aio_lio_opcode = IOCB_CMD_PREAD;
		p->aio_fildes = (uint32_t)fd[i];
		p->aio_buf = DM_PTR(r[i].buf);
		p->aio_nbytes = r[i].len;
		p->aio_offset = (int64_t)r[i].off;
		if (syscall(SYS_io_submit, ctx, 1L, &p) != 1)
			loop_die("io_submit");
	}
	while (got < n) {
		long k = syscall(SYS_io_getevents, ctx, 1L, (long)(n - got), ev,
				 NULL);

		if (k < 0 && errno != EINTR)
			loop_die("io_getevents");
		for (long i = 0; i < k; i++)
			res[ev[i].data] = ev[i].res;
		got += k > 0 ? (unsigned int)k : 0;
	}
}

struct ring {
	int		fd;
	uint8_t		*sq, *cq;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

static void *ring_map(int fd, size_t len, off_t what)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, fd, what);

	if (p == MAP_FAILED)
		loop_die("io_uring: mmap");
	return p;
}

static void *begin_ring(const struct file *f)
{
	struct ring *r = calloc(1, sizeof(*r));

	(void)f;
	if (!r)
		loop_die("memory");
	r->fd = (int)syscall(SYS_io_uring_setup, DEPTH, &r->p);
	if (r->fd < 0)
		loop_die("io_uring_setup");
	r->sq = ring_map(r->fd, r->p.sq_off.array + r->p.sq_entries * 4,
			 IORING_OFF_SQ_RING);
	r->cq = ring_map(r->fd, r->p.cq_off.cqes + r->p.cq_entries *
			 sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	r->sqes = ring_map(r->fd, r->p.sq_entries * sizeof(*r->sqes),
			   IORING_OFF_SQES);
	return r;
}

static _Atomic uint32_t *ring_word(uint8_t *base, uint32_t off)
{
	return (_Atomic uint32_t *)(void *)(base + off);
}

static void run_ring(void *ctx, struct request *r, const int *fd, ssize_t *res,
		     unsigned int n)
{
	struct ring *g = ctx;
	_Atomic uint32_t *tail = ring_word(g->sq, g->p.sq_off.tail);
	_Atomic uint32_t *head = ring_word(g->cq, g->p.cq_off.head);
	_Atomic uint32_t *end = ring_word(g->cq, g->p.cq_off.tail);
	uint32_t mask = *ring_word(g->sq, g->p.sq_off.ring_mask);
	uint32_t cqmask = *ring_word(g->cq, g->p.cq_off.ring_mask);
	uint32_t *array = (void *)(g->sq + g->p.sq_off.array);
	struct io_uring_cqe *cqes = (void *)(g->cq + g->p.cq_off.cqes);
	unsigned int got = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t at = (*tail + i) & mask;
		struct io_uring_sqe *s = &g->sqes[at];

		memset(s, 0, sizeof(*s));
		s->opcode = IORING_OP_READ;
		s->fd = fd[i];
		s->off = r[i].off;
		s->addr = DM_PTR(r[i].buf);
		s->len = (uint32_t)r[i].len;
		s->user_data = i;
		array[at] = at;
	}
	*tail += n;
	if (syscall(SYS_io_uring_enter, g->fd, n, 0, 0, NULL, 0L) != (long)n)
		loop_die("io_uring_enter");
	while (got < n) {
		while (*head != *end) {
			struct io_uring_cqe *c = &cqes[*head & cqmask];

			res[c->user_data] = c->res;
			got++;
			(*head)++;
		}
		if (got < n && syscall(SYS_io_uring_enter, g->fd, 0, 1,
				       IORING_ENTER_GETEVENTS, NULL, 0L) < 0 &&
		    errno != EINTR)
			loop_die("io_uring_enter");
	}
}

static const struct way ways[] = {
	{ "pread", 0, 1, 1, NULL, run_pread },
	{ "direct pread", O_DIRECT, 1, ALIGN, NULL, run_pread },
	{ "readv", 0, 1, 1, NULL, run_readv },
	{ "mmap", 0, 1, 1, NULL, run_map },
	{ "splice", 0, 1, 1, begin_scratch, run_splice },
	{ "sendfile", 0, 1, 1, begin_scratch, run_sendfile },
	{ "copy_file_range", 0, 1, 1, begin_scratch, run_copy },
	{ "reflink", 0, 1, ALIGN, begin_scratch, run_reflink },
	{ "aio", 0, DEPTH, 1, begin_aio, run_aio },
	{ "direct aio", O_DIRECT, DEPTH, ALIGN, begin_aio, run_aio },
	{ "io_uring", 0, DEPTH, 1, begin_ring, run_ring },
	{ "direct io_uring", O_DIRECT, DEPTH, ALIGN, begin_ring, run_ring },
};

#define WAYS	(sizeof(ways) / sizeof(ways[0]))

#endif /* LOOP_WAYS_H */
