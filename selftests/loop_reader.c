// SPDX-License-Identifier: GPL-2.0-only
/*
 * loop_reader - reads a file of known pattern and accepts right bytes alone
 *
 *	loop_reader make FILE ID SIZE
 *	loop_reader check FILE ID SIZE		all of it, once
 *	loop_reader read SECONDS FILE:ID:SIZE...
 *	loop_reader sessions			and how many tokens each has
 *
 * `read` reads at random places, in random sizes, in five ways at the same
 * time: into memory, around the page cache, by Linux AIO of both kinds, and by
 * io_uring.  A reader has to wait until the data is there: an error, a short
 * read or a wrong byte ends it with status 1.  It says how much it read, so
 * that reading nothing is seen.
 *
 * With LOOP_NO_AIO in the environment there is no AIO: if a process is killed,
 * a worker takes its ring away, and UML of 6.12 then walks the address space
 * without a lock, which lockdep rightly reports.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>

#include "loop_dm.h"

#define MAX_FILES	32
#define MAX_READ	(512U << 10)
#define ALIGN		4096U
#define DEPTH		4

struct file {
	char		path[256];
	unsigned int	id;
	uint64_t	size;
};

static struct file files[MAX_FILES];
static unsigned int nfiles;
static _Atomic bool stop, bad;
static _Atomic uint64_t total_bytes, total_reads;

struct request {
	const struct file *f;
	uint8_t		*buf;
	uint64_t	off;
	size_t		len;
};

/* One way to read: any of these may be NULL. */
struct way {
	const char	*name;
	int		flags;		/* of open() */
	unsigned int	depth;
	void		*(*begin)(void);
	void		(*run)(void *ctx, struct request *r, const int *fd,
			       ssize_t *res, unsigned int n);
};

static void complain(const struct way *w, const struct request *r, ssize_t res)
{
	int64_t at;

	if (atomic_exchange(&bad, true))
		return;
	printf("# %s of %s at %" PRIu64 "+%zu: ", w->name, r->f->path, r->off,
	       r->len);
	at = res > 0 ? loop_check(r->buf, r->off, (size_t)res, r->f->id) : -1;
	if (at >= 0) {
		unsigned int zeros = 0;

		for (ssize_t i = 0; i < res; i++)
			zeros += !r->buf[i];
		printf("byte 0x%02x at %" PRId64 " is wrong; %u zeros\n",
		       r->buf[at - (int64_t)r->off], at, zeros);
	} else {
		printf("returned %zd%s%s\n", res, res < 0 ? ", " : "",
		       res < 0 ? strerror((int)-res) : "");
	}
	fflush(stdout);
}

/* A read that begins before the end of the file gives all there is. */
static bool right(const struct request *r, ssize_t res)
{
	uint64_t left = r->f->size - r->off;
	size_t want = r->len < left ? r->len : (size_t)left;

	return res == (ssize_t)want &&
	       loop_check(r->buf, r->off, want, r->f->id) < 0;
}

/* --- The ways --------------------------------------------------------------- */

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

static void *begin_aio(void)
{
	aio_context_t ctx = 0;

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

static void *begin_ring(void)
{
	struct ring *r = calloc(1, sizeof(*r));

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
	{ "pread", 0, 1, NULL, run_pread },
	{ "direct pread", O_DIRECT, 1, NULL, run_pread },
	{ "aio", 0, DEPTH, begin_aio, run_aio },
	{ "direct aio", O_DIRECT, DEPTH, begin_aio, run_aio },
	{ "io_uring", 0, DEPTH, begin_ring, run_ring },
	{ "direct io_uring", O_DIRECT, DEPTH, begin_ring, run_ring },
};

#define WAYS	(sizeof(ways) / sizeof(ways[0]))

static _Atomic uint64_t reads_of[WAYS];

static void *reader(void *arg)
{
	const struct way *w = arg;
	void *ctx = NULL;
	int fds[MAX_FILES], fd[DEPTH];
	struct request r[DEPTH];
	ssize_t res[DEPTH];
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		loop_die("getrandom");
	for (unsigned int i = 0; i < nfiles; i++) {
		fds[i] = open(files[i].path, O_RDONLY | O_CLOEXEC | w->flags);
		if (fds[i] < 0)
			loop_die("%s", files[i].path);
	}
	for (unsigned int i = 0; i < DEPTH; i++) {
		void *p;

		if (posix_memalign(&p, ALIGN, MAX_READ))
			loop_die("memory");
		r[i].buf = p;
	}
	if (w->run == run_aio && getenv("LOOP_NO_AIO"))
		return NULL;
	if (w->begin)
		ctx = w->begin();
	while (!stop && !bad) {
		unsigned int n = 1 + loop_below(&seed, w->depth);

		for (unsigned int i = 0; i < n; i++) {
			unsigned int f = loop_below(&seed, nfiles);
			uint64_t off = loop_rand(&seed) % files[f].size;
			size_t len = 1 + loop_below(&seed, 1U <<
					(loop_below(&seed, 19) + 1));

			if (w->flags & O_DIRECT) {
				off -= off % ALIGN;
				len = (len + ALIGN - 1) / ALIGN * ALIGN;
			}
			fd[i] = fds[f];
			r[i].f = &files[f];
			r[i].off = off;
			r[i].len = len < MAX_READ ? len : MAX_READ;
			/* What was read before must not pass for the answer. */
			memset(r[i].buf, 0, r[i].len);
			res[i] = -ENODATA;
		}
		w->run(ctx, r, fd, res, n);
		for (unsigned int i = 0; i < n; i++) {
			if (!right(&r[i], res[i])) {
				complain(w, &r[i], res[i]);
				continue;
			}
			total_bytes += (uint64_t)res[i];
			total_reads++;
			reads_of[w - ways]++;
		}
	}
	if (w->run == run_aio && syscall(SYS_io_destroy, ctx))
		loop_die("io_destroy");
	return NULL;
}

/* A thread that waits for ever must not keep this program. */
static void on_alarm(int sig)
{
	static const char msg[] =
		"# a reader waits for longer than anybody should\n";

	(void)sig;
	if (write(1, msg, sizeof(msg) - 1) < 0)
		_exit(3);
	_exit(2);
}

static int read_all(double seconds)
{
	pthread_t t[WAYS];
	double end = loop_now() + seconds;

	signal(SIGALRM, on_alarm);
	for (size_t i = 0; i < WAYS; i++) {
		errno = pthread_create(&t[i], NULL, reader, (void *)&ways[i]);
		if (errno)
			loop_die("thread");
	}
	while (loop_now() < end && !bad)
		usleep(20000);
	stop = true;
	alarm(120);
	for (size_t i = 0; i < WAYS; i++)
		pthread_join(t[i], NULL);
	printf("# %" PRIu64 " reads, %" PRIu64 " bytes:", total_reads,
	       total_bytes);
	for (size_t i = 0; i < WAYS; i++)
		printf(" %s %" PRIu64 "%s", ways[i].name, reads_of[i],
		       i + 1 < WAYS ? "," : "\n");
	for (size_t i = 0; i < WAYS; i++)
		if (seconds >= 5 && !reads_of[i] && !getenv("LOOP_NO_AIO")) {
			printf("# %s read nothing\n", ways[i].name);
			return 1;
		}
	return bad ? 1 : 0;
}

static int check_all(const struct file *f)
{
	static uint8_t buf[1 << 20];
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	uint64_t off = 0;
	ssize_t n;

	if (fd < 0)
		loop_die("%s", f->path);
	while ((n = pread(fd, buf, sizeof(buf), (off_t)off)) > 0) {
		int64_t at = loop_check(buf, off, (size_t)n, f->id);

		if (at >= 0) {
			printf("# %s: byte 0x%02x at %" PRId64 " is wrong\n",
			       f->path, buf[at - (int64_t)off], at);
			return 1;
		}
		off += (uint64_t)n;
	}
	if (n < 0)
		loop_die("%s at %" PRIu64, f->path, off);
	if (off != f->size) {
		printf("# %s has %" PRIu64 " bytes\n", f->path, off);
		return 1;
	}
	close(fd);
	return 0;
}

static void add_file(const char *path, size_t len, unsigned long id,
		     uint64_t size)
{
	struct file *f = &files[nfiles++];

	if (nfiles > MAX_FILES || len >= sizeof(f->path) || !size)
		loop_die("%s", path);
	memcpy(f->path, path, len);
	f->id = (unsigned int)id;
	f->size = size;
}

static int list_sessions(void)
{
	__s32 sids[256], tokens[4096];
	__u32 n = 0;

	errno = (int)-dmapi_getall_sessions(256, sids, &n);
	if (errno)
		loop_die("sessions");
	for (__u32 i = 0; i < n; i++) {
		char info[DMAPI_SESSION_INFO_LEN] = "";
		__u64 len = 0;
		__u32 have = 0;

		errno = (int)-dmapi_query_session(sids[i], sizeof(info), info,
						  &len);
		if (!errno)
			errno = (int)-dmapi_getall_tokens(sids[i], 4096, tokens,
							  &have);
		if (errno)
			loop_die("session %d", sids[i]);
		printf("%u %s\n", have, info);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "sessions"))
		return list_sessions();
	if (argc == 5 && strcmp(argv[1], "read")) {
		add_file(argv[2], strlen(argv[2]), strtoul(argv[3], NULL, 0),
			 strtoull(argv[4], NULL, 0));
		if (!strcmp(argv[1], "make")) {
			loop_make_file(files->path, files->size, files->id);
			return 0;
		}
		if (!strcmp(argv[1], "check"))
			return check_all(files);
	} else if (argc > 3 && !strcmp(argv[1], "read")) {
		for (int i = 3; i < argc; i++) {
			const char *a = strchr(argv[i], ':');
			const char *b = a ? strchr(a + 1, ':') : NULL;

			if (!b)
				loop_die("%s", argv[i]);
			add_file(argv[i], (size_t)(a - argv[i]),
				 strtoul(a + 1, NULL, 0),
				 strtoull(b + 1, NULL, 0));
		}
		return read_all(atof(argv[2]));
	}
	fprintf(stderr, "usage: loop_reader make|check FILE ID SIZE\n"
		"       loop_reader read SECONDS FILE:ID:SIZE...\n"
		"       loop_reader sessions\n");
	return 2;
}
