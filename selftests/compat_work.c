// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation once, for compat32_test: compat_work32, a program of 32 bits,
 * and compat_work64, the same of 64 bits
 *
 *	compat_work{32,64} NUMBER DIR
 *
 * DIR is on a managed file system and has a file "f", 8 granules of bytes that
 * are not 0.  Says for each call its operation, what it returned and the bytes
 * that it stored, but for what cannot be the same twice, which is blanked.  All is
 * as it was when the program ends.  It is built with the kernel's nolibc, since a
 * machine to build on rarely has a C library for 32 bits.
 */
#include "nolibc.h"
#include <stdbool.h>
#include "wrappers.h"

#define G		65536
#define BIT(event)	(1ULL << DMAPI_EVENT_##event)
#define LEN(s)		(sizeof(s) - 1)

struct handle {
	__u8	b[DMAPI_HANDLE_LEN];
	__u64	len;
};

static char dir[256];			/* below 4 GiB: see above() */
static unsigned int called;
static __s32 sid, token;
static struct handle f, d, fs;
static unsigned char buf[G] __attribute__((aligned(8)));
static unsigned char data[G];
static struct dmapi_object of, od, ofs;
static bool failed;

static void dmapi_called(unsigned int op)
{
	called = op;
}

static void said(long ret, const void *what, size_t len)
{
	const unsigned char *p = what;

	printf("%u %ld ", called, ret);
	while (len--)
		printf("%02x", *p++);
	printf("\n");
}

/* What the call stored is of this size, or told by it. */
#define SAY(call, what, len)	said(call, what, len)
#define SAY_RLEN(call)							\
	do {								\
		long r_;						\
									\
		memset(buf, 0xa5, sizeof(buf));				\
		rlen = 0;						\
		r_ = call;						\
		blank(buf, rlen < sizeof(buf) ? rlen : 0);		\
		said(r_, &rlen, sizeof(rlen));				\
		said(r_, buf, rlen < 4096 ? rlen + 8 : 4096);		\
	} while (0)
#define BLANK(s, member)						\
	memset((s) + offsetof(struct dmapi_stat, member), 0xbb,		\
	       sizeof(((struct dmapi_stat *)0)->member))

static void no_blank(unsigned char *p, __u64 len)
{
	(void)p;
	(void)len;
}

static void (*blank)(unsigned char *p, __u64 len) = no_blank;

/* Times, and what other calls of this program change */
static void blank_stat(unsigned char *p, __u64 len)
{
	if (len < sizeof(struct dmapi_stat))
		return;
	BLANK(p, dtime);
	BLANK(p, change);
	BLANK(p, atime);
	BLANK(p, mtime);
	BLANK(p, ctime);
	BLANK(p, blocks);
	BLANK(p, extents);
	BLANK(p, dmstate);
}

static void blank_message(unsigned char *p, __u64 len)
{
	struct dmapi_eventmsg m;

	if (len < sizeof(m))
		return;
	memcpy(&m, p, sizeof(m));
	token = m.token;
	memset(p + offsetof(struct dmapi_eventmsg, token), 0xbb, 8);
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	printf("FAILED: %s\n", what);
	failed = true;
}

static const char *path(const char *name)
{
	static char p[512];

	p[0] = 0;
	strlcat(p, dir, sizeof(p));
	strlcat(p, "/", sizeof(p));
	strlcat(p, name, sizeof(p));
	return p;
}

static struct dmapi_object obj(__s32 s, const struct handle *h)
{
	struct dmapi_object o = {
		.sid = s, .token = DMAPI_NO_TOKEN, .hanp = DM_PTR(h->b),
		.hlen = h->len,
	};

	return o;
}

static void sessions(void)
{
	__s32 ids[100], old = 0;
	__u32 n = 0, i;
	__u64 rlen = 0;
	long ret;

	SAY(dmapi_get_version(), 0, 0);
	SAY(dmapi_create_session(0, "the old one", &old), 0, 0);
	SAY(dmapi_create_session(old, "compat", &sid), 0, 0);
	need(sid > 0 && sid != old, "a new id");
	SAY_RLEN(dmapi_query_session(sid, sizeof(buf), buf, &rlen));
	/* Times are in it, which are not the same twice. */
	SAY(dmapi_get_session_state(sid, sizeof(buf), buf, &rlen), 0, 0);
	ret = dmapi_getall_sessions(100, ids, &n);
	SAY(ret, 0, 0);
	for (i = 0; i < n && ids[i] != sid; i++)
		;
	need(i < n, "the session is one of all");
	ret = dmapi_session_fd(sid);
	SAY(ret >= 0 ? 0 : ret, 0, 0);
	if (ret >= 0) {
		struct pollfd p = { .fd = ret, .events = POLLIN };

		/* Not poll(): some of nolibc's give ppoll() another timespec. */
		need(syscall(__NR_poll, &p, 1, 0) == 0,
		     "nothing to be read");
		close(ret);
	}
}

static void handles(void)
{
	int fd = open(path("f"), O_RDWR);
	struct dmapi_object o;
	struct handle h = { };
	__u64 rlen = 0;
	long ret;

	SAY(dmapi_path_to_handle(path("f"), f.b, &f.len), &f, sizeof(f));
	SAY(dmapi_path_to_handle(dir, d.b, &d.len), &d, sizeof(d));
	SAY(dmapi_path_to_fshandle(dir, fs.b, &fs.len), &fs, sizeof(fs));
	SAY(dmapi_fd_to_handle(fd, h.b, &h.len), &h, sizeof(h));
	close(fd);
	of = obj(sid, &f);
	od = obj(sid, &d);
	ofs = obj(sid, &fs);

	o = obj(DMAPI_NO_SESSION, &f);
	ret = dmapi_open_by_handle(&o, O_RDONLY);
	SAY(ret >= 0 ? 0 : ret, 0, 0);
	if (ret >= 0) {
		need(read(ret, buf, 100) == 100, "opened by handle");
		said(0, buf, 100);
		close(ret);
	}
	o = obj(DMAPI_NO_SESSION, &d);
	SAY_RLEN(dmapi_handle_to_path(&o, f.b, f.len, 4096, (char *)buf, &rlen));
}

/* An object that is gone comes back under its handle. */
static void again(unsigned int op, const char *name, const char *link)
{
	struct handle h = { };
	long ret;
	int fd = -1;

	ret = op == DMAPI_CREATE_BY_HANDLE ? (fd = open(path(name), O_CREAT | O_RDWR, 0644)) :
	      op == DMAPI_MKDIR_BY_HANDLE ? mkdir(path(name), 0755) :
	      symlink("x", path(name));
	need(ret >= 0, name);
	close(fd);
	need(!dmapi_path_to_handle(path(name), h.b, &h.len), "its handle");
	if (op == DMAPI_MKDIR_BY_HANDLE)
		rmdir(path(name));
	else
		unlink(path(name));
	SAY(dmapi_create_by_handle(op, &od, h.b, h.len, name, link), 0, 0);
	if (op == DMAPI_MKDIR_BY_HANDLE)
		rmdir(path(name));
	else
		unlink(path(name));
}

static void lists(void)
{
	__u64 set = BIT(READ) | BIT(DESTROY) | BIT(CREATE), got = ~0ULL, rlen, value;
	struct dmapi_inherit in[4];
	__u32 n = ~0U, regions = ~0U, i;

	SAY(dmapi_set_disp(&ofs, &set, DMAPI_EVENT_MAX), 0, 0);
	SAY_RLEN(dmapi_getall_disp(sid, sizeof(buf), buf, &rlen));
	set = BIT(ATTRIBUTE);
	SAY(dmapi_set_eventlist(&od, &set, DMAPI_EVENT_MAX), 0, 0);
	SAY(dmapi_get_eventlist(&od, DMAPI_EVENT_MAX, &got, &n), &got, sizeof(got));
	said(0, &n, sizeof(n));
	set = 0;
	SAY(dmapi_set_eventlist(&od, &set, DMAPI_EVENT_MAX), 0, 0);
	SAY(dmapi_set_born(&od, BIT(DESTROY), DMAPI_REGION_WRITE), 0, 0);
	SAY(dmapi_get_born(&od, &got, &regions), &got, sizeof(got));
	said(0, &regions, sizeof(regions));
	SAY(dmapi_set_born(&od, 0, 0), 0, 0);
	SAY(dmapi_set_inherit(&ofs, "heirloom", 0x8000), 0, 0);
	SAY(dmapi_getall_inherit(&ofs, 4, in, &n), in, sizeof(in[0]));
	said(0, &n, sizeof(n));
	SAY(dmapi_clear_inherit(&ofs, "heirloom"), 0, 0);
	SAY(dmapi_set_return_on_destroy(&ofs, "archived", 1), 0, 0);
	SAY(dmapi_set_managed(&ofs, 1), 0, 0);
	SAY(dmapi_set_managed(&ofs, 0), 0, 0);
	SAY_RLEN(dmapi_get_mountinfo(&ofs, sizeof(buf), buf, &rlen));

	of.sid = DMAPI_NO_SESSION;
	for (i = 1; i <= DMAPI_CONFIG_LAST; i++) {
		value = ~0ULL;
		SAY(dmapi_get_config(&of, i, &value), &value, sizeof(value));
	}
	SAY(dmapi_get_config_events(&of, DMAPI_EVENT_MAX, &got, &n), &got, sizeof(got));
	said(0, &n, sizeof(n));
	of.sid = sid;
}

static void attributes(void)
{
	struct dmapi_fileattr fa = { .mode = 0640, .mtime = 0x123456789LL };
	struct dmapi_dioinfo dio = { };
	__u64 rlen;
	__s64 loc = 0;

	SAY(dmapi_set_dmattr(&of, "archived", 0, 5, "where"), 0, 0);
	SAY_RLEN(dmapi_get_dmattr(&of, "archived", sizeof(buf), buf, &rlen));
	SAY_RLEN(dmapi_getall_dmattr(&of, sizeof(buf), buf, &rlen));

	SAY(dmapi_set_fileattr(&of, DMAPI_AT_MODE | DMAPI_AT_MTIME, &fa), 0, 0);
	memset(buf, 0xa5, sizeof(buf));
	SAY(dmapi_get_fileattr(&of, DMAPI_AT_STAT, (void *)buf), 0, 0);
	need(!memcmp(buf + offsetof(struct dmapi_stat, mtime), &fa.mtime, 8),
	     "a time of 33 bits");
	blank_stat(buf, sizeof(struct dmapi_stat));
	said(0, buf, sizeof(struct dmapi_stat) + 8);

	SAY(dmapi_init_attrloc(&ofs, &loc), &loc, sizeof(loc));
	blank = blank_stat;
	SAY_RLEN(dmapi_get_bulk(DMAPI_GET_BULKATTR, &ofs, DMAPI_AT_HANDLE | DMAPI_AT_PATTR,
				NULL, &loc, sizeof(buf), buf, &rlen));
	said(0, &loc, sizeof(loc));
	loc = 0;
	SAY_RLEN(dmapi_get_bulk(DMAPI_GET_BULKALL, &ofs, DMAPI_AT_HANDLE | DMAPI_AT_PATTR,
				"archived", &loc, sizeof(buf), buf, &rlen));
	SAY(dmapi_init_attrloc(&od, &loc), &loc, sizeof(loc));
	SAY_RLEN(dmapi_get_bulk(DMAPI_GET_DIRATTRS, &od, DMAPI_AT_HANDLE | DMAPI_AT_PATTR,
				NULL, &loc, sizeof(buf), buf, &rlen));
	blank = no_blank;
	SAY(dmapi_remove_dmattr(&of, "archived", 0), 0, 0);
	SAY(dmapi_get_dioinfo(&of, &dio), &dio, sizeof(dio));
}

/* Away and back: somebody reads meanwhile. */
static void recall(void)
{
	struct dmapi_region region = { .size = 8 * G, .flags = DMAPI_REGION_READ };
	struct dmapi_response answer = { .response = DMAPI_RESP_CONTINUE };
	struct dmapi_extent ext[8];
	__u64 change = 0, rlen, len = 0;
	__u32 n = 0, exact = 0;
	__s64 off = -1;
	int child, status = -1, fd, i;
	long ret;

	ret = dmapi_get_change(&of, &change);
	SAY(ret, 0, 0);
	need(change, "a number for the data");
	for (i = 0; i < 8; i++) {
		memset(data, 0, sizeof(data));
		ret = dmapi_read_invis(&of, i * G, G, buf);
		if (!i) {
			said(ret, buf, 512);
			memcpy(data, buf, G);
		}
	}
	SAY(dmapi_set_region(&of, 1, &region, &exact), &exact, sizeof(exact));
	memset(buf, 0xa5, 128);
	SAY(dmapi_get_region(&of, 4, (void *)buf, &n), buf, 128);
	SAY(dmapi_probe_hole(&of, 1, 3 * G, &off, &len), &off, sizeof(off));
	said(0, &len, sizeof(len));
	SAY(dmapi_punch_hole(&of, G, G), 0, 0);
	fd = open(path("f"), O_RDWR);
	SAY(dmapi_stage(&of, -1, 0, 0, G, 0), 0, 0);
	/* It is the file of now: nobody knows another number. */
	SAY(dmapi_punch_if(&of, 0, G, 1), 0, 0);
	SAY(dmapi_get_change(&of, &change), 0, 0);
	SAY(dmapi_punch_if(&of, 0, G, change), 0, 0);
	off = 0;
	memset(ext, 0, sizeof(ext));
	SAY(dmapi_get_allocinfo(&of, &off, 8, ext, &n), ext, sizeof(ext));
	said(0, &n, sizeof(n));
	SAY(dmapi_read_invis(&of, 0, 16, buf), buf, 16);

	child = fork();
	if (!child) {
		/* 64-bit readers and 32-bit ones wait alike. */
		memset(buf, 0, sizeof(buf));
		exit(read(fd, buf, G) != G || memcmp(buf, data, G));
	}
	blank = blank_message;
	SAY_RLEN(dmapi_get_events(sid, 1, DMAPI_EV_WAIT, sizeof(buf), buf, &rlen));
	SAY_RLEN(dmapi_find_eventmsg(sid, token, sizeof(buf), buf, &rlen));
	blank = no_blank;
	SAY(dmapi_pending(sid, token, 1, 5), 0, 0);
	SAY(dmapi_write_invis(&of, 0, 0, G, data), 0, 0);
	SAY(dmapi_set_resident(&of, 0, G), 0, 0);
	answer.token = token;
	SAY(dmapi_respond_events(sid, 1, &answer, &n), &answer.response, 12);
	waitpid(child, &status, 0);
	need(status == 0, "who waited has the data");

	/* The rest, for the next time */
	for (i = 0; i < G; i++)
		data[i] ^= 1;
	need(dmapi_write_invis(&of, 0, G, G, data) == G, "data again");
	need(!dmapi_set_resident(&of, G, G), "resident");
	SAY(dmapi_sync_by_handle(&of), 0, 0);
	SAY(dmapi_set_region(&of, 0, NULL, &exact), &exact, sizeof(exact));
	close(fd);
}

static void tokens(void)
{
	struct dmapi_object o;
	__s32 ids[10], other = 0, moved = 0, mine = 0;
	__u32 n = 0, right = ~0U;
	__u64 rlen;

	SAY(dmapi_create_userevent(sid, 4, "note", &mine), 0, 0);
	need(mine > 0, "a token");
	SAY(dmapi_getall_tokens(sid, 10, ids, &n), &n, sizeof(n));
	need(ids[0] == mine, "the only one");
	o = of;
	o.token = mine;
	SAY(dmapi_request_right(&o, DMAPI_RR_WAIT, DMAPI_RIGHT_EXCL), 0, 0);
	SAY(dmapi_query_right(&o, &right), &right, sizeof(right));
	SAY(dmapi_downgrade_right(&o), 0, 0);
	SAY(dmapi_upgrade_right(&o), 0, 0);
	SAY(dmapi_obj_ref_hold(&o), 0, 0);
	SAY(dmapi_obj_ref_query(&o), 0, 0);
	SAY(dmapi_obj_ref_rele(&o), 0, 0);
	SAY(dmapi_release_right(&o), 0, 0);

	need(!dmapi_create_session(0, "other", &other), "another session");
	SAY(dmapi_move_event(sid, mine, other, &moved), 0, 0);
	need(moved == mine, "the same token");
	SAY(dmapi_respond_event(other, mine, DMAPI_RESP_CONTINUE, 0, 0, NULL), 0, 0);
	SAY(dmapi_send_msg(other, DMAPI_MSGTYPE_ASYNC, 7, "message"), 0, 0);
	blank = blank_message;
	SAY_RLEN(dmapi_get_events(other, 0, 0, sizeof(buf), buf, &rlen));
	blank = no_blank;
	SAY(dmapi_destroy_session(other), 0, 0);
}

/* A pointer whose lower half is good, and whose upper half must not be cut off */
static __u64 above(const void *p)
{
	return DM_PTR(p) | (__u64)0x100 << 32;
}

static void errors(void)
{
	struct dmapi_path_to_handle p = {
		.path = DM_PTR(dir), .hanp = DM_PTR(buf), .hlenp = DM_PTR(buf + 64),
	};
	struct dmapi_io io = { .obj = of, .len = 16, .bufp = DM_PTR(buf) };
	struct dmapi_get_change c = { .obj = of };
	struct dmapi_set_region r = { .obj = of, .nelem = 1, .regbufp = DM_PTR(buf),
				      .exactp = DM_PTR(buf + 64) };
	struct {
		struct dmapi_session a;
		__u64 more;
	} longer = { .a.sid = sid, .more = 1 };

	/* Of 4 GiB those that are there */
	io.len = 1ULL << 32;
	io.off = 8 * G - 16;
	SAY(DM_CALL(DMAPI_READ_INVIS, io), buf, 32);
	io.len = 16;
	io.off = 0;

	printf("errors\n");
	/* Nothing is there on purpose, and nothing may be written below. */
	memset(buf, 0xa5, 256);
	p.path = above(dir);
	SAY(DM_CALL(DMAPI_PATH_TO_HANDLE, p), 0, 0);
	p.path = DM_PTR(dir);
	p.hanp = above(buf);
	SAY(DM_CALL(DMAPI_PATH_TO_HANDLE, p), 0, 0);
	p.hanp = DM_PTR(buf + 32);
	p.hlenp = above(buf);
	SAY(DM_CALL(DMAPI_PATH_TO_HANDLE, p), buf, 32);
	io.bufp = above(buf);
	SAY(DM_CALL(DMAPI_READ_INVIS, io), buf, 32);
	SAY(DM_CALL(DMAPI_WRITE_INVIS, io), 0, 0);
	io.bufp = DM_PTR(buf);
	io.obj.hanp = above(f.b);
	SAY(DM_CALL(DMAPI_READ_INVIS, io), buf, 32);
	/* A length of 4 GiB and nothing is not nothing. */
	io.obj = of;
	io.obj.hlen |= 1ULL << 32;
	SAY(DM_CALL(DMAPI_READ_INVIS, io), 0, 0);
	io.obj = of;
	io.off = 1LL << 32;
	SAY(DM_CALL(DMAPI_READ_INVIS, io), 0, 0);
	c.changep = above(buf);
	SAY(DM_CALL(DMAPI_GET_CHANGE, c), buf, 32);
	r.regbufp = above(buf);
	SAY(DM_CALL(DMAPI_SET_REGION, r), 0, 0);

	/* The arguments of the call itself */
	SAY(sys_dmapi(DMAPI_GET_VERSION, NULL, 0, 1U << 31), 0, 0);
	SAY(sys_dmapi(DMAPI_GET_VERSION | 1U << 31, NULL, 0, 0), 0, 0);
	SAY(sys_dmapi(DMAPI_DESTROY_SESSION, &longer, sizeof(longer), 0), 0, 0);
	SAY(sys_dmapi(DMAPI_DESTROY_SESSION, &longer, 0xffffffffUL, 0), 0, 0);
	SAY(sys_dmapi(DMAPI_DESTROY_SESSION, &longer, 4, 0), 0, 0);
	SAY(sys_dmapi(DMAPI_DESTROY_SESSION, (void *)0xfffff000UL, 8, 0), 0, 0);
	printf("end of errors\n");
	longer.more = 0;
	SAY(sys_dmapi(DMAPI_DESTROY_SESSION, &longer, sizeof(longer), 0), 0, 0);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	dmapi_nr_given = atoi(argv[1]);
	strlcat(dir, argv[2], sizeof(dir));
	sessions();
	handles();
	lists();
	attributes();
	again(DMAPI_CREATE_BY_HANDLE, "file", NULL);
	again(DMAPI_MKDIR_BY_HANDLE, "directory", NULL);
	again(DMAPI_SYMLINK_BY_HANDLE, "link", "its contents");
	recall();
	tokens();
	errors();
	return failed;
}
