// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm_bench - what DMAPI costs
 *
 * One program for the stock kernel and for ours, so that both run the same
 * instructions.  scripts/bench runs it in two machines at a time, a piece here
 * and a piece there in turn; `dm_bench serve DIR` is its end of that: it does
 * what files in DIR, which the host sees as well, tell it to.
 */
#include "bench.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void sort(double *v, size_t n)
{
	if (!n)
		errx(1, "nothing was measured");
	qsort(v, n, sizeof(*v), compare);
}

double bench_quartile(double *v, size_t n)
{
	sort(v, n);
	return v[n / 4];
}

double bench_median(double *v, size_t n)
{
	sort(v, n);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

void bench_print(const char *name, double value, const char *unit)
{
	printf("%s %.3f %s\n", name, value, unit);
	fflush(stdout);
}

void *bench_alloc(size_t size)
{
	void *p;

	if (posix_memalign(&p, BENCH_PAGE, size))
		errx(1, "no memory");
	memset(p, 0x5a, size);
	return p;
}

struct dmapi_object bench_object(const char *path, __s32 sid)
{
	unsigned char *h = bench_alloc(DMAPI_HANDLE_LEN);
	__u64 len;
	long ret = dmapi_path_to_handle(path, h, &len);

	if (ret)
		errx(1, "%s: no handle: %s", path, strerror(-ret));
	return (struct dmapi_object) {
		.sid = sid, .token = DMAPI_NO_TOKEN, .hanp = DM_PTR(h), .hlen = len,
	};
}

__s32 bench_session(const char *name)
{
	__s32 sids[64], sid;
	char info[DMAPI_SESSION_INFO_LEN];
	__u32 n = 0;
	__u64 len;
	long ret;

	if (!dmapi_getall_sessions(64, sids, &n)) {
		while (n--) {
			if (!dmapi_query_session(sids[n], sizeof(info), info, &len) &&
			    !strcmp(info, name))
				return sids[n];
		}
	}
	ret = dmapi_create_session(DMAPI_NO_SESSION, name, &sid);
	if (ret)
		errx(1, "no session: %s", strerror(-ret));
	return sid;
}

void bench_session_end(__s32 sid)
{
	long ret = dmapi_destroy_session(sid);

	if (ret)
		errx(1, "the session does not end: %s", strerror(-ret));
}

/* A file of @size bytes, in the cache and on the device. */
static void make_file(const char *path, size_t size)
{
	char *buf = bench_alloc(1 << 20);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	size_t done;

	if (fd < 0)
		err(1, "%s", path);
	for (done = 0; done < size; done += 1 << 20) {
		if (write(fd, buf, 1 << 20) != 1 << 20)
			err(1, "%s", path);
	}
	if (fsync(fd))
		err(1, "%s", path);
	close(fd);
	free(buf);
}

/*
 * setup DIR [managed]: "plain"; "region", which on a managed file system is armed
 * behind its first megabyte.
 */
int bench_setup(int argc, char **argv)
{
	struct dmapi_region r = {
		.offset = BENCH_ARMED, .size = BENCH_ARMED, .flags = DMAPI_REGION_READ,
	};
	struct dmapi_object o;
	char path[PATH_MAX];
	__u32 exact;
	long ret;

	if (argc < 1)
		return 2;
	snprintf(path, sizeof(path), "%s/plain", argv[0]);
	make_file(path, 1 << 20);
	snprintf(path, sizeof(path), "%s/region", argv[0]);
	make_file(path, 2 << 20);
	if (argc > 1) {
		o = bench_object(path, bench_session("setup"));
		ret = dmapi_set_region(&o, 1, &r, &exact);
		if (ret)
			errx(1, "%s: no region: %s", path, strerror(-ret));
		bench_session_end(o.sid);
	}
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args;
} commands[] = {
	{ "setup", bench_setup, "DIR [managed]" },
	{ "ops", bench_ops, "DIR MS" },
	{ "read", bench_read, "FILE MS" },
	{ "events", bench_events, "DIR MS ROUNDS" },
	{ "pend", bench_pend, "DIR COUNT" },
	{ "trip", bench_trip, "DIR MS" },
	{ "again", bench_again, "DIR MS" },
	{ "data", bench_data, "DIR MIB" },
	{ "stage", bench_stage, "DIR MIB" },
	{ "many", bench_many, "DIR COUNT" },
	{ "bulk", bench_bulk, "DIR COUNT" },
};

static int run_command(int argc, char **argv)
{
	size_t i;
	int ret;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (argc && !strcmp(argv[0], commands[i].name)) {
			ret = commands[i].run(argc - 1, argv + 1);
			if (ret == 2)
				warnx("%s %s", commands[i].name, commands[i].args);
			return ret;
		}
	}
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		warnx("%s %s", commands[i].name, commands[i].args);
	warnx("serve DIR");
	return 2;
}

/* What the n-th file says, which is a line for the shell. */
static void serve_one(const char *dir, unsigned int n, const char *line)
{
	char tmp[PATH_MAX], path[PATH_MAX];
	int status;
	FILE *f;
	pid_t pid;

	snprintf(tmp, sizeof(tmp), "%s/tmp.%u", dir, n);
	snprintf(path, sizeof(path), "%s/res.%u", dir, n);
	pid = fork();
	if (pid == 0) {
		if (!freopen(tmp, "w", stdout) || dup2(1, 2) < 0)
			_exit(1);
		execlp("sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(1, "serve");
	f = fopen(tmp, "a");
	if (!f || fprintf(f, "exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128) < 0 ||
	    fclose(f) || rename(tmp, path))
		err(1, "%s", path);
}

/*
 * serve DIR: do what cmd.1, cmd.2 ... say, with the output in res.1, res.2 ...;
 * "quit" ends it.
 */
static int serve(const char *dir)
{
	char path[PATH_MAX], line[1000];
	unsigned int n;
	FILE *f;

	for (n = 1; ; n++) {
		snprintf(path, sizeof(path), "%s/cmd.%u", dir, n);
		while (!(f = fopen(path, "r")))
			nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
		if (!fgets(line, sizeof(line), f))
			line[0] = 0;
		fclose(f);
		if (!strncmp(line, "quit", 4))
			return 0;
		serve_one(dir, n, line);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2]);
	return run_command(argc - 1, argv + 1);
}
