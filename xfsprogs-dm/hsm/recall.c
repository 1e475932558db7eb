// SPDX-License-Identifier: GPL-2.0-only
/*
 * recall.c - bringing data back
 *
 * recall_range() is all there is to it, for the daemon and for commands:
 *
 *  1. The HSMID names the object.  Lock the range there, then read the HSMID
 *     again: whoever changes it holds the lock of the old object, so from here
 *     on it stays.
 *  2. Ask the kernel which bytes of the range are offline (map.c).  Only those
 *     are written; all others are newer than the archive, or the same.
 *  3. Write them from checked chunks, durable on return.
 *  4. Declare what was armed in the range resident, which disarms READ there
 *     and nowhere else, and fails if a byte is offline still.  If the table of
 *     regions is full it stays armed; it is on disk, so that costs events but
 *     nothing else.
 *
 * Stopped anywhere in between, the same again is harmless.  Two who recall the
 * same part do it one after the other, and the second finds nothing offline.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hsm.h"

/* What commands lock at a time, so that readers need not wait for all. */
#define SLICE	(16U * BATCH)

/* No file is longer; a multiple of every granule. */
#define FILE_END	((uint64_t)INT64_MAX - INT64_MAX % BATCH)

/*
 * ENOENT: the file has no HSMID.  EBADMSG: it has one that means nothing, or
 * is for a newer program.
 */
int recall_look(struct recall *r)
{
	return hsmid_get(r->sid, r->h, &r->id);
}

/* The object of the file, its range locked; EAGAIN if the HSMID changed. */
static int object_open_locked(struct recall *r, struct object *obj,
			      uint64_t off, uint64_t end)
{
	const struct hsmid *id = &r->id;
	struct hsmid now;

	if (memcmp(id->uuid, r->archive->uuid, sizeof(id->uuid))) {
		char want[37], have[37];

		uuid_string(want, id->uuid);
		uuid_string(have, r->archive->uuid);
		complain("inode %" PRIu64 " is in archive %s, %s is archive %s",
			 id->key.ino, want, r->archive->path, have);
		errno = EIO;
		return -1;
	}
	if (object_open(r->archive, &id->key, obj) < 0) {
		if (errno == ENOENT)
			errno = EIO;
		return -1;
	}
	if (obj->m.size != id->size || id->granule % obj->m.chunk) {
		complain("archive object %s is not what the file's HSMID says",
			 obj->name);
		errno = EIO;
		goto fail;
	}
	if (object_lock(obj, off, end) < 0 ||
	    hsmid_get(r->sid, r->h, &now) < 0)
		goto fail;
	if (hsmid_same(id, &now))
		return 0;
	r->id = now;
	errno = EAGAIN;
fail:
	object_close(obj);
	return -1;
}

static int write_back(struct recall *r, struct object *obj, void *buf,
		      uint64_t off, uint64_t end)
{
	while (off < end) {
		uint64_t chunk_off = round_down_to(off, obj->m.chunk);
		uint64_t chunk_end = round_up_to(end, obj->m.chunk);
		uint64_t at = off, skip = off - chunk_off;
		ssize_t n;

		/* No chunk more: another one's damage is not ours. */
		n = object_read(obj, chunk_off,
				(size_t)min_u64(BATCH, chunk_end - chunk_off),
				buf);
		if (n <= 0)
			return -1;
		n = (ssize_t)min_u64((uint64_t)n - skip, end - off);
		while (at < off + (uint64_t)n) {
			dm_ssize_t w = dm_write_invis(r->sid,
					(void *)r->h->bytes, r->h->len,
					DM_NO_TOKEN, DM_WRITE_SYNC,
					(dm_off_t)at, off + (uint64_t)n - at,
					(char *)buf + skip + (at - off));

			if (w < 0)
				return -1;
			if (!w) {
				errno = EIO;
				return -1;
			}
			at += (uint64_t)w;
		}
		r->bytes += (uint64_t)n;
		off = at;
	}
	return 0;
}

/* Step 2 and 3. */
static int fill(struct recall *r, struct object *obj,
		const struct ranges *armed, uint64_t off, uint64_t end)
{
	struct map map;
	void *buf = NULL;
	int ret = -1;

	if (map_range(r->sid, r->h, r->fd, armed, off, end, &map) < 0)
		return -1;
	for (size_t i = 0; i < map.n; i++) {
		const struct piece *p = &map.v[i];

		if (p->w != OFFLINE)
			continue;
		if (p->end > obj->m.size) {
			complain("archive object %s has %" PRIu64 " bytes, but "
				 "%" PRIu64 "+%" PRIu64 " is offline",
				 obj->name, obj->m.size, p->off,
				 p->end - p->off);
			errno = EIO;
			goto out;
		}
		if (!buf)
			buf = malloc(BATCH);
		if (!buf || write_back(r, obj, buf, p->off, p->end) < 0)
			goto out;
	}
	ret = 0;
out:
	free(buf);
	free(map.v);
	return ret;
}

/* Step 4. */
static int disarm(struct recall *r, const struct ranges *armed)
{
	for (size_t i = 0; i < armed->n; i++) {
		const struct range *p = &armed->v[i];

		if (dmx_set_resident(r->sid, (void *)r->h->bytes, r->h->len,
				     DM_NO_TOKEN, (dm_off_t)p->off,
				     p->end - p->off) < 0 && errno != E2BIG)
			return -1;
	}
	return 0;
}

/*
 * recall_look() comes first.  EIO: the archive does not have the data; others
 * come from the file system.
 */
int recall_range(struct recall *r, uint64_t off, uint64_t end)
{
	struct ranges armed;
	struct object obj;
	int ret;

	end = min_u64(round_up_to(end, r->id.granule), FILE_END);
	off = min_u64(round_down_to(off, r->id.granule), end);
	while (object_open_locked(r, &obj, off, end) < 0)
		if (errno != EAGAIN)
			return -1;
	ret = ranges_armed(r->sid, r->h, off, end, &armed);
	if (!ret) {
		/* What is not armed is not offline. */
		if (armed.n)
			ret = fill(r, &obj, &armed, off, end);
		if (!ret)
			ret = disarm(r, &armed);
		free(armed.v);
	}
	object_close(&obj);	/* and the lock with it */
	return ret;
}

/*
 * After a recall: if no byte is offline any more, the file is as good as any
 * other, and its regions, which now only cost events, go.  That is worth
 * looking for if nothing is armed any more, or if something was armed without
 * need.
 */
int recall_settle(struct recall *r)
{
	struct ranges armed;
	struct object obj;
	bool look;
	int ret;

	if (ranges_armed(r->sid, r->h, 0, r->id.size, &armed) < 0)
		return -1;
	look = !armed.n || !r->bytes;
	free(armed.v);
	if (!look)
		return 0;
	while (object_open_locked(r, &obj, 0, FOREVER) < 0)
		if (errno != EAGAIN)
			return -1;
	ret = map_offline(r->sid, r->h, r->fd);
	if (!ret)
		ret = regions_set(r->sid, r->h, NULL, 0);
	object_close(&obj);
	return ret < 0 ? -1 : 0;
}

/* All that is offline, in slices; complains. */
int recall_whole(struct recall *r, const char *path)
{
	struct ranges armed;
	struct progress p;
	int ret = -1;

	if (ranges_armed(r->sid, r->h, 0, r->id.size, &armed) < 0) {
		complain("%s: regions: %m", path);
		return -1;
	}
	progress_start(&p, path, ranges_bytes(&armed));
	for (size_t i = 0; i < armed.n; i++) {
		uint64_t at = armed.v[i].off;

		while (at < armed.v[i].end) {
			uint64_t end = min_u64(at + SLICE, armed.v[i].end);

			if (interrupted)
				errno = EINTR;
			if (interrupted || recall_range(r, at, end) < 0) {
				complain("%s: recall of %" PRIu64 "+%" PRIu64
					 ": %m", path, at, end - at);
				goto out;
			}
			progress_add(&p, end - at);
			at = end;
		}
	}
	ret = recall_settle(r);
	if (ret < 0)
		complain("%s: regions: %m", path);
out:
	progress_end(&p);
	free(armed.v);
	return ret;
}

/* xfs_hsm recall FILE */
int recall_file(struct options *o, const char *path)
{
	struct recall r;
	struct dmfile f;
	int ret = -1;

	if (dmfile_open(&f, path) < 0)
		return -1;
	r = (struct recall){
		.archive = &o->archive, .sid = o->sid, .h = &f.h, .fd = f.fd,
	};
	if (recall_look(&r) < 0) {
		if (errno != ENOENT) {
			complain("%s: HSMID: %m", path);
		} else {
			if (!o->quiet)
				note("%s: was never archived, all of it is "
				     "here", path);
			ret = 0;
		}
		goto out;
	}
	if (recall_whole(&r, path) < 0)
		goto out;
	ret = 0;
	if (o->json) {
		printf("{\"file\": ");
		json_string(stdout, path);
		printf(", \"action\": \"recalled\", \"bytes\": %" PRIu64 "}\n",
		       r.bytes);
	} else if (!o->quiet) {
		char s[16];

		printf("%s: %s recalled\n", path, human_size(s, r.bytes));
	}
out:
	dmfile_close(&f);
	return ret;
}
