// SPDX-License-Identifier: GPL-2.0-only
/*
 * map.c - which bytes of a file are where, in the kernel's own words
 *
 *			has blocks	no blocks
 *	armed		armed		offline or hole
 *	not armed	resident	hole
 *
 * Blocks come from dm_get_allocinfo(), armed is what READ regions cover.  What
 * is armed and has no blocks need not be offline: a file that is cut off and
 * grows again has honest zeros there, which the archive must never fill with
 * what once was.  The kernel keeps apart what it punched and what is a hole,
 * and lseek(SEEK_DATA) tells: offline bytes are data of unknown place.
 *
 * A recall writes nothing but what is offline in this sense.  "armed" is data
 * that could be, or could have been, punched: a migration was cut off, or the
 * table of regions was full.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "hsm.h"

static int map_add(struct map *m, uint64_t off, uint64_t end, enum where w)
{
	if (off >= end)
		return 0;
	m->bytes[w] += end - off;
	if (m->n && m->v[m->n - 1].w == w && m->v[m->n - 1].end == off) {
		m->v[m->n - 1].end = end;
		return 0;
	}
	if (m->n == m->room) {
		size_t room = m->room ? 2 * m->room : 64;
		void *v = realloc(m->v, room * sizeof(*m->v));

		if (!v)
			return -1;
		m->v = v;
		m->room = room;
	}
	m->v[m->n++] = (struct piece){ .off = off, .end = end, .w = w };
	return 0;
}

/* Has blocks: only regions make a difference. */
static int map_resident(struct map *m, uint64_t off, uint64_t end,
			const struct ranges *armed)
{
	for (size_t i = 0; i < armed->n && off < end; i++) {
		uint64_t a = min_u64(max_u64(armed->v[i].off, off), end);
		uint64_t b = min_u64(armed->v[i].end, end);

		if (b <= off)
			continue;
		if (map_add(m, off, a, RESIDENT) < 0 ||
		    map_add(m, a, b, ARMED) < 0)
			return -1;
		off = max_u64(off, b);
	}
	return map_add(m, off, end, RESIDENT);
}

/* Where [off, end) changes from hole to data or back. */
static uint64_t seek(int fd, uint64_t off, uint64_t end, int whence)
{
	off_t at = lseek(fd, (off_t)off, whence);

	/* ENXIO: no more data.  Any other error: better offline than a hole. */
	if (at < 0)
		return whence == SEEK_DATA && errno != ENXIO ? off : end;
	return min_u64((uint64_t)at, end);
}

/* Has no blocks. */
static int map_empty(struct map *m, int fd, uint64_t off, uint64_t end)
{
	while (off < end) {
		uint64_t data = seek(fd, off, end, SEEK_DATA);
		uint64_t hole = seek(fd, data, end, SEEK_HOLE);

		if (map_add(m, off, data, HOLE) < 0 ||
		    map_add(m, data, hole, OFFLINE) < 0)
			return -1;
		off = hole;
	}
	return 0;
}

/* The last part of either function below: fills m until @end or @first. */
static int map_fill(dm_sessid_t sid, const struct handle *h, int fd,
		    const struct ranges *armed, uint64_t off, uint64_t end,
		    bool first, struct map *m)
{
	dm_off_t pos = (dm_off_t)round_down_to(off, GRANULE);
	dm_extent_t ext[64];
	int more = off < end;

	while (more > 0 && (uint64_t)pos < end && !(first && m->bytes[OFFLINE])) {
		unsigned int n = 0;

		more = dm_get_allocinfo(sid, (void *)h->bytes, h->len,
					DM_NO_TOKEN, &pos, ARRAY_SIZE(ext),
					ext, &n);
		if (more < 0)
			return -1;
		if (more > 0 && !n) {
			errno = EIO;
			return -1;
		}
		for (unsigned int i = 0; i < n; i++) {
			uint64_t a = (uint64_t)ext[i].ex_offset;
			uint64_t b = min_u64(a + ext[i].ex_length, end);
			int ret;

			a = max_u64(a, off);
			if (a >= b)
				continue;
			if (ext[i].ex_type == DM_EXTENT_HOLE)
				ret = map_empty(m, fd, a, b);
			else
				ret = map_resident(m, a, b, armed);
			if (ret < 0)
				return -1;
		}
	}
	return 0;
}

/*
 * The map of [off, end), which ends where the file does, given what is armed of
 * it; the caller frees m->v.
 */
int map_range(dm_sessid_t sid, const struct handle *h, int fd,
	      const struct ranges *armed, uint64_t off, uint64_t end,
	      struct map *m)
{
	struct stat st;

	*m = (struct map){ 0 };
	if (fstat(fd, &st) < 0)
		return -1;
	end = min_u64(end, (uint64_t)st.st_size);
	if (map_fill(sid, h, fd, armed, off, end, false, m) < 0) {
		free(m->v);
		*m = (struct map){ 0 };
		return -1;
	}
	return 0;
}

/* 1: some byte of the file is offline; 0: none is. */
int map_offline(dm_sessid_t sid, const struct handle *h, int fd)
{
	const struct ranges none = { 0 };
	struct map m = { 0 };
	struct stat st;
	int ret;

	if (fstat(fd, &st) < 0)
		return -1;
	ret = map_fill(sid, h, fd, &none, 0, (uint64_t)st.st_size, true, &m);
	free(m.v);
	return ret < 0 ? -1 : m.bytes[OFFLINE] != 0;
}
