// SPDX-License-Identifier: GPL-2.0-only
/*
 * status.c - xfs_hsm status and verify: what is where, and is it right
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hsm.h"

static const char *const where_name[] = {
	[RESIDENT] = "resident",
	[HOLE] = "hole",
	[ARMED] = "armed",
	[OFFLINE] = "offline",
};

/* --- Printing ---------------------------------------------------------------- */

static const char *state_name(const struct map *m, bool archived)
{
	bool gone = m->bytes[OFFLINE], maybe = m->bytes[ARMED];

	if (!archived)
		return gone || maybe ? "foreign" : "unmanaged";
	if (gone)
		return m->n == 1 ? "offline" : "partial";
	return maybe ? "armed" : "dual";
}

static void flags_string(char buf[32], unsigned int flags)
{
	snprintf(buf, 32, "%s%s%s", flags & DM_REGION_READ ? " READ" : "",
		 flags & DM_REGION_WRITE ? " WRITE" : "",
		 flags & DM_REGION_TRUNCATE ? " TRUNCATE" : "");
	if (!buf[0])
		strcpy(buf, " NOEVENT");
}

struct facts {
	struct dmfile	f;
	struct map	map;
	struct hsmid	id;
	bool		archived;
	dm_region_t	*regs;
	unsigned int	nregs;
	void		*attrs;
	size_t		attrs_len;
};

static int get_attrs(dm_sessid_t sid, struct facts *x)
{
	size_t room = 4096;

	for (;;) {
		void *v = realloc(x->attrs, room);

		if (!v)
			return -1;
		x->attrs = v;
		x->attrs_len = 0;
		if (!dm_getall_dmattr(sid, x->f.h.bytes, x->f.h.len,
				      DM_NO_TOKEN, room, v, &x->attrs_len))
			return 0;
		if (errno != E2BIG)
			return -1;
		room = x->attrs_len + 4096;
	}
}

static int get_map(dm_sessid_t sid, struct facts *x)
{
	struct ranges armed;
	int ret;

	if (ranges_armed(sid, &x->f.h, 0, FOREVER, &armed) < 0)
		return -1;
	ret = map_range(sid, &x->f.h, x->f.fd, &armed, 0, FOREVER, &x->map);
	free(armed.v);
	return ret;
}

static int get_facts(dm_sessid_t sid, const char *path, struct facts *x)
{
	memset(x, 0, sizeof(*x));
	if (dmfile_open(&x->f, path) < 0)
		return -1;
	if (!hsmid_get(sid, &x->f.h, &x->id))
		x->archived = true;
	else if (errno != ENOENT)
		complain("%s: HSMID: %m", path);
	if (regions_get(sid, &x->f.h, &x->regs, &x->nregs) < 0)
		complain("%s: regions: %m", path);
	else if (get_attrs(sid, x) < 0)
		complain("%s: DM attributes: %m", path);
	else if (get_map(sid, x) < 0)
		complain("%s: allocation: %m", path);
	else
		return 0;
	return -1;
}

static void put_facts(struct facts *x)
{
	free(x->map.v);
	free(x->regs);
	free(x->attrs);
	dmfile_close(&x->f);
}

static void attr_name(char buf[DM_ATTR_NAME_SIZE + 1], const dm_attrlist_t *al)
{
	memset(buf, 0, DM_ATTR_NAME_SIZE + 1);
	for (int i = 0; i < DM_ATTR_NAME_SIZE && al->al_name.an_chars[i]; i++) {
		unsigned char c = al->al_name.an_chars[i];

		buf[i] = c >= ' ' && c < 0x7f ? (char)c : '?';
	}
}

static void print_text(const struct facts *x, const char *state)
{
	char a[16], b[16], name[OBJNAME_MAX], uuid[37], flags[32];
	const dm_attrlist_t *al = x->attrs;

	printf("%s\n", x->f.path);
	printf("  state       %s, %s, %s on disk\n", state,
	       human_size(a, (uint64_t)x->f.st.st_size),
	       human_size(b, (uint64_t)x->f.st.st_blocks * 512));
	if (x->archived) {
		uuid_string(uuid, x->id.uuid);
		archive_object_name(name, &x->id.key);
		printf("  archive     %s\n  object      %s\n", uuid, name);
	}
	for (; x->attrs_len && al; al = DM_STEP_TO_NEXT(al, const dm_attrlist_t *)) {
		char an[DM_ATTR_NAME_SIZE + 1];

		attr_name(an, al);
		printf("  attribute   %s, %u bytes\n", an,
		       al->al_data.vd_length);
	}
	for (unsigned int i = 0; i < x->nregs; i++) {
		const dm_region_t *r = &x->regs[i];

		flags_string(flags, r->rg_flags);
		if (r->rg_size)
			printf("  region      %" PRId64 "+%" PRIu64 "%s\n",
			       (int64_t)r->rg_offset, (uint64_t)r->rg_size,
			       flags);
		else
			printf("  region      %" PRId64 " to infinity%s\n",
			       (int64_t)r->rg_offset, flags);
	}
	for (size_t i = 0; i < x->map.n; i++)
		printf("  bytes       %" PRIu64 "+%" PRIu64 " %s\n",
		       x->map.v[i].off, x->map.v[i].end - x->map.v[i].off,
		       where_name[x->map.v[i].w]);
}

static void print_json(const struct facts *x, const char *state)
{
	char name[OBJNAME_MAX], uuid[37];
	const dm_attrlist_t *al = x->attrs;
	const char *sep = "";

	printf("{\"file\": ");
	json_string(stdout, x->f.path);
	printf(", \"state\": \"%s\", \"size\": %" PRIu64 ", \"disk\": %" PRIu64,
	       state, (uint64_t)x->f.st.st_size,
	       (uint64_t)x->f.st.st_blocks * 512);
	if (x->archived) {
		uuid_string(uuid, x->id.uuid);
		archive_object_name(name, &x->id.key);
		printf(", \"archive\": \"%s\", \"object\": \"%s\"", uuid, name);
	}
	for (int w = 0; w < WHERES; w++)
		printf(", \"%s\": %" PRIu64, where_name[w], x->map.bytes[w]);
	printf(", \"attributes\": [");
	for (; x->attrs_len && al; al = DM_STEP_TO_NEXT(al, const dm_attrlist_t *)) {
		char an[DM_ATTR_NAME_SIZE + 1];

		attr_name(an, al);
		printf("%s{\"name\": ", sep);
		json_string(stdout, an);
		printf(", \"bytes\": %u}", al->al_data.vd_length);
		sep = ", ";
	}
	printf("], \"regions\": [");
	for (unsigned int i = 0; i < x->nregs; i++)
		printf("%s{\"offset\": %" PRId64 ", \"size\": %" PRIu64
		       ", \"flags\": %u}", i ? ", " : "",
		       (int64_t)x->regs[i].rg_offset,
		       (uint64_t)x->regs[i].rg_size, x->regs[i].rg_flags);
	printf("], \"map\": [");
	for (size_t i = 0; i < x->map.n; i++)
		printf("%s{\"offset\": %" PRIu64 ", \"size\": %" PRIu64
		       ", \"is\": \"%s\"}", i ? ", " : "", x->map.v[i].off,
		       x->map.v[i].end - x->map.v[i].off,
		       where_name[x->map.v[i].w]);
	printf("]}\n");
}

int status_file(struct options *o, const char *path)
{
	struct facts x;
	const char *state;
	int ret;

	ret = get_facts(o->sid, path, &x);
	if (!ret) {
		state = state_name(&x.map, x.archived);
		if (o->json)
			print_json(&x, state);
		else
			print_text(&x, state);
	}
	put_facts(&x);
	return ret;
}

/* --- verify -------------------------------------------------------------------- */

/*
 * 1: every byte of the file that is not armed is the archive's; 0: one is not,
 * at *where.
 */
static int compare_resident(struct options *o, struct facts *x,
			    struct object *obj, uint64_t *where)
{
	uint64_t size = (uint64_t)x->f.st.st_size;
	unsigned char *buf = malloc(2 * BATCH);
	int same = -1;

	if (!buf)
		return -1;
	*where = min_u64(size, obj->m.size);
	for (uint64_t at = 0; at < *where; ) {
		ssize_t n = object_read(obj, at, BATCH, buf);
		size_t len;

		if (n <= 0)
			goto out;
		len = (size_t)min_u64((uint64_t)n, *where - at);
		if (dm_read_invis(o->sid, x->f.h.bytes, x->f.h.len, DM_NO_TOKEN,
				  (dm_off_t)at, len, buf + BATCH) !=
		    (dm_ssize_t)len) {
			complain("%s: read at %" PRIu64 ": %m", x->f.path, at);
			goto out;
		}
		for (size_t i = 0; i < x->map.n; i++) {
			uint64_t a = max_u64(x->map.v[i].off, at);
			uint64_t b = min_u64(x->map.v[i].end, at + len);

			if (a >= b || x->map.v[i].w == OFFLINE)
				continue;
			for (; a < b; a++)
				if (buf[a - at] != buf[BATCH + a - at]) {
					*where = a;
					same = 0;
					goto out;
				}
		}
		at += (uint64_t)n;
	}
	same = size == obj->m.size;
out:
	free(buf);
	return same;
}

/* The copy against its checksums, the file against the copy. */
int verify_file(struct options *o, const char *path)
{
	struct object obj = { .fd = -1, .mfd = -1 };
	struct progress p;
	struct facts x;
	uint64_t where = 0;
	bool sound = false;
	int same = -1, ret = -1;

	if (get_facts(o->sid, path, &x) < 0)
		goto out;
	if (!x.archived) {
		complain("%s: was never archived", path);
		goto out;
	}
	if (object_open(&o->archive, &x.id.key, &obj) < 0)
		goto out;
	progress_start(&p, path, obj.m.size);
	sound = !object_verify(&obj, &p);
	progress_end(&p);
	if (sound) {
		same = compare_resident(o, &x, &obj, &where);
		/* That a file was changed is no error. */
		ret = same < 0 ? -1 : 0;
	}
	if (o->json) {
		printf("{\"file\": ");
		json_string(stdout, path);
		printf(", \"object\": \"%s\", \"archive_sound\": %s", obj.name,
		       sound ? "true" : "false");
		if (same >= 0)
			printf(", \"same\": %s", same ? "true" : "false");
		if (!same)
			printf(", \"differs_at\": %" PRIu64, where);
		printf("}\n");
	} else if (!sound || same < 0) {
		complain("%s: verification failed: %m", path);
	} else if (!o->quiet) {
		printf("%s: archive object %s is sound, ", path, obj.name);
		if (same)
			printf("the file agrees with it\n");
		else
			printf("the file differs from %" PRIu64 " on: it was "
			       "changed since it was archived\n", where);
	}
out:
	object_close(&obj);
	put_facts(&x);
	return ret;
}
