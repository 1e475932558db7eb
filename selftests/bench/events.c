// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an event costs
 *
 * Readers read a page that is in the cache and of which somebody wants to know.
 * A manager in a process of its own answers that they may, and no data moves.
 * It is a session of DMAPI, or a listener of fanotify's permission events; both
 * take as many events in one call as there are.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <sys/fanotify.h>

#include "bench.h"

#ifndef FAN_PRE_ACCESS
#define FAN_PRE_ACCESS	0x00100000	/* since Linux 6.14 */
#endif

#define MAX_READERS	16
#define SAMPLES		65536
#define SESSION		"dm_bench"

static struct shared {
	atomic_bool	stop;
	atomic_uint	failed;
	atomic_uint	ready;
	atomic_ulong	count[MAX_READERS][8];	/* a cache line each */
	atomic_ulong	next;
	unsigned long	nsamples;
	double		sample[SAMPLES];
} *sh;

struct manager {
	const char	*name;
	const char	*path;
	__s32		sid;
	int		fd;
	unsigned int	type;		/* fanotify's */
};

static void share(void)
{
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED)
		err(1, "mmap");
}

/* --- Who answers ----------------------------------------------------------- */

#define BATCH	64

typedef void (*answer_fn)(__s32 sid, const __s32 *token, unsigned int n);

static void check_answer(long ret)
{
	/* It may come too late for a reader that was killed. */
	if (ret && ret != -ESRCH)
		errx(1, "answer: %s", strerror(-ret));
}

static void say_continue(__s32 sid, const __s32 *token, unsigned int n)
{
	struct dmapi_response r[BATCH];
	__u32 given;

	if (n == 1) {
		check_answer(dmapi_respond_event(sid, *token, DMAPI_RESP_CONTINUE, 0, 0, NULL));
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		r[i] = (struct dmapi_response) {
			.token = token[i], .response = DMAPI_RESP_CONTINUE,
		};
	check_answer(dmapi_respond_events(sid, n, r, &given));
	for (unsigned int i = 0; i < n; i++)
		check_answer(-r[i].error);
}

static void say_pending(__s32 sid, const __s32 *token, unsigned int n)
{
	while (n--)
		check_answer(dmapi_pending(sid, *token++, 3600, 0));
}

static void manage_dmapi(__s32 sid, answer_fn answer)
{
	static char buf[65536] __attribute__((aligned(8)));
	const struct dmapi_eventmsg *m;
	__s32 token[BATCH];
	unsigned int n;
	const char *p;
	__u64 len;
	long ret;

	for (;;) {
		ret = dmapi_get_events(sid, BATCH, DMAPI_EV_WAIT, sizeof(buf), buf, &len);
		if (ret)
			errx(1, "get_events: %s", strerror(-ret));
		n = 0;
		for (p = buf; ; p += m->link) {
			m = (const void *)p;
			token[n++] = m->token;
			if (!m->link)
				break;
		}
		answer(sid, token, n);
	}
}

static void manage_fanotify(int fd)
{
	static char buf[65536] __attribute__((aligned(8)));
	struct fanotify_event_metadata *m;
	struct fanotify_response r = { .response = FAN_ALLOW };
	ssize_t n;

	for (;;) {
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			err(1, "fanotify: read");
		for (m = (void *)buf; FAN_EVENT_OK(m, n); m = FAN_EVENT_NEXT(m, n)) {
			r.fd = m->fd;
			if (write(fd, &r, sizeof(r)) != sizeof(r))
				err(1, "fanotify: write");
			close(m->fd);
		}
	}
}

static void manager_open_dmapi(struct manager *m)
{
	struct dmapi_region r = { .flags = DMAPI_REGION_READ };
	__u64 set = 1ULL << DMAPI_EVENT_READ;
	unsigned char fsh[DMAPI_HANDLE_LEN];
	struct dmapi_object o, fs;
	__u64 len;
	__u32 exact;
	long ret;

	m->sid = bench_session(SESSION);
	o = bench_object(m->path, m->sid);
	ret = dmapi_path_to_fshandle(m->path, fsh, &len);
	if (!ret) {
		fs = (struct dmapi_object) {
			.sid = m->sid, .token = DMAPI_NO_TOKEN, .hanp = DM_PTR(fsh), .hlen = len,
		};
		ret = dmapi_set_disp(&fs, &set, DMAPI_EVENT_MAX);
	}
	if (!ret)
		ret = dmapi_set_region(&o, 1, &r, &exact);
	if (ret)
		errx(1, "%s cannot be managed: %s", m->path, strerror(-ret));
}

/* False if this kernel has no events of the type. */
static bool manager_open_fanotify(struct manager *m)
{
	m->fd = fanotify_init((m->type == FAN_PRE_ACCESS ? FAN_CLASS_PRE_CONTENT :
			       FAN_CLASS_CONTENT) | FAN_CLOEXEC, O_RDONLY | O_LARGEFILE);
	if (m->fd < 0)
		err(1, "fanotify_init");
	if (!fanotify_mark(m->fd, FAN_MARK_ADD, m->type, AT_FDCWD, m->path))
		return true;
	if (errno != EINVAL)
		err(1, "fanotify_mark");
	close(m->fd);
	return false;
}

static pid_t manager_start(const struct manager *m, answer_fn answer)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	if (m->type)
		manage_fanotify(m->fd);
	else
		manage_dmapi(m->sid, answer);
	_exit(0);
}

static void stop_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* --- Who reads ------------------------------------------------------------- */

static void read_loop(const char *path, unsigned int me)
{
	char *buf = bench_alloc(BENCH_PAGE);
	int fd = open(path, O_RDONLY);
	double t;

	if (fd < 0)
		err(1, "%s", path);
	atomic_fetch_add(&sh->ready, 1);
	while (!atomic_load_explicit(&sh->stop, memory_order_relaxed)) {
		t = bench_now();
		if (pread(fd, buf, BENCH_PAGE, (off_t)me * BENCH_PAGE) != BENCH_PAGE) {
			atomic_fetch_add(&sh->failed, 1);
			err(1, "%s: read", path);
		}
		if (!me && sh->nsamples < SAMPLES)
			sh->sample[sh->nsamples++] = bench_now() - t;
		atomic_fetch_add_explicit(&sh->count[me][0], 1, memory_order_relaxed);
	}
}

static void sleep_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

static unsigned long counted(unsigned int readers)
{
	unsigned long n = 0;

	while (readers--)
		n += atomic_load(&sh->count[readers][0]);
	return n;
}

/* @readers read for @ms; prints the trip of one, or the rate of several. */
static void run_readers(const struct manager *m, unsigned int readers, int ms)
{
	pid_t manager = manager_start(m, say_continue), pid[MAX_READERS];
	unsigned long before;
	char name[100];
	unsigned int i;
	double t;

	memset(sh, 0, offsetof(struct shared, sample));
	for (i = 0; i < readers; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			err(1, "fork");
		if (!pid[i]) {
			read_loop(m->path, i);
			_exit(0);
		}
	}
	while (atomic_load(&sh->ready) < readers)
		sleep_ms(1);
	sleep_ms(20);
	before = counted(readers);
	t = bench_now();
	sleep_ms(ms);
	t = (counted(readers) - before) * 1e9 / (bench_now() - t);
	atomic_store(&sh->stop, true);
	for (i = 0; i < readers; i++)
		waitpid(pid[i], NULL, 0);
	stop_child(manager);
	if (atomic_load(&sh->failed))
		errx(1, "%s: %u readers failed", m->name, atomic_load(&sh->failed));
	snprintf(name, sizeof(name), "rate%u_%s", readers, m->name);
	bench_print(name, t, "1/s");
	if (readers == 1) {
		snprintf(name, sizeof(name), "trip_%s", m->name);
		bench_print(name, bench_median(sh->sample, sh->nsamples), "ns");
	}
}

/* A file in the cache that is large enough for all readers. */
static const char *event_file(const char *dir, const char *name)
{
	char *path = malloc(PATH_MAX), *buf = bench_alloc(MAX_READERS * BENCH_PAGE);
	int fd;

	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, buf, MAX_READERS * BENCH_PAGE) < 0 || fsync(fd))
		err(1, "%s", path);
	close(fd);
	free(buf);
	return path;
}

/*
 * events DIR MS ROUNDS: DMAPI and fanotify in turn.  Where there is no
 * FAN_PRE_ACCESS it is FAN_ACCESS_PERM, which is told.
 */
int bench_events(int argc, char **argv)
{
	static const unsigned int readers[] = { 1, 2, 8 };
	struct manager dm = { .name = "dmapi" };
	struct manager fan = { .name = "fanotify", .type = FAN_PRE_ACCESS };
	int ms, rounds;
	size_t i;

	if (argc != 3)
		return 2;
	ms = atoi(argv[1]);
	rounds = atoi(argv[2]);
	share();
	dm.path = event_file(argv[0], "dmapi");
	fan.path = event_file(argv[0], "fanotify");
	manager_open_dmapi(&dm);
	if (!manager_open_fanotify(&fan)) {
		fan.type = FAN_ACCESS_PERM;
		if (!manager_open_fanotify(&fan))
			errx(1, "no permission events");
		printf("# FAN_ACCESS_PERM\n");
	}
	while (rounds--) {
		for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
			run_readers(&dm, readers[i], ms);
			run_readers(&fan, readers[i], ms);
		}
	}
	close(fan.fd);
	unlink(dm.path);
	unlink(fan.path);
	bench_session_end(dm.sid);
	return 0;
}

/* --- A million of them ----------------------------------------------------- */

/*
 * A reader that does not want to wait long leaves when the manager says that
 * its answer will take its time; the event stays outstanding.  Every read is of
 * another place, since one that is known raises no event.
 */
static void pend_loop(const char *path, unsigned long count)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	unsigned long i;
	char c;

	if (fd < 0)
		err(1, "%s", path);
	while ((i = atomic_fetch_add(&sh->next, 1)) < count) {
		if (pread(fd, &c, 1, (off_t)i * 2) != -1 || errno != EAGAIN) {
			atomic_fetch_add(&sh->failed, 1);
			err(1, "%s: read that does not wait", path);
		}
	}
}

/* Arm @m's file, and leave so many events of it outstanding. */
static void pend_events(struct manager *m, unsigned long count)
{
	pid_t manager, pid[MAX_READERS];
	int i;

	share();
	if (truncate(m->path, (off_t)count * 2 + 1))
		err(1, "%s", m->path);
	manager_open_dmapi(m);
	manager = manager_start(m, say_pending);
	for (i = 0; i < MAX_READERS; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			err(1, "fork");
		if (!pid[i]) {
			pend_loop(m->path, count);
			_exit(0);
		}
	}
	for (i = 0; i < MAX_READERS; i++)
		waitpid(pid[i], NULL, 0);
	stop_child(manager);
	if (atomic_load(&sh->failed))
		errx(1, "%s: %u readers failed", m->path, atomic_load(&sh->failed));
}

/* pend DIR COUNT: leave so many events outstanding */
int bench_pend(int argc, char **argv)
{
	struct manager m = { .name = "dmapi" };
	unsigned long count;
	__u32 n = 0;
	double t;
	long ret;

	if (argc != 2)
		return 2;
	count = strtoul(argv[1], NULL, 0);
	m.path = event_file(argv[0], "pend");
	t = bench_now();
	pend_events(&m, count);
	bench_print("pend", (bench_now() - t) / count, "ns");
	ret = dmapi_getall_tokens(m.sid, 0, NULL, &n);
	if ((ret && ret != -E2BIG) || n < count)
		errx(1, "%u events are outstanding", n);
	bench_print("outstanding", n, "events");
	return 0;
}

/* trip DIR MS: one reader and the session that pend left, or a new one */
int bench_trip(int argc, char **argv)
{
	struct manager m = { .name = "dmapi" };

	if (argc != 2)
		return 2;
	share();
	m.path = event_file(argv[0], "trip");
	manager_open_dmapi(&m);
	run_readers(&m, 1, atoi(argv[1]));
	return 0;
}

/*
 * again DIR MS: what it costs to be told that an event is under way, beside the
 * others that pend left (no more than a thousand: they are kept in a list)
 */
int bench_again(int argc, char **argv)
{
	static double v[SAMPLES];
	struct manager m = { .name = "dmapi" };
	double t, end;
	size_t n = 0;
	int fd;
	char c;

	if (argc != 2)
		return 2;
	m.path = event_file(argv[0], "again");
	pend_events(&m, 1);
	fd = open(m.path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		err(1, "%s", m.path);
	end = bench_now() + atoi(argv[1]) * 1e6;
	do {
		t = bench_now();
		if (pread(fd, &c, 1, 0) != -1 || errno != EAGAIN)
			err(1, "%s: read that does not wait", m.path);
		v[n++] = bench_now() - t;
	} while (n < SAMPLES && bench_now() < end);
	bench_print("again", bench_median(v, n), "ns");
	return 0;
}
