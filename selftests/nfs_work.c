// SPDX-License-Identifier: GPL-2.0
/*
 * nfs_work MANAGED NFS - what a client of a file server sees of managed files
 *
 * MANAGED is a directory on the managed file system, NFS the same one through a
 * server.  The program is the manager, its children use NFS.  There are more of
 * them than the server has threads.  Called by nfs_test.sh; says what is wrong
 * and exits with 1.
 */
#include "names.h"

#define SIZE		(4 * DM_GRANULE)
#define READERS		8
#define SOON		40000	/* ms: a client waits before it comes back */

static int wrong;

#define CHECK(_cond, ...)						\
	do {								\
		if (!(_cond)) {						\
			printf("%s:%d: %s: ", __FILE__, __LINE__, #_cond); \
			printf(__VA_ARGS__);				\
			printf("\n");					\
			wrong = 1;					\
		}							\
	} while (0)

static __s32 sid;
static const char *managed, *nfs;

static void name(char *path, const char *dir, const char *file)
{
	snprintf(path, PATH_MAX, "%s/%s", dir, file);
}

static void stub(struct dm_file *f, const char *file)
{
	long ret;

	ret = dm_make_file(f, sid, managed, file, SIZE);
	CHECK(!ret, "%s: %ld", file, ret);
	chmod(f->path, 0666);
	ret = dm_arm(&f->o, 0, 0, DMAPI_REGION_READ | DMAPI_REGION_WRITE |
				  DMAPI_REGION_TRUNCATE);
	CHECK(!ret, "%ld", ret);
	ret = dmapi_punch_hole(&f->o, 0, 0);
	CHECK(!ret, "%ld", ret);
}

static long read_child(void *arg)
{
	char path[PATH_MAX];

	name(path, nfs, arg);
	return dm_read_check(path, DM_GRANULE, 8192);
}

static long write_child(void *arg)
{
	char path[PATH_MAX], buf[5000];
	int fd;

	name(path, nfs, arg);
	memset(buf, 'w', sizeof(buf));
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (pwrite(fd, buf, sizeof(buf), DM_GRANULE + 100) != sizeof(buf))
		return -errno;
	return fsync(fd) ? -errno : 0;
}

static long truncate_child(void *arg)
{
	char path[PATH_MAX];

	name(path, nfs, arg);
	return truncate(path, DM_GRANULE + 100) ? -errno : 0;
}

/*
 * Answer events until all children have ended with @error.  The client reads
 * and writes in pieces of its own, so there may be several, but none twice, and
 * one of them of the type.
 */
static void serve(struct dm_file *f, int type, int error, pid_t *pid, int n)
{
	struct dm_event had[32];
	int nhad = 0, left = n, i;
	bool seen = false;
	long ret;

	for (int ms = 0; left && ms < SOON; ms += 50) {
		struct dm_event *e = &had[nhad];

		while (nhad < 31 && !dm_next(sid, e, 0)) {
			seen |= e->type == type;
			for (i = 0; i < nhad; i++)
				CHECK(had[i].type != e->type || had[i].offset != e->offset ||
				      had[i].length != e->length, "twice: %d %lld %llu",
				      e->type, (long long)e->offset,
				      (unsigned long long)e->length);
			if (!error) {
				/* Long enough for clients to come back too early. */
				if (!nhad)
					dm_sleep_ms(1500);
				ret = dm_recall(&f->o, 0, SIZE);
				CHECK(!ret, "recall: %ld", ret);
				dm_continue(sid, e->token);
			} else {
				dm_abort(sid, e->token, error);
			}
			e = &had[++nhad];
		}
		for (i = 0; i < n; i++) {
			if (!pid[i])
				continue;
			ret = dm_wait(pid[i], 0);
			if (ret == DM_RUNNING)
				continue;
			CHECK(ret == -error, "child %d: %ld", i, ret);
			pid[i] = 0;
			left--;
		}
		dm_sleep_ms(50);
	}
	CHECK(!left, "%d still wait after %d events", left, nhad);
	CHECK(seen, "none of %d events was of type %d", nhad, type);
	for (i = 0; i < n; i++)
		if (pid[i])
			kill(pid[i], SIGKILL);
	printf("%s: %d events\n", f->path, nhad);
}

static void readers(void)
{
	struct dm_file f, b;
	pid_t pid[READERS], other;
	long ret;

	stub(&f, "a");
	dm_make_file(&b, sid, managed, "b", SIZE);
	chmod(b.path, 0666);
	for (int i = 0; i < READERS; i++)
		pid[i] = dm_spawn(read_child, "a");
	dm_sleep_ms(1000);
	/* All threads would sleep now, if they slept. */
	other = dm_spawn(read_child, "b");
	ret = dm_wait(other, 10000);
	CHECK(!ret, "another file: %ld", ret);
	serve(&f, DMAPI_EVENT_READ, 0, pid, READERS);
}

static void one(const char *file, long (*fn)(void *), int type, int error)
{
	struct dm_file f;
	pid_t pid;
	long ret;

	stub(&f, file);
	pid = dm_spawn(fn, (void *)file);
	serve(&f, type, error, &pid, 1);
	dm_disarm(&f.o);
	if (!error && fn == write_child) {
		char buf[5000];

		ret = pread(open(f.path, O_RDONLY), buf, sizeof(buf), DM_GRANULE + 100);
		CHECK(ret == sizeof(buf) && dm_all(buf, 'w', sizeof(buf)), "%ld", ret);
		CHECK(!dm_read_check(f.path, 0, DM_GRANULE + 100), "before it");
		CHECK(!dm_read_check(f.path, DM_GRANULE + 5100, 100000), "behind it");
	}
	if (!error && fn == truncate_child) {
		struct stat st;

		CHECK(!stat(f.path, &st) && st.st_size == (off_t)DM_GRANULE + 100,
		      "%lld", (long long)st.st_size);
		CHECK(!dm_read_check(f.path, 0, DM_GRANULE + 100), "what is left");
	}
}

static long mkdir_child(void *arg)
{
	char path[PATH_MAX];

	name(path, nfs, arg);
	return mkdir(path, 0700) ? -errno : 0;
}

static long rmdir_child(void *arg)
{
	char path[PATH_MAX];

	name(path, nfs, arg);
	return rmdir(path) ? -errno : 0;
}

/* One change by a client: asked for once, answered, told. */
static void change(const char *file, long (*fn)(void *), int event, int error)
{
	struct dm_named e;
	pid_t pid = dm_spawn(fn, (void *)file);
	long ret;

	ret = dm_next_named(sid, &e, SOON);
	CHECK(!ret && e.type == event && !strcmp(e.name1, strrchr(file, '/') + 1),
	      "%s: %ld, event %d of %s", file, ret, e.type, e.name1);
	/* Long enough for the client to come back too early. */
	dm_sleep_ms(1500);
	if (error)
		dm_abort(sid, e.token, error);
	else
		dm_continue(sid, e.token);
	ret = dm_wait(pid, SOON);
	CHECK(ret == -error, "%s: %ld", file, ret);
	if (!error) {
		ret = dm_next_named(sid, &e, 1000);
		CHECK(!ret && !e.token && !e.retcode, "%s: %ld, event %d: %d", file, ret,
		      e.type, e.retcode);
	}
	ret = dm_next_named(sid, &e, 100);
	CHECK(ret == -EAGAIN, "%s: event %d of %s", file, e.type, e.name1);
}

static void names(void)
{
	const __u64 set = DM_BIT(CREATE) | DM_BIT(POSTCREATE) | DM_BIT(REMOVE) |
			  DM_BIT(POSTREMOVE);
	char dir[PATH_MAX];
	long ret;

	name(dir, managed, "n");
	CHECK(!mkdir(dir, 0777) && !chmod(dir, 0777), "%s: %m", dir);
	ret = dm_want(sid, set);
	CHECK(!ret, "dispositions: %ld", ret);
	ret = dm_set_list(sid, dir, set);
	CHECK(!ret, "list: %ld", ret);
	change("n/x", mkdir_child, DMAPI_EVENT_CREATE, 0);
	change("n/y", mkdir_child, DMAPI_EVENT_CREATE, EACCES);
	change("n/x", rmdir_child, DMAPI_EVENT_REMOVE, 0);
	/* An answer is good for one. */
	change("n/x", mkdir_child, DMAPI_EVENT_CREATE, 0);
	change("n/x", rmdir_child, DMAPI_EVENT_REMOVE, EIO);
	dm_set_list(sid, dir, 0);
}

int main(int argc, char **argv)
{
	long ret;

	if (argc != 3) {
		fprintf(stderr, "usage: nfs_work MANAGED NFS\n");
		return 2;
	}
	managed = argv[1];
	nfs = argv[2];
	setlinebuf(stdout);
	ret = dm_sysfs_set("data_policy", "block");
	CHECK(!ret, "policy: %ld", ret);
	ret = dmapi_create_session(0, "nfs_work", &sid);
	CHECK(!ret, "session: %ld", ret);
	ret = dm_want(sid, DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE));
	CHECK(!ret, "dispositions: %ld", ret);

	readers();
	one("w", write_child, DMAPI_EVENT_WRITE, 0);
	one("t", truncate_child, DMAPI_EVENT_TRUNCATE, 0);
	one("e", read_child, DMAPI_EVENT_READ, EIO);
	names();

	dm_drain(sid);
	dmapi_destroy_session(sid);
	return wrong;
}
