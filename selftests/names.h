/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of names and objects, unpacked
 */
#ifndef DMAPI_TEST_NAMES_H
#define DMAPI_TEST_NAMES_H

#include "common.h"

/**
 * struct dm_named - an event whose structure is struct dmapi_namesp_event
 * @type: DMAPI_EVENT_*
 * @token: 0 if nobody waits
 * @sequence: of the message
 * @mode: as in the event, as what follows
 * @retcode: an errno
 * @h1: the first handle
 * @h2: the second, of length 0 if there is none
 * @name1: the first name, empty if there is none
 * @name2: the second
 * @broken: lengths and offsets that do not fit, or a name without its NUL
 */
struct dm_named {
	int			type;
	__s32			token;
	__u32			sequence;
	__u32			mode;
	int			retcode;
	struct dm_handle	h1;
	struct dm_handle	h2;
	char			name1[PATH_MAX];
	char			name2[PATH_MAX];
	bool			broken;
};

static inline const char *dm_vardata(const char *base, size_t room,
				     struct dmapi_vardata v, bool *broken)
{
	if (!v.length) {
		*broken |= v.offset != 0;
		return NULL;
	}
	if (v.offset < 0 || v.offset > (long)room || v.length > room - v.offset) {
		*broken = true;
		return NULL;
	}
	return base + v.offset;
}

static inline void dm_named_handle(const char *base, size_t room,
				   struct dmapi_vardata v, struct dm_handle *h,
				   bool *broken)
{
	const char *p = dm_vardata(base, room, v, broken);

	memset(h, 0, sizeof(*h));
	if (!p)
		return;
	if (v.length != DMAPI_HANDLE_LEN && v.length != DMAPI_FSHANDLE_LEN)
		*broken = true;
	if (v.offset % 8)
		*broken = true;
	h->len = v.length;
	if (h->len <= sizeof(h->b))
		memcpy(h->b, p, h->len);
}

static inline void dm_named_name(const char *base, size_t room,
				 struct dmapi_vardata v, char *name, bool *broken)
{
	const char *p = dm_vardata(base, room, v, broken);

	name[0] = 0;
	if (!p)
		return;
	if (p[v.length - 1] || strlen(p) + 1 != v.length)
		*broken = true;
	snprintf(name, PATH_MAX, "%.*s", (int)v.length, p);
}

static inline void dm_named_unpack(const char *p, struct dm_named *e)
{
	struct dmapi_namesp_event n;
	struct dmapi_eventmsg m;
	size_t room;

	memset(e, 0, sizeof(*e));
	memcpy(&m, p, sizeof(m));
	e->type = m.type;
	e->token = m.token;
	e->sequence = m.sequence;
	room = m.data.length;
	p += m.data.offset;
	if (room < sizeof(n)) {
		e->broken = true;
		return;
	}
	memcpy(&n, p, sizeof(n));
	e->mode = n.mode;
	e->retcode = n.retcode;
	dm_named_handle(p, room, n.handle1, &e->h1, &e->broken);
	dm_named_handle(p, room, n.handle2, &e->h2, &e->broken);
	dm_named_name(p, room, n.name1, e->name1, &e->broken);
	dm_named_name(p, room, n.name2, e->name2, &e->broken);
}

static inline long dm_next_named(__s32 sid, struct dm_named *e, int ms)
{
	char buf[8192];
	long ret = dm_next_raw(sid, buf, sizeof(buf), NULL, ms);

	if (!ret)
		dm_named_unpack(buf, e);
	return ret;
}

/* Is this the handle of what is at @path? */
static inline bool dm_is_handle(const struct dm_handle *h, const char *path)
{
	struct dm_handle other;

	return !dm_path_handle(path, &other) && h->len == other.len &&
	       !memcmp(h->b, other.b, h->len);
}

#define DM_PRE_EVENTS	(DM_BIT(CREATE) | DM_BIT(REMOVE) | DM_BIT(RENAME) | \
			 DM_BIT(LINK) | DM_BIT(SYMLINK))
#define DM_POST_EVENTS	(DM_BIT(POSTCREATE) | DM_BIT(POSTREMOVE) | \
			 DM_BIT(POSTRENAME) | DM_BIT(POSTLINK) | \
			 DM_BIT(POSTSYMLINK))
#define DM_NAME_EVENTS	(DM_PRE_EVENTS | DM_POST_EVENTS)

#endif /* DMAPI_TEST_NAMES_H */
