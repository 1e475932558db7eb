// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmfile.c - a file as the DM interface sees it: handle, granule, regions
 *
 * The regions that this program sets are of two kinds: READ|WRITE|TRUNCATE
 * where data may be offline, WRITE|TRUNCATE where it was recalled from such a
 * range.  "Armed" below always means READ: an armed byte may be on disk (the
 * machine died between arming and punching), an offline byte is always armed.
 *
 * Every command works in a session of its own, which ends with it.  A session
 * outlives the process, so the next command ends those of commands that were
 * killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsm.h"

#define COMMAND_INFO	"xfs_hsm command %31s pid %ld"

/* --- Sessions ----------------------------------------------------------- */

/* All sessions there are; the caller frees them. */
int session_list(dm_sessid_t **sids, unsigned int *n)
{
	unsigned int room = 16;

	*sids = NULL;
	for (;;) {
		dm_sessid_t *v = realloc(*sids, room * sizeof(**sids));

		if (!v)
			break;
		*sids = v;
		if (!dm_getall_sessions(room, *sids, n))
			return 0;
		if (errno != E2BIG)
			break;
		room = *n + 16;
	}
	free(*sids);
	*sids = NULL;
	return -1;
}

static void sweep_sessions(void)
{
	dm_sessid_t *sids;
	unsigned int n;

	if (session_list(&sids, &n) < 0)
		return;
	for (unsigned int i = 0; i < n; i++) {
		char info[DM_SESSION_INFO_LEN], cmd[32];
		size_t len;
		long pid;

		if (!dm_query_session(sids[i], sizeof(info), info, &len) &&
		    sscanf(info, COMMAND_INFO, cmd, &pid) == 2 && pid > 0 &&
		    kill((pid_t)pid, 0) < 0 && errno == ESRCH)
			dm_destroy_session(sids[i]);
	}
	free(sids);
}

int session_begin(const char *command, dm_sessid_t *sid)
{
	char info[DM_SESSION_INFO_LEN];
	char *version;

	if (dm_init_service(&version) < 0) {
		complain("%s", dmx_init_error());
		return -1;
	}
	sweep_sessions();
	snprintf(info, sizeof(info), "xfs_hsm command %s pid %ld", command,
		 (long)getpid());
	if (dm_create_session(DM_NO_SESSION, info, sid) < 0) {
		complain("cannot create a session: %m");
		return -1;
	}
	return 0;
}

void session_end(dm_sessid_t sid)
{
	if (dm_destroy_session(sid) < 0)
		complain("session %d stays: %m", (int)sid);
}

/* --- Files -------------------------------------------------------------- */

int dmfile_open(struct dmfile *f, const char *path)
{
	void *hanp;
	size_t hlen;

	memset(f, 0, sizeof(*f));
	f->path = path;
	f->fd = open(path, O_RDONLY | O_NOATIME | O_NONBLOCK | O_NOCTTY |
		     O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &f->st) < 0) {
		complain("%s: %m", path);
		goto fail;
	}
	if (!S_ISREG(f->st.st_mode)) {
		errno = EINVAL;
		complain("%s: not a regular file", path);
		goto fail;
	}
	if (dm_fd_to_handle(f->fd, &hanp, &hlen) < 0) {
		if (errno == ENXIO)
			complain("%s: not on a file system mounted with -o "
				 "dmapi", path);
		else
			complain("%s: no handle: %m", path);
		goto fail;
	}
	f->h.len = hlen;
	memcpy(f->h.bytes, hanp, hlen);
	dm_handle_free(hanp, hlen);
	return 0;
fail:
	dmfile_close(f);
	return -1;
}

void dmfile_close(struct dmfile *f)
{
	int saved = errno;

	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	errno = saved;
}

/* As in xfs_fs.h, which need not be installed. */
struct handle_request {
	uint32_t	fd;
	void		*path;
	uint32_t	oflags;
	void		*ihandle;
	uint32_t	ihandlen;
	void		*ohandle;
	uint32_t	*ohandlen;
};
#define OPEN_BY_HANDLE	_IOWR('X', 107, struct handle_request)

/*
 * A descriptor to look at a file of which only the handle is known.  The mount
 * point is opened anew each time: an open one would be in umount's way, and
 * something else may be mounted there by now.
 */
int dmfile_by_handle(const char *mountpoint, const struct handle *h)
{
	struct handle_request req = {
		.oflags = O_RDONLY | O_NOATIME | O_CLOEXEC,
		.ihandle = (void *)h->bytes,
		.ihandlen = (uint32_t)h->len,
	};
	int top = open(mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	void *hanp = NULL;
	size_t hlen;
	int fd;

	if (top < 0)
		return -1;
	req.fd = (uint32_t)top;
	fd = ioctl(top, OPEN_BY_HANDLE, &req);
	close(top);
	if (fd < 0)
		return -1;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (dm_fd_to_handle(fd, &hanp, &hlen) < 0) {
		close(fd);
		return -1;
	}
	if (hlen != h->len || memcmp(hanp, h->bytes, hlen)) {
		close(fd);
		fd = -1;
		errno = ESTALE;
	}
	dm_handle_free(hanp, hlen);
	return fd;
}

/* The version is left to the caller. */
int dmfile_key(const struct handle *h, struct objkey *key)
{
	void *hanp = (void *)h->bytes;
	dm_fsid_t fsid;
	dm_ino_t ino;
	dm_igen_t gen;

	if (dm_handle_to_fsid(hanp, h->len, &fsid) < 0 ||
	    dm_handle_to_ino(hanp, h->len, &ino) < 0 ||
	    dm_handle_to_igen(hanp, h->len, &gen) < 0)
		return -1;
	key->fsid = fsid;
	key->ino = ino;
	key->gen = gen;
	key->version = 0;
	return 0;
}

/*
 * What punching rounds to: the first place from byte 1 on where a hole could
 * begin.  A file of one granule cannot tell; it is all or nothing there.
 */
uint32_t dmfile_granule(dm_sessid_t sid, const struct handle *h)
{
	dm_off_t off;
	dm_size_t len;

	if (dm_probe_hole(sid, (void *)h->bytes, h->len, DM_NO_TOKEN, 1, 0,
			  &off, &len) < 0 || off < GRANULE || off > BATCH ||
	    BATCH % off)
		return GRANULE;
	return (uint32_t)off;
}

/* --- Regions ------------------------------------------------------------ */

/* The caller frees them. */
int regions_get(dm_sessid_t sid, const struct handle *h, dm_region_t **regs,
		unsigned int *n)
{
	unsigned int room = 16;

	*regs = NULL;
	for (;;) {
		dm_region_t *v = realloc(*regs, room * sizeof(**regs));

		if (!v)
			break;
		*regs = v;
		if (!dm_get_region(sid, (void *)h->bytes, h->len, DM_NO_TOKEN,
				   room, *regs, n))
			return 0;
		if (errno != E2BIG)
			break;
		room = *n + 16;
	}
	free(*regs);
	*regs = NULL;
	return -1;
}

/* A file system that rounds regions rounds them outwards, which is safe. */
int regions_set(dm_sessid_t sid, const struct handle *h,
		const dm_region_t *regs, unsigned int n)
{
	dm_boolean_t exact;

	return dm_set_region(sid, (void *)h->bytes, h->len, DM_NO_TOKEN, n,
			     (dm_region_t *)regs, &exact);
}

static int range_order(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

/* The armed parts of [from, to); the caller frees out->v. */
int ranges_armed(dm_sessid_t sid, const struct handle *h, uint64_t from,
		 uint64_t to, struct ranges *out)
{
	dm_region_t *regs;
	unsigned int n;
	size_t kept = 0;

	if (regions_get(sid, h, &regs, &n) < 0)
		return -1;
	out->n = 0;
	out->v = calloc(n ? n : 1, sizeof(*out->v));
	if (!out->v) {
		free(regs);
		return -1;
	}
	for (unsigned int i = 0; i < n; i++) {
		struct range r = { .off = (uint64_t)regs[i].rg_offset };

		r.end = regs[i].rg_size ? r.off + regs[i].rg_size : FOREVER;
		r.off = max_u64(r.off, from);
		r.end = min_u64(r.end, to);
		if ((regs[i].rg_flags & DM_REGION_READ) && r.off < r.end)
			out->v[out->n++] = r;
	}
	free(regs);
	qsort(out->v, out->n, sizeof(*out->v), range_order);
	for (size_t i = 1; i < out->n; i++) {
		if (out->v[i].off <= out->v[kept].end)
			out->v[kept].end = max_u64(out->v[kept].end,
						   out->v[i].end);
		else
			out->v[++kept] = out->v[i];
	}
	if (out->n)
		out->n = kept + 1;
	return 0;
}

uint64_t ranges_bytes(const struct ranges *r)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->n; i++)
		sum += r->v[i].end - r->v[i].off;
	return sum;
}

/* --- File systems ---------------------------------------------------------- */

static int mark_fs(struct options *o, const char *path, dm_boolean_t on)
{
	char top[PATH_MAX];
	void *hanp;
	size_t hlen;
	int ret;

	/* XDSM's prototypes have no const. */
	snprintf(top, sizeof(top), "%s", path);
	if (dm_path_to_fshandle(top, &hanp, &hlen) < 0) {
		complain("%s: %s", path, errno == ENXIO ?
			 "not a file system mounted with -o dmapi" :
			 strerror(errno));
		return -1;
	}
	ret = dmx_set_managed(o->sid, hanp, hlen, DM_NO_TOKEN, on);
	if (ret < 0)
		complain("%s: cannot change the mark: %m", path);
	else if (!o->quiet)
		printf("%s: %s\n", path, on ? "marked as managed" :
					      "not marked any more");
	dm_handle_free(hanp, hlen);
	return ret;
}

int manage_fs(struct options *o, const char *path)
{
	return mark_fs(o, path, DM_TRUE);
}

int unmanage_fs(struct options *o, const char *path)
{
	return mark_fs(o, path, DM_FALSE);
}
