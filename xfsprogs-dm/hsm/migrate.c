// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate.c - moving a file's data to the archive
 *
 * The order is what makes it safe.  Each step is durable before the next one
 * begins, and wherever the machine stops the file reads as it did before:
 *
 *  1. settle	Wait until the last change of the file is a few clock ticks
 *		old, note its ctime (S0), sync it, and ask for the number of
 *		its data.  From there on every change of its data takes the
 *		number away, and gets a ctime other than S0.
 *  2. copy	The data goes to an archive object, which is complete and on
 *		stable storage (object.c).
 *  3. name	With the object locked, HSMID names it.  Nothing reads it yet.
 *  4. guard	A lease: nobody has the file open for writing or mapped so,
 *		and whoever opens or truncates it waits.  WRITE and TRUNCATE
 *		are armed, for who got in by other ways: they wait for the
 *		daemon, which waits for the lock.
 *  5. look	ctime is S0 still, so the copy is the file.  If not, regions
 *		are put back and nothing has happened.
 *  6. arm	READ too.  Only now may a recall write archived data into the
 *		file, and only now it is certain to be the same.
 *  7. punch	Only if the data has its number still, which the kernel
 *		looks at under the locks that exclude everybody.  It logs what
 *		goes offline before the blocks go.
 *
 * Steps 1 and 2 are in copy.c.  A file that was migrated before is compared
 * with its copy instead, unless its times say that it was not touched since.
 * If it differs, what is offline of it is recalled and all of it becomes the
 * next version.  So the same command finishes a migration that was cut off.
 *
 * Two jobs on one file would be fatal: one could copy the holes that the other
 * has just punched.  So a job holds a lock on the file's directory in the
 * archive, from before it looks at the file until it is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migrate.h"

/* --- Steps 3 to 7 --------------------------------------------------------- */

static void add_region(dm_region_t *regs, unsigned int *n, uint64_t off,
		       uint64_t end, unsigned int flags)
{
	if (off >= end)
		return;
	regs[(*n)++] = (dm_region_t){
		.rg_offset = (dm_off_t)off,
		.rg_size = end == FOREVER ? 0 : end - off,
		.rg_flags = flags,
	};
}

/*
 * What is armed stays armed: it may be offline.  From @from on WRITE and
 * TRUNCATE join, and READ if @all.
 */
static int arm(struct job *j, uint64_t from, const struct ranges *armed,
	       bool all)
{
	const unsigned int wt = DM_REGION_WRITE | DM_REGION_TRUNCATE;
	dm_region_t *regs = calloc(2 * armed->n + 2, sizeof(*regs));
	unsigned int n = 0;
	uint64_t at = from;
	int ret;

	if (!regs)
		return -1;
	if (armed->n)
		at = min_u64(at, armed->v[0].off);
	for (size_t i = 0; i < armed->n; i++) {
		const struct range *r = &armed->v[i];

		if (all && r->off >= from)
			break;
		add_region(regs, &n, at, r->off, wt);
		at = r->end;
		if (all && r->end > from)
			at = from;
		add_region(regs, &n, r->off, at, wt | DM_REGION_READ);
	}
	if (all) {
		add_region(regs, &n, at, from, wt);
		add_region(regs, &n, from, FOREVER, wt | DM_REGION_READ);
	} else {
		add_region(regs, &n, at, FOREVER, wt);
	}
	ret = regions_set(j->o->sid, &j->f.h, regs, n);
	free(regs);
	return ret;
}

static int busy(struct job *j, const char *what)
{
	if (errno == EBUSY)
		complain("%s: is mapped by a process; nothing was punched, try "
			 "again later", j->f.path);
	else
		complain("%s: %s: %m", j->f.path, what);
	return -1;
}

/* The file's data stays as it is until the descriptor or the lease goes. */
static int keep_writers_out(struct job *j)
{
	/* Who waits for the lease is announced by this signal. */
	signal(SIGIO, SIG_IGN);
	if (!fcntl(j->f.fd, F_SETLEASE, F_RDLCK))
		return 0;
	if (errno == EAGAIN || errno == EBUSY)
		complain("%s: is open for writing; nothing was punched, try "
			 "again later", j->f.path);
	else
		complain("%s: lease: %m", j->f.path);
	return -1;
}

/* Both locks held.  1: punched; 0: there is nothing to punch. */
static int arm_and_punch(struct job *j)
{
	struct handle *h = &j->f.h;
	dm_sessid_t sid = j->o->sid;
	struct ranges armed = { 0 };
	dm_region_t *saved = NULL;
	unsigned int nsaved;
	struct stat now;
	dm_off_t from;
	dm_size_t len;
	int ret = -1;

	if (dm_probe_hole(sid, h->bytes, h->len, DM_NO_TOKEN,
			  (dm_off_t)j->o->stub, 0, &from, &len) < 0) {
		if (errno == E2BIG || errno == EINVAL)
			return 0;
		complain("%s: probe: %m", j->f.path);
		return -1;
	}
	if (regions_get(sid, h, &saved, &nsaved) < 0 ||
	    ranges_armed(sid, h, 0, FOREVER, &armed) < 0) {
		complain("%s: regions: %m", j->f.path);
		goto out;
	}
	if (keep_writers_out(j) < 0)				/* 4 */
		goto out;
	if (arm(j, (uint64_t)from, &armed, false) < 0) {
		busy(j, "regions");
		goto out;
	}
	if (fstat(j->f.fd, &now) < 0 || !same_file(&now, &j->s0)) { /* 5 */
		changed(j, "archived");
		goto restore;
	}
	if (arm(j, (uint64_t)from, &armed, true) < 0) {		/* 6 */
		busy(j, "regions");
		goto restore;
	}
	if (dmx_punch_hole_if(sid, h->bytes, h->len, DM_NO_TOKEN, from, 0,
			      j->change) < 0) {
		if (errno == ESTALE) {
			changed(j, "archived");
			goto restore;
		}
		/* Only what is refused before it begins leaves all in place. */
		bool begun = errno != EBUSY && errno != EAGAIN &&
			     errno != EINVAL && errno != E2BIG &&
			     errno != EROFS;

		busy(j, "punch");
		if (begun)
			goto out;
		goto restore;
	}
	ret = 1;
out:
	fcntl(j->f.fd, F_SETLEASE, F_UNLCK);
	free(saved);
	free(armed.v);
	return ret;
restore:
	if (regions_set(sid, h, saved, nsaved) < 0)
		complain("%s: regions: %m", j->f.path);
	goto out;
}

static int finish(struct job *j)
{
	struct hsmid id = {
		.key = j->obj.m.key,
		.size = j->obj.m.size,
		.granule = j->obj.m.chunk,
	}, now;
	int ret;

	memcpy(id.uuid, j->o->archive.uuid, sizeof(id.uuid));
	/* The one that the HSMID names first: that is what others hold. */
	if ((j->old.fd >= 0 && object_lock(&j->old, 0, FOREVER) < 0) ||
	    object_lock(&j->obj, 0, FOREVER) < 0) {
		complain("archive %s: lock: %m", j->o->archive.path);
		return -1;
	}
	if (hsmid_get(j->o->sid, &j->f.h, &now) < 0) {
		if (errno != ENOENT || j->have_id) {
			complain("%s: HSMID: %m", j->f.path);
			return -1;
		}
	} else if (!j->have_id || !hsmid_same(&now, &j->id)) {
		complain("%s: is being migrated by somebody else", j->f.path);
		errno = EBUSY;
		return -1;
	}
	if (!j->have_id || !hsmid_same(&id, &j->id)) {		/* 3 */
		if (hsmid_set(j->o->sid, &j->f.h, &id) < 0) {
			complain("%s: HSMID: %m", j->f.path);
			return -1;
		}
	}
	if (j->o->keep)
		return 0;
	ret = arm_and_punch(j);
	if (ret < 0)
		return -1;
	j->punched = ret;
	return 0;
}

/* --- The commands ---------------------------------------------------------- */

static void report(struct job *j, uint64_t before)
{
	const char *action = !j->punched ? "archived" :
			     j->release ? "released" : "migrated";
	uint64_t after = before;
	struct stat st;

	if (!fstat(j->f.fd, &st))
		after = (uint64_t)st.st_blocks * 512;
	if (j->o->json) {
		printf("{\"file\": ");
		json_string(stdout, j->f.path);
		printf(", \"action\": \"%s\", \"copied\": %s, \"object\": "
		       "\"%s\", \"size\": %" PRIu64 ", \"disk_before\": %"
		       PRIu64 ", \"disk_after\": %" PRIu64 "}\n", action,
		       j->copied ? "true" : "false", j->obj.name,
		       (uint64_t)j->s0.st_size, before, after);
	} else if (!j->o->quiet) {
		char a[16], b[16], c[16];

		printf("%s: %s, %s%s; on disk %s before, %s after%s\n",
		       j->f.path, action,
		       human_size(a, (uint64_t)j->s0.st_size),
		       j->copied ? "" : " that the archive had already",
		       human_size(b, before), human_size(c, after),
		       j->punched || j->o->keep ? "" :
		       "; too small to punch");
	}
}

static int lock_file(struct job *j)
{
	struct objkey key;
	int ret;

	if (dmfile_key(&j->f.h, &key) < 0) {
		complain("%s: handle: %m", j->f.path);
		return -1;
	}
	j->lock = archive_object_dir(&j->o->archive, &key, true);
	if (j->lock < 0) {
		complain("archive %s: %m", j->o->archive.path);
		return -1;
	}
	do {
		ret = flock(j->lock, LOCK_EX);
	} while (ret < 0 && errno == EINTR && !interrupted);
	if (ret < 0)
		complain("archive %s: lock: %m", j->o->archive.path);
	return ret;
}

/* Whether the file can be worked on, and what it was archived as. */
static int examine(struct job *j)
{
	struct ranges armed;
	bool any;

	if (ranges_armed(j->o->sid, &j->f.h, 0, FOREVER, &armed) < 0) {
		complain("%s: regions: %m", j->f.path);
		return -1;
	}
	any = armed.n;
	free(armed.v);
	if (!hsmid_get(j->o->sid, &j->f.h, &j->id)) {
		j->have_id = true;
		if (memcmp(j->id.uuid, j->o->archive.uuid,
			   sizeof(j->id.uuid))) {
			char uuid[37];

			uuid_string(uuid, j->id.uuid);
			complain("%s: is in archive %s, which %s is not",
				 j->f.path, uuid, j->o->archive.path);
			errno = EXDEV;
			return -1;
		}
		if (!object_open(&j->o->archive, &j->id.key, &j->old))
			return 0;
		if (errno != ENOENT || any || j->release)
			return -1;
		note("%s: all of it is on disk, it will be archived again",
		     j->f.path);
		return 0;
	}
	if (errno != ENOENT) {
		complain("%s: HSMID: %m", j->f.path);
		return -1;
	}
	if (j->release) {
		complain("%s: was never archived", j->f.path);
		errno = ENOENT;
		return -1;
	}
	if (any) {
		complain("%s: has managed regions but no HSMID: it belongs to "
			 "another DM application", j->f.path);
		errno = EBUSY;
		return -1;
	}
	return 0;
}

static int work(struct options *o, const char *path, bool release)
{
	struct job j = {
		.o = o,
		.release = release,
		.obj = { .fd = -1, .mfd = -1 },
		.old = { .fd = -1, .mfd = -1 },
		.lock = -1,
	};
	uint64_t before;
	int ret = -1;

	if (dmfile_open(&j.f, path) < 0)
		return -1;
	before = (uint64_t)j.f.st.st_blocks * 512;
	if (!j.f.st.st_size) {
		if (!o->quiet)
			note("%s: is empty, nothing to do", path);
		ret = 0;
		goto out;
	}
	if (lock_file(&j) < 0 || examine(&j) < 0 || obtain_copy(&j) < 0 ||
	    finish(&j) < 0)
		goto out;
	report(&j, before);
	ret = 0;
out:
	object_close(&j.old);
	object_close(&j.obj);
	if (j.lock >= 0)
		close(j.lock);
	dmfile_close(&j.f);
	return ret;
}

int migrate_file(struct options *o, const char *path)
{
	return work(o, path, false);
}

int release_file(struct options *o, const char *path)
{
	return work(o, path, true);
}
