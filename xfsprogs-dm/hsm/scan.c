// SPDX-License-Identifier: GPL-2.0-only
/*
 * scan.c - everything in a file system that has DM state
 *
 * dm_get_bulkattr() tells of every inode, without opening it, whether it has
 * managed regions, an event list, DM attributes, or DMAPI's witness.  Only of
 * those is asked what exactly they have, and directories what they hand down.
 * An inode may also have an attribute that came from elsewhere, which its
 * witness does not tell of: what has extended attributes is looked at, too.
 *
 * A scan knows inodes, and people want names: if anything was found, the tree
 * is walked once.  What is not found there has none, or was moved meanwhile, or
 * something is mounted over it.
 */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hsm.h"

#define REGION_EVENTS	(1ULL << DM_EVENT_READ | 1ULL << DM_EVENT_WRITE | \
			 1ULL << DM_EVENT_TRUNCATE)

/* --- The file system ------------------------------------------------------- */

/* Of inode 0: the file system's own lines in a table of /proc. */
static unsigned int proc_lines(const char *name, const char *format,
			       uint64_t fsid)
{
	FILE *f = fopen(name, "r");
	unsigned int n = 0;
	char line[512];
	uint64_t id;

	while (f && fgets(line, sizeof(line), f))
		n += sscanf(line, format, &id) == 1 && id == fsid;
	if (f)
		fclose(f);
	return n;
}

int fsinfo_open(struct fsinfo *fs, const char *path)
{
	char link[64], real[PATH_MAX], name[PATH_MAX];
	struct stat st;
	void *hanp;
	size_t hlen;
	ssize_t n;
	FILE *f;

	memset(fs, 0, sizeof(*fs));
	fs->path = path;
	snprintf(real, sizeof(real), "%s", path);
	if (dm_path_to_fshandle(real, &hanp, &hlen) < 0 ||
	    stat(path, &st) < 0) {
		complain("%s: %s", path, errno == ENXIO ?
			 "not a file system mounted with -o dmapi" :
			 strerror(errno));
		return -1;
	}
	fs->h.len = hlen;
	memcpy(fs->h.bytes, hanp, hlen);
	dm_handle_free(hanp, hlen);
	memcpy(&fs->fsid, fs->h.bytes, sizeof(fs->fsid));

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u",
		 major(st.st_dev), minor(st.st_dev));
	n = readlink(link, real, sizeof(real) - 1);
	if (n < 0)
		return 0;
	real[n] = 0;
	snprintf(name, sizeof(name), "/sys/fs/xfs/%.200s/dmapi/managed",
		 strrchr(real, '/') ? strrchr(real, '/') + 1 : real);
	f = fopen(name, "r");
	fs->marked = f && getc(f) == '1';
	if (f)
		fclose(f);
	return 0;
}

/* What the file system as a whole has; counted anew each time. */
int fsinfo_get(dm_sessid_t sid, struct fsinfo *fs)
{
	unsigned int n;

	fs->events = fs->born = 0;
	fs->born_regions = 0;
	if (dm_get_eventlist(sid, fs->h.bytes, fs->h.len, DM_NO_TOKEN,
			     DM_EVENT_MAX, &fs->events, &n) < 0 ||
	    dmx_get_born(sid, fs->h.bytes, fs->h.len, DM_NO_TOKEN, &fs->born,
			 &fs->born_regions) < 0 ||
	    dm_getall_inherit(sid, fs->h.bytes, fs->h.len, DM_NO_TOKEN,
			      ARRAY_SIZE(fs->inherit), fs->inherit,
			      &fs->ninherit) < 0) {
		complain("%s: %m", fs->path);
		return -1;
	}
	fs->rights = proc_lines("/proc/fs/xfs/dmapi_rights",
				"%*d %*d %" SCNx64, fs->fsid);
	fs->waiters = proc_lines("/proc/fs/xfs/dmapi_waiters",
				 "%*d %*s %" SCNx64, fs->fsid);
	return 0;
}

/* --- One object ---------------------------------------------------------------- */

void objstate_free(struct objstate *x)
{
	free(x->path);
	free(x->attrs);
}

static int get_attrs(dm_sessid_t sid, struct objstate *x)
{
	size_t room = 4096, len = 0;
	dm_attrlist_t *al;
	void *v = NULL;
	int ret = -1;

	do {
		void *more;

		room += len;
		more = realloc(v, room);
		if (!more)
			goto out;
		v = more;
		len = 0;
		ret = dm_getall_dmattr(sid, x->h.bytes, x->h.len, DM_NO_TOKEN,
				       room, v, &len);
	} while (ret < 0 && errno == E2BIG && len > room);
	for (al = v; !ret && len && al;
	     al = DM_STEP_TO_NEXT(al, dm_attrlist_t *)) {
		void *more = realloc(x->attrs,
				     (x->nattrs + 1) * sizeof(*x->attrs));

		if (!more) {
			ret = -1;
			break;
		}
		x->attrs = more;
		x->attrs[x->nattrs++] = al->al_name;
	}
out:
	free(v);
	return ret;
}

static int get_offline(dm_sessid_t sid, const char *mountpoint,
		       struct objstate *x)
{
	const struct ranges none = { 0 };
	struct map m = { 0 };
	int fd, ret;

	fd = dmfile_by_handle(mountpoint, &x->h);
	if (fd < 0)
		return -1;
	ret = map_range(sid, &x->h, fd, &none, 0, FOREVER, &m);
	close(fd);
	x->offline = m.bytes[OFFLINE];
	for (size_t i = 0; i < m.n; i++)
		x->spans += m.v[i].w == OFFLINE;
	free(m.v);
	return ret;
}

/* 1: it has something; 0: nothing, or it is gone. */
static int look(dm_sessid_t sid, const char *mountpoint, const dm_stat_t *st,
		struct objstate *x)
{
	size_t hlen = st->dt_handle.vd_length;
	dm_region_t *regs = NULL;
	int ret = 0;

	memset(x, 0, sizeof(*x));
	if (hlen > sizeof(x->h.bytes))
		return 0;
	x->h.len = hlen;
	memcpy(x->h.bytes, DM_GET_VALUE(st, dt_handle, void *), hlen);
	x->ino = st->dt_ino;
	x->gen = st->dt_xfs_igen;
	x->mode = (mode_t)st->dt_mode;
	x->size = (uint64_t)st->dt_size;
	x->events = st->dt_emask;
	x->kept = st->dt_xfs_dmstate;
	if (S_ISREG(x->mode)) {
		x->events &= ~REGION_EVENTS;
		if (st->dt_pmanreg)
			ret = regions_get(sid, &x->h, &regs, &x->nregs);
		free(regs);
		if (!ret)
			ret = get_offline(sid, mountpoint, x);
	} else if (S_ISDIR(x->mode)) {
		ret = dmx_get_born(sid, x->h.bytes, x->h.len, DM_NO_TOKEN,
				   &x->born, &x->born_regions);
	}
	if (!ret && st->dt_pers)
		ret = get_attrs(sid, x);
	if (ret < 0 && (errno == EBADF || errno == ESTALE || errno == ENOENT)) {
		objstate_free(x);
		return 0;
	}
	if (ret < 0) {
		complain("inode %" PRIu64 ": %m", x->ino);
		objstate_free(x);
		return -1;
	}
	return objstate_any(x) || x->nattrs;
}

/* --- All ------------------------------------------------------------------------ */

void scan_free(struct scan *s)
{
	for (size_t i = 0; i < s->n; i++)
		objstate_free(&s->v[i]);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static int scan_add(struct scan *s, const struct objstate *x)
{
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		void *v = realloc(s->v, room * sizeof(*s->v));

		if (!v)
			return -1;
		s->v = v;
		s->room = room;
	}
	s->v[s->n++] = *x;
	return 0;
}

/* Worth a question of its own? */
static bool suspect(const dm_stat_t *st)
{
	return st->dt_pmanreg || st->dt_emask || st->dt_pers ||
	       st->dt_xfs_dmstate || (st->dt_xfs_xflags & DM_XFLAG_HASATTR);
}

static int scan_piece(struct scan *s, dm_sessid_t sid, const struct fsinfo *fs,
		      const dm_stat_t *st)
{
	for (; st; st = DM_STEP_TO_NEXT(st, const dm_stat_t *)) {
		struct objstate x;
		int ret;

		s->objects++;
		if (!suspect(st))
			continue;
		ret = look(sid, fs->path, st, &x);
		if (ret < 0)
			s->failed++;
		if (ret > 0 && scan_add(s, &x) < 0) {
			objstate_free(&x);
			return -1;
		}
	}
	return 0;
}

/*
 * Ascending by inode number.  What cannot be looked at is complained of, and
 * counts in s->failed.
 */
int scan_fs(struct scan *s, dm_sessid_t sid, const struct fsinfo *fs)
{
	static uint64_t buf[64 * 1024 / sizeof(uint64_t)];
	unsigned int mask = DM_AT_HANDLE | DM_AT_STAT | DM_AT_EMASK |
			    DM_AT_PMANR | DM_AT_PATTR;
	struct statvfs vfs;
	struct progress p;
	dm_attrloc_t loc;
	int more = -1;

	memset(s, 0, sizeof(*s));
	if (dm_init_attrloc(sid, (void *)fs->h.bytes, fs->h.len, DM_NO_TOKEN,
			    &loc) < 0) {
		complain("%s: %m", fs->path);
		return -1;
	}
	if (statvfs(fs->path, &vfs) < 0)
		vfs.f_files = vfs.f_ffree = 0;
	progress_start(&p, fs->path, vfs.f_files - vfs.f_ffree);
	p.counts = true;
	do {
		size_t len = 0;
		uint64_t before = s->objects;

		more = dm_get_bulkattr(sid, (void *)fs->h.bytes, fs->h.len,
				       DM_NO_TOKEN, mask, &loc, sizeof(buf),
				       buf, &len);
		if (more < 0 && errno == EUCLEAN) {
			complain("%s: a damaged inode was left out; run "
				 "xfs_repair", fs->path);
			s->failed++;
			more = 1;
			continue;
		}
		if (more >= 0 && interrupted) {
			errno = EINTR;
			more = -1;
		}
		if (more < 0 ||
		    (len && scan_piece(s, sid, fs, (dm_stat_t *)buf) < 0)) {
			complain("%s: scan: %m", fs->path);
			more = -1;
			break;
		}
		progress_add(&p, s->objects - before);
	} while (more > 0);
	progress_end(&p);
	return more;
}

/* --- Names ------------------------------------------------------------------------ */

static struct scan *naming;
static size_t unnamed;

static int by_ino(const void *a, const void *b)
{
	const struct objstate *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int name_one(const char *path, const struct stat *st, int type,
		    struct FTW *ftw)
{
	struct objstate key = { .ino = st->st_ino }, *x;

	(void)ftw;
	if (type == FTW_NS)
		return 0;
	x = bsearch(&key, naming->v, naming->n, sizeof(key), by_ino);
	if (x && !x->path) {
		x->path = strdup(path);
		unnamed--;
	}
	return interrupted || !unnamed;
}

/* Fills in paths, as far as there are any below where the caller said. */
void scan_names(struct scan *s, const struct fsinfo *fs)
{
	if (!s->n)
		return;
	naming = s;
	unnamed = s->n;
	nftw(fs->path, name_one, 64, FTW_PHYS | FTW_MOUNT);
}

/* For messages. */
const char *objstate_name(const struct objstate *x, char buf[64])
{
	if (x->path)
		return x->path;
	snprintf(buf, 64, "inode %" PRIu64 ".%" PRIu32, x->ino, x->gen);
	return buf;
}
