// SPDX-License-Identifier: GPL-2.0-only
/*
 * copy.c - an archive object that is the file, byte for byte
 *
 * Steps 1 and 2 of a migration (migrate.c tells the whole).  There are three
 * ways to such an object, the cheapest first:
 *
 *   - the one that the HSMID names, if the file's ctime and mtime say that
 *     nobody touched it since, or if a comparison finds no difference;
 *   - one that was complete when a migration was cut off, with those times;
 *   - a new copy.
 *
 * dm_read_invis() reads as zeros what is offline, so that is never copied or
 * compared: it is recalled first, or skipped.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migrate.h"

/* Longer than the tick that coarse time stamps are cut to, anywhere. */
#define TICKS_NS	(60 * 1000000L)

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	       same_time(&a->st_ctim, &b->st_ctim) &&
	       same_time(&a->st_mtim, &b->st_mtim);
}

/* The object was made of this very state of the file. */
static bool is_copy_of(const struct manifest *m, const struct stat *st)
{
	return m->size == (uint64_t)st->st_size &&
	       same_time(&m->ctime, &st->st_ctim) &&
	       same_time(&m->mtime, &st->st_mtim);
}

/* Step 1. */
static int settle(struct job *j)
{
	for (int tries = 0; tries < 100; tries++) {
		struct timespec now, pause = { .tv_nsec = TICKS_NS };
		int64_t age;

		if (fstat(j->f.fd, &j->s0) < 0) {
			complain("%s: %m", j->f.path);
			return -1;
		}
		clock_gettime(CLOCK_REALTIME, &now);
		age = (now.tv_sec - j->s0.st_ctim.tv_sec) * INT64_C(1000000000)
		      + now.tv_nsec - j->s0.st_ctim.tv_nsec;
		/* A ctime of the future is no time that a change would get. */
		if (age >= TICKS_NS || age < -TICKS_NS) {
			if (fsync(j->f.fd) < 0) {
				complain("%s: sync: %m", j->f.path);
				return -1;
			}
			if (dmx_get_change(j->o->sid, j->f.h.bytes,
					   j->f.h.len, DM_NO_TOKEN,
					   &j->change) < 0) {
				complain("%s: version: %m", j->f.path);
				return -1;
			}
			return 0;
		}
		nanosleep(&pause, NULL);
	}
	complain("%s: is being changed all the time; try again later",
		 j->f.path);
	errno = EBUSY;
	return -1;
}

static ssize_t read_file(struct job *j, uint64_t off, size_t len, void *buf)
{
	dm_ssize_t n = dm_read_invis(j->o->sid, j->f.h.bytes, j->f.h.len,
				     DM_NO_TOKEN, (dm_off_t)off, len, buf);

	if (n < 0)
		complain("%s: read at %" PRIu64 ": %m", j->f.path, off);
	return n;
}

int changed(struct job *j, const char *when)
{
	complain("%s: was changed while it was %s; nothing was punched, try "
		 "again later", j->f.path, when);
	errno = EBUSY;
	return -1;
}

/* --- Step 2: an object that holds what the file held at S0 --------------- */

static int copy_data(struct job *j, struct objwriter *w)
{
	uint64_t size = (uint64_t)j->s0.st_size, off = 0;
	struct progress p;
	void *buf = malloc(BATCH);
	int ret = -1;

	if (!buf)
		return -1;
	progress_start(&p, j->f.path, size);
	while (off < size) {
		size_t want = (size_t)min_u64(BATCH, size - off);
		size_t got = 0;

		if (interrupted) {
			errno = EINTR;
			complain("%s: %m; nothing was punched", j->f.path);
			goto out;
		}
		while (got < want) {
			ssize_t n = read_file(j, off + got, want - got,
					      (char *)buf + got);

			if (n < 0)
				goto out;
			if (!n) {
				changed(j, "copied");
				goto out;
			}
			got += (size_t)n;
		}
		if (object_append(w, buf, got) < 0) {
			complain("archive %s: write: %m", j->o->archive.path);
			goto out;
		}
		off += got;
		progress_add(&p, got);
	}
	ret = 0;
out:
	progress_end(&p);
	free(buf);
	return ret;
}

/* Somebody, who works with another archive, may have punched under us. */
static bool anything_armed(struct job *j)
{
	struct ranges armed;
	bool any = true;

	if (!ranges_armed(j->o->sid, &j->f.h, 0, FOREVER, &armed)) {
		any = armed.n;
		free(armed.v);
	}
	return any;
}

static int copy(struct job *j, uint32_t newest)
{
	struct manifest m = {
		.size = (uint64_t)j->s0.st_size,
		.mtime = j->s0.st_mtim,
		.ctime = j->s0.st_ctim,
		.mode = j->s0.st_mode,
		.uid = j->s0.st_uid,
		.gid = j->s0.st_gid,
	};
	char *full = realpath(j->f.path, NULL);
	struct objwriter w;
	struct stat now;

	snprintf(m.path, sizeof(m.path), "%s", full ? full : j->f.path);
	free(full);
	if (dmfile_key(&j->f.h, &m.key) < 0) {
		complain("%s: handle: %m", j->f.path);
		return -1;
	}
	m.key.version = newest + 1;
	m.chunk = dmfile_granule(j->o->sid, &j->f.h);
	if (object_create(&j->o->archive, &m, &w) < 0)
		return -1;
	if (copy_data(j, &w) < 0) {
		object_abandon(&w);
		return -1;
	}
	/*
	 * Step 5 looks again; but an object that claims these times must be
	 * right even if nobody comes as far as that.
	 */
	if (fstat(j->f.fd, &now) < 0 || !same_file(&now, &j->s0) ||
	    anything_armed(j)) {
		object_abandon(&w);
		return changed(j, "copied");
	}
	if (object_commit(&w) < 0)
		return -1;
	j->copied = true;
	return object_open(&j->o->archive, &m.key, &j->obj);
}

/* A copy that was complete when this was cut off the last time. */
static int find_copy(struct job *j, uint32_t newest)
{
	struct objkey key;

	if (!newest || dmfile_key(&j->f.h, &key) < 0)
		return -1;
	key.version = newest;
	if (object_open(&j->o->archive, &key, &j->obj) < 0)
		return -1;
	if (is_copy_of(&j->obj.m, &j->s0))
		return 0;
	object_close(&j->obj);
	return -1;
}

/* 1: what is on disk of the file is what the archive has; 0: it is not. */
static int compare_range(struct job *j, uint64_t off, uint64_t end,
			 unsigned char *a, unsigned char *b,
			 struct progress *p)
{
	while (off < end) {
		uint64_t from = round_down_to(off, j->old.m.chunk);
		uint64_t to = round_up_to(end, j->old.m.chunk);
		ssize_t m, n = object_read(&j->old, from,
				(size_t)min_u64(BATCH, to - from), a);
		size_t skip = (size_t)(off - from);

		if (n <= 0)
			return -1;
		n = (ssize_t)min_u64((uint64_t)n - skip, end - off);
		m = read_file(j, off, (size_t)n, b);
		if (m < 0)
			return -1;
		if (m < n || memcmp(a + skip, b, (size_t)n))
			return 0;
		if (interrupted) {
			errno = EINTR;
			return -1;
		}
		off += (uint64_t)n;
		progress_add(p, (uint64_t)n);
	}
	return 1;
}

static int compare(struct job *j)
{
	const struct ranges none = { 0 };
	uint64_t size = (uint64_t)j->s0.st_size;
	struct progress p;
	struct map map;
	unsigned char *buf;
	int same = 1;

	if (size != j->old.m.size)
		return 0;
	if (is_copy_of(&j->old.m, &j->s0) && !j->o->compare)
		return 1;
	if (map_range(j->o->sid, &j->f.h, j->f.fd, &none, 0, size, &map) < 0) {
		complain("%s: allocation: %m", j->f.path);
		return -1;
	}
	buf = malloc(2 * BATCH);
	progress_start(&p, j->f.path, size - map.bytes[OFFLINE]);
	for (size_t i = 0; buf && same == 1 && i < map.n; i++)
		if (map.v[i].w != OFFLINE)
			same = compare_range(j, map.v[i].off, map.v[i].end,
					     buf, buf + BATCH, &p);
	progress_end(&p);
	if (!buf)
		same = -1;
	free(buf);
	free(map.v);
	return same;
}

/* What is offline comes back first: the next copy is of the whole file. */
static int recall_all(struct job *j)
{
	struct recall r = {
		.archive = &j->o->archive, .sid = j->o->sid, .h = &j->f.h,
		.fd = j->f.fd, .id = j->id,
	};

	if (recall_whole(&r, j->f.path) < 0) {
		complain("%s: was changed since it was archived, and what is "
			 "offline of it cannot be recalled: %m", j->f.path);
		return -1;
	}
	return 0;
}

/*
 * 1: the object that the HSMID names is the file at S0; 0: it is not, and all
 * of the file is on disk.
 */
static int keep_copy(struct job *j)
{
	int same;

	if (settle(j) < 0)
		return -1;
	same = compare(j);
	if (same < 0)
		return -1;
	if (same) {
		j->obj = j->old;
		j->old.fd = j->old.mfd = -1;
		return 1;
	}
	if (is_copy_of(&j->old.m, &j->s0)) {
		complain("%s: differs from archive object %s though it was not "
			 "changed: one of them is damaged, nothing was done",
			 j->f.path, j->old.name);
		errno = EIO;
		return -1;
	}
	if (j->release) {
		complain("%s: was changed since it was archived; migrate it "
			 "again", j->f.path);
		errno = ESTALE;
		return -1;
	}
	return recall_all(j);
}

/* An object that is the file at S0, in j->obj. */
int obtain_copy(struct job *j)
{
	struct objkey key;
	uint32_t newest;

	if (j->old.fd >= 0) {
		int kept = keep_copy(j);

		if (kept)
			return kept < 0 ? -1 : 0;
	}
	if (settle(j) < 0)
		return -1;
	if (dmfile_key(&j->f.h, &key) < 0 ||
	    archive_newest(&j->o->archive, &key, &newest) < 0) {
		complain("archive %s: %m", j->o->archive.path);
		return -1;
	}
	if (!find_copy(j, newest))
		return 0;
	return copy(j, newest);
}
