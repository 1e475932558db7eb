// SPDX-License-Identifier: GPL-2.0-only
/*
 * Managed regions, data, holes
 */
#include "conform.h"

#define ON_FILE(fn, fl, pt, expr, ...)	\
	FUNC(fn, CALL | SID | TOKEN | IS_FILE | (fl), pt, expr, ##__VA_ARGS__)

/* For calls about a file whose handle is in the arguments */
static struct handle its(struct call *c)
{
	return (struct handle){ c->hanp, c->hlen };
}

static void three_regions(struct handle h)
{
	dm_region_t r[3] = { { 0, 100, DM_REGION_READ, 0 },
			     { 7, 1, DM_REGION_NOEVENT, 0 },
			     { 5000, 0, DM_REGION_WRITE | DM_REGION_TRUNCATE, 0 } };
	dm_boolean_t exact = 7;

	NEED_OK(dm_set_region(w.sid, H(h), DM_NO_TOKEN, 3, r, &exact));
	THAT(exact == DM_TRUE);
}

static void has_regions(struct call *c)
{
	three_regions(its(c));
}

static unsigned int regions_of(struct handle h)
{
	static dm_region_t r[1024];
	unsigned int n = 0;

	OK(dm_get_region(w.sid, H(h), DM_NO_TOKEN, 1024, r, &n));
	return n;
}

/* --- Regions --------------------------------------------------------------- */

ON_FILE(dm_set_region, EXCL | CHANGES, "regbufp:i exactflagp:o",
	dm_set_region(OBJ, 1, c->p[0], c->p[1]))
ON_FILE(dm_get_region, SHARED, "regbufp:o nelemp:o",
	dm_get_region(OBJ, c->n, c->p[0], c->p[1]), .prepare = has_regions,
	.buf = 0, .lenp = 1, .unit = sizeof(dm_region_t))

CASE(dm_set_region, ok_replaces_all)
{
	dm_region_t r = { 1, 2, DM_REGION_WRITE, 0 };
	dm_boolean_t exact = 7;
	struct stat st;

	NEED_OK(stat(w.path, &st));
	three_regions(w.file);
	OK(dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 1, &r, &exact));
	THAT(exact == DM_TRUE && regions_of(w.file) == 1);
	/* Not looked at */
	OK(dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 0, BAD_PTR, &exact));
	THAT(regions_of(w.file) == 0);
	THAT(same_times(&st, w.path));
}

CASE(dm_set_region, E2BIG_one_too_many)
{
	static dm_region_t r[1024];
	dm_boolean_t exact = 7;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(r); i++)
		r[i] = (dm_region_t){ i * 10, 5, DM_REGION_READ, 0 };
	/* Before the buffer is read */
	ERR(E2BIG, dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 1025, BAD_PTR,
				 &exact));
	THAT(exact == 7);
	OK(dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 1024, r, &exact));
	THAT(regions_of(w.file) == 1024);
}

CASE(dm_set_region, EINVAL_region)
{
	static const dm_region_t bad[] = {
		{ 0, 0, 8, 0 }, { 0, 0, 1U << 31, 0 }, { -1, 5, 1, 0 },
		{ LLONG_MAX, 2, 1, 0 }, { 5, ULLONG_MAX, 1, 0 },
	};
	dm_boolean_t exact = 7;
	unsigned int i;

	three_regions(w.file);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ERR(EINVAL, dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 1,
					  (void *)&bad[i], &exact));
	THAT(exact == 7 && regions_of(w.file) == 3);
}

CASE(dm_set_region, EFAULT_changes_nothing)
{
	dm_region_t r = { 1, 2, DM_REGION_WRITE, 0 };
	dm_boolean_t exact = 7;

	three_regions(w.file);
	ERR(EFAULT, dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 1, &r, BAD_PTR));
	ERR(EFAULT, dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 1, BAD_PTR, &exact));
	THAT(exact == 7 && regions_of(w.file) == 3);
}

CASE(dm_set_region, EBUSY_mapped)
{
	dm_region_t r = { 0, 0, DM_REGION_READ, 0 };
	pid_t pid = spawn(maps, w.path);
	dm_boolean_t exact;

	usleep(300000);
	ERR(EBUSY, dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 1, &r, &exact));
	THAT(regions_of(w.file) == 0);
	r.rg_offset = 2 * GRANULE;		/* not that part */
	OK(dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 1, &r, &exact));
	OK(dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 0, NULL, &exact));
	kill(pid, SIGKILL);
	reaped(pid);
}

CASE(dm_get_region, ok_in_the_order_set)
{
	dm_region_t r[9];
	unsigned int n;

	three_regions(w.file);
	OK(dm_get_region(w.sid, H(w.file), DM_NO_TOKEN, 9, r, &n));
	THAT(n == 3);
	THAT(r[0].rg_offset == 0 && r[0].rg_size == 100 &&
	     r[0].rg_flags == DM_REGION_READ);
	THAT(r[1].rg_offset == 7 && r[1].rg_flags == DM_REGION_NOEVENT);
	THAT(r[2].rg_offset == 5000 && r[2].rg_size == 0);
}

CASE(dm_get_region, length_none)
{
	unsigned int n = 7;

	OK(dm_get_region(w.sid, H(w.file), DM_NO_TOKEN, 0, NULL, &n));
	THAT(n == 0);
}

static void is_recalled(struct call *c)
{
	offline(its(c));
	NEED(dm_write_invis(w.sid, H(its(c)), DM_NO_TOKEN, 0, 0, GRANULE, ro_page) ==
	     (dm_ssize_t)GRANULE);
}

ON_FILE(dmx_set_resident, EXCL | CHANGES, "", dmx_set_resident(OBJ, 0, GRANULE),
	.prepare = is_recalled)

CASE(dmx_set_resident, ok_read_is_disarmed)
{
	dm_region_t r[9];
	unsigned int n = 0;

	arm(w.file, 0, 0, DM_REGION_READ | DM_REGION_WRITE);
	OK(dmx_set_resident(w.sid, H(w.file), DM_NO_TOKEN, 0, FILE_SIZE));
	OK(dm_get_region(w.sid, H(w.file), DM_NO_TOKEN, 9, r, &n));
	THAT(n > 0 && r[0].rg_flags == DM_REGION_WRITE);
}

CASE(dmx_set_resident, EINVAL_range)
{
	ERR(EINVAL, dmx_set_resident(w.sid, H(w.file), DM_NO_TOKEN, -1, 5));
	ERR(EINVAL, dmx_set_resident(w.sid, H(w.file), DM_NO_TOKEN, 5, LLONG_MAX));
	ERR(EINVAL, dmx_set_resident(w.sid, H(w.file), DM_NO_TOKEN, 5, ULLONG_MAX));
}

CASE(dmx_set_resident, ENODATA_offline)
{
	offline(w.file);
	ERR(ENODATA, dmx_set_resident(w.sid, H(w.file), DM_NO_TOKEN, 0, GRANULE));
	ERR(ENODATA, dmx_set_resident(w.sid, H(w.file), DM_NO_TOKEN, GRANULE, 1));
	THAT(regions_of(w.file) == 1);
}

CASE(dmx_set_resident, E2BIG_regions)
{
	static dm_region_t r[1024];
	dm_boolean_t exact;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(r); i++)
		r[i] = (dm_region_t){ i * 100, 50,
				      DM_REGION_READ | DM_REGION_WRITE, 0 };
	NEED_OK(dm_set_region(w.sid, H(w.file), DM_NO_TOKEN, 1024, r, &exact));
	ERR(E2BIG, dmx_set_resident(w.sid, H(w.file), DM_NO_TOKEN, 10, 10));
	THAT(regions_of(w.file) == 1024);
}

/* --- Data ------------------------------------------------------------------ */

ON_FILE(dm_read_invis, SHARED, "bufp:O",
	dm_read_invis(OBJ, 0, 4096, c->p[0]))
ON_FILE(dm_write_invis, EXCL | CHANGES, "bufp:I",
	dm_write_invis(OBJ, 0, 0, 4096, c->p[0]))
ON_FILE(dm_sync_by_handle, EXCL, "", dm_sync_by_handle(OBJ))

CASE(dm_read_invis, ok_to_the_end)
{
	static char buf[GRANULE];
	struct stat st;

	NEED_OK(stat(w.path, &st));
	RET(100, dm_read_invis(w.sid, H(w.file), DM_NO_TOKEN, FILE_SIZE - 100,
			       sizeof(buf), buf));
	THAT(buf[0] == 'd' && buf[99] == 'd' && !buf[100]);
	RET(0, dm_read_invis(w.sid, H(w.file), DM_NO_TOKEN, FILE_SIZE, 10, buf));
	RET(0, dm_read_invis(w.sid, H(w.file), DM_NO_TOKEN, 0, 0, NULL));
	THAT(same_times(&st, w.path));
	/* What is offline is zeros, for the application alone. */
	offline(w.file);
	RET(GRANULE, dm_read_invis(w.sid, H(w.file), DM_NO_TOKEN, 0, GRANULE, buf));
	THAT(!buf[0] && !memcmp(buf, buf + 1, GRANULE - 1));
}

CASE(dm_read_invis, EINVAL_offset)
{
	char buf[10];

	ERR(EINVAL, dm_read_invis(w.sid, H(w.file), DM_NO_TOKEN, -1, 10, buf));
	ERR(EINVAL, dm_read_invis(w.sid, H(w.file), DM_NO_TOKEN, FILE_SIZE + 1, 10,
				  buf));
	ERR(EINVAL, dm_read_invis(w.sid, H(w.file), DM_NO_TOKEN, LLONG_MAX, 10,
				  buf));
}

CASE(dm_write_invis, ok_without_a_trace)
{
	struct stat st, now;
	char c = 0;

	NEED_OK(chmod(w.path, 06755));
	NEED_OK(stat(w.path, &st));
	RET(3, dm_write_invis(w.sid, H(w.file), DM_NO_TOKEN, 0, 5, 3, "new"));
	RET(3, dm_write_invis(w.sid, H(w.file), DM_NO_TOKEN, DM_WRITE_SYNC, 9, 3,
			      "new"));
	RET(1, dm_read_invis(w.sid, H(w.file), DM_NO_TOKEN, 6, 1, &c));
	THAT(c == 'e');
	/* Beyond the end */
	RET(3, dm_write_invis(w.sid, H(w.file), DM_NO_TOKEN, 0, FILE_SIZE + 10, 3,
			      "new"));
	NEED_OK(stat(w.path, &now));
	THAT(now.st_size == (off_t)FILE_SIZE + 13 && now.st_mode == st.st_mode);
	THAT(same_times(&st, w.path));
}

CASE(dm_write_invis, EINVAL_arguments)
{
	ERR(EINVAL, dm_write_invis(w.sid, H(w.file), DM_NO_TOKEN, 0, -1, 3, "new"));
	ERR(EINVAL, dm_write_invis(w.sid, H(w.file), DM_NO_TOKEN, 2, 0, 3, "new"));
	ERR(EINVAL, dm_write_invis(w.sid, H(w.file), DM_NO_TOKEN, 0, 0, -1, "new"));
}

CASE(dm_write_invis, EFBIG_end)
{
	ERR(EFBIG, dm_write_invis(w.sid, H(w.file), DM_NO_TOKEN, 0, LLONG_MAX, 3,
				  "new"));
	ERR(EFBIG, dm_write_invis(w.sid, H(w.file), DM_NO_TOKEN, 0, LLONG_MAX - 1, 3,
				  "new"));
}

CASE(dm_sync_by_handle, ok_written)
{
	NEED_OK(truncate(w.path, 100));
	OK(dm_sync_by_handle(w.sid, H(w.file), DM_NO_TOKEN));
}

/* --- What has blocks ------------------------------------------------------- */

ON_FILE(dm_get_allocinfo, SHARED, "offp:b extentp:o nelemp:o",
	dm_get_allocinfo(OBJ, c->p[0], 10, c->p[1], c->p[2]))

CASE(dm_get_allocinfo, ok_one_at_a_time)
{
	dm_off_t off = 0, end = 0;
	unsigned int n, count = 0, holes = 0;
	dm_extent_t e;
	int ret;

	arm(w.file, 0, 0, DM_REGION_READ);
	NEED_OK(dm_punch_hole(w.sid, H(w.file), DM_NO_TOKEN, GRANULE, GRANULE));
	do {
		ret = dm_get_allocinfo(w.sid, H(w.file), DM_NO_TOKEN, &off, 1, &e, &n);
		NEED(ret >= 0 && count < 20);
		if (!n)
			break;
		THAT(e.ex_offset == end);
		end = e.ex_offset + e.ex_length;
		if (ret)
			THAT(off == end);
		holes += e.ex_type == DM_EXTENT_HOLE;
		count++;
	} while (ret);
	THAT(end == (dm_off_t)FILE_SIZE && holes == 1 && count >= 3);
}

CASE(dm_get_allocinfo, ok_empty)
{
	struct handle h = make_file("empty", 0);
	unsigned int n = 7;
	dm_off_t off = 0;
	dm_extent_t e;

	RET(0, dm_get_allocinfo(w.sid, H(h), DM_NO_TOKEN, &off, 1, &e, &n));
	THAT(n == 0);
}

CASE(dm_get_allocinfo, EINVAL_nelem)
{
	unsigned int n = 7;
	dm_off_t off = 0;
	dm_extent_t e;

	ERR(EINVAL, dm_get_allocinfo(w.sid, H(w.file), DM_NO_TOKEN, &off, 0, &e,
				     &n));
	THAT(n == 7 && off == 0);
}

CASE(dm_get_allocinfo, EINVAL_offset)
{
	dm_off_t bad[] = { 1, -4096, FILE_SIZE + 65536, LLONG_MAX }, off;
	unsigned int n = 7, i;
	dm_extent_t e;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		off = bad[i];
		ERR(EINVAL, dm_get_allocinfo(w.sid, H(w.file), DM_NO_TOKEN, &off, 1,
					     &e, &n));
		THAT(n == 7 && off == bad[i]);
	}
}

ON_FILE(dm_probe_hole, SHARED, "roffp:o rlenp:o",
	dm_probe_hole(OBJ, 0, 2 * GRANULE, c->p[0], c->p[1]))

CASE(dm_probe_hole, ok_rounded)
{
	dm_off_t off = -7;
	dm_size_t len = 7;

	OK(dm_probe_hole(w.sid, H(w.file), DM_NO_TOKEN, 1, 3 * GRANULE, &off, &len));
	THAT(off == (dm_off_t)GRANULE && len == 2 * GRANULE);
	OK(dm_probe_hole(w.sid, H(w.file), DM_NO_TOKEN, GRANULE, 0, &off, &len));
	THAT(off == (dm_off_t)GRANULE && len == 0);
	OK(dm_probe_hole(w.sid, H(w.file), DM_NO_TOKEN, 0, FILE_SIZE, &off, &len));
	THAT(off == 0 && len == 0);
}

CASE(dm_probe_hole, E2BIG_range)
{
	dm_off_t off = -7;
	dm_size_t len = 7;

	ERR(E2BIG, dm_probe_hole(w.sid, H(w.file), DM_NO_TOKEN, FILE_SIZE, 0, &off,
				 &len));
	ERR(E2BIG, dm_probe_hole(w.sid, H(w.file), DM_NO_TOKEN, 0, FILE_SIZE + 1,
				 &off, &len));
	THAT(off == -7 && len == 7);
}

CASE(dm_probe_hole, EINVAL_nothing_left)
{
	dm_off_t off = -7;
	dm_size_t len = 7;

	ERR(EINVAL, dm_probe_hole(w.sid, H(w.file), DM_NO_TOKEN, 1, 4096, &off,
				  &len));
	THAT(off == -7 && len == 7);
}

static void armed(struct call *c)
{
	arm(its(c), 0, 0, DM_REGION_READ);
}

ON_FILE(dm_punch_hole, EXCL | CHANGES, "", dm_punch_hole(OBJ, 0, GRANULE),
	.prepare = armed)

CASE(dm_punch_hole, ok_size_and_times_stay)
{
	struct stat st, now;

	NEED_OK(stat(w.path, &st));
	arm(w.file, 0, 0, DM_REGION_READ);
	OK(dm_punch_hole(w.sid, H(w.file), DM_NO_TOKEN, GRANULE, GRANULE));
	OK(dm_punch_hole(w.sid, H(w.file), DM_NO_TOKEN, 0, 0));
	NEED_OK(stat(w.path, &now));
	THAT(now.st_size == st.st_size && now.st_blocks < st.st_blocks);
	THAT(same_times(&st, w.path) && regions_of(w.file) == 1);
}

static void bad_punches(int want, const dm_off_t (*r)[2], unsigned int n)
{
	struct stat st, now;
	unsigned int i;

	arm(w.file, 0, 0, DM_REGION_READ);
	NEED_OK(stat(w.path, &st));
	for (i = 0; i < n; i++)
		ERR(want, dm_punch_hole(w.sid, H(w.file), DM_NO_TOKEN, r[i][0],
					r[i][1]));
	NEED_OK(stat(w.path, &now));
	THAT(now.st_blocks == st.st_blocks);
}

CASE(dm_punch_hole, E2BIG_range)
{
	static const dm_off_t r[][2] = {
		{ FILE_SIZE, 0 }, { 0, FILE_SIZE + 1 }, { GRANULE, FILE_SIZE },
	};

	bad_punches(E2BIG, r, ARRAY_SIZE(r));
}

CASE(dm_punch_hole, EAGAIN_granule)
{
	static const dm_off_t r[][2] = {
		{ 1, GRANULE }, { 0, GRANULE - 1 }, { 512, 0 },
	};

	bad_punches(EAGAIN, r, ARRAY_SIZE(r));
}

CASE(dm_punch_hole, EBUSY_mapped)
{
	pid_t pid = spawn(maps, w.path);

	usleep(300000);
	ERR(EBUSY, dm_punch_hole(w.sid, H(w.file), DM_NO_TOKEN, 0, GRANULE));
	OK(dm_punch_hole(w.sid, H(w.file), DM_NO_TOKEN, 2 * GRANULE, GRANULE));
	kill(pid, SIGKILL);
	reaped(pid);
}
