// SPDX-License-Identifier: GPL-2.0-only
/*
 * loop_reader - reads a file of known pattern and accepts right bytes alone
 *
 *	loop_reader make FILE ID SIZE
 *	loop_reader check FILE ID SIZE		all of it, once
 *	loop_reader read SECONDS FILE:ID:SIZE...
 *	loop_reader sessions			and how many tokens each has
 *
 * `read` reads at random places, in random sizes, in all ways of loop_ways.h at
 * the same time.  A reader has to wait until the data is there: an error, a
 * short read or a wrong byte ends it with status 1.  It says how much it read,
 * so that reading nothing is seen.
 *
 * With LOOP_NO_AIO in the environment there is no AIO: if a process is killed,
 * a worker takes its ring away, and UML of 6.12 then walks the address space
 * without a lock, which lockdep rightly reports.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/random.h>

#include "loop_ways.h"

#define MAX_FILES	32
#define MAX_READ	(512U << 10)

static struct file files[MAX_FILES];
static unsigned int nfiles;
static _Atomic bool stop, bad;
static _Atomic uint64_t total_bytes, total_reads;

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
	size_t want = request_want(r);

	return res == (ssize_t)want &&
	       loop_check(r->buf, r->off, want, r->f->id) < 0;
}

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
		ctx = w->begin(files);
	while (!stop && !bad) {
		unsigned int n = 1 + loop_below(&seed, w->depth);

		for (unsigned int i = 0; i < n; i++) {
			unsigned int f = loop_below(&seed, nfiles);
			uint64_t off = loop_rand(&seed) % files[f].size;
			size_t len = 1 + loop_below(&seed, 1U <<
					(loop_below(&seed, 19) + 1));

			off -= off % w->align;
			len = (len + w->align - 1) / w->align * w->align;
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
		/* What is there is read fast; it has to go again. */
		if (!loop_below(&seed, 4))
			usleep(loop_below(&seed, 20000));
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

/* What could be mapped was there, and must stay. */
static void on_sigbus(int sig)
{
	static const char msg[] = "# a mapping has no data\n";

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
	signal(SIGBUS, on_sigbus);
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
