// SPDX-License-Identifier: GPL-2.0-only
/*
 * DM attributes, event lists, and what objects begin and end with
 */
#include "conform.h"

#define ON(fn, fl, pt, expr, ...)	\
	FUNC(fn, CALL | SID | TOKEN | (fl), pt, expr, ##__VA_ARGS__)

static struct handle its(struct call *c)
{
	return (struct handle){ c->hanp, c->hlen };
}

static void has_name(struct call *c)
{
	*(dm_attrname_t *)c->p[0] = attr_name("NAME");
}

static void has_attr(struct call *c)
{
	has_name(c);
	set_attr(its(c), "NAME", "value", 5);
}

static void has_attrs(struct call *c)
{
	set_attr(its(c), "NAME", "value", 5);
	set_attr(its(c), "EIGHTBYTES", "", 0);
}

/* --- DM attributes --------------------------------------------------------- */

ON(dm_set_dmattr, OBJECT | EXCL | CHANGES, "attrnamep:i bufp:i",
   dm_set_dmattr(OBJ, c->p[0], 0, 5, c->p[1]), .prepare = has_name)
ON(dm_get_dmattr, OBJECT | SHARED, "attrnamep:i bufp:o rlenp:o",
   dm_get_dmattr(OBJ, c->p[0], c->n, c->p[1], c->p[2]), .prepare = has_attr,
   .buf = 1, .lenp = 2, .unit = 1)
ON(dm_getall_dmattr, OBJECT | SHARED, "bufp:o rlenp:o",
   dm_getall_dmattr(OBJ, c->n, c->p[0], c->p[1]), .prepare = has_attrs,
   .buf = 0, .lenp = 1, .unit = 1)
ON(dm_remove_dmattr, OBJECT | EXCL | CHANGES, "attrnamep:i",
   dm_remove_dmattr(OBJ, 0, c->p[0]), .prepare = has_attr)

static long get_attr(const char *name, void *buf, size_t size, size_t *len)
{
	dm_attrname_t an = attr_name(name);

	return dm_get_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &an, size, buf, len);
}

CASE(dm_set_dmattr, ok_replaced)
{
	static char big[65536], back[65536];
	size_t len = 7;

	memset(big, 'v', sizeof(big));
	set_attr(w.file, "A", big, sizeof(big));
	OK(get_attr("A", back, sizeof(back), &len));
	THAT(len == sizeof(big) && !memcmp(big, back, len));
	set_attr(w.file, "A", "small", 5);
	OK(get_attr("A", back, sizeof(back), &len));
	THAT(len == 5 && !memcmp(back, "small", 5));
	/* A value may be empty, and is not looked at then. */
	set_attr(w.file, "A", NULL, 0);
	OK(get_attr("A", back, sizeof(back), &len));
	THAT(len == 0);
}

CASE(dm_set_dmattr, ok_setdtime)
{
	dm_attrname_t an = attr_name("A");
	struct stat st;

	NEED_OK(stat(w.path, &st));
	OK(dm_set_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &an, 0, 1, "v"));
	THAT(same_times(&st, w.path));
	usleep(20000);
	OK(dm_set_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &an, 1, 1, "v"));
	THAT(!same_times(&st, w.path));
}

CASE(dm_set_dmattr, EINVAL_name)
{
	dm_attrname_t an = { };

	ERR(EINVAL, dm_set_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &an, 0, 1, "v"));
	an.an_chars[1] = 'x';
	ERR(EINVAL, dm_set_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &an, 0, 1, "v"));
}

CASE(dm_set_dmattr, E2BIG_value)
{
	static char big[65537];
	dm_attrname_t an = attr_name("A");
	size_t len;

	ERR(E2BIG, dm_set_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &an, 0, sizeof(big),
				 big));
	ERR(E2BIG, dm_set_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &an, 0, SIZE_MAX,
				 big));
	ERR(ENOENT, get_attr("A", big, 10, &len));
}

CASE(dm_get_dmattr, ok_eight_bytes_of_name)
{
	dm_attrname_t a = { "12345678" }, b = { { 'a', 0, 'b', 0, 0, 0, 0, 'c' } };
	size_t len = 7;
	char buf[9];

	memcpy(a.an_chars, "12345678", 8);
	OK(dm_set_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &a, 0, 1, "1"));
	OK(dm_set_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &b, 0, 2, "22"));
	OK(dm_get_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &a, 9, buf, &len));
	THAT(len == 1 && buf[0] == '1');
	OK(dm_get_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &b, 9, buf, &len));
	THAT(len == 2 && buf[0] == '2');
	b.an_chars[7] = 0;
	ERR(ENOENT, dm_get_dmattr(w.sid, H(w.file), DM_NO_TOKEN, &b, 9, buf, &len));
}

CASE(dm_get_dmattr, length_none)
{
	size_t len = 7;

	set_attr(w.file, "EMPTY", NULL, 0);
	OK(get_attr("EMPTY", NULL, 0, &len));
	THAT(len == 0);
}

CASE(dm_get_dmattr, EINVAL_name)
{
	size_t len = 7;
	char buf[9];

	ERR(EINVAL, get_attr("", buf, 9, &len));
	THAT(len == 7);
}

CASE(dm_get_dmattr, ENOENT_none)
{
	size_t len = 7;
	char buf[9];

	ERR(ENOENT, get_attr("NONE", buf, 9, &len));
	ERR(ENOENT, get_attr("NONE", NULL, 0, &len));
	THAT(len == 7);
}

CASE(dm_getall_dmattr, ok_list)
{
	char buf[500];
	dm_attrlist_t *a = (dm_attrlist_t *)buf;
	unsigned int n = 0, bytes = 0;
	size_t len;

	set_attr(w.file, "ONE", "1", 1);
	set_attr(w.file, "TWO", "22", 2);
	set_attr(w.file, "NONE", "", 0);
	OK(dm_getall_dmattr(w.sid, H(w.file), DM_NO_TOKEN, sizeof(buf), buf, &len));
	for (; a && n < 9; a = DM_STEP_TO_NEXT(a, dm_attrlist_t *), n++)
		bytes += DM_GET_LEN(a, al_data);
	THAT(n == 3 && bytes == 3);
}

CASE(dm_getall_dmattr, length_none)
{
	size_t len = 7;

	OK(dm_getall_dmattr(w.sid, H(w.file), DM_NO_TOKEN, 0, NULL, &len));
	THAT(len == 0);
}

CASE(dm_remove_dmattr, ok_setdtime)
{
	dm_attrname_t an = attr_name("A");
	struct stat st;

	set_attr(w.file, "A", "v", 1);
	set_attr(w.file, "B", "v", 1);
	NEED_OK(stat(w.path, &st));
	usleep(20000);
	OK(dm_remove_dmattr(w.sid, H(w.file), DM_NO_TOKEN, 0, &an));
	THAT(same_times(&st, w.path));
	an = attr_name("B");
	OK(dm_remove_dmattr(w.sid, H(w.file), DM_NO_TOKEN, 1, &an));
	THAT(!same_times(&st, w.path));
}

CASE(dm_remove_dmattr, EINVAL_name)
{
	dm_attrname_t an = { };

	ERR(EINVAL, dm_remove_dmattr(w.sid, H(w.file), DM_NO_TOKEN, 0, &an));
}

CASE(dm_remove_dmattr, ENOENT_none)
{
	dm_attrname_t an = attr_name("NONE");

	ERR(ENOENT, dm_remove_dmattr(w.sid, H(w.file), DM_NO_TOKEN, 0, &an));
}

/* --- Event lists ----------------------------------------------------------- */

static void a_list(struct call *c)
{
	*(dm_eventset_t *)c->p[0] = BIT(ATTRIBUTE) | BIT(DESTROY);
}

static void has_list(struct call *c)
{
	dm_eventset_t set = BIT(ATTRIBUTE) | BIT(DESTROY);

	NEED_OK(dm_set_eventlist(c->sid, c->hanp, c->hlen, DM_NO_TOKEN, &set,
				 DM_EVENT_MAX));
}

ON(dm_set_eventlist, HANDLE | EXCL | CHANGES, "eventsetp:i",
   dm_set_eventlist(OBJ, c->p[0], DM_EVENT_MAX), .prepare = a_list,
   .noglobal = EINVAL)
ON(dm_get_eventlist, HANDLE | SHARED, "eventsetp:o nelemp:o",
   dm_get_eventlist(OBJ, DM_EVENT_MAX, c->p[0], c->p[1]), .prepare = has_list)

static dm_eventset_t list_of(struct handle h, unsigned int *n)
{
	dm_eventset_t set = 0;

	OK(dm_get_eventlist(w.sid, H(h), DM_NO_TOKEN, DM_EVENT_MAX, &set, n));
	return set;
}

static int set_list(struct handle h, dm_eventset_t set, unsigned int maxevent)
{
	return dm_set_eventlist(w.sid, H(h), DM_NO_TOKEN, &set, maxevent);
}

CASE(dm_set_eventlist, ok_bits_from_maxevent_stay)
{
	struct stat st;
	unsigned int n;

	NEED_OK(stat(w.path, &st));
	OK(set_list(w.file, BIT(DEBUT) | BIT(DESTROY), DM_EVENT_MAX));
	OK(set_list(w.file, BIT(CLOSE) | BIT(READ), DM_EVENT_CLOSE + 1));
	THAT(list_of(w.file, &n) == (BIT(CLOSE) | BIT(DESTROY)));
	OK(set_list(w.file, 0, DM_EVENT_MAX));
	THAT(list_of(w.file, &n) == 0 && n == 0);
	THAT(same_times(&st, w.path));
}

CASE(dm_set_eventlist, ok_by_kind)
{
	dm_eventset_t any = BIT(CANCEL) | BIT(DEBUT) | BIT(CLOSE) | BIT(ATTRIBUTE) |
		BIT(DESTROY);
	dm_eventset_t dir = any | BIT(CREATE) | BIT(POSTCREATE) | BIT(REMOVE) |
		BIT(POSTREMOVE) | BIT(RENAME) | BIT(POSTRENAME) | BIT(LINK) |
		BIT(POSTLINK) | BIT(SYMLINK) | BIT(POSTSYMLINK);
	unsigned int n;

	OK(set_list(w.file, any, DM_EVENT_MAX));
	OK(set_list(w.link, any, DM_EVENT_MAX));
	OK(set_list(w.dirh, dir, DM_EVENT_MAX));
	THAT(list_of(w.dirh, &n) == dir && n == DM_EVENT_DESTROY + 1);
	OK(set_list(w.dirh, 0, DM_EVENT_MAX));
	OK(set_list(w.fs, BIT(PREUNMOUNT) | BIT(UNMOUNT) | BIT(NOSPACE),
		    DM_EVENT_MAX));
	OK(set_list(w.fs, 0, DM_EVENT_MAX));
}

CASE(dm_set_eventlist, EINVAL_maxevent)
{
	ERR(EINVAL, set_list(w.file, BIT(DESTROY), 0));
	ERR(EINVAL, set_list(w.file, BIT(DESTROY), DM_EVENT_MAX + 1));
}

CASE(dm_set_eventlist, EINVAL_event)
{
	unsigned int n;

	ERR(EINVAL, set_list(w.file, BIT(READ), DM_EVENT_MAX));
	ERR(EINVAL, set_list(w.file, BIT(CREATE), DM_EVENT_MAX));
	ERR(EINVAL, set_list(w.file, BIT(MOUNT), DM_EVENT_MAX));
	ERR(EINVAL, set_list(w.dirh, BIT(NOSPACE), DM_EVENT_MAX));
	ERR(EINVAL, set_list(w.dirh, BIT(WRITE), DM_EVENT_MAX));
	ERR(EINVAL, set_list(w.fs, BIT(MOUNT), DM_EVENT_MAX));
	ERR(EINVAL, set_list(w.fs, BIT(USER), DM_EVENT_MAX));
	THAT(list_of(w.file, &n) == 0);
}

CASE(dm_get_eventlist, ok_regions)
{
	unsigned int n;

	arm(w.file, 0, 0, DM_REGION_READ | DM_REGION_TRUNCATE);
	THAT(list_of(w.file, &n) == (BIT(READ) | BIT(TRUNCATE)));
	THAT(n == DM_EVENT_TRUNCATE + 1);
}

CASE(dm_get_eventlist, E2BIG_length)
{
	dm_eventset_t set = 7;
	unsigned int n = 7;

	OK(set_list(w.file, BIT(DESTROY), DM_EVENT_MAX));
	ERR(E2BIG, dm_get_eventlist(w.sid, H(w.file), DM_NO_TOKEN, DM_EVENT_DESTROY,
				    &set, &n));
	THAT(set == 7 && n == DM_EVENT_DESTROY + 1);
	n = 7;
	ERR(E2BIG, dm_get_eventlist(w.sid, H(w.file), DM_NO_TOKEN, 0, NULL, &n));
	THAT(n == DM_EVENT_DESTROY + 1);
	OK(dm_get_eventlist(w.sid, H(w.file), DM_NO_TOKEN, n, &set, &n));
	THAT(set == BIT(DESTROY) && n == DM_EVENT_DESTROY + 1);
}

/* --- What DESTROY tells ---------------------------------------------------- */

static void has_destroy(struct call *c)
{
	dm_eventset_t set = BIT(DESTROY);

	has_name(c);
	NEED_OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
}

ON(dm_set_return_on_destroy, IS_FS | EXCL, "attrnamep:i",
   dm_set_return_on_destroy(OBJ, c->p[0], DM_TRUE), .prepare = has_destroy)

CASE(dm_set_return_on_destroy, ok_value_in_the_message)
{
	dm_eventset_t set = BIT(DESTROY);
	dm_attrname_t an = attr_name("A");
	dm_destroy_event_t *d;
	dm_eventmsg_t *m;

	set_attr(w.file, "A", "copy", 4);
	NEED_OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
	OK(set_list(w.file, set, DM_EVENT_MAX));
	OK(dm_set_return_on_destroy(w.sid, H(w.fs), DM_NO_TOKEN, &an, DM_TRUE));
	NEED_OK(unlink(w.path));
	m = next_event(w.sid);
	THAT(m->ev_type == DM_EVENT_DESTROY && !m->ev_token);
	d = DM_GET_VALUE(m, ev_data, dm_destroy_event_t *);
	THAT(DM_GET_LEN(d, ds_attrcopy) == 4);
	THAT(!memcmp(DM_GET_VALUE(d, ds_attrcopy, char *), "copy", 4));
	/* The name is not looked at. */
	OK(dm_set_return_on_destroy(w.sid, H(w.fs), DM_NO_TOKEN, BAD_PTR, DM_FALSE));
}

CASE(dm_set_return_on_destroy, EINVAL_name)
{
	dm_eventset_t set = BIT(DESTROY);
	dm_attrname_t an = { };

	NEED_OK(dm_set_disp(w.sid, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
	ERR(EINVAL, dm_set_return_on_destroy(w.sid, H(w.fs), DM_NO_TOKEN, &an,
					     DM_TRUE));
}

CASE(dm_set_return_on_destroy, EINVAL_not_the_receiver)
{
	dm_attrname_t an = attr_name("A");
	dm_eventset_t set = BIT(DESTROY);

	ERR(EINVAL, dm_set_return_on_destroy(w.sid, H(w.fs), DM_NO_TOKEN, &an,
					     DM_TRUE));
	NEED_OK(dm_set_disp(w.other, H(w.fs), DM_NO_TOKEN, &set, DM_EVENT_MAX));
	ERR(EINVAL, dm_set_return_on_destroy(w.sid, H(w.fs), DM_NO_TOKEN, &an,
					     DM_TRUE));
}

/* --- Inheritance ----------------------------------------------------------- */

static void inherits(struct call *c)
{
	dm_attrname_t an = attr_name("NAME");

	NEED_OK(dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an, S_IFREG));
	if (c->p[0])
		has_name(c);
}

static void inherits_list(struct call *c)
{
	(void)c;
	inherits(&(struct call){ });
}

ON(dm_set_inherit, IS_FS | EXCL | CHANGES, "attrnamep:i",
   dm_set_inherit(OBJ, c->p[0], S_IFREG), .prepare = has_name)
ON(dm_clear_inherit, IS_FS | EXCL | CHANGES, "attrnamep:i",
   dm_clear_inherit(OBJ, c->p[0]), .prepare = inherits)
ON(dm_getall_inherit, IS_FS | SHARED, "inheritbufp:o nelemp:o",
   dm_getall_inherit(OBJ, c->n, c->p[0], c->p[1]), .prepare = inherits_list,
   .buf = 0, .lenp = 1, .unit = sizeof(dm_inherit_t))

static void clear_all(void)
{
	dm_inherit_t ih[64];
	unsigned int n, i;

	NEED_OK(dm_getall_inherit(w.sid, H(w.fs), DM_NO_TOKEN, 64, ih, &n));
	for (i = 0; i < n; i++)
		NEED_OK(dm_clear_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &ih[i].ih_name));
}

CASE(dm_set_inherit, ok_by_type)
{
	dm_attrname_t an = attr_name("A");
	char buf[9];
	size_t len;

	set_attr(w.dirh, "A", "heir", 4);
	OK(dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an, S_IFREG));
	NEED_OK(mkdir(in_dir("d"), 0700));
	OK(dm_get_dmattr(w.sid, H(make_file("f", 0)), DM_NO_TOKEN, &an, 9, buf, &len));
	THAT(len == 4 && !memcmp(buf, "heir", 4));
	ERR(ENOENT, dm_get_dmattr(w.sid, H(handle_of(in_dir("d"))), DM_NO_TOKEN, &an,
				  9, buf, &len));
	/* Another type, and all types, replace it. */
	OK(dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an, 0));
	NEED_OK(mkdir(in_dir("d2"), 0700));
	OK(dm_get_dmattr(w.sid, H(handle_of(in_dir("d2"))), DM_NO_TOKEN, &an, 9, buf,
			 &len));
	clear_all();
}

CASE(dm_set_inherit, EINVAL_mode)
{
	dm_attrname_t an = attr_name("A");

	ERR(EINVAL, dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an, 0644));
	ERR(EINVAL, dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an, S_IFREG | 1));
	ERR(EINVAL, dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an, S_IFMT));
}

CASE(dm_set_inherit, EINVAL_name)
{
	dm_attrname_t an = { };

	ERR(EINVAL, dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an, S_IFREG));
}

CASE(dm_set_inherit, ENOSPC_one_too_many)
{
	char name[9];
	dm_attrname_t an;
	int i;

	clear_all();
	for (i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		an = attr_name(name);
		NEED_OK(dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an, S_IFREG));
	}
	an = attr_name("more");
	ERR(ENOSPC, dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an, S_IFREG));
	clear_all();
}

CASE(dm_clear_inherit, EINVAL_name)
{
	dm_attrname_t an = { };

	ERR(EINVAL, dm_clear_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an));
}

CASE(dm_clear_inherit, ENOENT_none)
{
	dm_attrname_t an = attr_name("NONE");

	ERR(ENOENT, dm_clear_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &an));
}

CASE(dm_getall_inherit, ok_in_their_order)
{
	dm_attrname_t b = attr_name("B"), a = attr_name("A");
	dm_inherit_t ih[9];
	unsigned int n = 7;

	clear_all();
	OK(dm_getall_inherit(w.sid, H(w.fs), DM_NO_TOKEN, 0, NULL, &n));
	THAT(n == 0);
	OK(dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &b, S_IFDIR));
	OK(dm_set_inherit(w.sid, H(w.fs), DM_NO_TOKEN, &a, 0));
	OK(dm_getall_inherit(w.sid, H(w.fs), DM_NO_TOKEN, 9, ih, &n));
	THAT(n == 2 && ih[0].ih_name.an_chars[0] == 'B' &&
	     ih[0].ih_filetype == S_IFDIR && ih[1].ih_filetype == 0);
	clear_all();
}

ON(dmx_set_born, IS_DIR | IS_FS | EXCL | CHANGES, "",
   dmx_set_born(OBJ, BIT(DESTROY), 0))
ON(dmx_get_born, IS_DIR | IS_FS | SHARED, "eventsp:o regionsp:o",
   dmx_get_born(OBJ, c->p[0], c->p[1]))

CASE(dmx_set_born, ok_new_file_has_it)
{
	unsigned int n, regions = 7;
	dm_eventset_t set = 7;

	OK(dmx_set_born(w.sid, H(w.dirh), DM_NO_TOKEN, BIT(DESTROY) | BIT(CREATE),
			DM_REGION_READ));
	THAT(list_of(make_file("f", 0), &n) == (BIT(DESTROY) | BIT(READ)));
	OK(dmx_get_born(w.sid, H(w.dirh), DM_NO_TOKEN, &set, &regions));
	THAT(set == (BIT(DESTROY) | BIT(CREATE)) && regions == DM_REGION_READ);
	OK(dmx_set_born(w.sid, H(w.dirh), DM_NO_TOKEN, 0, 0));
	OK(dmx_get_born(w.sid, H(w.dirh), DM_NO_TOKEN, &set, &regions));
	THAT(!set && !regions);
	OK(dmx_set_born(w.sid, H(w.fs), DM_NO_TOKEN, 0, 0));
}

CASE(dmx_set_born, EINVAL_events)
{
	ERR(EINVAL, dmx_set_born(w.sid, H(w.dirh), DM_NO_TOKEN, BIT(READ), 0));
	ERR(EINVAL, dmx_set_born(w.sid, H(w.dirh), DM_NO_TOKEN, BIT(NOSPACE), 0));
	ERR(EINVAL, dmx_set_born(w.sid, H(w.dirh), DM_NO_TOKEN, 1ULL << 40, 0));
}

CASE(dmx_set_born, EINVAL_regions)
{
	ERR(EINVAL, dmx_set_born(w.sid, H(w.dirh), DM_NO_TOKEN, 0, 8));
	ERR(EINVAL, dmx_set_born(w.sid, H(w.dirh), DM_NO_TOKEN, 0, 1U << 31));
}
