// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to bring data back
 *
 * A manager's write and an ordinary one of the same size take turns.  Over
 * bytes that are there both stay in the cache.  Where bytes are offline the
 * manager's is on the device when the call returns, so the ordinary one, into a
 * hole, is followed by a sync of its range.
 *
 * What another file of the same file system has already can be copied, or its
 * blocks can change hands.
 */
#include "bench.h"

#define CHUNK	(1 << 20)
#define MAX_MIB	512

static double ours[MAX_MIB], theirs[MAX_MIB];
static char *buf;

/* MiB/s of a chunk that took @ns. */
static double speed(double ns)
{
	return 1e9 / ns;
}

static void compare_writes(const char *name, const struct dmapi_object *o, int fd,
			   unsigned int mib, bool sync)
{
	char line[100];
	double t;
	unsigned int i, k;
	ssize_t n;

	for (i = 0; i < mib; i++) {
		off_t pos = (off_t)i * CHUNK;

		/* Each goes first every other time. */
		for (k = 0; k < 2; k++) {
			t = bench_now();
			if ((i + k) % 2) {
				n = dmapi_write_invis(o, 0, pos, CHUNK, buf);
				ours[i] = speed(bench_now() - t);
				if (n != CHUNK)
					errx(1, "write_invis: %zd", n);
				continue;
			}
			n = pwrite(fd, buf, CHUNK, pos);
			if (n == CHUNK && sync &&
			    sync_file_range(fd, pos, CHUNK, SYNC_FILE_RANGE_WAIT_BEFORE |
					    SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER))
				n = -1;
			theirs[i] = speed(bench_now() - t);
			if (n != CHUNK)
				err(1, "pwrite");
		}
	}
	snprintf(line, sizeof(line), "%s_ours", name);
	bench_print(line, bench_median(ours, mib), "MiB/s");
	snprintf(line, sizeof(line), "%s_theirs", name);
	bench_print(line, bench_median(theirs, mib), "MiB/s");
}

static int sparse(const char *dir, const char *name, unsigned int mib, char *path)
{
	int fd;

	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || ftruncate(fd, (off_t)mib * CHUNK))
		err(1, "%s", path);
	return fd;
}

/* Every byte of it is offline. */
static void punch(const struct dmapi_object *o, const char *path)
{
	struct dmapi_region r = { .flags = DMAPI_REGION_READ };
	__u32 exact;
	long ret = dmapi_set_region(o, 1, &r, &exact);

	if (!ret)
		ret = dmapi_punch_hole(o, 0, 0);
	if (ret)
		errx(1, "%s is not offline: %s", path, strerror(-ret));
}

/* The session, for arguments DIR and MIB; -1 if they are others. */
static __s32 begin(int argc, char **argv, const char *name, unsigned int *mib)
{
	if (argc != 2)
		return -1;
	*mib = atoi(argv[1]);
	if (!*mib || *mib > MAX_MIB)
		return -1;
	buf = bench_alloc(CHUNK);
	return bench_session(name);
}

int bench_data(int argc, char **argv)
{
	char path[PATH_MAX], other[PATH_MAX];
	struct dmapi_object o;
	unsigned int mib;
	int fd, fd2;
	__s32 sid;
	long ret;

	sid = begin(argc, argv, "data", &mib);
	if (sid < 0)
		return 2;

	/* A hole in which every byte is offline, and a hole. */
	fd = sparse(argv[0], "managed", mib, path);
	fd2 = sparse(argv[0], "other", mib, other);
	o = bench_object(path, sid);
	punch(&o, path);
	compare_writes("recall", &o, fd2, mib, true);

	/* All there, and some armed: the file is managed. */
	ret = dmapi_set_resident(&o, 0, (__u64)(mib - 1) * CHUNK);
	if (ret)
		errx(1, "%s is not resident: %s", path, strerror(-ret));
	compare_writes("resident", &o, fd2, mib - 1, false);

	close(fd);
	close(fd2);
	unlink(path);
	unlink(other);
	bench_session_end(sid);
	return 0;
}

/* MiB/s of a recall of @mib from what is staged, one way or the other. */
static double recall(const char *dir, __s32 sid, unsigned int mib, bool copied)
{
	char path[PATH_MAX], staged[PATH_MAX];
	int fd = sparse(dir, "managed", mib, path);
	int from = sparse(dir, "staged", mib, staged);
	struct dmapi_object o = bench_object(path, sid);
	unsigned int i;
	double t;
	long ret = 0;

	for (i = 0; i < mib; i++) {
		if (pwrite(from, buf, CHUNK, (off_t)i * CHUNK) != CHUNK)
			err(1, "%s", staged);
	}
	if (fsync(from))
		err(1, "%s", staged);
	punch(&o, path);

	t = bench_now();
	if (!copied)
		ret = dmapi_stage(&o, from, 0, 0, 0, 0);
	for (i = 0; copied && i < mib; i++) {
		off_t pos = (off_t)i * CHUNK;

		if (pread(from, buf, CHUNK, pos) != CHUNK)
			err(1, "%s", staged);
		ret = dmapi_write_invis(&o, 0, pos, CHUNK, buf);
		if (ret != CHUNK)
			errx(1, "write_invis: %s", strerror(-ret));
	}
	t = bench_now() - t;
	if (ret < 0)
		errx(1, "stage: %s", strerror(-ret));
	ret = dmapi_set_resident(&o, 0, 0);
	if (ret)
		errx(1, "%s is not resident: %s", path, strerror(-ret));
	close(fd);
	close(from);
	unlink(path);
	unlink(staged);
	return mib * 1e9 / t;
}

int bench_stage(int argc, char **argv)
{
	unsigned int mib;
	__s32 sid;

	sid = begin(argc, argv, "stage", &mib);
	if (sid < 0)
		return 2;
	bench_print("stage_theirs", recall(argv[0], sid, mib, true), "MiB/s");
	bench_print("stage_ours", recall(argv[0], sid, mib, false), "MiB/s");
	bench_session_end(sid);
	return 0;
}
