// SPDX-License-Identifier: GPL-2.0-only
/*
 * leave.c - xfs_hsm list-state and leave: what there is, and the way out
 *
 * Leaving takes every trace of data management from a file system, so that it
 * can be mounted without it, by any kernel.  The order is such that it can be
 * stopped anywhere and begun again, and that nothing that is still elsewhere
 * loses its protection:
 *
 *  1. Nothing is offline, or nothing is changed.  With --recall it is brought
 *     back first.
 *  2. What new files begin with goes, so that no new state comes.
 *  3. Each object that has something loses it.  The kernel does that, or refuses
 *     if a byte is offline by now: whoever punches meanwhile finds the file's
 *     regions gone, or keeps them.
 *  4. Another scan must find nothing, or 3 is done again.
 *  5. Sessions do not want events of it any more, and the mark goes last: until
 *     then the file system is mounted as one that is managed.
 *
 * DM attributes may be another application's, and they are no danger: they go
 * if that was asked for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hsm.h"

/* Who punches all the time must be told so sometime. */
#define PASSES	5

static const char *const event_names[DM_EVENT_MAX] = {
	"CANCEL", "MOUNT", "PREUNMOUNT", "UNMOUNT", "DEBUT", "CREATE", "CLOSE",
	"POSTCREATE", "REMOVE", "POSTREMOVE", "RENAME", "POSTRENAME", "LINK",
	"POSTLINK", "SYMLINK", "POSTSYMLINK", "READ", "WRITE", "TRUNCATE",
	"ATTRIBUTE", "DESTROY", "NOSPACE", "USER",
};

/* --- Sessions that want events of a file system --------------------------------- */

/* What session @sid wants of it. */
static dm_eventset_t wants(dm_sessid_t sid, const struct fsinfo *fs)
{
	size_t room = 16384, len = 0;
	dm_dispinfo_t *d, *v = malloc(room);
	dm_eventset_t set = 0;

	if (v && dm_getall_disp(sid, room, v, &len) < 0 && errno == E2BIG) {
		free(v);
		room = len + 4096;
		v = malloc(room);
		if (v && dm_getall_disp(sid, room, v, &len) < 0)
			len = 0;
	}
	for (d = v; v && len && d; d = DM_STEP_TO_NEXT(d, dm_dispinfo_t *))
		if (DM_GET_LEN(d, di_fshandle) == fs->h.len &&
		    !memcmp(DM_GET_VALUE(d, di_fshandle, void *), fs->h.bytes,
			    fs->h.len))
			set = d->di_eventset;
	free(v);
	return set;
}

static int drop_dispositions(struct options *o, struct fsinfo *fs)
{
	dm_eventset_t none = 0;
	dm_sessid_t *sids;
	unsigned int n;
	int ret = 0;

	if (session_list(&sids, &n) < 0) {
		complain("sessions: %m");
		return -1;
	}
	for (unsigned int i = 0; i < n; i++) {
		if (!wants(sids[i], fs))
			continue;
		if (dm_set_disp(sids[i], fs->h.bytes, fs->h.len, DM_NO_TOKEN,
				&none, DM_EVENT_MAX) < 0 && errno != EINVAL) {
			complain("%s: session %d: %m", fs->path, (int)sids[i]);
			ret = -1;
		} else if (!o->quiet) {
			note("%s: session %d is told of nothing any more",
			     fs->path, (int)sids[i]);
		}
	}
	free(sids);
	return ret;
}

/* --- Printing ---------------------------------------------------------------------- */

static void print_events(dm_eventset_t set, unsigned int regions, bool json)
{
	const char *sep = "";

	for (int i = 0; i < DM_EVENT_MAX; i++) {
		dm_eventset_t bit = 1ULL << i;
		bool r = (i == DM_EVENT_READ && (regions & DM_REGION_READ)) ||
			 (i == DM_EVENT_WRITE && (regions & DM_REGION_WRITE)) ||
			 (i == DM_EVENT_TRUNCATE &&
			  (regions & DM_REGION_TRUNCATE));

		if (!(set & bit) && !r)
			continue;
		printf(json ? "%s\"%s\"" : "%s%s", sep, event_names[i]);
		sep = json ? ", " : " ";
	}
}

static void print_attr(const dm_attrname_t *a, bool json)
{
	char name[DM_ATTR_NAME_SIZE + 1] = "";

	for (int i = 0; i < DM_ATTR_NAME_SIZE && a->an_chars[i]; i++)
		name[i] = a->an_chars[i] >= ' ' && a->an_chars[i] < 0x7f ?
			  (char)a->an_chars[i] : '?';
	if (json)
		json_string(stdout, name);
	else
		printf("%s", name);
}

static const char *type_name(mode_t mode)
{
	return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "directory" :
	       S_ISLNK(mode) ? "symlink" : "special";
}

static void print_fs(const struct fsinfo *fs, bool json)
{
	dm_sessid_t *sids;
	unsigned int n = 0;
	const char *sep = "";

	if (json) {
		printf("{\"filesystem\": ");
		json_string(stdout, fs->path);
		printf(", \"fsid\": \"%016" PRIx64 "\", \"marked\": %s, "
		       "\"events\": [", fs->fsid, fs->marked ? "true" : "false");
		print_events(fs->events, 0, true);
		printf("], \"hands_down\": [");
		print_events(fs->born, fs->born_regions, true);
		printf("], \"inherit\": [");
		for (unsigned int i = 0; i < fs->ninherit; i++) {
			printf("%s", i ? ", " : "");
			print_attr(&fs->inherit[i].ih_name, true);
		}
		printf("], \"sessions\": [");
	} else {
		printf("%s\n  fsid        %016" PRIx64 "%s\n", fs->path,
		       fs->fsid, fs->marked ? ", marked as managed" : "");
		if (fs->events) {
			printf("  events      ");
			print_events(fs->events, 0, false);
			printf("\n");
		}
		if (fs->born || fs->born_regions) {
			printf("  hands down  ");
			print_events(fs->born, fs->born_regions, false);
			printf("\n");
		}
		for (unsigned int i = 0; i < fs->ninherit; i++) {
			printf("  inherited   ");
			print_attr(&fs->inherit[i].ih_name, false);
			printf("\n");
		}
	}
	if (session_list(&sids, &n) < 0)
		n = 0;
	for (unsigned int i = 0; i < n; i++) {
		dm_eventset_t set = wants(sids[i], fs);
		char info[DM_SESSION_INFO_LEN] = "";
		size_t len;

		if (!set)
			continue;
		dm_query_session(sids[i], sizeof(info), info, &len);
		if (json) {
			printf("%s{\"session\": %d, \"info\": ", sep,
			       (int)sids[i]);
			json_string(stdout, info);
			printf(", \"events\": [");
			print_events(set, 0, true);
			printf("]}");
			sep = ", ";
		} else {
			printf("  session     %d (%s) ", (int)sids[i], info);
			print_events(set, 0, false);
			printf("\n");
		}
	}
	if (n)
		free(sids);
	if (json)
		printf("], \"rights\": %u, \"waiting\": %u}\n", fs->rights,
		       fs->waiters);
	else if (fs->rights || fs->waiters)
		printf("  rights      %u, see /proc/fs/xfs/dmapi_rights\n"
		       "  waiting     %u, see /proc/fs/xfs/dmapi_waiters\n",
		       fs->rights, fs->waiters);
}

static void print_object(const struct objstate *x, bool json)
{
	char buf[64], a[16];

	if (!json) {
		printf("%s\n", objstate_name(x, buf));
		if (x->offline)
			printf("  offline     %s in %u pieces, of %" PRIu64
			       " bytes\n", human_size(a, x->offline), x->spans,
			       x->size);
		if (x->nregs)
			printf("  regions     %u\n", x->nregs);
		if (x->events) {
			printf("  events      ");
			print_events(x->events, 0, false);
			printf("\n");
		}
		if (x->born || x->born_regions) {
			printf("  hands down  ");
			print_events(x->born, x->born_regions, false);
			printf("\n");
		}
		for (unsigned int i = 0; i < x->nattrs; i++) {
			printf("  attribute   ");
			print_attr(&x->attrs[i], false);
			printf("\n");
		}
		if (x->kept && !x->offline && !x->nregs && !x->events)
			printf("  record      the number of its data\n");
		return;
	}
	printf("{\"file\": ");
	if (x->path)
		json_string(stdout, x->path);
	else
		printf("null");
	printf(", \"inode\": %" PRIu64 ", \"generation\": %" PRIu32
	       ", \"type\": \"%s\", \"size\": %" PRIu64 ", \"offline\": %" PRIu64
	       ", \"spans\": %u, \"regions\": %u, \"record\": %s, "
	       "\"events\": [", x->ino, x->gen, type_name(x->mode), x->size,
	       x->offline, x->spans, x->nregs, x->kept ? "true" : "false");
	print_events(x->events, 0, true);
	printf("], \"hands_down\": [");
	print_events(x->born, x->born_regions, true);
	printf("], \"attributes\": [");
	for (unsigned int i = 0; i < x->nattrs; i++) {
		printf("%s", i ? ", " : "");
		print_attr(&x->attrs[i], true);
	}
	printf("]}\n");
}

/* --- list-state ------------------------------------------------------------------------ */

int list_state_fs(struct options *o, const char *path)
{
	struct fsinfo fs;
	struct scan s;
	int ret = -1;

	if (fsinfo_open(&fs, path) < 0 || fsinfo_get(o->sid, &fs) < 0)
		return -1;
	if (!scan_fs(&s, o->sid, &fs)) {
		scan_names(&s, &fs);
		print_fs(&fs, o->json);
		for (size_t i = 0; i < s.n; i++)
			print_object(&s.v[i], o->json);
		ret = s.failed ? -1 : 0;
	}
	scan_free(&s);
	return ret;
}

/* --- leave ----------------------------------------------------------------------------- */

static int bring_back(struct options *o, const struct fsinfo *fs,
		      const struct objstate *x, const char *name)
{
	struct recall r = {
		.archive = &o->archive, .sid = o->sid, .h = &x->h,
		.fd = dmfile_by_handle(fs->path, &x->h),
	};
	int ret = -1;

	if (r.fd < 0)
		complain("%s: %m", name);
	else if (recall_look(&r) < 0)
		complain("%s: is offline, and %s", name, errno == ENOENT ?
			 "belongs to another DM application" :
			 "its HSMID is damaged");
	else
		ret = recall_whole(&r, name);
	if (r.fd >= 0)
		close(r.fd);
	return ret;
}

/* Nothing is offline: 0.  Names each file that is. */
static int nothing_offline(struct options *o, const struct fsinfo *fs,
			   const struct scan *s)
{
	unsigned int away = 0;
	char buf[64], a[16];

	for (size_t i = 0; i < s->n; i++) {
		const struct objstate *x = &s->v[i];
		const char *name = objstate_name(x, buf);

		if (!x->offline)
			continue;
		if (interrupted)
			return -1;
		if (o->recall && !o->dry_run &&
		    !bring_back(o, fs, x, name))
			continue;
		complain("%s: %s of it are offline", name,
			 human_size(a, x->offline));
		away++;
	}
	if (away && !(o->recall && o->dry_run)) {
		complain("%s: %u files are offline, nothing was taken away%s",
			 fs->path, away, o->recall ? "" :
			 "; recall them, or use --recall");
		return -1;
	}
	return 0;
}

/* What new files begin with; and in the end what the file system raises. */
static int clear_fs(struct options *o, struct fsinfo *fs)
{
	dm_eventset_t none = 0;

	for (unsigned int i = 0; i < fs->ninherit; i++)
		if (dm_clear_inherit(o->sid, fs->h.bytes, fs->h.len,
				     DM_NO_TOKEN,
				     &fs->inherit[i].ih_name) < 0 &&
		    errno != EINVAL && errno != ENOENT)
			goto fail;
	if (dmx_set_born(o->sid, fs->h.bytes, fs->h.len, DM_NO_TOKEN, 0, 0) < 0)
		goto fail;
	if (dm_set_eventlist(o->sid, fs->h.bytes, fs->h.len, DM_NO_TOKEN,
			     &none, DM_EVENT_MAX) < 0)
		goto fail;
	return 0;
fail:
	complain("%s: %m", fs->path);
	return -1;
}

/* It may be gone by now. */
static bool gone(void)
{
	return errno == EBADF || errno == ESTALE;
}

static int clear_object(struct options *o, const struct objstate *x)
{
	char buf[64];

	if (dmx_set_managed(o->sid, (void *)x->h.bytes, x->h.len, DM_NO_TOKEN,
			    DM_FALSE) < 0 && !gone()) {
		complain("%s: %s", objstate_name(x, buf), errno == EBUSY ?
			 "somebody made it offline just now" :
			 strerror(errno));
		return -1;
	}
	if (!o->attributes)
		return 0;
	for (unsigned int i = 0; i < x->nattrs; i++)
		if (dm_remove_dmattr(o->sid, (void *)x->h.bytes, x->h.len,
				     DM_NO_TOKEN, 0, &x->attrs[i]) < 0 &&
		    errno != ENOENT && !gone()) {
			complain("%s: DM attribute: %m", objstate_name(x, buf));
			return -1;
		}
	return 0;
}

/* How many objects have something that is to go. */
static size_t left_over(const struct options *o, const struct scan *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += objstate_any(&s->v[i]) || (o->attributes && s->v[i].nattrs);
	return n;
}

/* Step 3 and 4. */
static int clear_objects(struct options *o, struct fsinfo *fs, struct scan *s)
{
	struct progress p;

	for (int pass = 0; pass < PASSES; pass++) {
		bool failed = s->failed;

		progress_start(&p, fs->path, s->n);
		p.counts = true;
		for (size_t i = 0; i < s->n && !interrupted; i++) {
			if (objstate_any(&s->v[i]) || s->v[i].nattrs)
				failed |= clear_object(o, &s->v[i]) < 0;
			progress_add(&p, 1);
		}
		progress_end(&p);
		if (failed || interrupted)
			return -1;
		scan_free(s);
		if (scan_fs(s, o->sid, fs) < 0 || s->failed)
			return -1;
		if (!left_over(o, s))
			return 0;
	}
	scan_names(s, fs);
	for (size_t i = 0; i < s->n; i++) {
		char buf[64];

		if (objstate_any(&s->v[i]))
			complain("%s: has DM state again",
				 objstate_name(&s->v[i], buf));
	}
	return -1;
}

static void say_plan(const struct options *o, const struct fsinfo *fs,
		     const struct scan *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (objstate_any(&s->v[i]) || o->attributes)
			print_object(&s->v[i], false);
	printf("%s: %zu objects would lose their DM state%s\n", fs->path,
	       left_over(o, s), fs->marked ? ", and the mark would go" : "");
}

int leave_fs(struct options *o, const char *path)
{
	struct fsinfo fs;
	struct scan s;
	int ret = -1;

	if (fsinfo_open(&fs, path) < 0 || fsinfo_get(o->sid, &fs) < 0)
		return -1;
	if (scan_fs(&s, o->sid, &fs) < 0 || s.failed)
		goto out;
	scan_names(&s, &fs);
	if (nothing_offline(o, &fs, &s) < 0)
		goto out;
	if (o->dry_run) {
		say_plan(o, &fs, &s);
		ret = 0;
		goto out;
	}
	if (clear_fs(o, &fs) < 0 || clear_objects(o, &fs, &s) < 0 ||
	    drop_dispositions(o, &fs) < 0)
		goto out;
	if (dmx_set_managed(o->sid, fs.h.bytes, fs.h.len, DM_NO_TOKEN,
			    DM_FALSE) < 0) {
		complain("%s: the mark: %m", path);
		goto out;
	}
	ret = 0;
	if (!o->quiet && s.n)
		printf("%s: %zu objects keep their DM attributes\n", path, s.n);
	if (!o->quiet)
		printf("%s: is not managed any more; mount it without the "
		       "option dmapi\n", path);
out:
	if (ret < 0 && interrupted)
		complain("%s: interrupted; the same command goes on", path);
	scan_free(&s);
	return ret;
}
