// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - one event, from the message to the answer
 *
 *	READ		What was asked for is recalled, rounded out to granules.
 *	WRITE		The same: a write may change part of a block.  A write
 *			behind the end also needs the last granule, in which the
 *			old end of the file lies.
 *	TRUNCATE	All from the new end on is recalled, though most of it
 *			is about to go.  Truncation is answered before it
 *			happens, and it may yet fail; afterwards nobody could
 *			tell the archive's bytes that were cut off from those
 *			that still count.  Recalled bytes settle it: they are
 *			no longer armed, and no later recall brings them back.
 *
 * If the data cannot be had the operation fails with an errno; it never sees
 * zeros.  Doing an event twice is harmless, which is what makes recovery easy.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hsm.h"

static const char *event_name(dm_eventtype_t type)
{
	switch (type) {
	case DM_EVENT_READ:	return "READ";
	case DM_EVENT_WRITE:	return "WRITE";
	case DM_EVENT_TRUNCATE:	return "TRUNCATE";
	default:		return "other";
	}
}

static bool inside(const dm_vardata_t *vd, size_t room)
{
	return vd->vd_offset >= 0 && (size_t)vd->vd_offset <= room &&
	       vd->vd_length <= room - (size_t)vd->vd_offset;
}

/*
 * false: nobody waits for an answer.  What is no data event has no handle
 * here, and is waved through.
 */
bool event_parse(const dm_eventmsg_t *msg, size_t len, struct event *ev)
{
	const dm_data_event_t *de;

	memset(ev, 0, sizeof(*ev));
	if (len < sizeof(*msg) || msg->ev_token <= 0)
		return false;
	ev->type = msg->ev_type;
	ev->token = msg->ev_token;
	if (ev->type != DM_EVENT_READ && ev->type != DM_EVENT_WRITE &&
	    ev->type != DM_EVENT_TRUNCATE)
		return true;
	if (!inside(&msg->ev_data, len) ||
	    msg->ev_data.vd_length < sizeof(*de))
		return true;
	de = DM_GET_VALUE(msg, ev_data, const dm_data_event_t *);
	if (!inside(&de->de_handle, msg->ev_data.vd_length) ||
	    de->de_handle.vd_length > sizeof(ev->h.bytes) || de->de_offset < 0)
		return true;
	ev->h.len = de->de_handle.vd_length;
	memcpy(ev->h.bytes, (const char *)de + de->de_handle.vd_offset,
	       ev->h.len);
	ev->off = (uint64_t)de->de_offset;
	ev->len = de->de_length;
	return true;
}

/* What must be on disk before the operation may go on. */
static struct range needed(const struct event *ev, uint64_t size)
{
	struct range r = { .off = ev->off, .end = FOREVER };
	uint64_t last = size ? size - 1 : 0;

	if (ev->len && ev->len < FOREVER - ev->off)
		r.end = ev->off + ev->len;
	if (ev->type == DM_EVENT_TRUNCATE)
		r.end = max_u64(ev->off, size);
	/* Behind the copy nothing can be recalled; do not disarm at random. */
	if (ev->type == DM_EVENT_READ && r.off < size)
		r.end = min_u64(r.end, size);
	if (ev->type != DM_EVENT_READ && r.end > size)
		r.off = min_u64(r.off, last);
	return r;
}

/* For the log. */
static uint64_t inode(const struct handle *h)
{
	dm_handle_t dh = { 0 };

	memcpy(&dh, h->bytes, min_u64(h->len, sizeof(dh)));
	return dh.ha_fid.dm_fid_ino;
}

/* On whichever of our file systems it is. */
static int open_file(struct options *o, const struct handle *h)
{
	int fd = -1;

	errno = ESTALE;
	for (int i = 0; fd < 0 && i < o->nmounts; i++)
		fd = dmfile_by_handle(o->mounts[i], h);
	return fd;
}

static int serve(struct options *o, const struct event *ev, struct recall *r)
{
	struct timespec delay = {
		.tv_sec = o->delay_ms / 1000,
		.tv_nsec = o->delay_ms % 1000 * 1000000L,
	};
	struct range need;
	int ret, saved;

	if (!ev->h.len)
		return 0;
	if (o->delay_ms)
		note("token %d: waiting %u ms", ev->token, o->delay_ms);
	while (o->delay_ms && nanosleep(&delay, &delay) < 0 && errno == EINTR)
		;
	r->fd = open_file(o, r->h);
	if (r->fd < 0)
		return -1;
	ret = recall_look(r);
	if (!ret) {
		need = needed(ev, r->id.size);
		ret = recall_range(r, need.off, need.end);
	} else if (errno == ENOENT) {
		complain("inode %" PRIu64 ": is armed but has no HSMID",
			 inode(&ev->h));
	}
	/* The data is there; if this fails regions merely stay. */
	if (!ret && recall_settle(r) < 0)
		complain("inode %" PRIu64 ": regions: %m", inode(&ev->h));
	saved = errno;
	close(r->fd);
	errno = saved;
	return ret;
}

/* The errno that the user's operation ends with. */
static int verdict(int err)
{
	switch (err) {
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EROFS:
		return err;
	default:
		return EIO;
	}
}

void event_answer(struct options *o, const struct event *ev, struct tally *t)
{
	struct recall r = {
		.archive = &o->archive, .sid = o->sid, .h = &ev->h,
	};
	struct timespec a, b;
	int ret, err = 0;
	double ms;

	clock_gettime(CLOCK_MONOTONIC, &a);
	if (serve(o, ev, &r) < 0)
		err = errno;
	clock_gettime(CLOCK_MONOTONIC, &b);
	ms = (double)(b.tv_sec - a.tv_sec) * 1e3 +
	     (double)(b.tv_nsec - a.tv_nsec) / 1e6;
	t->bytes += r.bytes;
	if (err) {
		complain("inode %" PRIu64 ": %s of %" PRIu64 "+%" PRIu64
			 " refused: %s (token %d)", inode(&ev->h),
			 event_name(ev->type), ev->off, ev->len, strerror(err),
			 ev->token);
		t->refused++;
		ret = dm_respond_event(o->sid, ev->token, DM_RESP_ABORT,
				       verdict(err), 0, NULL);
	} else {
		if (!o->quiet)
			note("inode %" PRIu64 ": %s of %" PRIu64 "+%" PRIu64
			     ", %" PRIu64 " bytes recalled in %.1f ms (token "
			     "%d)", inode(&ev->h), event_name(ev->type), ev->off,
			     ev->len, r.bytes, ms, ev->token);
		t->answered++;
		ret = dm_respond_event(o->sid, ev->token, DM_RESP_CONTINUE, 0,
				       0, NULL);
	}
	/* ESRCH: whoever waited was killed. */
	if (ret < 0 && errno != ESRCH)
		complain("token %d: response: %m", ev->token);
}
