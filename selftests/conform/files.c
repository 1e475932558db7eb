// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of files, and scans
 */
#include "conform.h"

#define ON(fn, fl, pt, expr, ...)	\
	FUNC(fn, CALL | SID | TOKEN | (fl), pt, expr, ##__VA_ARGS__)
#define GET_MASK	(DM_AT_EMASK | DM_AT_PMANR | DM_AT_PATTR | DM_AT_DTIME | \
			 DM_AT_CFLAG | DM_AT_STAT)
#define SET_MASK	(DM_AT_MODE | DM_AT_UID | DM_AT_GID | DM_AT_ATIME | \
			 DM_AT_MTIME | DM_AT_CTIME | DM_AT_SIZE | DM_AT_DTIME)

/* --- Of one ---------------------------------------------------------------- */

ON(dm_get_fileattr, OBJECT | SHARED, "statp:o",
   dm_get_fileattr(OBJ, DM_AT_STAT, c->p[0]))
ON(dm_set_fileattr, OBJECT | EXCL | CHANGES, "attrp:i",
   dm_set_fileattr(OBJ, DM_AT_UID | DM_AT_MTIME, c->p[0]))

CASE(dm_get_fileattr, ok_groups)
{
	dm_stat_t d;
	struct stat st;

	set_attr(w.file, "A", "v", 1);
	arm(w.file, 0, 0, DM_REGION_WRITE);
	NEED_OK(stat(w.path, &st));
	memset(&d, FILL, sizeof(d));
	OK(dm_get_fileattr(w.sid, H(w.file), DM_NO_TOKEN, 0, &d));
	THAT(d.dt_ino == st.st_ino && d.dt_size == st.st_size);
	THAT(d.dt_mode == (dm_mode_t)st.st_mode && d.dt_mtime == st.st_mtime);
	THAT(d.dt_nevents == DM_EVENT_MAX && d.dt_emask == BIT(WRITE));
	THAT(d.dt_pmanreg && d.dt_pers && d.dt_dtime == st.st_ctime);
	/* And nothing that was not asked for */
	memset(&d, FILL, sizeof(d));
	OK(dm_get_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_PATTR, &d));
	THAT(d.dt_pers && !d.dt_ino && !d.dt_emask && !d.dt_pmanreg && !d.dt_dtime &&
	     !d.dt_change && !d.dt_size);
}

CASE(dm_get_fileattr, ok_no_dtime_without_attributes)
{
	dm_stat_t d;

	OK(dm_get_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_DTIME | DM_AT_PATTR,
			   &d));
	THAT(!d.dt_dtime && !d.dt_pers);
}

CASE(dm_get_fileattr, ok_change)
{
	dm_stat_t a, b;

	OK(dm_get_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_CFLAG, &a));
	OK(dm_get_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_CFLAG, &b));
	THAT(a.dt_change == b.dt_change);
	NEED_OK(truncate(w.path, 5));
	OK(dm_get_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_CFLAG, &b));
	THAT(a.dt_change != b.dt_change);
}

CASE(dm_get_fileattr, EINVAL_mask)
{
	static const unsigned int bad[] = { DM_AT_HANDLE, DM_AT_MODE, DM_AT_SIZE,
					    0x4000, 1U << 31 };
	dm_stat_t d;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ERR(EINVAL, dm_get_fileattr(w.sid, H(w.file), DM_NO_TOKEN,
					    bad[i] | DM_AT_STAT, &d));
}

CASE(dm_set_fileattr, ok_what_is_named)
{
	dm_fileattr_t fa = { .fa_mode = 04711, .fa_uid = 5, .fa_gid = 6,
			     .fa_atime = 100, .fa_mtime = 200, .fa_ctime = 300,
			     .fa_size = 4096 };
	struct stat st, now;

	NEED_OK(stat(w.path, &st));
	OK(dm_set_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_MODE | DM_AT_SIZE,
			   &fa));
	NEED_OK(stat(w.path, &now));
	THAT(now.st_mode == (S_IFREG | 04711) && now.st_size == 4096);
	THAT(now.st_uid == st.st_uid && same_times(&st, w.path));
	OK(dm_set_fileattr(w.sid, H(w.file), DM_NO_TOKEN,
			   SET_MASK & ~(DM_AT_DTIME | DM_AT_SIZE), &fa));
	NEED_OK(stat(w.path, &now));
	THAT(now.st_uid == 5 && now.st_gid == 6 && now.st_mode == (S_IFREG | 04711));
	THAT(now.st_atime == 100 && now.st_mtime == 200 && now.st_ctime == 300);
	THAT(!now.st_mtim.tv_nsec);
}

CASE(dm_set_fileattr, ok_dtime)
{
	dm_fileattr_t fa = { .fa_dtime = 400, .fa_ctime = 500 };
	struct stat st;

	NEED_OK(stat(w.path, &st));
	/* Ignored without DM attributes */
	OK(dm_set_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_DTIME, &fa));
	THAT(same_times(&st, w.path));
	set_attr(w.file, "A", "v", 1);
	OK(dm_set_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_DTIME, &fa));
	NEED_OK(stat(w.path, &st));
	THAT(st.st_ctime == 400);
	OK(dm_set_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_DTIME | DM_AT_CTIME,
			   &fa));
	NEED_OK(stat(w.path, &st));
	THAT(st.st_ctime == 500);
}

static void bad_set(int want, struct handle h, unsigned int mask, dm_fileattr_t fa)
{
	ERR(want, dm_set_fileattr(w.sid, H(h), DM_NO_TOKEN, mask, &fa));
}

CASE(dm_set_fileattr, EINVAL_mask)
{
	bad_set(EINVAL, w.file, DM_AT_STAT, (dm_fileattr_t){ });
	bad_set(EINVAL, w.file, DM_AT_HANDLE | DM_AT_UID, (dm_fileattr_t){ });
	bad_set(EINVAL, w.file, 0x4000, (dm_fileattr_t){ });
}

CASE(dm_set_fileattr, EINVAL_owner)
{
	bad_set(EINVAL, w.file, DM_AT_UID, (dm_fileattr_t){ .fa_uid = -1 });
	bad_set(EINVAL, w.file, DM_AT_GID, (dm_fileattr_t){ .fa_gid = -1 });
}

CASE(dm_set_fileattr, EISDIR_size)
{
	bad_set(EISDIR, w.dirh, DM_AT_SIZE, (dm_fileattr_t){ .fa_size = 0 });
}

CASE(dm_set_fileattr, EINVAL_size)
{
	bad_set(EINVAL, w.link, DM_AT_SIZE, (dm_fileattr_t){ .fa_size = 0 });
	bad_set(EINVAL, w.file, DM_AT_SIZE, (dm_fileattr_t){ .fa_size = -1 });
}

CASE(dm_set_fileattr, ok_largest)
{
	dm_fileattr_t fa = { .fa_size = LLONG_MAX };

	OK(dm_set_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_SIZE, &fa));
}

CASE(dm_set_fileattr, EBUSY_offline)
{
	offline(w.file);
	bad_set(EBUSY, w.file, DM_AT_SIZE, (dm_fileattr_t){ .fa_size = 100 });
	/* A multiple of the page size can always be cut to. */
	OK(dm_set_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_SIZE,
			   &(dm_fileattr_t){ .fa_size = GRANULE }));
}

/* --- Of many --------------------------------------------------------------- */

static dm_attrloc_t start_of(struct handle h)
{
	dm_attrloc_t loc = 0;

	NEED_OK(dm_init_attrloc(w.sid, H(h), DM_NO_TOKEN, &loc));
	return loc;
}

static void at_start(struct call *c)
{
	c->n = SCRATCH;
	*(dm_attrloc_t *)c->p[0] = start_of((struct handle){ c->hanp, c->hlen });
}

static void at_start_named(struct call *c)
{
	c->n = SCRATCH;
	*(dm_attrname_t *)c->p[0] = attr_name("A");
	*(dm_attrloc_t *)c->p[1] = start_of((struct handle){ c->hanp, c->hlen });
}

ON(dm_init_attrloc, IS_FS | IS_DIR | SHARED, "locp:o",
   dm_init_attrloc(OBJ, c->p[0]))
ON(dm_get_bulkattr, IS_FS | SHARED, "locp:b bufp:o rlenp:o",
   dm_get_bulkattr(OBJ, 0, c->p[0], c->n, c->p[1], c->p[2]), .prepare = at_start)
ON(dm_get_bulkall, IS_FS | SHARED, "attrnamep:i locp:b bufp:o rlenp:o",
   dm_get_bulkall(OBJ, 0, c->p[0], c->p[1], c->n, c->p[2], c->p[3]),
   .prepare = at_start_named)
ON(dm_get_dirattrs, IS_DIR | SHARED, "locp:b bufp:o rlenp:o",
   dm_get_dirattrs(OBJ, 0, c->p[0], c->n, c->p[1], c->p[2]), .prepare = at_start)

/* How often a scan tells the file; every kind of scan goes on where it was. */
static int told(int (*step)(dm_attrloc_t *loc, size_t size, char *buf, size_t *len),
		struct handle h)
{
	dm_attrloc_t loc = start_of(h);
	struct stat st;
	char buf[1024];
	dm_stat_t *d;
	size_t len;
	int n = 0, ret;

	NEED_OK(stat(w.path, &st));
	do {
		errno = 0;
		ret = step(&loc, sizeof(buf), buf, &len);
		if (!THAT(ret == 0 || ret == 1))
			return -1;
		THAT(len <= sizeof(buf) && len % 8 == 0);
		for (d = len ? (dm_stat_t *)buf : NULL; d;
		     d = DM_STEP_TO_NEXT(d, dm_stat_t *))
			n += d->dt_ino == st.st_ino;
	} while (ret);
	return n;
}

static int step_attr(dm_attrloc_t *loc, size_t size, char *buf, size_t *len)
{
	return dm_get_bulkattr(w.sid, H(w.fs), DM_NO_TOKEN, 0, loc, size, buf, len);
}

static int step_all(dm_attrloc_t *loc, size_t size, char *buf, size_t *len)
{
	dm_attrname_t an = attr_name("A");

	return dm_get_bulkall(w.sid, H(w.fs), DM_NO_TOKEN, 0, &an, loc, size, buf,
			      len);
}

static int step_dir(dm_attrloc_t *loc, size_t size, char *buf, size_t *len)
{
	return dm_get_dirattrs(w.sid, H(w.dirh), DM_NO_TOKEN, 0, loc, size, buf, len);
}

CASE(dm_get_bulkattr, ok_once) { RET(1, told(step_attr, w.fs)); }
CASE(dm_get_bulkall, ok_once) { RET(1, told(step_all, w.fs)); }
CASE(dm_get_dirattrs, ok_once) { RET(1, told(step_dir, w.dirh)); }

CASE(dm_get_bulkall, ok_value)
{
	static char buf[SCRATCH];
	dm_attrloc_t loc = start_of(w.fs);
	dm_attrname_t an = attr_name("A");
	int found = 0, ret;
	struct stat st;
	dm_xstat_t *x;
	size_t len;

	set_attr(w.file, "A", "value", 5);
	NEED_OK(stat(w.path, &st));
	do {
		ret = dm_get_bulkall(w.sid, H(w.fs), DM_NO_TOKEN, DM_AT_STAT, &an,
				     &loc, sizeof(buf), buf, &len);
		NEED(ret >= 0);
		x = len ? (dm_xstat_t *)buf : NULL;
		while (x) {
			if (x->dx_statinfo.dt_ino == st.st_ino) {
				found++;
				THAT(x->dx_attrdata.vd_length == 5);
				THAT(!memcmp((char *)x + x->dx_attrdata.vd_offset,
					     "value", 5));
			}
			x = x->dx_statinfo._link ?
				(void *)((char *)x + x->dx_statinfo._link) : NULL;
		}
	} while (ret);
	THAT(found == 1);
}

CASE(dm_get_dirattrs, ok_names)
{
	static char buf[SCRATCH];
	dm_attrloc_t loc = start_of(w.dirh);
	bool dot = false, dots = false, file = false;
	char *name;
	dm_stat_t *d;
	size_t len;

	RET(0, dm_get_dirattrs(w.sid, H(w.dirh), DM_NO_TOKEN, DM_AT_STAT, &loc,
			       sizeof(buf), buf, &len));
	for (d = (dm_stat_t *)buf; d; d = DM_STEP_TO_NEXT(d, dm_stat_t *)) {
		name = DM_GET_VALUE(d, dt_compname, char *);
		THAT(DM_GET_LEN(d, dt_compname) == strlen(name) + 1);
		THAT(!DM_GET_LEN(d, dt_handle));	/* was not asked for */
		dot |= !strcmp(name, ".");
		dots |= !strcmp(name, "..");
		file |= !strcmp(name, "file");
	}
	THAT(dot && dots && file);
	/* After the last one there is nothing. */
	RET(0, dm_get_dirattrs(w.sid, H(w.dirh), DM_NO_TOKEN, DM_AT_STAT, &loc,
			       sizeof(buf), buf, &len));
	THAT(len == 0);
}

CASE(dm_get_dirattrs, length_too_small)
{
	dm_attrloc_t loc = start_of(w.dirh), was = loc;
	size_t len = 7;
	char buf[8];

	RET(1, dm_get_dirattrs(w.sid, H(w.dirh), DM_NO_TOKEN, 0, &loc, sizeof(buf),
			       buf, &len));
	THAT(len == 0 && loc == was);
	len = 7;
	RET(1, dm_get_dirattrs(w.sid, H(w.dirh), DM_NO_TOKEN, 0, &loc, 0, NULL,
			       &len));
	THAT(len == 0 && loc == was);
}

CASE(dm_get_bulkattr, E2BIG_length)
{
	dm_attrloc_t loc = start_of(w.fs), was = loc;
	char buf[1024];
	size_t need = 7, len;

	ERR(E2BIG, dm_get_bulkattr(w.sid, H(w.fs), DM_NO_TOKEN, 0, &loc, 8, buf,
				   &need));
	THAT(need > 8 && need % 8 == 0 && loc == was);
	ERR(E2BIG, dm_get_bulkattr(w.sid, H(w.fs), DM_NO_TOKEN, 0, &loc, need - 1,
				   buf, &len));
	RET(1, dm_get_bulkattr(w.sid, H(w.fs), DM_NO_TOKEN, 0, &loc, need, buf, &len));
	THAT(len == need);
}

CASE(dm_get_bulkall, E2BIG_length)
{
	dm_attrname_t an = attr_name("A");
	dm_attrloc_t loc = start_of(w.fs), was = loc;
	char buf[1024];
	size_t need = 7, len;

	ERR(E2BIG, dm_get_bulkall(w.sid, H(w.fs), DM_NO_TOKEN, 0, &an, &loc, 8, buf,
				  &need));
	THAT(need > 8 && need % 8 == 0 && loc == was);
	RET(1, dm_get_bulkall(w.sid, H(w.fs), DM_NO_TOKEN, 0, &an, &loc, need, buf,
			      &len));
	THAT(len == need);
}

/* Masks and positions that are none */
static void bad_scan(struct handle h, int which, bool mask)
{
	dm_attrloc_t loc = mask ? start_of(h) : -1;
	unsigned int m = mask ? DM_AT_MODE : 0;
	dm_attrname_t an = attr_name("A");
	size_t len = 7;
	char buf[1024];

	if (which == 0)
		ERR(EINVAL, dm_get_bulkattr(w.sid, H(h), DM_NO_TOKEN, m, &loc,
					    sizeof(buf), buf, &len));
	else if (which == 1)
		ERR(EINVAL, dm_get_bulkall(w.sid, H(h), DM_NO_TOKEN, m, &an, &loc,
					   sizeof(buf), buf, &len));
	else
		ERR(EINVAL, dm_get_dirattrs(w.sid, H(h), DM_NO_TOKEN, m, &loc,
					    sizeof(buf), buf, &len));
	THAT(len == 7);
}

CASE(dm_get_bulkattr, EINVAL_mask) { bad_scan(w.fs, 0, true); }
CASE(dm_get_bulkall, EINVAL_mask) { bad_scan(w.fs, 1, true); }
CASE(dm_get_dirattrs, EINVAL_mask) { bad_scan(w.dirh, 2, true); }
CASE(dm_get_bulkattr, EINVAL_position) { bad_scan(w.fs, 0, false); }
CASE(dm_get_bulkall, EINVAL_position) { bad_scan(w.fs, 1, false); }
CASE(dm_get_dirattrs, EINVAL_position) { bad_scan(w.dirh, 2, false); }

CASE(dm_get_bulkall, EINVAL_name)
{
	dm_attrloc_t loc = start_of(w.fs);
	dm_attrname_t an = { };
	size_t len = 7;
	char buf[1024];

	ERR(EINVAL, dm_get_bulkall(w.sid, H(w.fs), DM_NO_TOKEN, 0, &an, &loc,
				   sizeof(buf), buf, &len));
	THAT(len == 7);
}
